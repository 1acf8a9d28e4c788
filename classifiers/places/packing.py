"""How the gazetteer stores coordinates: whole numbers, four bytes each, and squares to find neighbours by."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

from classifiers.places.geometry import Point

CELL = 0.002
"""Side of the squares things are found by, in degrees: about 200 m."""

ROW = 1_000_000
"""What a square's number grows by from one row to the next one north."""

_UNITS = 1e7


def cell(at: Point) -> int:
    """The square a point lies in, as one integer; its neighbour to the east is one more."""
    return math.floor((at[0] + 90) / CELL) * ROW + math.floor((at[1] + 180) / CELL)


def around(at: Point) -> list[int]:
    """The square of a point and the eight about it."""
    middle = cell(at)
    return [middle + row * ROW + column for row in (-1, 0, 1) for column in (-1, 0, 1)]


def small(at: Point) -> tuple[int, int]:
    """A point in ten-millionths of a degree (1 cm)."""
    return round(at[0] * _UNITS), round(at[1] * _UNITS)


def large(lat: int, long: int) -> Point:
    """The point that `small` made small."""
    return lat / _UNITS, long / _UNITS


def pack(line: Iterable[Point]) -> bytes:
    """A line as bytes, eight a point."""
    return array("i", [v for p in line for v in small(p)]).tobytes()


def unpack(blob: bytes) -> list[Point]:
    """The line that `pack` packed."""
    flat = array("i")
    flat.frombytes(blob)
    return [large(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)]
