"""Where a house number is: at its own point, along a numbered stretch, between or beyond its neighbours.

Numbers rise along a street. Beyond the last known number a line fitted through the known ones tells how far
to go on; with a single known number the city's usual numbers per metre tell from which end they rise.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from classifiers.gazetteer import Gazetteer, Numbered, RangedLine
from classifiers.places import geometry
from classifiers.places.geometry import Line, Point

OFFICIAL_M, PIN_M, RANGE_M = 15.0, 35.0, 40.0
"""Nine-tenths errors by kind of evidence: an official point, a report's pin, a numbered stretch."""

_SAME_HOUSE_M = 150.0
_BEYOND_M = 60.0
_ENOUGH = 60


@dataclass(frozen=True, slots=True)
class House:
    """A place of a house number, how far off it may be (metres) and how it was found."""

    at: Point
    accuracy_m: float
    why: str
    district: str = ""


def houses(gazetteer: Gazetteer, street: int, number: int) -> list[House]:
    """The places of a house number in one street; several when districts share the street's name."""
    if known := _known(gazetteer.numbered(street, number), number):
        return known
    if at := _in_range(gazetteer.lines(street), number):
        return [House(at, RANGE_M, "house number along the street")]
    found = _between(gazetteer, street, number) or _beyond(gazetteer, street, number)
    return [found] if found else []


def _known(points: Sequence[Numbered], number: int) -> list[House]:
    """One place per group of points; official ones before pins, narrow ranges before wide ones."""
    official = [p for p in points if not p.loose]
    points = official or points
    narrowest = min((p.high - p.number for p in points), default=0)
    points = [
        p for p in points if p.high - p.number <= narrowest and (p.high - number) % 2 in (0, number == p.number)
    ]
    groups = geometry.clusters([p.at for p in points], _SAME_HOUSE_M)
    if not official and groups:  # pins err: the place most of them agree on
        groups = [max(groups, key=len)]
    accuracy = (OFFICIAL_M if official else PIN_M) + min(60, 2 * narrowest)
    named = {p.at: p.district for p in points}
    return [House(geometry.middle(g), accuracy, "house number", named[g[0]]) for g in groups]


def _in_range(lines: Sequence[RangedLine], number: int) -> Point | None:
    for ranged in lines:
        if ranged.low and ranged.high and min(ranged.low, ranged.high) <= number <= max(ranged.low, ranged.high):
            share = (number - ranged.low) / (ranged.high - ranged.low) if ranged.high != ranged.low else 0.5
            return geometry.along(ranged.line, share)
    return None


def _between(gazetteer: Gazetteer, street: int, number: int) -> House | None:
    below = _nearest(gazetteer.below(street, number), number)
    above = _nearest(gazetteer.above(street, number), number)
    if not below or not above:
        return None
    gap = geometry.metres(below.at, above.at)
    share = (number - below.number) / (above.number - below.number)
    at = geometry.between(below.at, above.at, share)
    lines = [ranged.line for ranged in gazetteer.lines(street)]
    if lines and gap > 60:
        at = min((geometry.nearest_on(line, at) for line in lines), key=lambda n: n[1])[0]
    doubt = 0.25 if lines else 0.4  # of the way between: a line drawn on the map holds the house to its street
    return House(at, max(30.0, doubt * gap), "between known house numbers")


def _nearest(points: Sequence[Numbered], number: int) -> Numbered | None:
    """The nearest neighbour, on the same side of the street unless the other side is much nearer."""
    return min(points, key=lambda p: abs(p.number - number) + (6 if (p.number - number) % 2 else 0), default=None)


# ---------------------------------------------------------------------------- beyond the last known one


@dataclass(frozen=True, slots=True)
class _Axis:
    """The direction a street runs in: positions along it in metres from `origin`."""

    origin: Point
    north: float
    east: float

    def position(self, p: Point) -> float:
        north, east = _offset(self.origin, p)
        return north * self.north + east * self.east


def _beyond(gazetteer: Gazetteer, street: int, number: int) -> House | None:
    lines = [ranged.line for ranged in gazetteer.lines(street)]
    known = gazetteer.below(street, number, _ENOUGH) or gazetteer.above(street, number, _ENOUGH)
    if not known or not lines:
        return None
    axis = _axis([p for line in lines for p in line])
    spots = [(n.number, axis.position(n.at)) for n in known]
    ends = [axis.position(p) for line in lines for p in line]
    rate = _rate(spots, gazetteer.numbers_per_metre)
    rate = rate or _rate_from_ends(spots[0], min(ends), max(ends), gazetteer.numbers_per_metre)
    if rate is None:
        return None
    nearest = min(spots, key=lambda s: abs(s[0] - number))
    way = (number - nearest[0]) / rate
    if not min(ends) - _BEYOND_M <= nearest[1] + 0.7 * way <= max(ends) + _BEYOND_M:
        return None
    accuracy = (40.0 if len(spots) > 2 else 60.0) + 0.4 * abs(way)
    return House(_at_position(axis, lines, nearest[1] + way), accuracy, "beyond the known house numbers")


def _axis(points: Sequence[Point]) -> _Axis:
    """The principal direction of some points."""
    origin = points[0]
    offsets = [_offset(origin, p) for p in points]
    north, east = (statistics.fmean(o[i] for o in offsets) for i in (0, 1))
    nn = sum((o[0] - north) ** 2 for o in offsets)
    ee = sum((o[1] - east) ** 2 for o in offsets)
    ne = sum((o[0] - north) * (o[1] - east) for o in offsets)
    angle = 0.5 * math.atan2(2 * ne, nn - ee)
    return _Axis(origin, math.cos(angle), math.sin(angle))


def _offset(origin: Point, p: Point) -> tuple[float, float]:
    east = (p[1] - origin[1]) * math.cos(math.radians(origin[0]))
    return (p[0] - origin[0]) * geometry.METRES_PER_DEGREE, east * geometry.METRES_PER_DEGREE


def _rate(spots: Sequence[tuple[int, float]], usual: float) -> float | None:
    """Numbers per metre by the median slope between known numbers, negative when they fall along the axis.

    Numbers that lie close together tell the direction only; how fast they rise is then the city's usual.
    """
    pairs = [(a, b) for a, b in combinations(spots[:_ENOUGH], 2) if abs(a[0] - b[0]) >= 8]
    metres_per_number = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs]
    median = statistics.median(metres_per_number) if metres_per_number else 0.0
    if abs(median) <= 0.3:
        return None
    wide = max(n for n, _ in spots) - min(n for n, _ in spots) >= 80
    return 1 / median if wide else math.copysign(usual, median)


def _rate_from_ends(spot: tuple[int, float], first: float, last: float, usual: float) -> float | None:
    """The rate if numbers rise from one end: the end from which they come nearest to the city's usual rate."""
    number, position = spot
    rates = [number / max(1.0, position - first), -number / max(1.0, last - position)]
    best = min(rates, key=lambda rate: abs(math.log(abs(rate) / usual)))
    return best if abs(math.log(abs(best) / usual)) < math.log(2.5) else None


def _at_position(axis: _Axis, lines: Sequence[Line], position: float) -> Point:
    nearest = min((p for line in lines for p in line), key=lambda p: abs(axis.position(p) - position))
    for line in lines:
        for a, b in pairwise(line):
            start, end = axis.position(a), axis.position(b)
            if start != end and min(start, end) <= position <= max(start, end):
                return geometry.between(a, b, (position - start) / (end - start))
    return nearest
