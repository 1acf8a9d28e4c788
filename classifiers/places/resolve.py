"""Turns a mention into points: a house number, a corner, a stretch, a landmark, the middle of a street.

Every answer carries how far off it may be (metres within which the truth lies nine times of ten) and why it
was chosen. Nothing is fetched; everything comes from the gazetteer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from bridge.vocabulary import NO_SUCH_NUMBER
from classifiers.gazetteer import Gazetteer, StreetMatch
from classifiers.places import geometry, numbering
from classifiers.places.geometry import Line, Point
from classifiers.places.records import house_number
from classifiers.places.words import SUFFIXES, fold, street_name

_UNIT = re.compile(
    r"[\s,]+(?:(?:apt|apartment|unit|suite|ste|floor|fl|bldg|bld|rm|room|depto|apto)\b|#)\.?\s*#?\s*[\w-]{1,6}\b.*$",
    re.I | re.S,
)
_BLOCK = re.compile(
    r"(?:the\s+)?(\d{1,5})\s*(?:th|st)?\s*(?:block|blk|cuadra|de)?\s*(?:of|on|de)?\s*(?:the|la)?\s+(.+)",
    re.I | re.S,
)

_OF_STREET = re.compile(r"(?:de\s+)?la\s+(?=calle|avenida)|of\s+(?:the\s+)?", re.I)

CORNER_M = 20.0
"""How far off a corner of two streets may be, in metres."""

_CLEAR = 0.9
"""Score of a street's very name, said with or without its direction; less is a typo or a wrong suffix."""

_DOUBTED = 0.75
"""What is left of a score that is to be asked about."""

_NEAR_MISS_M = 300.0
"""Streets the map leaves that far apart may still meet: maps miss pieces."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place that a mention may mean. `score` (0..1) says how well its words fit."""

    at: Point
    address: str
    accuracy_m: float
    why: str
    score: float = 1.0
    streets: frozenset[int] = frozenset()
    district: str = ""
    vague: bool = False  # words that may mean a point here, but do not say so: to be asked about


def streets_of(gazetteer: Gazetteer, text: str) -> tuple[StreetMatch, ...]:
    """The streets that the words of a text begin with: "elm st fairview" is Elm St.

    Takes the longest run of words that is a street's very name, else the best misspelling. The name of the
    city, and of a district that only looks like a street ("Lighthouse Point"), is none.
    """
    if gazetteer.is_city(text) or (gazetteer.district_named(text) and street_name(text).suffix):
        return ()
    words = [word[:40] for word in text.replace(",", " ").split()[:8]]
    best: tuple[StreetMatch, ...] = ()
    for end in range(len(words), 0, -1):
        matches = gazetteer.streets(" ".join(words[:end]))
        if _cut_short(words, end):
            matches = tuple(replace(m, score=_DOUBTED * m.score) for m in matches)
        if matches and matches[0].score >= _CLEAR:
            return matches
        if matches and (not best or matches[0].score > best[0].score):
            best = matches
    return _behind_other_words(gazetteer, words) or best


def _behind_other_words(gazetteer: Gazetteer, words: Sequence[str]) -> tuple[StreetMatch, ...]:
    """The very name of a street behind a word or two that belong to the sentence: "mesas Maple St". Sure only
    where capitals tell them apart: "Old Main St" may be another street than Main St."""
    if gazetteer.has_landmark(" ".join(words)) or gazetteer.has_landmark_kind(words[-1] if words else ""):
        return ()
    for start in range(1, min(3, len(words))):
        matches = gazetteer.streets(" ".join(words[start:]))
        if matches and matches[0].score >= _CLEAR:
            told_apart = " ".join(words[:start]).islower() and words[start][:1].isupper()
            return matches if told_apart else tuple(replace(m, score=_DOUBTED * m.score) for m in matches)
    return ()


def _cut_short(words: Sequence[str], end: int) -> bool:
    """Whether a name goes on behind some words of it: "Fox" of "Fox Point Rd"."""
    typed = fold(words[end - 1]) in SUFFIXES
    return not typed and any(fold(word) in SUFFIXES for word in words[end:])


# ------------------------------------------------------------------------------------- house numbers


def address(gazetteer: Gazetteer, text: str) -> list[Found]:
    """The places of "412 Oak St apt 3"; a street's middle when it has no such number."""
    parts = house_number(_UNIT.sub("", text)) or _number_behind(_UNIT.sub("", text))
    if parts is None:
        return street(gazetteer, text)
    low, high, name = parts
    matches = streets_of(gazetteer, _OF_STREET.sub("", name))
    found = [f for m in matches for f in houses(gazetteer, m, low, high)]
    return found or [replace(f, why=NO_SUCH_NUMBER) for f in _middles(gazetteer, matches)]


