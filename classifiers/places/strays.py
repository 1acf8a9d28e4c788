"""Pins of past reports that contradict their street: a house number pinned where its neighbours are not.

A report's pin may be the middle of a street, the writer's own home or another street altogether. Numbers rise
along a street, so a pin too far from both of the next numbers on one side is not that house.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from classifiers.places import geometry
from classifiers.places.geometry import Point

_SLACK_M = 200.0
_SLACK = 1.5
"""A pin may lie so many metres, and so many times the way its number tells, from a neighbour."""

_WITNESSES = 2
_ENOUGH = 6


@dataclass(frozen=True, slots=True)
class Numbered:
    """A house number's point; `loose`: by a report's pin."""

    number: int
    at: Point
    loose: bool


def strays(points: Sequence[Numbered], usual_metres: float) -> list[int]:
    """Which of a street's points, in order of their numbers, are strays. `usual_metres` is the city's way from
    one number to the next; a street of its own pace goes by that."""
    pace = max(usual_metres, _pace(points))
    return [i for i, p in enumerate(points) if p.loose and _contradicted(points, i, pace)]


def _contradicted(points: Sequence[Numbered], i: int, pace: float) -> bool:
    below = (points[j] for j in range(i - 1, -1, -1))
    above = (points[j] for j in range(i + 1, len(points)))
    return any(_all_against(_witnesses(side, points[i].number), points[i], pace) for side in (below, above))


def _witnesses(side: Iterable[Numbered], number: int) -> list[Numbered]:
    """The nearest points of other and differing numbers."""
    first: dict[int, Numbered] = {}
    for p in side:
        if p.number != number:
            first.setdefault(p.number, p)
        if len(first) == _WITNESSES:
            break
    return list(first.values())


def _all_against(witnesses: Sequence[Numbered], p: Numbered, pace: float) -> bool:
    """Whether both witnesses are too far off and bear each other out."""
    if len(witnesses) < _WITNESSES:
        return False
    one, two = witnesses
    return not _too_far(one, two, pace) and _too_far(one, p, pace) and _too_far(two, p, pace)


def _too_far(one: Numbered, two: Numbered, pace: float) -> bool:
    allowed = _SLACK_M + _SLACK * pace * abs(one.number - two.number)
    return geometry.metres(one.at, two.at) > allowed


def _pace(points: Sequence[Numbered]) -> float:
    """Metres from one number to the next, in the middle of what this street shows; 0 where it shows too little."""
    steps = [
        geometry.metres(a.at, b.at) / (b.number - a.number)
        for a, b in pairwise(points)
        if b.number - a.number >= 4
    ]
    return statistics.median(steps) if len(steps) >= _ENOUGH else 0.0
