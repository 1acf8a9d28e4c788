"""A city's gazetteer: one SQLite file of streets, house numbers, crossings and landmarks, read memory-mapped.

`build` makes one from map extracts, address lists, landmark lists and a city's own report history;
`open_gazetteer` reads it. Reading is safe from any number of threads: each has its own connection, and the
file never changes once it is in place.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bridge.errors import SettingsError
from classifiers.places import building, geometry, packing
from classifiers.places.geometry import Line, Point
from classifiers.places.words import StreetName, asset_key, fold, landmark_key, sound, street_name

_LIVED_IN = 3
"""House numbers known of a street that outweigh a piece of the same name elsewhere of which none is known."""


@dataclass(frozen=True, slots=True)
class Street:
    """A street of the city, by the name its map gives it."""

    id: int
    name: str
    parts: StreetName
    addresses: int  # how many house numbers of it are known


@dataclass(frozen=True, slots=True)
class StreetMatch:
    """A street somebody may have meant; `score` is 1 for its very name, less for a typo or a part of it."""

    street: Street
    score: float


@dataclass(frozen=True, slots=True)
class Numbered:
    """A known house number: an official address point, or (`loose`) the pin of a past report."""

    number: int
    high: int
    at: Point
    loose: bool
    district: str


@dataclass(frozen=True, slots=True)
class Known:
    """A landmark of the gazetteer, with how well a text matched one of its names (0..1)."""

    id: int
    name: str
    at: Point
    radius_m: float
    category: str
    address: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Asset:
    """A thing of the city with a number on it; `kind` is pole, hydrant, exit, mile …"""

    kind: str
    number: str
    at: Point


@dataclass(frozen=True, slots=True)
class RangedLine:
    """A stretch of a street with the house numbers at its start and end, None where the map has none."""

    line: Line
    low: int | None
    high: int | None


def build(sources: Sequence[Path], out: Path, progress: Callable[[str], None] = lambda _: None) -> Path:
    """Makes the gazetteer `out` of map extracts, address lists, landmark lists and report histories.

    The forms understood are listed in `classifiers.places.sources`. `progress` is told one line per step.
    Raises SettingsError for a source that is missing or of no known form; `out` is then left as it was.
    """
    for source in sources:
        if not source.is_file():
            raise SettingsError(f"gazetteer source {source}: no such file")
    building.write(sources, out, progress)
    return out


def open_gazetteer(path: Path) -> Gazetteer:
    """Opens a gazetteer. Raises SettingsError when it is missing or was built by another version."""
    if not path.is_file():
        raise SettingsError(f"gazetteer {path}: no such file")
    try:
        return Gazetteer(path)
    except sqlite3.DatabaseError as error:
        raise SettingsError(f"gazetteer {path}: not readable ({error})") from error


class Gazetteer:
    """Questions to one gazetteer file. Every answer is plain values; nothing is ever written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        meta = dict(self._rows("SELECT key, value FROM meta"))
        if meta.get("format") != building.FORMAT:
            raise SettingsError(f"gazetteer {path}: built by another version, build it again")
        south, west, north, east = (float(v) for v in meta["box"].split())
        self._box = (south, west, north, east)
        self._cities = frozenset(meta["cities"].split("\n")) - {""}
        self.numbers_per_metre = float(meta["numbers_per_metre"])
        self._boundary = [packing.unpack(p) for (p,) in self._rows("SELECT points FROM area WHERE boundary")]
        self._districts = [(n, packing.unpack(p)) for n, p in self._rows("SELECT name, points FROM area")]
        self.district_names = {fold(n) for n, _ in self._districts} | {
            fold(part) for (n,) in self._rows("SELECT name FROM district") for part in n.split("/")
        }
        self._keys = [key for (key,) in self._rows("SELECT DISTINCT key FROM name")]
        self._key_set = frozenset(self._keys)
        self._landmark_keys = [key for (key,) in self._rows("SELECT DISTINCT key FROM landmark_name")]
        self._landmark_key_set = frozenset(self._landmark_keys)
        self._landmark_kinds = frozenset(" ".join(k.split()[-n:]) for k in self._landmark_keys for n in (1, 2))
        self.streets = lru_cache(4096)(self._streets)
        self.lines = lru_cache(512)(self._lines)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        db = getattr(self._local, "db", None)
        if db is None:
            db = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
            db.execute("PRAGMA mmap_size=1073741824")
            db.execute("PRAGMA cache_size=-2048")
            self._local.db = db
        return list(db.execute(sql, values))

    # ------------------------------------------------------------------------------------- streets

    def _streets(self, text: str) -> tuple[StreetMatch, ...]:
        """The streets a name may mean, best first; only the best kind of match is given.

        Kinds, best first: its very name, the name with a wrong suffix or direction, some of its words
        ("ella grasso" for Ella T Grasso Boulevard), a misspelling by edit distance or by sound.
        """
        said = street_name(text)
        if not said.key:
            return ()
        return self._named(said) or self._worded(said) or self._misspelt(said)

    def has_street(self, text: str) -> bool:
        """Whether a text is the very name of a street, with or without its suffix."""
        return street_name(text).key in self._key_set

    def has_landmark(self, text: str) -> bool:
        """Whether a text is the very name of a landmark."""
        return landmark_key(text) in self._landmark_key_set

    def has_landmark_kind(self, text: str) -> bool:
        """Whether landmarks' names end with a text: "park", "fire station"."""
        return landmark_key(text) in self._landmark_kinds

    def _named(self, said: StreetName, key: str = "", score: float = 1.0) -> tuple[StreetMatch, ...]:
        sql = (
            "SELECT s.id, s.name, s.before, s.key, s.suffix, s.after, s.addresses, n.before, n.suffix, n.after "
            "FROM name n JOIN street s ON s.id = n.street WHERE n.key = ?"
        )
        best: dict[int, StreetMatch] = {}
        for id_, name, before, street_key, suffix, after, addresses, *as_named in self._rows(
            sql, (key or said.key,)
        ):
            street = Street(id_, name, StreetName(before, (street_key,), suffix, after), addresses)
            match = StreetMatch(street, score * _likeness(said, *as_named))
            if id_ not in best or best[id_].score < match.score:
                best[id_] = match
        return _best(best.values())

    def _worded(self, said: StreetName) -> tuple[StreetMatch, ...]:
        if not any(len(word) > 2 and not word.isdigit() for word in said.base):
            return ()
        marks = ",".join("?" * len(said.base))
        sql = f"SELECT street FROM word WHERE word IN ({marks}) GROUP BY street HAVING count(*) = ?"  # noqa: S608
        ids = [id_ for (id_,) in self._rows(sql, (*said.base, len(said.base)))][:50]
        matches = [
            StreetMatch(s, 0.9 * _likeness(said, s.parts.before, s.parts.suffix, "")) for s in self._by_id(ids)
        ]
        return _best(matches)

    def _misspelt(self, said: StreetName) -> tuple[StreetMatch, ...]:
        key = said.key
        if len(key) < 4 or any(c.isdigit() for c in key):
            return ()
        allowed = 1 if len(key) < 6 else 2 if len(key) < 10 else 3
        near = process.extract(key, self._keys, scorer=OSA.distance, score_cutoff=allowed, limit=6)
        scored = [
            (k, 0.94 - 0.6 * d / len(key) - 0.04 * (sound(k) != sound(key))) for k, d, _ in near if len(k) > 3
        ]
        scored = scored or [(k, 0.75) for k in self._sounding(key) if abs(len(k) - len(key)) < 4]
        return _best([m for k, score in scored for m in self._named(said, k, score)])

    def _sounding(self, key: str) -> list[str]:
        """The names of streets that sound like a key."""
        return [k for (k,) in self._rows("SELECT key FROM sound WHERE sound = ?", (sound(key),))]

    def _by_id(self, ids: Sequence[int]) -> list[Street]:
        sql = "SELECT id, name, before, key, suffix, after, addresses FROM street WHERE id = ?"
        rows = [row for id_ in ids for row in self._rows(sql, (id_,))]
        return [Street(i, name, StreetName(b, (key,), s, a), n) for i, name, b, key, s, a, n in rows]

    def _lines(self, street: int) -> tuple[RangedLine, ...]:
        """A street's stretches, as its map has them."""
        rows = self._rows("SELECT points, low, high FROM line WHERE street = ?", (street,))
        return tuple(RangedLine(packing.unpack(blob), low, high) for blob, low, high in rows)

    def crossings(self, one: int, two: int) -> list[Point]:
        """The points where two streets meet; usually one, none when they never do."""
        pair = (min(one, two), max(one, two))
        return [tuple(row) for row in self._rows("SELECT lat, long FROM crossing WHERE a = ? AND b = ?", pair)]

    # ----------------------------------------------------------------------------- house numbers

    def numbered(self, street: int, number: int) -> list[Numbered]:
        """The points of one house number (several when districts share a street's name)."""
        return self._numbers("number <= ? AND high >= ? ORDER BY number DESC LIMIT 12", street, number, number)

    def below(self, street: int, number: int, most: int = 8) -> list[Numbered]:
        """The next known house numbers below, nearest first, at most so many."""
        return self._numbers("number < ? ORDER BY number DESC LIMIT ?", street, number, most)

    def above(self, street: int, number: int, most: int = 8) -> list[Numbered]:
        """The next known house numbers above, nearest first, at most so many."""
        return self._numbers("number > ? ORDER BY number LIMIT ?", street, number, most)

    def _numbers(self, where: str, street: int, *values: int) -> list[Numbered]:
        sql = (
            "SELECT number, high, lat, long, loose, d.name FROM address LEFT JOIN district d ON d.id = district "
            "WHERE street = ? AND "
        )
        rows = self._rows(sql + where, (street, *values))
        return [
            Numbered(n, high, packing.large(lat, long), bool(loose), d or "")
            for n, high, lat, long, loose, d in rows
        ]

    # ---------------------------------------------------------------------------------- landmarks

    def landmarks(self, text: str) -> tuple[Known, ...]:
        """Landmarks a text names, best first: by a name they have, by a near spelling of one, or by part."""
        key = landmark_key(text)
        if not key:
            return ()
        exact = self._landmarks_of(key, 1.0)
        return exact or self._similar_landmarks(key)

    def _similar_landmarks(self, key: str) -> tuple[Known, ...]:
        near = process.extract(key, self._landmark_keys, scorer=fuzz.ratio, score_cutoff=86, limit=4)
        found = [known for k, score, _ in near for known in self._landmarks_of(k, score / 100)]
        if not found and len(key) > 3:
            parts = [k for k in self._landmark_keys if f" {key} " in f" {k} "]
            found = [known for k in parts[:6] for known in self._landmarks_of(k, 0.8)]
        return tuple({known.id: known for known in found}.values())

    def _landmarks_of(self, key: str, score: float) -> tuple[Known, ...]:
        sql = (
            "SELECT l.id, l.name, l.lat, l.long, l.radius, l.category, l.address FROM landmark_name n "
            "JOIN landmark l ON l.id = n.landmark WHERE n.key = ?"
        )
        return tuple(Known(i, n, (la, lo), r, c, a, score) for i, n, la, lo, r, c, a in self._rows(sql, (key,)))

    def assets(self, number: str) -> list[Asset]:
        """The things of all kinds that bear a number."""
        rows = self._rows("SELECT kind, number, lat, long FROM asset WHERE key = ? LIMIT 20", (asset_key(number),))
        return [Asset(kind, said, (lat, long)) for kind, said, lat, long in rows]

    # ----------------------------------------------------------------------------------- the area

    def contains(self, at: Point) -> bool:
        """Whether a point lies in the city: its boundary, or, without one, within a kilometre of its data."""
        if self._boundary:
            return any(geometry.inside(at, ring) for ring in self._boundary)
        south, west, north, east = self._box
        if south > north:  # not one place is known yet: nothing can be said to be outside
            return True
        return south - 0.01 <= at[0] <= north + 0.01 and west - 0.013 <= at[1] <= east + 0.013

    @property
    def middle(self) -> Point:
        """About the middle of the city, to tell which of many like places is meant."""
        south, west, north, east = self._box
        return (south + north) / 2, (west + east) / 2

    def districts(self, at: Point) -> list[str]:
        """The districts a point lies in."""
        return [name for name, ring in self._districts if geometry.inside(at, ring)]

    def is_city(self, text: str) -> bool:
        """Whether a text is the city's own name, as far as the sources told it."""
        return fold(text) in self._cities

    def knows_city(self) -> bool:
        """Whether the sources told the city's name."""
        return bool(self._cities)

    def district_named(self, text: str) -> bool:
        """Whether a text is the name of one of the city's districts, as far as the sources told them."""
        return fold(text) in self.district_names

    def nearest_address(self, at: Point, within: float = 250.0) -> tuple[str, float] | None:
        """The nearest known house number, or place along a street, and its distance in metres."""
        near = [self._nearest_point(at), self._nearest_line(at, within)]
        return min((n for n in near if n and n[1] <= within), key=lambda n: n[1], default=None)

    def _nearest_point(self, at: Point) -> tuple[str, float] | None:
        marks = ",".join("?" * 9)
        sql = f"SELECT DISTINCT street FROM nearby WHERE cell IN ({marks})"  # noqa: S608
        streets = self._by_id([street for (street,) in self._rows(sql, packing.around(at))])
        near = [
            (geometry.metres(at, n.at), f"{n.number} {s.name}")
            for s in streets
            for n in self.above(s.id, -1, 5000)
        ]
        distance, label = min(near, default=(0.0, ""))
        return (label, distance) if label else None

    def _nearest_line(self, at: Point, within: float) -> tuple[str, float] | None:
        sql = (
            "SELECT s.name, l.points, l.low, l.high FROM line l JOIN street s ON s.id = l.street "
            "WHERE l.south <= ? AND l.north >= ?"
        )
        margin = within / geometry.METRES_PER_DEGREE
        near = []
        for name, points, low, high in self._rows(sql, (at[0] + margin, at[0] - margin)):
            line = packing.unpack(points)
            _, distance, run = geometry.nearest_on(line, at)
            number = f"{round(low + (high - low) * run / geometry.length(line))} " if low and high else ""
            near.append((f"{number}{name}", distance))
        return min(near, key=lambda n: n[1], default=None)


def _likeness(said: StreetName, before: str, suffix: str, after: str) -> float:
    """1 when nothing that was said is contradicted; a wrong suffix or direction costs, a missing one little."""
    score = 1.0
    if said.suffix and suffix != said.suffix:
        score -= 0.25
    said_direction, direction = said.before or said.after, before or after
    if said_direction != direction:
        score -= 0.1 if not direction else 0.2 if said_direction else 0.06
    return score


def _best(matches: Iterable[StreetMatch]) -> tuple[StreetMatch, ...]:
    """The best and those nearly as good; of parts of a name without a house number only when none has one."""
    ranked = sorted(matches, key=lambda m: (-m.score, -m.street.addresses, m.street.id))
    ranked = [m for m in ranked if m.score >= ranked[0].score - 0.05]
    lived_in = {m.street.parts for m in ranked if m.street.addresses >= _LIVED_IN}
    return tuple(m for m in ranked if m.street.addresses or m.street.parts not in lived_in)[:8]
