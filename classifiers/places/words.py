"""How streets are written: suffixes, directions, ordinals and their many spellings, folded to one key.

Suffix spellings follow the abbreviations of USPS Publication 28, appendix C1, and how people text them;
Spanish street types are folded onto the English suffix they are used for in US cities.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA


def _words(text: str) -> list[str]:
    return text.split()


_SUFFIX_SPELLINGS = {
    "st": "st street str strt streets sts stret streeet",
    "ave": "ave avenue av aven avnue avenu avenues aves avn",
    "rd": "rd road roads rds",
    "dr": "dr drive drv drives",
    "blvd": "blvd boulevard boul bvd bl boulevards blvds",
    "ln": "ln lane lanes",
    "pl": "pl place places",
    "ct": "ct court crt courts",
    "ter": "ter terrace terr terraces",
    "pkwy": "pkwy parkway pky prkwy parkways",
    "way": "way ways",
    "sq": "sq square",
    "cir": "cir circle circl crcle",
    "hwy": "hwy highway hiway",
    "aly": "aly alley ally",
    "path": "path",
    "row": "row",
    "plz": "plz plaza",
    "trl": "trl trail",
    "loop": "loop",
    "xing": "xing crossing",
    "expy": "expy expressway expwy",
    "fwy": "fwy freeway frwy",
    "tpke": "tpke turnpike tpk tnpk",
    "pike": "pike",
    "walk": "walk",
    "mews": "mews",
    "wharf": "wharf",
    "run": "run",
    "cv": "cv cove",
    "bnd": "bnd bend",
    "causeway": "causeway cswy",
    "circuit": "circuit",
    "green": "grn green",
    "pt": "pt point",
    "rdg": "rdg ridge",
    "hl": "hl hill",
    "hts": "hts heights",
    "ext": "ext extension",
    "park": "park",
    "hollow": "hollow holw",
    "gln": "gln glen",
    "crest": "crest",
    "spdwy": "spdwy speedway",
    "bypass": "bypass byp",
    "tollway": "tollway",
    "gdns": "gardens gdns",
    "cres": "crescent cres",
}
SUFFIXES = {spelling: canon for canon, all_ in _SUFFIX_SPELLINGS.items() for spelling in all_.split()}

STRONG_SUFFIXES = frozenset(
    spelling
    for canon in _words("st ave rd dr blvd ln pl ct ter pkwy sq cir hwy tpke expy fwy")
    for spelling in _SUFFIX_SPELLINGS[canon].split()
)
"""Suffixes that nearly always end a street name; the rest (park, run, green …) are words of their own too."""

DIRECTIONS = {
    "n": "n", "north": "n", "norte": "n", "northbound": "n",
    "s": "s", "south": "s", "sur": "s",
    "e": "e", "east": "e", "este": "e",
    "w": "w", "west": "w", "oeste": "w",
    "ne": "ne", "northeast": "ne", "nw": "nw", "northwest": "nw",
    "se": "se", "southeast": "se", "sw": "sw", "southwest": "sw",
}  # fmt: skip

# "calle" is said of any street, so it speaks for no suffix.
SPANISH_TYPES = {
    "calle": "", "c": "", "avenida": "ave", "avda": "ave", "ave": "ave", "av": "ave", "carretera": "rd",
    "camino": "rd", "bulevar": "blvd", "paseo": "way", "plaza": "plz", "callejon": "aly", "autopista": "hwy",
}  # fmt: skip

_ORDINALS = _words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_SPANISH_ORDINALS = _words(
    "primera segunda tercera cuarta quinta sexta septima octava novena decima undecima duodecima"
)
ORDINALS = {word: str(i) for i, word in enumerate(_ORDINALS, 1)}
ORDINALS |= {word: str(i) for i, word in enumerate(_SPANISH_ORDINALS, 1)}
ORDINALS |= {word[:-1] + "o": str(i) for i, word in enumerate(_SPANISH_ORDINALS, 1)}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
ORDINALS |= {f"{tens}{word}": str(n + i) for tens, n in _TENS.items() for i, word in enumerate(_ORDINALS[:9], 1)}

_WORD_FORMS = {
    "saint": "st", "mount": "mt", "mountain": "mtn", "fort": "ft", "doctor": "dr", "junior": "jr",
    "reverend": "rev", "sergeant": "sgt", "point": "pt", "and": "", "the": "", "of": "",
    "de": "", "del": "", "la": "", "las": "", "los": "", "el": "",
    "interstate": "i", "route": "rt", "rte": "rt", "highway": "hwy",
}  # fmt: skip
_NAMES = {("martin", "luther", "king"): "mlk", ("m", "l", "k"): "mlk", ("m", "l", "king"): "mlk"}

_PUNCTUATION = re.compile(r"[^\w\s]|_")
_APOSTROPHES = re.compile(r"['’`´]")
_NUMBER_WORD = re.compile(r"(\d+)(?:st|nd|rd|th|ra|da|ta|va|ma|a|o)?")


_REMEMBERED = 60
"""Letters of a text up to which what was made of it is kept: names come again, whole messages do not."""


def fold(text: str) -> str:
    """Lower case, without accents or punctuation, single spaces: `"St. Mary’s"` becomes `"st marys"`."""
    return _folded(text) if len(text) <= _REMEMBERED else _folded.__wrapped__(text)


@lru_cache(maxsize=8_192)
def _folded(text: str) -> str:
    plain = text.lower() if text.isascii() else _without_accents(text)
    return " ".join(_PUNCTUATION.sub(" ", _APOSTROPHES.sub("", plain)).split())


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class StreetName:
    """A street's name in parts. `key` is what two spellings of one name share, whatever their suffix."""

    before: str  # direction before the name: n, s, e, w, ne …
    base: tuple[str, ...]
    suffix: str  # canonical suffix, "" when none was said
    after: str  # direction behind the suffix

    @property
    def key(self) -> str:
        return "".join(self.base)


