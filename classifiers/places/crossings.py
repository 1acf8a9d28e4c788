"""Finds where streets cross or touch, and which streets lie near a point, by squares of about 200 m."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from classifiers.places import geometry
from classifiers.places.geometry import Line, Point
from classifiers.places.packing import CELL, ROW, cell

_Stretch = tuple[int, Point, Point]
_TOUCH_M = 12.0
_SAME_CROSSING_M = 90.0


class Grid:
    """The stretches of many streets, by the squares they run through."""

    def __init__(self) -> None:
        self.squares: dict[int, list[_Stretch]] = defaultdict(list)

    def add(self, street: int, line: Line) -> None:
        """Takes in a line of a street."""
        for a, b in pairwise(line):
            for square in _squares_of(a, b):
                self.squares[square].append((street, a, b))

    def near(self, at: Point, within: float) -> list[tuple[int, float]]:
        """Streets within some metres (at most a square's side) of a point, with their distance, nearest first."""
        best: dict[int, float] = {}
        for street, a, b in self.squares.get(cell(at), ()):
            distance = geometry.metres(geometry.foot(at, a, b)[0], at)
            best[street] = min(distance, best.get(street, math.inf))
        return sorted(((s, d) for s, d in best.items() if d <= within), key=lambda pair: pair[1])


def find(lines: Mapping[int, Sequence[Line]]) -> dict[tuple[int, int], list[Point]]:
    """Where each two streets cross or touch; the several points of a divided road become one."""
    grid = Grid()
    for street, parts in lines.items():
        for line in parts:
            grid.add(street, line)
    found: dict[tuple[int, int], list[Point]] = defaultdict(list)
    for here in grid.squares.values():
        for i, (a, a1, a2) in enumerate(here):
            for b, b1, b2 in here[i + 1 :]:
                if a != b and (at := _meet((a1, a2), (b1, b2))):
                    found[min(a, b), max(a, b)].append(at)
    groups = {pair: geometry.clusters(points, _SAME_CROSSING_M) for pair, points in found.items()}
    return {pair: [geometry.middle(g) for g in group] for pair, group in groups.items()}


def _squares_of(a: Point, b: Point) -> Iterator[int]:
    margin = _TOUCH_M / geometry.METRES_PER_DEGREE
    south, north = cell((min(a[0], b[0]) - margin, 0)), cell((max(a[0], b[0]) + margin, 0))
    west, east = min(a[1], b[1]) - 1.5 * margin, max(a[1], b[1]) + 1.5 * margin
    columns = range(math.floor((west + 180) / CELL), math.floor((east + 180) / CELL) + 1)
    for row in range(south // ROW, north // ROW + 1):
        for column in columns:
            yield row * ROW + column


def _meet(one: tuple[Point, Point], two: tuple[Point, Point]) -> Point | None:
    for p in one:
        if p in two:
            return p
    if at := geometry.crossing(*one, *two):
        return at
    for p, stretch in ((one[0], two), (one[1], two), (two[0], one), (two[1], one)):
        q, _ = geometry.foot(p, *stretch)
        if geometry.metres(p, q) <= _TOUCH_M:
            return q
    return None
