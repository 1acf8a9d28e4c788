"""The town that is said behind a place, with its state or its postcode: "500 Main St Houston TX"."""

from __future__ import annotations

import re

from bridge.vocabulary import Mention
from classifiers.places import evidence
from classifiers.places.words import SUFFIXES, fold

_CODES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|"
    "PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR"
)
_ALSO_IN_LOWER_CASE = (  # those that are no words of English or Spanish
    "az|ct|fl|ga|il|ks|ky|md|mn|nc|nd|nh|nj|nm|nv|ny|ri|sc|sd|tn|tx|ut|vt|wv|wy"
)
_NAMES = (
    "Texas|Connecticut|Massachusetts|Nebraska|Florida|California|Illinois|Ohio|Georgia|Pennsylvania|New\\s+York|Iowa|"
    "New\\s+Jersey|Kansas|Colorado|Oklahoma|Oregon|Washington|Virginia|Maryland|Michigan|Minnesota|Missouri|Wisconsin"
)
_NO_STREET = rf"(?!\s+(?:{'|'.join(SUFFIXES)})\b)"
_STATE = rf"(?:(?-i:{_CODES})|{_ALSO_IN_LOWER_CASE}|(?:{_NAMES}){_NO_STREET}|\d{{5}}(?:-\d{{4}})?)\b"
_WORD = r"[^\W\d_][\w.'’-]*"
_BEHIND = re.compile(rf"(?:\s|,\s*)((?:{_WORD}\s+){{0,3}}{_WORD})\s*,?\s+{_STATE}", re.IGNORECASE)
_BEFORE_CODE = re.compile(rf"(.*),?\s+{_STATE}", re.IGNORECASE | re.DOTALL)
_CUT = re.compile(r".*\b(?:in|at|en)\s+", re.IGNORECASE | re.DOTALL)
_REACH = 40


def behind(text: str, m: Mention) -> str:
    """The town said at the end of a mention or right behind it; "" when there is none with a state or postcode."""
    said = _BEHIND.search(text, m.start, m.end + _REACH)
    if not said or said.end() <= m.end - _REACH or said.start(1) > m.end + 6:
        return ""
    coded = _BEFORE_CODE.fullmatch(said[1])  # "Fairview NE 68818": the state belongs to the postcode
    words = (coded[1] if coded else said[1]).rstrip(",").split()
    known = (" ".join(words[i:]) for i in range(len(words)))
    return next(filter(evidence.is_town, known), "") or _unknown(" ".join(words), m.text)


def _unknown(words: str, place: str) -> str:
    """What is left of some words behind the street, if it is written like a name; no town when nothing is."""
    rest = _CUT.sub("", words).split()
    last = max((i for i, word in enumerate(rest, 1) if fold(word) in SUFFIXES), default=0)
    town = " ".join(rest[last:])
    street = place.rpartition(",")[0] or ("" if last else place)
    return town if town[:1].isupper() and fold(town) not in fold(street) else ""
