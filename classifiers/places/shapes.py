"""Place mentions with a fixed shape: house numbers with a street type, highways, poles, postcodes, "my house"."""

from __future__ import annotations

import re

from bridge.vocabulary import Mention, MentionKind
from classifiers.places.words import STRONG_SUFFIXES


def mention(text: str, start: int, end: int, kind: MentionKind) -> Mention:
    """The mention of a kind at `text[start:end]`."""
    return Mention(start, end, kind, text[start:end])


_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|"
    "OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|Texas|Mass|Massachusetts|Connecticut|Nebraska|Florida|"
    "California|Illinois|Ohio|Georgia|Pennsylvania"
)
STATE_AND_CODE = re.compile(
    rf"[\s,&.]+(?:(?:{_STATES})\b\.?(?:[\s,&]+\d{{3,5}}(?:-\d{{4}})?)?|\d{{5}}(?:-\d{{4}})?)"
    rf"(?:[\s,]+(?:USA|US|United\s+States|EE\.?\s?UU\.?))?[\s.]*$",
    re.IGNORECASE,
)
"""A state, a postcode or both at the end of an address."""

_SUFFIX = "|".join(sorted(STRONG_SUFFIXES, key=len, reverse=True))
_NUMBER = r"\d{1,5}[A-Za-z]?(?:\s?[-–/]\s?\d{1,5})?(?:\s+1/2)?"
_DIRECTION = r"(?:[NSEWnsew]\.?|[Nn]orth|[Ss]outh|[Ee]ast|[Ww]est)"
_ADDRESS = re.compile(
    rf"(?<![\w$#.,:-])(?<!\d\s)({_NUMBER})\s+(?:{_DIRECTION}\s+)?(?:[^\W\d_][\w'’.-]*\s+){{1,3}}(?:{_SUFFIX})\b\.?",
    re.IGNORECASE,
)
_ORDINAL_ADDRESS = re.compile(
    rf"(?<![\w$#.,:-])({_NUMBER})\s+(?:{_DIRECTION}\s+)?\d{{1,3}}(?:st|nd|rd|th)\s+(?:{_SUFFIX})\b\.?",
    re.IGNORECASE,
)
_NOT_STREETS = re.compile(
    r"\b(?:of|the|in|on|at|and|is|are|a|my|your|our|this|that|from|to|off|down|up|by|feet|ft|foot|miles?|blocks?|"
    r"minutes?|mins?|hours?|days?|weeks?|months?|years?|cars?|trucks?|people|kids|am|pm|times?|inches|lane|way)\b",
    re.IGNORECASE,
)

_SHAPES: tuple[tuple[MentionKind, re.Pattern[str]], ...] = (
    (
        "pole",
        re.compile(
            r"\b(?:(?:utility|light|lamp|telephone|street\s?light|signal)\s+)?(?:pole|post|asset|hydrant|manhole|poste|luminaire|"
            r"cabinet|meter)\s*(?:#|no\.?|num(?:ber)?\.?|n[uú]mero|id|tag)\s*(?:is\s+|:\s*)?[A-Z]{0,3}[-\s]?\d[\w-]{1,11}\b"
            r"|\b(?:pole|asset|poste)\s+[A-Z]{0,2}-?\d{3,8}\b",
            re.IGNORECASE,
        ),
    ),
    (
        "highway",
        re.compile(
            r"(?<![\w-])(?:I\s?-\s?\d{1,3}|(?:interstate|route|rte?\.?|hwy\.?|highway|us|u\.s\.|sr|state\s+(?:route|highway|road)|"
            r"us\s+(?:highway|hwy|route)|fm|cr|county\s+road|beltway|carretera|autopista)[\s-]?\d{1,4})[A-Z]?"
            r"(?:\s?(?:north|south|east|west|northbound|southbound|eastbound|westbound|[NSEW]B?)\b)?"
            r"(?:[\s,]+(?:at\s+)?(?:exit|mile(?:\s?marker)?|mm|salida)\s?#?\d{1,3}[A-Z]?\b)?"
            r"|\b(?:exit|mile\s?(?:marker|post)|mm|salida|milla)\s?#?\d{1,3}[A-Z]?\b(?!\s*(?:feet|ft|minutes|miles|am|pm))",
            re.IGNORECASE,
        ),
    ),
    (
        "postcode",
        re.compile(
            rf"(?:(?<=zip\s)|(?<=zip:\s)|(?<=zip\scode\s)|(?<=postal\s)|(?:(?<=\s)|(?<=,))(?:{_STATES})\.?,?\s+)\d{{5}}(?:-\d{{4}})?\b",
        ),
    ),
    (
        "relative",
        re.compile(
            r"\b(?:in\s+front\s+of|outside(?:\s+of)?|behind|next\s+to|across\s+(?:the\s+street\s+)?from|near|by|beside|at|on|down|"
            r"frente\s+a|enfrente\s+de|afuera\s+de|detr[aá]s\s+de|al\s+lado\s+de|cerca\s+de|en)\s+"
            r"(?:my|our|mi|nuestr[ao])\s+(?:own\s+|apartment\s+|front\s+)?(?:house|home|apartment|apt|building|place|street|block|driveway|"
            r"yard|door|window|neighborhood|alley|corner|property|casa|apartamento|edificio|calle|cuadra|barrio|vecindario|esquina)\b"
            r"|\b(?:right\s+here|at\s+this\s+(?:location|intersection|corner|address|spot)|where\s+i\s+(?:am|live)|across\s+from\s+me|"
            r"the\s+corner\s+by\s+me|aqu[ií]\s+mismo|donde\s+vivo)\b",
            re.IGNORECASE,
        ),
    ),
)


def find(text: str) -> list[Mention]:
    """Poles, highways with their exits, postcodes and relative words of a text."""
    found: list[Mention] = []
    for kind, pattern in _SHAPES:
        for match in pattern.finditer(text):
            start = match.end() - len(match[0].split()[-1]) if kind == "postcode" else match.start()
            if not any(p.start < match.end() and start < p.end for p in found):
                found.append(mention(text, start, match.end(), kind))
    return found


def addresses(text: str) -> list[Mention]:
    """House numbers in front of a street with a street type: what needs no recogniser."""
    found = []
    for match in (*_ADDRESS.finditer(text), *_ORDINAL_ADDRESS.finditer(text)):
        if not _NOT_STREETS.search(match[0][len(match[1]) :].rsplit(None, 1)[0]):
            found.append(mention(text, match.start(), match.end(), "address"))
    return found
