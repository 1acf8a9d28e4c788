"""Place mentions with a fixed shape: what needs no recogniser.

House numbers with a street type, street types behind a name, parks and schools by name, highways with exits
and mile markers, pole and asset numbers, postcodes, and relative words ("in front of my house").
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from bridge.vocabulary import Mention, MentionKind
from classifiers.places.invented import names
from classifiers.places.words import STRONG_SUFFIXES, fold


def mention(text: str, start: int, end: int, kind: MentionKind) -> Mention:
    """The mention of a kind at `text[start:end]`."""
    return Mention(start, end, kind, text[start:end])


_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|"
    "OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|Texas|Mass|Massachusetts|Connecticut|Nebraska|Florida|"
    "California|Illinois|Ohio|Georgia|Pennsylvania"
)
_COUNTRY = r"(?:[\s,]+(?:USA|US|United\s+States|EE\.?\s?UU\.?))?"
_TYPE_AHEAD = r"(?!\s+(?i:st|ave|rd|dr|blvd|street|avenue|road|drive)\b)"
STATE_AND_CODE = re.compile(
    rf"[\s,&.]+(?i:(?:{_STATES})\b\.?(?:[\s,&]+\d{{3,5}}(?:-\d{{4}})?)?|\d{{5}}(?:-\d{{4}})?)(?i:{_COUNTRY})[\s.]*$"
    rf"|,\s*(?i:{_STATES})\b.*$"
    rf"|(?<=\w)[\s,]+(?:[A-Z]{{2}},?\s+)?\d{{5}}\b.*$"
    rf"|(?<=\w),?\s+(?:{_STATES})\b{_TYPE_AHEAD}.*$"
    r"|\s+in\s+(?:the\s+)?\w.*$",
    re.DOTALL,
)
"""A town said with "in", a state or a postcode in an address, and whatever was dragged along behind them."""

_STATE = re.compile(_STATES, re.IGNORECASE)
STATE_OR_CODE = re.compile(rf"[\s,.]+(?:(?i:{_STATES})\b|\d{{5}}\b)")
"""A state or a postcode right behind an address."""

_SUFFIX = "|".join(sorted(STRONG_SUFFIXES, key=len, reverse=True))
_PLAIN_SUFFIX = "st|street|ave|avenue|av|rd|road|blvd|boulevard|ln|lane|pl|terrace|ter|pkwy|parkway"
_NUMBER = r"#?\s?\d{1,5}[A-Za-z]?(?:\s?[-–/]\s?\d{1,5})?(?:\s+1/2)?"
_DIRECTION = r"(?:[NSEW]\b\.?|[NnSs]o(?:rth|uth)|[EeWw](?:ast|est))"
_ADDRESS = re.compile(
    rf"(?<![\w$.:-])(?<!\d\s)({_NUMBER})\s+(?:(?i:[nsew])\b\.?\s+|{_DIRECTION}\s+)?"
    rf"(?:(?:[^\W\d_][\w'’.-]*\s+){{1,3}}|\d{{1,3}}(?:st|nd|rd|th)\s+)(?i:{_SUFFIX}|way)\b\.?"
)
_CAPITAL_STREET = re.compile(
    rf"(?<![\w'’-])((?:{_DIRECTION}\s+)?(?:[A-Z][\w'’]+\s+|\d{{1,3}}(?:st|nd|rd|th)\s+){{1,2}}(?i:{_SUFFIX})\b\.?)"
)
_PLACED_STREET = re.compile(
    rf"\b(?:on|in|at|near|of|off|from|to|down|up|along|across|around|between|and|by|onto|en|past|opposite|outside|both)\s+"
    rf"((?:{_DIRECTION}\s+)?[^\W_][\w'’]+\s+(?:{_SUFFIX}|way)\b\.?)",
    re.IGNORECASE,
)
_PLACED = re.compile(r"(?:^|[.,:;@(/]|\b(?:at|front\s+of|from|to|near|by|outside|behind|is))\s*$", re.IGNORECASE)
CLAUSE_ENDS = re.compile(r"\s*(?:$|[.,:;!?()\n]|[-–]\s)")
"""The end of a text or of a part of it: what was said last there."""

_NAME = r"(?:[A-Z]\.?\s+)?[A-Z][\w'’]+(?:\s+[A-Z][\w'’]+)?\.?"
_CORNER = re.compile(rf"\b(?i:corner|intersection|junction)\s+of\s+(?:the\s+)?({_NAME})\s*(?:and|&|/)\s*({_NAME})")
_SPANISH_TYPE = r"(?:[Cc]alle|[Aa]venida|[Aa]vda\.?|[Bb]ulevar|[Cc]alz(?:ada|\.))"
_NO_SPANISH_NAME = (
    r"(?!(?i:para|por|de|en|que|ya?|con|est[aá]|hay|frente|no|desde|sin|se|la|el|a|es|del|al|cerca|entre|tiene"
    r"|llena)\b)"
)
_SPANISH_STREET = re.compile(rf"(?<!\w)({_SPANISH_TYPE}\s+{_NO_SPANISH_NAME}[^\W_][\w'’]*)")
_SPANISH_ADDRESS = re.compile(
    rf"(?<!\w){_SPANISH_TYPE}\s+{_NO_SPANISH_NAME}(?:[^\W\d_][\w'’]*\s+){{1,2}}(?:#|n[uú]m(?:ero)?\.?\s|no\.\s)?\s*\d{{1,5}}\b"
    r"(?!\s*(?:de|horas?|d[ií]as?|a\.?m|p\.?m|veces|semanas?|metros|personas|carros))"
)
_NUMBERED = (
    r"(\d{1,3})(?:ª|a|ta|ra|da|ma|va)?\b"
    r"(?!\s*(?:de\s+la|am\b|pm\b|horas?|semanas?|veces|metros|d[ií]as?|años|personas))"
)
_SPANISH_NUMBERS = (
    re.compile(rf"\bentre\s+(?:la|calle|las\s+calles)\s+{_NUMBERED}\s+y\s+(?:(?:la|calle)\s+)?{_NUMBERED}", re.I),
    re.compile(
        rf"\besquina\s+(?:de|con)\s+(?:la\s+|calle\s+)?(?!(?:mi|tu|su|la|el)\b)([^\W\d_][\w'’]+(?:\s+[^\W\d_][\w'’]+)?)"
        rf"\s+(?:y|con)\s+(?:la\s+|calle\s+)?{_NUMBERED}",
        re.I,
    ),
    re.compile(
        rf"\besquina\s+(?:de|con)\s+(?:la\s+|calle\s+)?{_NUMBERED}\s+(?:y|con)\s+(?:la\s+|calle\s+)?"
        r"([^\W\d_][\w'’]+)",
        re.I,
    ),
    re.compile(rf"\b(?:en|por|sobre|con|y|de|esquina)\s+la\s+{_NUMBERED}", re.I),
)
_ODD_STREET = re.compile(rf"(?<![\w'’-])([^\W\d_]{{3,}}\s+(?:{_PLAIN_SUFFIX})\b\.?)", re.IGNORECASE)
_NAMED_LANDMARK = re.compile(
    r"(?<![\w'’])(?:[A-Z][\w'’.]+\s+){1,3}(?:Park|Playground|Elementary|School|Library|Cemetery|Hospital|Bridge|Square)\b"
)
_NOT_NAMES = re.compile(
    r"\b(?:of|the|in|on|at|and|is|are|a|my|your|our|his|her|their|this|that|from|to|off|down|up|by|feet|ft|foot|miles?|blocks?|for|"
    r"minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|cars?|trucks?|people|kids|am|pm|times?|inches|way|you|"
    r"dead|side|whole|entire|dirt|gravel|muddy|long|next|every|each|other|main|one|two|way|same|bike|fire|traffic|"
    r"supreme|district|federal|basketball|tennis|food|blood|donation|toy|full|united|hard|test|flash|wrong|right|left)\s*$",
    re.IGNORECASE,
)
_STOPS = re.compile(
    r"\b(?:of|the|in|on|at|and|is|are|my|your|our|this|that|from|to|by|for|feet|ft|miles?|minutes?|hours?|hrs|days?|weeks?|"
    r"months?|years?|cars?|trucks?|people|kids|am|pm|times?|inches|you|it|has|have|was)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\s+(?:closures?|work|rage|trip|crews?|conditions|lights?|signs?|cleaning|sweep\w*|parking|lamps?)\b",
    re.IGNORECASE,
)

_HIGHWAY = re.compile(
    rf"\b(?:i|ih|interstate|us|u\.s\.|sr|sh|fm|cr|rte?|route|hwy|highway|beltway|loop|road|carretera|autopista|{_STATES})\b"
    r"[\s.-]{0,2}\d{1,4}\b(?!\d)|\b(?:I|IH|SH|RT|SR|US)\d{1,4}\b|\b(?:exit|mile|mm|salida)\b",
    re.IGNORECASE,
)

_SHAPES: tuple[tuple[MentionKind, re.Pattern[str]], ...] = (
    (
        "pole",
        re.compile(
            r"\b(?:(?:utility|power|light|lamp|telephone|street\s?light|signal)\s+)?"
            r"(?:pole|post|asset|hydrant|manhole|poste|luminaire|luminaria|hidrante|cabinet|meter|street\s?(?:light|lamp))\s*"
            r"(?:(?:with|has|con)\s+)?(?:the\s+|el\s+)?"
            r"(?:#|no\.?|num(?:ber)?\.?|n[uú]m(?:ero)?\.?|id|tag)\s*(?:(?:#|no\.?|number|is)\s*|:\s*)?[A-Z]{0,3}[-\s]?\d[\w-]{1,11}\b"
            r"|\b(?:pole|asset|poste|hydrant|manhole|hidrante|luminaria)\s+[A-Z]{0,2}-?\d{2,8}\b(?!\s*(?:feet|ft|st\b|nd\b|rd\b|th\b|block|weeks?|days?|on\b))"
            r"|\bstreet\s?light\s+[A-Z]{0,2}-?\d{4,8}\b",
            re.IGNORECASE,
        ),
    ),
    (
        "highway",
        re.compile(
            r"(?<![\w-])(?:I\s?-\s?\d{1,3}|(?:IH?|SH|SR|RT)\d{1,3}(?!\w)|(?:interstate|route|rte?\.?|hwy\.?|highway|us|u\.s\.|sr|fm|cr|ih|"
            r"state\s+(?:route|highway|road)|us\s+(?:highway|hwy|route)|county\s+road|beltway|carretera|autopista)"
            r"[\s-]?\d{1,4})[A-Z]?(?:\s?(?:(?:north|south|east|west)(?:bound)?|[NSEW]B?)\b)?"
            r"|\b(?:exit|mile\s?(?:marker|post)|mm|salida|milla)\s?(?:#|no\.?\s|number\s)?\s?\d{1,3}(?:\.\d)?[A-Z]?\b"
            r"(?!\s*(?:feet|ft|minutes|miles|am|pm))|(?<=\bat\s)mile\s\d{1,3}\b|(?<=\bnear\s)mile\s\d{1,3}\b",
            re.IGNORECASE,
        ),
    ),
    (
        "postcode",
        re.compile(
            rf"(?:^\s*(?=\S+\s*$)|\bzip(?:\s?code)?:?\s+|\bpostal\s+|c[oó]digo\s+postal\s+|(?:^|(?<=[\s,]))(?:{_STATES})\.?,?\s+)(\d{{5}}(?:-\d{{4}})?)\b"
        ),
    ),
    (
        "relative",
        re.compile(
            r"\b(?:in\s+front\s+of|outside(?:\s+of)?|behind|next\s+to|across\s+(?:the\s+street\s+)?from|near|by|beside|on|down|"
            r"frente\s+a|enfrente\s+de|afuera\s+de|detr[aá]s\s+de|al\s+lado\s+de|cerca\s+de|en)\s+"
            r"(?:my|our|mi|nuestr[ao])\s+(?:own\s+|apartment\s+|front\s+)?(?:house|home|apartment|apt|building|street|block|"
            r"driveway|yard|alley|corner|property|casa|apartamento|edificio|calle|cuadra|esquina)\b"
            r"|\b(?:corner|end|top|bottom|middle|esquina|final)\s+(?:of|de)\s+(?:my|our|mi|nuestra)\s+(?:street|block|road|calle|cuadra)\b"
            r"|\b(?:at|to|by|of|en|de)\s+(?:my|our|mi)\s+(?:house|home|place|address|casa|domicilio)\b"
            r"|\b(?:right\s+here|at\s+this\s+(?:location|intersection|corner|address|spot)|across\s+from\s+me|"
            r"the\s+corner\s+by\s+me|where\s+i\s+live|aqu[ií]\s+mismo|donde\s+vivo)\b",
            re.IGNORECASE,
        ),
    ),
)


def find(text: str) -> list[Mention]:
    """Poles, highways, exits and mile markers, postcodes and relative words of a text."""
    found: list[Mention] = []
    for kind, pattern in _SHAPES:
        for match in pattern.finditer(text):
            start, end = match.span(pattern.groups)
            if not any(m.start < end and start < m.end for m in found):
                found.append(mention(text, start, end, kind))
    return found


def addresses(text: str, everyday: Collection[str] = ()) -> list[Mention]:
    """House numbers in front of a street with a street type; of everyday words only behind a word of place.

    In Spanish also behind: "calle Main 412".
    """
    found = [mention(text, *match.span(), "address") for match in _SPANISH_ADDRESS.finditer(text)]
    for match in _ADDRESS.finditer(text):
        name = match[0][len(match[1]) :].rsplit(None, 1)[0]
        plain = counts_things(text, match.start(), name, everyday)
        if not plain and not _STOPS.search(name) and not _NOT_NAMES.search(name):
            found.append(mention(text, *match.span(), "address"))
    return found


def counts_things(text: str, start: int, name: str, everyday: Collection[str]) -> bool:
    """Whether a number at `start` may only count what `name` says: "2 chairs st orange", but not "412 elm st"."""
    words = fold(name).split()
    plain = name.islower() and len(words) == 1 and words[0] in everyday and words[0] not in _street_names()
    return plain and not _PLACED.search(text, max(0, start - 30), start)


@lru_cache(maxsize=1)
def _street_names() -> frozenset[str]:
    """Words that many a town has a street of: trees, presidents, "main", "church"."""
    groups = ("trees", "presidents", "plain", "surnames", "given")
    return frozenset(fold(word) for group in groups for word in names()[group])


def streets(text: str, everyday: Collection[str] = ()) -> list[Mention]:
    """Streets with a street type: capitalised, behind a word of place, or with a name that is no common word.

    Without a type only as "the corner of Howard and Third".
    """
    found = [mention(text, *m.span(side), "street") for m in _CORNER.finditer(text) for side in (1, 2)]
    for pattern in (_CAPITAL_STREET, _SPANISH_STREET, _PLACED_STREET, _ODD_STREET):
        for match in pattern.finditer(text):
            name = match[1].split(None, 1)[1] if pattern is _SPANISH_STREET else match[1].rsplit(None, 1)[0]
            plain = pattern is not _CAPITAL_STREET and all(w in everyday for w in fold(name).split())
            plain = plain and not (pattern is _SPANISH_STREET and name[0].isupper())
            taken = any(m.start < match.end(1) and match.start(1) < m.end for m in found)
            if not (plain or taken or _NOT_NAMES.search(name) or _GOES_ON.match(text, match.end(1))):
                found.append(mention(text, *match.span(1), "street"))
    return found


def numbered_streets(text: str) -> list[Mention]:
    """Streets said by their number alone, as in Spanish: "en la 5", "esquina de Elm y 7"."""
    found: list[Mention] = []
    for pattern in _SPANISH_NUMBERS:
        for match in pattern.finditer(text):
            for group in range(1, pattern.groups + 1):
                said = mention(text, *match.span(group), "street")
                if not any(m.start < said.end and said.start < m.end for m in found):
                    found.append(said)
    return found


def may_be_street(text: str, m: Mention) -> bool:
    """Whether a street with its type can be one: not "a long road", "Supreme Court", "road closures"."""
    name = m.text.rsplit(None, 1)[0]
    return not _NOT_NAMES.search(name) and not (name.islower() and _GOES_ON.match(text, m.end))


def is_state(name: str) -> bool:
    """Whether words are a state's name or abbreviation."""
    return bool(_STATE.fullmatch(name.strip()))


def is_highway(name: str) -> bool:
    """Whether words name a highway: a kind of road or a state, and a number."""
    return bool(_HIGHWAY.search(name))


def landmarks(text: str) -> list[Mention]:
    """Parks, schools and the like that are named: capitals before the kind of thing it is."""
    return [mention(text, *match.span(), "landmark") for match in _NAMED_LANDMARK.finditer(text)]
