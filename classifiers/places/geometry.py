"""Distances and positions on a city's scale: metres between WGS84 points, points along lines, polygons.

Within a city the earth is flat enough: an equirectangular projection is off by less than 0.1 % at 50 km.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

Point = tuple[float, float]
"""Latitude and longitude in degrees, in this order (GeoJSON has them the other way round)."""

Line = Sequence[Point]

METRES_PER_DEGREE = 111_195.0


def metres(a: Point, b: Point) -> float:
    """The distance of two near points in metres."""
    x = (b[1] - a[1]) * math.cos(math.radians((a[0] + b[0]) / 2))
    return METRES_PER_DEGREE * math.hypot(b[0] - a[0], x)


def length(line: Line) -> float:
    """The length of a line in metres."""
    return sum(metres(a, b) for a, b in itertools.pairwise(line))


def between(a: Point, b: Point, share: float) -> Point:
    """The point `share` (0..1) of the way from a to b."""
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))


def along(line: Line, share: float) -> Point:
    """The point at `share` (0..1) of a line's length."""
    left = share * length(line)
    for a, b in itertools.pairwise(line):
        step = metres(a, b)
        if step and left <= step:
            return between(a, b, left / step)
        left -= step
    return line[-1]


def foot(p: Point, a: Point, b: Point) -> tuple[Point, float]:
    """The point of the stretch a–b nearest to p, and its share (0..1) of the way from a to b."""
    scale = math.cos(math.radians(p[0]))
    bx, by = (b[1] - a[1]) * scale, b[0] - a[0]
    px, py = (p[1] - a[1]) * scale, p[0] - a[0]
    square = bx * bx + by * by
    share = min(1.0, max(0.0, (px * bx + py * by) / square)) if square else 0.0
    return between(a, b, share), share


def nearest_on(line: Line, p: Point) -> tuple[Point, float, float]:
    """The point of a line nearest to p, its distance in metres, and its metres from the line's start."""
    if len(line) == 1:
        return line[0], metres(line[0], p), 0.0
    best, run = (line[0], math.inf, 0.0), 0.0
    for a, b in itertools.pairwise(line):
        q, share = foot(p, a, b)
        step = metres(a, b)
        distance = metres(q, p)
        if distance < best[1]:
            best = (q, distance, run + share * step)
        run += step
    return best


def crossing(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Where the stretches a–b and c–d cross, None when they do not (or are parallel)."""
    rx, ry = b[1] - a[1], b[0] - a[0]
    sx, sy = d[1] - c[1], d[0] - c[0]
    cross = rx * sy - ry * sx
    if not cross:
        return None
    qx, qy = c[1] - a[1], c[0] - a[0]
    t, u = (qx * sy - qy * sx) / cross, (qx * ry - qy * rx) / cross
    return between(a, b, t) if 0 <= t <= 1 and 0 <= u <= 1 else None


def middle(points: Sequence[Point]) -> Point:
    """The median latitude and longitude: one wrong pin among many does not move it far."""
    lats, longs = sorted(p[0] for p in points), sorted(p[1] for p in points)
    return _median(lats), _median(longs)


def _median(sorted_: Sequence[float]) -> float:
    half = len(sorted_) // 2
    return sorted_[half] if len(sorted_) % 2 else (sorted_[half - 1] + sorted_[half]) / 2


def clusters(points: Iterable[Point], within: float) -> list[list[Point]]:
    """Groups points so that each lies within so many metres of its group's first point."""
    groups: list[list[Point]] = []
    for p in points:
        home = next((g for g in groups if metres(g[0], p) <= within), None)
        if home is None:
            groups.append([p])
        else:
            home.append(p)
    return groups


def inside(p: Point, ring: Line) -> bool:
    """Whether p lies within a closed ring, by counting the edges a ray to the east crosses."""
    odd = False
    for (y1, x1), (y2, x2) in itertools.pairwise(ring):
        if (y1 > p[0]) != (y2 > p[0]) and p[1] < x1 + (p[0] - y1) * (x2 - x1) / (y2 - y1):
            odd = not odd
    return odd
