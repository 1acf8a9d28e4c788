"""Reads coordinates in the notations people paste: decimals, degrees and minutes, plus codes, map links.

Links are taken apart, never fetched (`maplinks`). A pair is read as said: whether it is the other way round is
for whoever knows the city.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from classifiers.places import maplinks, pluscodes
from classifiers.places.geometry import METRES_PER_DEGREE, Point

DEVICE_M = 15.0
"""What a device that writes enough decimals is off by."""


@dataclass(frozen=True, slots=True)
class Spotted:
    """Coordinates found at `text[start:end]`, and how far off they may be.

    `at` is None for a plus code without its first digits (in `words`: it means a place near a city), and for a
    map link that only looks for words (in `words`) or for nothing we can read (a short link).
    """

    start: int
    end: int
    at: Point | None
    accuracy_m: float = DEVICE_M
    words: str = ""


_N = r"[-+−]?\d{1,3}\.\d{3,15}"
_DECIMAL = re.compile(
    rf"(?<![\w.])(?:lat(?:itude)?\s*(?:is\s+|[:=])?\s*)?(?P<lat>{_N})\s*°?\s*(?P<ns>[NS])?\s*"
    r"(?:[,;/& ]|\band\b|\by\b)\s*"
    rf"(?:(?:and\s+)?(?:lon(?:g|gitude)?|lng)\s*(?:is\s+|[:=])?\s*)?(?P<long>{_N})\s*°?\s*(?P<ew>[EWO])?(?![\w.]*\d)",
    re.IGNORECASE,
)
_LETTER_FIRST = re.compile(
    rf"(?<!\w)(?P<ns>[NS])\s?(?P<lat>{_N})\s*°?[\s,;/]*(?P<ew>[EWO])\s?(?P<long>{_N})(?![\w.]*\d)", re.IGNORECASE
)
_COMMA = re.compile(
    r"(?<![\w.,])(?P<lat>[-+−]?\d{1,2},\d{4,10})\s*[;/ ]\s*"
    r"(?P<long>[-+−]?\d{1,3},\d{4,10})(?P<ns>)(?P<ew>)(?![\w,])"
)


def _sixtieths(of: str, degree: str, minute: str, second: str) -> str:
    """Degrees, minutes and perhaps seconds, in groups named after the side they tell."""
    return (
        rf"(?P<{of}d>\d{{1,3}})\s*{degree}\s*(?P<{of}m>\d{{1,2}}(?:\.\d+)?)"
        rf"(?:\s*{minute}\s*(?P<{of}s>\d{{1,2}}(?:\.\d+)?)\s*{second}|\s*{minute})"
    )


_MARKS = (
    r"(?:°|º|˚|deg(?:rees?)?\.?|grados?|d)",
    r"(?:'|’|′|´|min(?:utes?|utos?)?\.?|m)",
    r"(?:''|’’|\"|”|″|sec(?:onds?)?\.?|seg(?:undos?)?\.?|s(?![\w])|s(?=\s*[NSEWO]\b))?",
)
_SPACES = (r"[\s:-]", r"(?:[\s:-]|(?=\s*[NSEWO]\b))", r"")
_GAP = r"[\s,;/]*"
_DEGREES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for lat, long in ((_sixtieths("a", *marks), _sixtieths("o", *marks)) for marks in (_MARKS, _SPACES))
    for pattern in (
        rf"(?<![\w.]){lat}\s*(?P<ns>[NS]){_GAP}{long}\s*(?P<ew>[EWO])(?!\w)",
        rf"(?<!\w)(?P<ns>[NS])\s*{lat}{_GAP}(?P<ew>[EWO])\s*{long}",
    )
)


def spot(text: str) -> list[Spotted]:
    """All coordinates and map links of a text, in order. Out-of-range numbers are no coordinates."""
    found = [spotted for m in maplinks.LINK.finditer(text) if (spotted := _link(m))]
    plain = without_links(text)
    for spotted in _written(plain):
        if not any(f.start < spotted.end and spotted.start < f.end for f in found):
            found.append(spotted)
    return sorted(found, key=lambda f: f.start)


def without_links(text: str) -> str:
    """The text with every link blanked out, letter for letter: a link names no place in words."""
    return maplinks.LINK.sub(lambda m: " " * len(m[0]), text)


def _link(match: re.Match[str]) -> Spotted | None:
    link = maplinks.read(match[0])
    if link is None:
        return None
    within = None if link.at else next(_written(link.words), None)
    if within:
        return Spotted(match.start(), match.end(), within.at, within.accuracy_m, within.words)
    return Spotted(match.start(), match.end(), link.at, words=link.words)


def _written(text: str) -> Iterator[Spotted]:
    """Coordinates written out, the surest notation first."""
    for pattern in _DEGREES:
        for match in pattern.finditer(text):
            if at := _degrees(match):
                yield Spotted(match.start(), match.end(), at, _sixtieths_m(match))
    for pattern in (_LETTER_FIRST, _DECIMAL, _COMMA):
        for match in pattern.finditer(text):
            if at := _decimal(match):
                yield Spotted(match.start(), match.start() + len(match[0].rstrip()), at, _decimals_m(match))
    for match in pluscodes.CODE.finditer(text):
        if pluscodes.is_code(match[0]):
            area = pluscodes.decode(match[0])
            reach = max(DEVICE_M, area.reach_m) if area else DEVICE_M
            yield Spotted(*match.span(), area.at if area else None, reach, "" if area else match[0])


def _decimal(match: re.Match[str]) -> Point | None:
    lat, long = (float(match[side].replace("−", "-").replace(",", ".")) for side in ("lat", "long"))
    return _point(_signed(lat, match["ns"]), _signed(long, match["ew"]))


def _decimals_m(match: re.Match[str]) -> float:
    """Half of what the last decimal is worth; a device writes more of them than it knows."""
    fewest = min(len(re.split("[.,]", match[side])[1]) for side in ("lat", "long"))
    return max(DEVICE_M, 0.8 * METRES_PER_DEGREE * 10.0**-fewest)


def _degrees(match: re.Match[str]) -> Point | None:
    if any(float(match[side + part] or 0) >= 60 for side in "ao" for part in "ms"):
        return None
    lat, long = (
        float(match[f"{side}d"]) + float(match[f"{side}m"]) / 60 + float(match[f"{side}s"] or 0) / 3600
        for side in "ao"
    )
    return _point(_signed(lat, match["ns"]), _signed(long, match["ew"]))


def _sixtieths_m(match: re.Match[str]) -> float:
    """What the last figure leaves open: whole seconds 25 m, whole minutes more than a kilometre."""
    if match["as"]:
        return DEVICE_M if "." in match["as"] else 25.0
    decimals = len(match["am"].partition(".")[2])
    return max(DEVICE_M, 0.8 * METRES_PER_DEGREE / 60 * 10.0**-decimals)


def _signed(value: float, letter: str | None) -> float:
    return -abs(value) if (letter or "").lower() in ("s", "w", "o") else value


def _point(lat: float, long: float) -> Point | None:
    return (lat, long) if abs(lat) <= 180 and abs(long) <= 180 and (lat, long) != (0, 0) else None
