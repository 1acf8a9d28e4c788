"""Writes a gazetteer: streets and their other names, house numbers, crossings, landmarks, areas, in SQLite."""

from __future__ import annotations

import math
import os
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from classifiers.places import geometry
from classifiers.places.geometry import Line, Point
from classifiers.places.sources import AddressPoint, Area, Landmark, StreetLine, read
from classifiers.places.words import SUFFIXES, StreetName, fold, street_name

FORMAT = "2"
"""Version of the tables below; a gazetteer of another version must be built again."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE street (id INTEGER PRIMARY KEY, name TEXT NOT NULL, before TEXT NOT NULL, key TEXT NOT NULL,
  suffix TEXT NOT NULL, after TEXT NOT NULL);
CREATE TABLE name (key TEXT, street INTEGER, before TEXT, suffix TEXT, after TEXT,
  PRIMARY KEY (key, street, before, suffix, after)) WITHOUT ROWID;
CREATE TABLE word (word TEXT, street INTEGER, PRIMARY KEY (word, street)) WITHOUT ROWID;
CREATE TABLE line (street INTEGER, low INTEGER, high INTEGER, south REAL, north REAL, points BLOB NOT NULL);
CREATE TABLE address (street INTEGER, number INTEGER, n INTEGER, high INTEGER, lat REAL, long REAL,
  loose INTEGER, district TEXT, cell INTEGER, PRIMARY KEY (street, number, n)) WITHOUT ROWID;
CREATE TABLE crossing (a INTEGER, b INTEGER, lat REAL, long REAL);
CREATE TABLE landmark (id INTEGER PRIMARY KEY, name TEXT, category TEXT, lat REAL, long REAL, radius REAL,
  address TEXT);
CREATE TABLE landmark_name (key TEXT, landmark INTEGER, PRIMARY KEY (key, landmark)) WITHOUT ROWID;
CREATE TABLE area (name TEXT, boundary INTEGER, rings INTEGER, points BLOB NOT NULL);
"""
_INDEXES = """
CREATE INDEX line_street ON line (street);
CREATE INDEX line_south ON line (south, north);
CREATE INDEX crossing_pair ON crossing (a, b);
CREATE INDEX address_cell ON address (cell);
CREATE INDEX landmark_place ON landmark (lat);
"""

CELL = 0.002
"""Side of the squares house numbers are found by, in degrees: about 200 m."""


def cell(at: Point) -> int:
    """The square a point lies in, as one integer; neighbours differ by 1 (east) and 1,000,000 (north)."""
    return math.floor((at[0] + 90) / CELL) * 1_000_000 + math.floor((at[1] + 180) / CELL)


def pack(line: Iterable[Point]) -> bytes:
    """A line in ten-millionths of a degree, four bytes a coordinate."""
    return array("i", [round(v * 1e7) for p in line for v in p]).tobytes()


def unpack(blob: bytes) -> list[Point]:
    """The line that `pack` packed."""
    flat = array("i")
    flat.frombytes(blob)
    return [(flat[i] / 1e7, flat[i + 1] / 1e7) for i in range(0, len(flat), 2)]


def write(sources: Sequence[Path], out: Path, progress: Callable[[str], None]) -> None:
    """Builds the whole file beside `out` and moves it into place, so that readers never see half of one."""
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(part)
    try:
        db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        with db:
            _Writer(db, progress).run(sources)
        db.executescript(_INDEXES + "ANALYZE;")
        db.execute("VACUUM")
    finally:
        db.close()
    os.replace(part, out)