def street_name(text: str) -> StreetName:
    """Takes a street's name apart: "N. Fifth Street" is n · 5 · st. Never fails; an empty text has no base."""
    return _taken_apart(text) if len(text) <= _REMEMBERED else _taken_apart.__wrapped__(text)


@lru_cache(maxsize=8_192)
def _taken_apart(text: str) -> StreetName:
    words = _join_tens(fold(text).split())
    words, spanish = _without_spanish_type(words)
    after = DIRECTIONS[words.pop()] if len(words) > 2 and _ends_with_direction(words) else ""
    suffix = SUFFIXES[words.pop()] if len(words) > 1 and words[-1] in SUFFIXES else ""
    before = DIRECTIONS[words.pop(0)] if len(words) > 1 and words[0] in DIRECTIONS else ""
    return StreetName(before, _canonical(words), suffix or spanish, after)


def _ends_with_direction(words: list[str]) -> bool:
    return words[-1] in DIRECTIONS and words[-2] in SUFFIXES


def _without_spanish_type(words: list[str]) -> tuple[list[str], str]:
    if len(words) > 1 and words[0] in SPANISH_TYPES and words[0] not in ("c", "ave", "av", "plaza"):
        return words[1:], SPANISH_TYPES[words[0]]
    if len(words) > 1 and words[0] in ("ave", "av") and words[-1] not in SUFFIXES:
        return words[1:], "ave"
    return words, ""


