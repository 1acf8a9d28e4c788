"""Number plates in a text: after a word that says so, or in a plate's shape where a vehicle is told of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridge.flow.personal.found import Personal

_SAYS_PLATE = re.compile(
    r"\b(?:licen[sc]e|plates?|lic|tags?|registration|reg|placas?|matr[ií]cula|patente|tablilla)\b", re.IGNORECASE
)
_PLATE = re.compile(
    r"(?<![\w-])(?:[A-Z0-9]{1,8}(?:[ -][A-Z0-9]{1,5}){0,2}|[A-Za-z0-9]{1,4}[ -]?[A-Za-z0-9]{1,5})(?![\w-])"
)
_STATE = re.compile(r"(?:[A-Z]{2}|[A-Z]{4,}) (?=.*\d)")
_PLATE_REACH = 40  # characters after the word "plate"
_MORE = re.compile(r"(?:,| and| y| or)? ([A-Z0-9]{2,4}[ -]?[A-Z0-9]{2,5})(?![\w-])")
_VANITY = re.compile(
    r"\b(?:plates?|placas?)\s+(?:(?:reads?|says?|is|dice|es|:|#)\s*(?P<plate>[A-Z][A-Z0-9]{3,7})|"
    r"(?P<parted>[A-Z]{2,3}-[A-Z]{2,4}))(?![\w-])"
)
_LOOKS_PLATE = re.compile(
    r"(?<![\w#/-])(?:[A-Z]{3}[- ]?\d{4}|\d[A-Z]{3}\d{3}|[A-Z]{2}\d{2} ?[A-Z]{3}|\d{3}[- ]?[A-Z]{3}|"
    r"[A-Z]{3}[- ]\d{3})(?![\w/-])"
)
_CAR = re.compile(
    r"\b(?:car|suv|truck|van|pickup|sedan|minivan|honda|toyota|ford|chevy|chevrolet|nissan|bmw|jeep|dodge|hyundai|"
    r"subaru|mazda|audi|tesla|kia|lexus|mercedes|volvo|vehicle|camry|accord|civic|corolla|altima|carro|coche|auto|"
    r"camioneta|troca|moto|motorcycle|trailer|driver|parked|estacionad[oa])\b",
    re.IGNORECASE,
)


def plates(text: str) -> Iterator[Personal]:
    for said in _SAYS_PLATE.finditer(text):
        spot = _first_plate(text, said.end())
        if spot:
            yield Personal(*spot, "plate")
            more = _MORE.match(text, spot[1])
            if more and _is_plate(more[1]):
                yield Personal(more.start(1), more.end(1), "plate")
    for said in _VANITY.finditer(text):
        yield Personal(*said.span("plate" if said["plate"] else "parted"), "plate")
    if _CAR.search(text):
        for match in _LOOKS_PLATE.finditer(text):
            yield Personal(match.start(), match.end(), "plate")


def _first_plate(text: str, at: int) -> tuple[int, int] | None:
    """The first that looks like a plate soon after; longest words first, in the same sentence."""
    reach = re.split(r"[!?\n;]|(?<![Nn]o)\.\s", text[at : at + _PLATE_REACH] + " ")[0]
    place = 0
    while match := _PLATE.search(reach, place):
        if _is_plate(match.group()):
            state = _STATE.match(match.group())
            skipped = state.end() if state and _is_plate(match.group()[state.end() :]) else 0
            return at + match.start() + skipped, at + match.end()
        place = match.start() + 1
    return None


def _is_plate(words: str) -> bool:
    """Letters and digits enough, and no date or year."""
    signs = re.sub(r"[ -]", "", words)
    letters = sum(sign.isalpha() for sign in signs)
    dated = re.fullmatch(r"(?:19|20)\d\d([ -]\d+)?|\d+[ap]m|\d+(?:st|nd|rd|th)", words, re.IGNORECASE)
    return 5 <= len(signs) <= 8 and letters < len(signs) and (letters > 0 or len(signs) >= 6) and not dated
