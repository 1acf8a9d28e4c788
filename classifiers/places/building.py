"""Writes a gazetteer: streets and their other names, house numbers, crossings, landmarks, areas, in SQLite."""

from __future__ import annotations

import os
import sqlite3
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path

from classifiers.places import crossings, geometry, packing
from classifiers.places.geometry import Line, Point
from classifiers.places.packing import cell, pack
from classifiers.places.records import AddressPoint, Area, Asset, CrossingPin, Landmark, Record, StreetLine
from classifiers.places.sources import read
from classifiers.places.strays import Numbered, strays
from classifiers.places.words import SUFFIXES, StreetName, asset_key, fold, similar, sound, street_name

FORMAT = "9"
"""Version of the tables below; a gazetteer of another version must be built again."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE street (id INTEGER PRIMARY KEY, name TEXT NOT NULL, before TEXT NOT NULL, key TEXT NOT NULL,
  suffix TEXT NOT NULL, after TEXT NOT NULL, addresses INTEGER NOT NULL DEFAULT 0);
CREATE TABLE name (key TEXT, street INTEGER, before TEXT, suffix TEXT, after TEXT,
  PRIMARY KEY (key, street, before, suffix, after)) WITHOUT ROWID;
CREATE TABLE sound (sound TEXT, key TEXT, PRIMARY KEY (sound, key)) WITHOUT ROWID;
CREATE TABLE word (word TEXT, street INTEGER, PRIMARY KEY (word, street)) WITHOUT ROWID;
CREATE TABLE line (street INTEGER, low INTEGER, high INTEGER, south REAL, north REAL, points BLOB NOT NULL);
CREATE TABLE address (street INTEGER, number INTEGER, n INTEGER, high INTEGER, lat INTEGER, long INTEGER,
  loose INTEGER, district INTEGER, PRIMARY KEY (street, number, n)) WITHOUT ROWID;
CREATE TABLE nearby (cell INTEGER, street INTEGER, PRIMARY KEY (cell, street)) WITHOUT ROWID;
CREATE TABLE district (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE crossing (a INTEGER, b INTEGER, lat REAL, long REAL);
CREATE TABLE landmark (id INTEGER PRIMARY KEY, name TEXT, category TEXT, lat REAL, long REAL, radius REAL,
  address TEXT);
CREATE TABLE landmark_name (key TEXT, landmark INTEGER, PRIMARY KEY (key, landmark)) WITHOUT ROWID;
CREATE TABLE asset (key TEXT, kind TEXT, number TEXT, lat REAL, long REAL);
CREATE TABLE area (name TEXT, boundary INTEGER, points BLOB NOT NULL);
CREATE TEMP TABLE given (low INTEGER, high INTEGER, street TEXT, lat REAL, long REAL, loose INTEGER,
  district TEXT);
"""
_INDEXES = """
CREATE INDEX line_street ON line (street);
CREATE INDEX line_south ON line (south, north);
CREATE INDEX asset_key ON asset (key);
CREATE INDEX crossing_pair ON crossing (a, b);
"""

_ONE_STREET_M = 400.0
"""Lines of one name further apart than this are two streets of one name."""

_WIDE = 20
"""A report's pin on "56-110 Moreland Rd" says no more than that the middle of the range is about there."""

_KNOWN_TOWN = 20
"""How often a town must stand behind streets, beside every fifth time, to be the city's own name."""

_UNBROKEN_M = 250.0
"""House numbers further apart are not of one unbroken street."""

_ALIAS_M, _PINNED_ALIAS_M = 80.0, 3000.0
"""How near a pin must lie to a street on the map, or to another pin, to be another name for its street."""

USUAL_NUMBERS_PER_METRE = 0.5
"""Where a city's own cannot be told: a hundred numbers a block lie at 0.7 to 0.9, numbers by frontage at 0.2."""


def write(sources: Sequence[Path], out: Path, progress: Callable[[str], None]) -> None:
    """Builds the whole file beside `out` and moves it into place, so that readers never see half of one."""
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(part)
    try:
        db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-32768;" + _TABLES)
        with db:
            _Writer(db, progress).run(sources)
        db.executescript(_INDEXES + "ANALYZE;")
        db.execute("VACUUM")
    finally:
        db.close()
    os.replace(part, out)