def _join_tens(words: list[str]) -> list[str]:
    """ "twenty second" is one number, "second" behind another word is not."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in _TENS and word in ORDINALS:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _canonical(words: list[str]) -> tuple[str, ...]:
    for name, short in _NAMES.items():
        if tuple(words[: len(name)]) == name:
            words = [short, *(w for w in words[len(name) :] if w not in ("jr", "junior"))]
    forms = [_canonical_word(word) for word in words]
    return tuple(form for form in forms if form) or tuple(words)


def _canonical_word(word: str) -> str:
    if word in ORDINALS:
        return ORDINALS[word]
    if number := _NUMBER_WORD.fullmatch(word):
        return str(int(number[1]))
    return _WORD_FORMS.get(word, word)


_SPANISH_LANDMARKS = {
    "biblioteca": "library", "biblioteca publica": "public library", "ayuntamiento": "city hall",
    "alcaldia": "city hall", "palacio municipal": "city hall", "iglesia": "church", "parque": "park",
    "escuela": "school", "escuela primaria": "elementary school", "primaria": "elementary school",
    "secundaria": "middle school", "preparatoria": "high school", "mercado": "market", "correo": "post office",
    "oficina de correos": "post office", "estacion de policia": "police station", "policia": "police station",
    "estacion de bomberos": "fire station", "bomberos": "fire station", "cementerio": "cemetery",
    "panteon": "cemetery", "piscina": "pool", "alberca": "pool", "gasolinera": "gas station", "cine": "theater",
    "estacion de tren": "train station", "estacion de autobuses": "bus station", "juzgado": "courthouse",
    "corte": "courthouse", "panaderia": "bakery", "puente": "bridge", "universidad": "college",
    "iglesia bautista": "baptist church", "iglesia catolica": "catholic church", "farmacia": "pharmacy",
    "iglesia luterana": "lutheran church", "iglesia metodista": "methodist church", "lavanderia": "laundromat",
    "parque de perros": "dog park", "centro recreativo": "recreation center", "supermercado": "supermarket",
    "centro comercial": "mall", "centro comunitario": "community center", "hospital general": "general hospital",
}  # fmt: skip


def landmark_key(text: str) -> str:
    """What two spellings of one landmark share, without its article and in English where it is a common word."""
    key = fold(text)
    key = next((key[len(a) :] for a in ("the ", "el ", "la ") if key.startswith(a)), key)
    return _SPANISH_LANDMARKS.get(key) or _in_english(key.split()) or key


def _in_english(words: list[str]) -> str:
    """ "escuela lincoln" is Lincoln School; "" where it begins with no kind of landmark in Spanish."""
    for end in range(min(3, len(words) - 1), 0, -1):
        if kind := _SPANISH_LANDMARKS.get(" ".join(words[:end])):
            name = [word for i, word in enumerate(words[end:]) if i or word not in ("de", "del")]
            return " ".join([*name, kind])
    return ""


def asset_key(number: str) -> str:
    """What two writings of one pole's, hydrant's or exit's number share: "A-0012 " and "a12"."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", "".join(fold(number).split()))


_SOUNDS = (
    (re.compile(r"ph"), "f"), (re.compile(r"gh(?=[^aeiou]|$)"), ""), (re.compile(r"ck|q"), "k"),
    (re.compile(r"c(?=[eiy])"), "s"), (re.compile(r"c"), "k"), (re.compile(r"z"), "s"), (re.compile(r"x"), "ks"),
    (re.compile(r"^kn"), "n"), (re.compile(r"^wr"), "r"), (re.compile(r"dg|j"), "g"), (re.compile(r"v"), "f"),
    (re.compile(r"mb$"), "m"), (re.compile(r"(?<!^)[aeiouyhw]"), ""), (re.compile(r"^[aeiou]"), "a"),
    (re.compile(r"(.)\1+"), r"\1"),
)  # fmt: skip


def sound(key: str) -> str:
    """How a name sounds: its consonants, folded by English spelling; "goffe" and "goff" share one."""
    for pattern, with_ in _SOUNDS:
        key = pattern.sub(with_, key)
    return key


def similar(one: StreetName, two: StreetName) -> bool:
    """Whether two names may be one street's: a word or a misspelling in common and no suffix against it."""
    if one.suffix and two.suffix and one.suffix != two.suffix:
        return False
    if OSA.distance(one.key, two.key) <= (1 if len(one.key) < 7 else 2) or sound(one.key) == sound(two.key):
        return True
    return any(len(word) > 3 for word in {*one.base} & {*two.base})
