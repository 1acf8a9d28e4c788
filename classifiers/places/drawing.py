"""The streets of a gazetteer as lines to be drawn, for a map without a tile server.

Where the gazetteer was made of centre lines, those are drawn; where it knows addresses alone, a line through the
house numbers of a street stands for it. In a wide view only the streets with most addresses are shown.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from classifiers.places import packing
from classifiers.places.geometry import Point, length, metres

MOST_LINES = 500  # of a view; more of them are a grey patch
MOST_POINTS = 12  # of a line
WIDE = 0.08  # degrees, about nine kilometres
LONGEST_GAP = 400.0  # metres between neighbouring house numbers of one street

_LINES = """SELECT street.name, line.points FROM line JOIN street ON street.id = line.street
    WHERE line.north >= ? AND line.south <= ?"""
_MAIN_LINES = """SELECT street.name, line.points FROM line JOIN street ON street.id = line.street
    WHERE line.north >= ? AND line.south <= ?
    AND street IN (SELECT id FROM street ORDER BY addresses DESC, id LIMIT 60)"""
_NUMBERS = """SELECT street.name, address.lat, address.long FROM address JOIN street ON street.id = address.street
    WHERE street IN (SELECT id FROM street ORDER BY addresses DESC, id LIMIT 60)
    ORDER BY address.street, address.number, address.n"""

Box = tuple[float, float, float, float]
"""South, west, north, east, in degrees."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines with the name of their street, and the city's outline."""

    lines: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    outline: tuple[tuple[Point, ...], ...] = ()


@lru_cache(maxsize=64)
def drawing(gazetteer: Path, box: Box) -> Drawing:
    """What of a gazetteer is seen in a box. The file never changes once it is in place, so this is kept."""
    database = sqlite3.connect(f"file:{gazetteer}?mode=ro&immutable=1", uri=True)
    with contextlib.closing(database):
        lines = _mapped(database, box) or _numbered(database, box)
        rings = database.execute("SELECT points FROM area WHERE boundary = 1").fetchall()
    longest = sorted(lines, key=lambda line: length(line[1]), reverse=True)[:MOST_LINES]
    return Drawing(
        tuple((name, _thinned(line, MOST_POINTS)) for name, line in longest),
        tuple(_thinned(packing.unpack(ring), 10 * MOST_POINTS) for (ring,) in rings),
    )


def _mapped(database: sqlite3.Connection, box: Box) -> list[tuple[str, Sequence[Point]]]:
    """The centre lines, those of the main streets alone where the box is wide."""
    south, west, north, east = box
    rows = database.execute(_MAIN_LINES if north - south > WIDE else _LINES, (south, north))
    lines = ((name, packing.unpack(points)) for name, points in rows)
    return [(name, line) for name, line in lines if _crosses(line, west, east)]


def _numbered(database: sqlite3.Connection, box: Box) -> list[tuple[str, Sequence[Point]]]:
    """Lines through house numbers."""
    south, west, north, east = box
    rows = database.execute(_NUMBERS)
    lines: list[tuple[str, list[Point]]] = []
    for name, lat, long in rows:
        here = packing.large(lat, long)
        if lines and lines[-1][0] == name and metres(lines[-1][1][-1], here) < LONGEST_GAP:
            lines[-1][1].append(here)
        else:
            lines.append((name, [here]))
    return [
        (name, line)
        for name, line in lines
        if len(line) > 1 and _crosses(line, west, east) and any(south <= lat <= north for lat, _ in line)
    ]


def _crosses(line: Sequence[Point], west: float, east: float) -> bool:
    longs = [long for _, long in line]
    return min(longs) <= east and max(longs) >= west


def _thinned(line: Sequence[Point], most: int) -> tuple[Point, ...]:
    """At most so many of its points, evenly, with both ends."""
    step = max(1.0, (len(line) - 1) / max(1, most - 1))
    picked: Iterable[int] = dict.fromkeys(round(n * step) for n in range(min(len(line), most)))
    return tuple((round(line[n][0], 5), round(line[n][1], 5)) for n in picked if n < len(line))