class _Writer:
    """One build. The streets' lines stay in memory until all sources are read; house numbers go to disk."""

    def __init__(self, db: sqlite3.Connection, progress: Callable[[str], None]) -> None:
        self.db, self.progress = db, progress
        self.given: dict[StreetName, list[StreetLine]] = defaultdict(list)
        self.streets: dict[StreetName, list[int]] = defaultdict(list)
        self.lines: dict[int, list[Line]] = defaultdict(list)
        self.pinned: dict[int, tuple[StreetName, Point]] = {}
        self.corners: list[CrossingPin] = []
        self.grid = crossings.Grid()
        self.districts: dict[str, int] = {}
        self.known: dict[str, tuple[StreetName | None, str]] = {}
        self.towns: Counter[str] = Counter()
        self.box = [90.0, 180.0, -90.0, -180.0]

    def run(self, sources: Sequence[Path]) -> None:
        for path in sorted(sources):
            self.progress(f"reading {path.name}")
            self.db.executemany("INSERT INTO given VALUES (?, ?, ?, ?, ?, ?, ?)", self.take(read(path)))
        for parts, lines in self.given.items():
            self.write_streets(parts, lines)
        self.progress("placing house numbers")
        self.write_addresses()
        self.draw_streets()
        self.progress(f"{sum(map(len, self.streets.values()))} streets; finding where they cross")
        self.write_crossings(crossings.find(self.lines))
        self.write_meta()

    def take(self, records: Iterable[Record]) -> Iterable[tuple[object, ...]]:
        """Keeps lines, writes landmarks and areas, and yields the rows of house numbers."""
        for record in records:
            match record:
                case AddressPoint():
                    r = record
                    yield r.low, r.high, r.street, *r.at, r.loose, r.district
                case CrossingPin():
                    self.corners.append(record)
                case StreetLine():
                    self.given[street_name(record.name)].append(record)
                    self.widen(record.line)
                case Landmark():
                    self.write_landmark(record)
                case Area():
                    self.write_area(record)
                case Asset():
                    row = (asset_key(record.number), record.kind, record.number, *record.at)
                    self.db.execute("INSERT INTO asset VALUES (?, ?, ?, ?, ?)", row)

    # ------------------------------------------------------------------------------------- streets

    def write_streets(self, parts: StreetName, lines: Sequence[StreetLine]) -> None:
        """Writes a name's lines as one street, or as several where they lie apart."""
        for group in _apart(lines):
            street = self.add_street(parts, group[0].name)
            for alias in {alias for line in group for alias in line.aliases}:
                self.add_name(street, street_name(alias))
            for line in group:
                self.write_line(street, line)
                self.lines[street].append(line.line)
                self.grid.add(street, line.line)

    def add_street(self, parts: StreetName, name: str) -> int:
        row = (name.strip(), parts.before, parts.key, parts.suffix, parts.after)
        sql = "INSERT INTO street (name, before, key, suffix, after) VALUES (?, ?, ?, ?, ?)"
        street = self.db.execute(sql, row).lastrowid or 0
        self.streets[parts].append(street)
        self.add_name(street, parts)
        return street

    def add_name(self, street: int, parts: StreetName) -> None:
        row = (parts.key, street, parts.before, parts.suffix, parts.after)
        self.db.execute("INSERT OR IGNORE INTO name VALUES (?, ?, ?, ?, ?)", row)
        self.db.execute("INSERT OR IGNORE INTO sound VALUES (?, ?)", (sound(parts.key), parts.key))
        words = ((word, street) for word in parts.base)
        self.db.executemany("INSERT OR IGNORE INTO word VALUES (?, ?)", words)

    # ------------------------------------------------------------------------------- house numbers

    def write_addresses(self) -> None:
        n: dict[tuple[int, int], int] = defaultdict(int)
        official_first = "SELECT * FROM given ORDER BY loose"
        reader = self.db.cursor()
        for low, high, text, lat, long, loose, district in reader.execute(official_first):
            street = self.street_at(text, (lat, long), bool(loose))
            if street is None:
                continue
            if loose and high - low > _WIDE:
                low = high = (low + high) // 2
            n[street, low] += 1
            self.write_address(street, (low, n[street, low], high), (lat, long), loose, district)
        self.drop_strays()
        self.db.execute(
            "UPDATE street SET addresses = (SELECT count(*) FROM address a WHERE a.street = street.id)"
        )

    def drop_strays(self) -> None:
        """Forgets the pins of reports that contradict the house numbers about them."""
        usual = 1 / self.numbers_per_metre()
        loose = "SELECT DISTINCT street FROM address WHERE loose"
        sql = f"SELECT street, number, n, lat, long, loose FROM address WHERE street IN ({loose}) ORDER BY 1, 2, 3"  # noqa: S608
        for street, group in groupby(self.db.execute(sql).fetchall(), key=itemgetter(0)):
            rows = list(group)
            points = [Numbered(row[1], packing.large(row[3], row[4]), bool(row[5])) for row in rows]
            gone = [(street, rows[i][1], rows[i][2]) for i in strays(points, usual)]
            self.db.executemany("DELETE FROM address WHERE street = ? AND number = ? AND n = ?", gone)

    def draw_streets(self) -> None:
        """Draws streets the map does not have through their house numbers, side by side."""
        sql = (
            "SELECT street, number % 2, lat, long FROM address WHERE NOT loose ORDER BY street, number % 2, number"
        )
        for (street, _), rows in groupby(self.db.execute(sql).fetchall(), key=itemgetter(0, 1)):
            if street not in self.lines:
                for line in _unbroken([packing.large(lat, long) for _, _, lat, long in rows]):
                    self.write_line(street, StreetLine("", line))

    def write_line(self, street: int, line: StreetLine) -> None:
        lats = [p[0] for p in line.line]
        row = (street, line.low, line.high, min(lats), max(lats), pack(line.line))
        self.db.execute("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)", row)

    def write_address(
        self, street: int, number: tuple[int, int, int], at: Point, loose: int, district: str
    ) -> None:
        place = (*packing.small(at), loose, self.district(district))
        row = (street, *number, *place)
        self.db.execute("INSERT INTO address VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.db.execute("INSERT OR IGNORE INTO nearby VALUES (?, ?)", (cell(at), street))
        if not loose:
            self.widen([at])

    def district(self, name: str) -> int | None:
        if name and name not in self.districts:
            self.districts[name] = len(self.districts) + 1
            self.db.execute("INSERT INTO district VALUES (?, ?)", (self.districts[name], name))
        return self.districts.get(name)

    def street_at(self, text: str, at: Point, loose: bool) -> int | None:
        """The street an address names: of several of that name the nearest; made when nothing has the name."""
        if text not in self.known:
            self.known[text] = self.name_in(text)
        parts, town = self.known[text]
        self.towns[town] += bool(town)
        if parts is None:
            return None
        if parts not in self.streets and loose and (near := self.alias_near(parts, at)):
            self.add_name(near, parts)
            self.streets[parts].append(near)
        if parts not in self.streets:
            self.pinned[self.add_street(parts, _first_words(text, parts))] = (parts, at)
        same = self.streets[parts]
        return same[0] if len(same) == 1 else min(same, key=lambda s: self.distance(s, at))

    def alias_near(self, parts: StreetName, at: Point) -> int | None:
        """A street of nearly this name within a few metres of the pin: people's other name for it."""
        for street, (name, pin) in self.pinned.items():
            shared = set(name.base) <= set(parts.base) or set(parts.base) <= set(name.base)
            if shared and name.suffix == parts.suffix and geometry.metres(pin, at) < _PINNED_ALIAS_M:
                return street
        near = [street for street, _ in self.grid.near(at, _ALIAS_M)]
        rows = [self.db.execute("SELECT name FROM street WHERE id = ?", (street,)).fetchone() for street in near]
        return next((s for s, (name,) in zip(near, rows, strict=True) if similar(parts, street_name(name))), None)

    def name_in(self, text: str) -> tuple[StreetName | None, str]:
        """The street's name in an address, and the town dragged behind it."""
        words = text.split(",")[0].split()[:8]
        for end in range(len(words), 0, -1):
            if (parts := street_name(" ".join(words[:end]))) in self.streets:
                return parts, _town(words[end:])
        last = max((i for i, w in enumerate(words, 1) if fold(w) in SUFFIXES and i > 1), default=0)
        named = " ".join(words[: last or len(words)])
        return street_name(named) if last or len(words) <= 2 else None, _town(words[last:] if last else [])

    def distance(self, street: int, at: Point) -> float:
        return min((geometry.nearest_on(line, at)[1] for line in self.lines[street]), default=1e9)

    def write_crossings(self, found: dict[tuple[int, int], list[Point]]) -> None:
        """Writes the crossings of the map, and those only reports' pins know of."""
        mapped = set(found)
        for pin in self.corners:
            streets = [self.street_at(name, pin.at, loose=True) for name in (pin.one, pin.two)]
            pair = (min(one, two), max(one, two)) if (one := streets[0]) and (two := streets[1]) else None
            if pair and one != two and pair not in mapped:
                found.setdefault(pair, []).append(pin.at)
        for pair, points in found.items():
            kept = points if pair in mapped else [geometry.middle(points)]
            self.db.executemany("INSERT INTO crossing VALUES (?, ?, ?, ?)", ((*pair, *at) for at in kept))

    # ------------------------------------------------------------------------- landmarks and areas

    def write_landmark(self, record: Landmark) -> None:
        row = (record.name, record.category, *record.at, record.radius_m, record.address)
        landmark = self.db.execute(
            "INSERT INTO landmark (name, category, lat, long, radius, address) VALUES (?, ?, ?, ?, ?, ?)", row
        ).lastrowid
        keys = {fold(name) for name in (record.name, *record.aliases)} - {""}
        self.db.executemany("INSERT OR IGNORE INTO landmark_name VALUES (?, ?)", ((k, landmark) for k in keys))

    def write_area(self, record: Area) -> None:
        for ring in record.rings:
            row = (record.name, record.boundary, pack(ring))
            self.db.execute("INSERT INTO area VALUES (?, ?, ?)", row)
            self.widen(ring)

    def widen(self, points: Iterable[Point]) -> None:
        box = self.box
        for p in points:
            box[:] = [min(box[0], p[0]), min(box[1], p[1]), max(box[2], p[0]), max(box[3], p[1])]

    def write_meta(self) -> None:
        rate = self.numbers_per_metre()
        values = {"format": FORMAT, "box": " ".join(map(str, self.box)), "numbers_per_metre": str(rate)}
        cities = {fold(name) for (name,) in self.db.execute("SELECT name FROM area WHERE boundary")}
        (addresses,) = self.db.execute("SELECT count(*) FROM address").fetchone()
        common = {town for town, n in self.towns.items() if n >= max(_KNOWN_TOWN, 0.2 * addresses)}
        values["cities"] = "\n".join(sorted(cities | common))
        self.db.executemany("INSERT INTO meta VALUES (?, ?)", values.items())

    def numbers_per_metre(self) -> float:
        """How fast house numbers usually rise along this city's streets."""
        rows = self.db.execute("SELECT street, number, lat, long FROM address ORDER BY street, number LIMIT 20000")
        rates = [
            (n2 - n1) / metres
            for (s1, n1, *at1), (s2, n2, *at2) in pairwise(rows)
            if s1 == s2 and 8 <= n2 - n1 <= 200
            if (metres := geometry.metres(packing.large(*at1), packing.large(*at2))) > 10
        ]
        return statistics.median(rates) if rates else USUAL_NUMBERS_PER_METRE


def _apart(lines: Sequence[StreetLine]) -> list[list[StreetLine]]:
    """Groups a name's lines: a line joins every group it comes near to, and so joins those groups."""
    groups: list[list[StreetLine]] = []
    for line in lines:
        near = [g for g in groups if any(_near(line.line, other.line) for other in g)]
        groups = [g for g in groups if g not in near] + [[line, *(o for g in near for o in g)]]
    return groups


def _near(one: Line, two: Line) -> bool:
    ends = ((one[0], two), (one[-1], two), (two[0], one), (two[-1], one))
    return any(geometry.nearest_on(line, p)[1] <= _ONE_STREET_M for p, line in ends)


def _town(words: Sequence[str]) -> str:
    return " ".join(w for w in fold(" ".join(words)).split() if not w.isdigit())


def _unbroken(points: Sequence[Point]) -> list[list[Point]]:
    """The runs of some points in which each lies near the one before."""
    runs: list[list[Point]] = []
    for p in points:
        if runs and geometry.metres(runs[-1][-1], p) <= _UNBROKEN_M:
            runs[-1].append(p)
        else:
            runs.append([p])
    return [run for run in runs if len(run) > 1]


def _first_words(text: str, parts: StreetName) -> str:
    """The words of an address that are the street's name, as written."""
    words = text.split(",")[0].split()
    return next(
        (" ".join(words[:n]) for n in range(1, len(words) + 1) if street_name(" ".join(words[:n])) == parts), text
    )
