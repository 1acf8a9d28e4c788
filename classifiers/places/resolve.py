"""Turns a mention into points: a house number, a corner, a stretch, a landmark, the middle of a street.

Every answer carries how far off it may be (metres within which the truth lies nine times of ten) and why it
was chosen. Nothing is fetched; everything comes from the gazetteer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from classifiers.gazetteer import Gazetteer, Numbered, RangedLine, Street, StreetMatch
from classifiers.places import geometry
from classifiers.places.geometry import Point
from classifiers.places.sources import house_number
from classifiers.places.words import fold

_UNIT = re.compile(
    r"[\s,]+(?:(?:apt|apartment|unit|suite|ste|floor|fl|bldg|bld|rm|room|depto|apto)\b|#)\.?\s*#?\s*[\w-]{1,6}\b.*$",
    re.I | re.S,
)
_BLOCK = re.compile(
    r"(?:the\s+)?(\d{1,5})\s*(?:th|st)?\s*(?:block|blk|cuadra|de)?\s*(?:of|on|de)?\s*(?:the|la)?\s+(.+)",
    re.I | re.S,
)

OFFICIAL_M, PIN_M, CORNER_M, RANGE_M = 15.0, 35.0, 20.0, 40.0
"""Nine-tenths errors by kind of evidence: official point, a report's pin, a corner, a numbered stretch."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place that a mention may mean. `score` (0..1) says how well its words fit."""

    at: Point
    address: str
    accuracy_m: float
    why: str
    score: float = 1.0
    streets: frozenset[int] = frozenset()


def streets_of(gazetteer: Gazetteer, text: str) -> tuple[StreetMatch, ...]:
    """The streets that the words of a text begin with: "elm st fairview" is Elm St.

    Takes the longest run of words that is a street's very name, else the best misspelling.
    """
    words = text.replace(",", " ").split()[:8]
    best: tuple[StreetMatch, ...] = ()
    for end in range(len(words), 0, -1):
        matches = gazetteer.streets(" ".join(words[:end]))
        if matches and matches[0].score >= 0.97:
            return matches
        if matches and (not best or matches[0].score > best[0].score):
            best = matches
    return best


# ------------------------------------------------------------------------------------- house numbers


def address(gazetteer: Gazetteer, text: str) -> list[Found]:
    """The places of "412 Oak St apt 3"; a street's middle when it has no such number."""
    parts = house_number(_UNIT.sub("", text)) or _number_behind(_UNIT.sub("", text))
    if parts is None:
        return street(gazetteer, text)
    low, high, name = parts
    matches = streets_of(gazetteer, name)
    found = [f for m in matches for f in houses(gazetteer, m, low, high)]
    return found or [
        replace(f, why="no such house number, middle of the street") for f in _middles(gazetteer, matches)
    ]


def _number_behind(text: str) -> tuple[int, int, str] | None:
    """Spanish order: "calle Main 412", "avenida Oak #20"."""
    match = re.fullmatch(r"(.+?)[\s,]+(?:#|n[uú]m(?:ero)?\.?|no\.?)?\s*(\d{1,5})", text.strip(), re.IGNORECASE)
    return (int(match[2]), int(match[2]), match[1]) if match else None


def houses(gazetteer: Gazetteer, match: StreetMatch, low: int, high: int) -> list[Found]:
    """Where a house number of one street is: a known point, a place within a numbered stretch, or between
    its neighbours."""
    street = match.street
    label = f"{low}-{high} {street.name}" if high != low else f"{low} {street.name}"

    def found(at: Point, accuracy: float, why: str) -> Found:
        return Found(at, label, accuracy, why, match.score, frozenset({street.id}))

    if known := _known(gazetteer.numbered(street.id, low)):
        return [found(at, accuracy, "house number") for at, accuracy in known]
    if at := _in_range(gazetteer.lines(street.id), low):
        return [found(at, RANGE_M, "house number along the street")]
    if between := _between_neighbours(gazetteer, street, low):
        return [found(*between, "between known house numbers")]
    return []


def _known(points: Sequence[Numbered]) -> list[tuple[Point, float]]:
    """One place per group of points; official ones count before pins, narrow ranges before wide ones."""
    official = [p for p in points if not p.loose]
    points = official or points
    narrowest = min((p.high - p.number for p in points), default=0)
    points = [p for p in points if p.high - p.number <= max(4, narrowest)]
    places = []
    for group in geometry.clusters([p.at for p in points], 150):
        accuracy = (OFFICIAL_M if official else PIN_M) + min(60, narrowest)
        places.append((geometry.middle(group), accuracy))
    return places


def _in_range(lines: Sequence[RangedLine], number: int) -> Point | None:
    for ranged in lines:
        if ranged.low and ranged.high and min(ranged.low, ranged.high) <= number <= max(ranged.low, ranged.high):
            share = (number - ranged.low) / (ranged.high - ranged.low) if ranged.high != ranged.low else 0.5
            return geometry.along(ranged.line, share)
    return None


def _between_neighbours(gazetteer: Gazetteer, street: Street, number: int) -> tuple[Point, float] | None:
    below, above = (
        _nearest(points, number)
        for points in (gazetteer.below(street.id, number), gazetteer.above(street.id, number))
    )
    if below and above:
        gap = geometry.metres(below.at, above.at)
        share = (number - below.number) / (above.number - below.number)
        accuracy = max(30.0, 0.5 * gap)
        return geometry.between(below.at, above.at, share), accuracy
    beside = below or above
    if beside and abs(beside.number - number) <= 40:
        return beside.at, 40.0 + 3 * abs(beside.number - number)
    return None


def _nearest(points: Sequence[Numbered], number: int) -> Numbered | None:
    """The nearest neighbour, on the same side of the street unless the other side is much nearer."""
    return min(points, key=lambda p: abs(p.number - number) + (6 if (p.number - number) % 2 else 0), default=None)


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
        _corner(a, b, at, CORNER_M, "corner of two streets")
        for a, b in pairs
        for at in gazetteer.crossings(a.street.id, b.street.id)
    ]
    if crossings:
        return crossings
    return [found for a, b in pairs for found in _near_miss(gazetteer, a, b)]


def _corner(a: StreetMatch, b: StreetMatch, at: Point, accuracy: float, why: str) -> Found:
    streets = frozenset({a.street.id, b.street.id})
    return Found(at, f"{a.street.name} & {b.street.name}", accuracy, why, min(a.score, b.score), streets)


def _near_miss(gazetteer: Gazetteer, a: StreetMatch, b: StreetMatch) -> Iterator[Found]:
    best: tuple[float, Point] | None = None
    for one in gazetteer.lines(a.street.id):
        for two in gazetteer.lines(b.street.id):
            for p in two.line:
                at, distance, _ = geometry.nearest_on(one.line, p)
                if best is None or distance < best[0]:
                    best = (distance, geometry.between(at, p, 0.5))
    if best and best[0] <= 150:
        yield _corner(a, b, best[1], 40.0 + best[0] / 2, "where two streets come near each other")


def stretch(gazetteer: Gazetteer, one: str, two: str, on: Sequence[StreetMatch]) -> list[Found]:
    """The middle of "between 4th and 6th" on one of some streets; where both ends meet when there is none."""
    ends = [streets_of(gazetteer, side) for side in (one, two)]
    return [f for m in on for f in _stretch(gazetteer, m, ends)] or corner(gazetteer, *ends)


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