def _number_behind(text: str) -> tuple[int, int, str] | None:
    """Spanish order: "calle Main 412", "avenida Oak #20"."""
    match = re.fullmatch(r"(.+?)[\s,]+(?:#|n[uú]m(?:ero)?\.?|no\.?)?\s*(\d{1,5})", text.strip(), re.IGNORECASE)
    return (int(match[2]), int(match[2]), match[1]) if match else None


def houses(gazetteer: Gazetteer, match: StreetMatch, low: int, high: int) -> list[Found]:
    """The places of a house number in one street."""
    street = match.street
    label = f"{low}-{high} {street.name}" if high != low else f"{low} {street.name}"
    places = numbering.houses(gazetteer, street.id, low) or numbering.houses(gazetteer, street.id, high)
    several = len({place.district for place in places}) > 1
    return [
        Found(
            place.at,
            f"{label}, {place.district}" if several and place.district else label,
            place.accuracy_m,
            place.why,
            match.score,
            frozenset({street.id}),
            place.district,
        )
        for place in places
    ]


def block(gazetteer: Gazetteer, text: str) -> list[Found]:
    """The middle of "the 400 block of Elm"."""
    match = _BLOCK.match(text.strip())
    if match is None:
        return street(gazetteer, text)
    first = int(match[1]) // 100 * 100
    found = []
    for m in streets_of(gazetteer, match[2]):
        ends = [h for n in (first + 2, first + 50, first + 98) for h in houses(gazetteer, m, n, n)[:1]]
        if ends:
            reach = max(geometry.metres(ends[0].at, e.at) for e in ends) / 2
            at = ends[len(ends) // 2].at
            label = f"{first} block of {m.street.name}"
            found.append(
                Found(at, label, max(60.0, reach), "middle of the block", m.score, frozenset({m.street.id}))
            )
    return found


# --------------------------------------------------------------------------------------- two streets


def intersection(gazetteer: Gazetteer, one: str, two: str) -> list[Found]:
    """The corner of two streets."""
    return corner(gazetteer, streets_of(gazetteer, one), streets_of(gazetteer, two))


def corner(gazetteer: Gazetteer, ones: Sequence[StreetMatch], twos: Sequence[StreetMatch]) -> list[Found]:
    """Where any of some streets meets any of some others; where none does, where two nearly do."""
    pairs = [(a, b) for a, b in product(ones, twos) if a.street.id != b.street.id]
    crossings = [
        found
        for a, b in pairs
        if (points := gazetteer.crossings(a.street.id, b.street.id))
        for found in _one_corner(a, b, points)
    ]
    if crossings:
        return crossings
    return [found for a, b in pairs for found in _near_miss(gazetteer, a, b)]


def _corner(a: StreetMatch, b: StreetMatch, at: Point, accuracy: float, why: str) -> Found:
    streets = frozenset({a.street.id, b.street.id})
    return Found(at, f"{a.street.name} & {b.street.name}", accuracy, why, min(a.score, b.score), streets)


def _one_corner(a: StreetMatch, b: StreetMatch, points: Sequence[Point]) -> list[Found]:
    """The corner of two streets; when they meet more than once, one place between if the points are near."""
    middle = geometry.middle(points)
    reach = max(geometry.metres(middle, p) for p in points)
    if reach <= 150:
        return [_corner(a, b, middle, CORNER_M + reach, "corner of two streets")]
    found = [_corner(a, b, at, CORNER_M, "corner of two streets") for at in points]
    return [replace(f, address=f"{f.address} ({_side(f.at, middle)})") for f in found]


def _side(at: Point, middle: Point) -> str:
    """Where a point lies as seen from the middle: north, south, east or west."""
    north, east = at[0] - middle[0], (at[1] - middle[1]) * math.cos(math.radians(at[0]))
    if abs(north) >= abs(east):
        return "north" if north > 0 else "south"
    return "east" if east > 0 else "west"


def _near_miss(gazetteer: Gazetteer, a: StreetMatch, b: StreetMatch) -> Iterator[Found]:
    best: tuple[float, Point] | None = None
    for one, two in product(_drawn(gazetteer, a), _drawn(gazetteer, b)):
        for p in two:
            at, distance, _ = geometry.nearest_on(one, p)
            if best is None or distance < best[0]:
                best = (distance, geometry.between(at, p, 0.5))
    if best and best[0] <= _NEAR_MISS_M:
        yield _corner(a, b, best[1], 60.0 + best[0] / 2, "where two streets come near each other")


def _drawn(gazetteer: Gazetteer, match: StreetMatch) -> list[Line]:
    """A street's lines; its house numbers, as points, when the map has none."""
    lines: list[Line] = [ranged.line for ranged in gazetteer.lines(match.street.id)]
    return lines or [[n.at] for n in gazetteer.above(match.street.id, -1, 50)]


def stretch(gazetteer: Gazetteer, one: str, two: str, on: Sequence[StreetMatch]) -> list[Found]:
    """The middle of "between 4th and 6th" on one of some streets; where both ends meet when there is none."""
    ends = [streets_of(gazetteer, side) for side in (one, two)]
    found = [f for m in on for f in _stretch(gazetteer, m, ends)]
    return found or [replace(f, vague=True) for f in corner(gazetteer, *ends)]


def _stretch(gazetteer: Gazetteer, on: StreetMatch, ends: Sequence[Sequence[StreetMatch]]) -> Iterator[Found]:
    corners = [list(corner(gazetteer, (on,), end)) for end in ends]
    label = on.street.name
    streets = frozenset({on.street.id})
    if all(corners):
        one, two = min(product(*corners), key=lambda pair: geometry.metres(pair[0].at, pair[1].at))
        reach = geometry.metres(one.at, two.at) / 2
        named = " and ".join(f.address.removeprefix(f"{label} & ") for f in (one, two))
        score = min(one.score, two.score)
        middle = geometry.between(one.at, two.at, 0.5)
        yield Found(middle, f"{label} between {named}", max(30.0, reach), "middle of a stretch", score, streets)
    elif one_end := next((c for c in corners if c), None):
        yield replace(one_end[0], accuracy_m=120.0, why="one end of a stretch")


# ------------------------------------------------------------------------------ streets and landmarks


def street(gazetteer: Gazetteer, text: str) -> list[Found]:
    """The middle of every street a name may mean, with half its length as accuracy."""
    return _middles(gazetteer, streets_of(gazetteer, text))


def _middles(gazetteer: Gazetteer, matches: Sequence[StreetMatch]) -> list[Found]:
    return [found for m in matches if (found := _middle(gazetteer, m))]


def _middle(gazetteer: Gazetteer, match: StreetMatch) -> Found | None:
    lines = [ranged.line for ranged in gazetteer.lines(match.street.id)]
    points = [p for line in lines for p in line] or [n.at for n in gazetteer.above(match.street.id, 0)]
    if not points:
        return None
    centre = geometry.middle(points)
    at = min(
        (geometry.nearest_on(line, centre)[0] for line in lines),
        key=lambda p: geometry.metres(p, centre),
        default=centre,
    )
    reach = max(geometry.metres(at, p) for p in points)
    return Found(
        at,
        match.street.name,
        max(50.0, 0.9 * reach),
        "middle of the street",
        match.score,
        frozenset({match.street.id}),
        vague=True,
    )


def landmark(gazetteer: Gazetteer, text: str) -> list[Found]:
    """The landmarks a text names."""
    return [
        Found(k.at, _named(k.name, k.address), max(40.0, k.radius_m), "landmark", k.score)
        for k in gazetteer.landmarks(text)
    ]


def _named(name: str, address: str) -> str:
    return f"{name}, {address}" if address and fold(address) not in fold(name) else name


def beside(gazetteer: Gazetteer, matches: Sequence[StreetMatch], marks: Sequence[Found]) -> list[Found]:
    """The point of a street nearest to a landmark: "on 5th near the library"."""
    found = []
    for m, mark in product(matches, marks):
        lines = [ranged.line for ranged in gazetteer.lines(m.street.id)]
        at, distance, _ = min(
            (geometry.nearest_on(line, mark.at) for line in lines), key=lambda n: n[1], default=(mark.at, 1e9, 0)
        )
        if distance <= mark.accuracy_m + 200:
            name = mark.address.partition(",")[0]
            accuracy = max(50.0, mark.accuracy_m, 0.4 * distance)
            found.append(
                Found(
                    at,
                    f"{m.street.name} near {name}",
                    accuracy,
                    "on the street near a landmark",
                    min(m.score, mark.score),
                    frozenset({m.street.id}),
                )
            )
    return found