class _Writer:
    """State of one build: which streets are known, and their lines until the crossings are found."""

    def __init__(self, db: sqlite3.Connection, progress: Callable[[str], None]) -> None:
        self.db, self.progress = db, progress
        self.streets: dict[StreetName, int] = {}
        self.lines: dict[int, list[Line]] = defaultdict(list)
        self.numbered: dict[tuple[int, int], int] = defaultdict(int)
        self.box = [90.0, 180.0, -90.0, -180.0]
        self.bounded = False

    def run(self, sources: Sequence[Path]) -> None:
        for path in sorted(sources, key=_order):
            self.progress(f"reading {path.name}")
            for record in read(path):
                self.take(record)
        self.progress(f"{len(self.streets)} streets; finding where they cross")
        self.write_crossings()
        self.write_meta()

    def take(self, record: StreetLine | AddressPoint | Landmark | Area) -> None:
        match record:
            case StreetLine():
                self.take_street(record)
            case AddressPoint():
                self.take_address(record)
            case Landmark():
                self.take_landmark(record)
            case Area():
                self.take_area(record)

    def take_street(self, record: StreetLine) -> None:
        street = self.street(record.name)
        for alias in record.aliases:
            self.add_name(street, street_name(alias))
        self.lines[street].append(record.line)
        lats = [p[0] for p in record.line]
        row = (street, record.low, record.high, min(lats), max(lats), pack(record.line))
        self.db.execute("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)", row)
        for point in record.line:
            self.widen(point)

    def take_address(self, record: AddressPoint) -> None:
        street = self.known_street(record.street)
        if street is None:
            return
        n = self.numbered[street, record.low]
        self.numbered[street, record.low] += 1
        place = (*record.at, record.loose, record.district, cell(record.at))
        row = (street, record.low, n, record.high, *place)
        self.db.execute("INSERT INTO address VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        if not record.loose:
            self.widen(record.at)

    def take_landmark(self, record: Landmark) -> None:
        row = (record.name, record.category, *record.at, record.radius_m, record.address)
        landmark = self.db.execute(
            "INSERT INTO landmark (name, category, lat, long, radius, address) VALUES (?, ?, ?, ?, ?, ?)", row
        ).lastrowid
        keys = {fold(name) for name in (record.name, *record.aliases)} - {""}
        self.db.executemany("INSERT OR IGNORE INTO landmark_name VALUES (?, ?)", ((k, landmark) for k in keys))

    def take_area(self, record: Area) -> None:
        self.bounded |= record.boundary
        for ring in record.rings:
            row = (record.name, record.boundary, len(record.rings), pack(ring))
            self.db.execute("INSERT INTO area VALUES (?, ?, ?, ?)", row)
            for point in ring:
                self.widen(point)

    def known_street(self, text: str) -> int | None:
        """The street an address names, whatever city, state and postcode are dragged behind it."""
        words = text.split(",")[0].split()
        for end in range(len(words), 0, -1):
            if found := self.streets.get(street_name(" ".join(words[:end]))):
                return found
        last = max((i for i, w in enumerate(words[:6], 1) if fold(w) in SUFFIXES and i > 1), default=0)
        named = " ".join(words[: last or len(words)])
        return self.street(named) if last or len(words) <= 2 else None

    def street(self, name: str) -> int:
        parts = street_name(name)
        if parts not in self.streets:
            row = (name.strip(), parts.before, parts.key, parts.suffix, parts.after)
            sql = "INSERT INTO street (name, before, key, suffix, after) VALUES (?, ?, ?, ?, ?)"
            self.streets[parts] = self.db.execute(sql, row).lastrowid or 0
            self.add_name(self.streets[parts], parts)
        return self.streets[parts]

    def add_name(self, street: int, parts: StreetName) -> None:
        row = (parts.key, street, parts.before, parts.suffix, parts.after)
        self.db.execute("INSERT OR IGNORE INTO name VALUES (?, ?, ?, ?, ?)", row)
        words = ((word, street) for word in parts.base)
        self.db.executemany("INSERT OR IGNORE INTO word VALUES (?, ?)", words)

    def widen(self, p: Point) -> None:
        box = self.box
        box[:] = [min(box[0], p[0]), min(box[1], p[1]), max(box[2], p[0]), max(box[3], p[1])]

    def write_crossings(self) -> None:
        rows = ((a, b, *at) for (a, b), points in crossings(self.lines).items() for at in points)
        self.db.executemany("INSERT INTO crossing VALUES (?, ?, ?, ?)", rows)

    def write_meta(self) -> None:
        values = {"format": FORMAT, "box": " ".join(map(str, self.box)), "bounded": str(int(self.bounded))}
        self.db.executemany("INSERT INTO meta VALUES (?, ?)", values.items())


def _order(path: Path) -> int:
    """Maps first, then lists, then histories: a later source leans on the street names of an earlier one."""
    return [".geojson", ".json", ".csv"].index(path.suffix) if path.suffix in (".geojson", ".json", ".csv") else 3


# --------------------------------------------------------------------------------------- crossings

_Stretch = tuple[int, Point, Point]
_TOUCH_M = 12.0
_SAME_CROSSING_M = 60.0


def crossings(lines: dict[int, list[Line]]) -> dict[tuple[int, int], list[Point]]:
    """Where each two streets cross or touch; a divided road's several points become one."""
    found: dict[tuple[int, int], list[Point]] = defaultdict(list)
    for here in _squares(lines).values():
        for i, (a, *first) in enumerate(here):
            for b, *second in here[i + 1 :]:
                if a != b and (at := _meet((first[0], first[1]), (second[0], second[1]))):
                    found[min(a, b), max(a, b)].append(at)
    groups = {pair: geometry.clusters(points, _SAME_CROSSING_M) for pair, points in found.items()}
    return {pair: [geometry.middle(g) for g in group] for pair, group in groups.items()}


def _squares(lines: dict[int, list[Line]]) -> dict[int, list[_Stretch]]:
    squares: dict[int, list[_Stretch]] = defaultdict(list)
    for street, parts in lines.items():
        for line in parts:
            for a, b in pairwise(line):
                for square in _squares_of(a, b):
                    squares[square].append((street, a, b))
    return squares


def _squares_of(a: Point, b: Point) -> Iterator[int]:
    margin = _TOUCH_M / geometry.METRES_PER_DEGREE
    south, north = cell((min(a[0], b[0]) - margin, 0)), cell((max(a[0], b[0]) + margin, 0))
    west, east = min(a[1], b[1]) - 1.5 * margin, max(a[1], b[1]) + 1.5 * margin
    columns = range(math.floor((west + 180) / CELL), math.floor((east + 180) / CELL) + 1)
    for row in range(south // 1_000_000, north // 1_000_000 + 1):
        for column in columns:
            yield row * 1_000_000 + column


def _meet(one: tuple[Point, Point], two: tuple[Point, Point]) -> Point | None:
    for p in one:
        if p in two:
            return p
    if at := geometry.crossing(*one, *two):
        return at
    ends = [(p, two) for p in one] + [(p, one) for p in two]
    for p, stretch in ends:
        q, _ = geometry.foot(p, *stretch)
        if geometry.metres(p, q) <= _TOUCH_M:
            return q
    return None
