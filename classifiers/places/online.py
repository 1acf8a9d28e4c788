"""Online geocoders behind the Locator port, for a city that switches one on: Nominatim, Photon, US Census.

The gazetteer answers first; only what it cannot place unasked is sent out, and of that only the words that
name the place and the city's name, never the message. Answers are kept on disk, requests are spaced by the
service's own rule, and when a service is slow, down or busy the offline answer stands.

Rules and formats: Nominatim usage policy (at most one request a second, an identifying User-Agent, results
cached) and its search API; Photon's search API; the Census Geocoder's "onelineaddress" service. Names and manners
follow geopy's: a user agent, a timeout, answers of address and point, a pause that a busy service may set.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from bridge.ports import Locator
from bridge.vocabulary import Located, Mention, Pin, Place

_SENT_KINDS = ("address", "intersection", "street", "landmark")
_NOMINATIM = "https://nominatim.openstreetmap.org/search"
_PHOTON = "https://photon.komoot.io/api"
_CENSUS = "https://geocoding.geo.census.gov/geocoder/locations/onelineaddress"
_PATIENCE_S = 3.0
_BUSY = (429, 503)
_REST_S, _LONGEST_REST_S = 60.0, 3600.0
_LONGEST = 200
_MOST = 3

Row = tuple[str, float, float, float]
"""An answer's address, latitude, longitude and accuracy in metres."""


@dataclass(frozen=True, slots=True)
class Service:
    """One online geocoder: where it is, what it wants, how it answers, and how often it may be asked."""

    name: str
    url: str
    params: Callable[[str], Mapping[str, str]]
    read: Callable[[Any], list[Row]]
    seconds_between: float


def nominatim() -> Service:
    """OpenStreetMap's own geocoder."""
    return Service(
        "nominatim", _NOMINATIM, lambda q: {"q": q, "format": "jsonv2", "limit": str(_MOST)}, _nominatim, 1.1
    )


def photon() -> Service:
    """Photon, a geocoder over OpenStreetMap."""
    return Service("photon", _PHOTON, lambda q: {"q": q, "limit": str(_MOST)}, _photon, 1.1)


def census() -> Service:
    """The US Census geocoder: house numbers in the United States."""
    fixed = {"benchmark": "Public_AR_Current", "format": "json"}
    return Service("census", _CENSUS, lambda q: {"address": q, **fixed}, _census, 0.5)


def service(name: str, url: str = "") -> Service:
    """One of the three by its name; on a host of the operator's own it may be asked as fast as it answers."""
    public = {"nominatim": nominatim, "photon": photon, "census": census}[name]()
    own = url and urlsplit(url).hostname != urlsplit(public.url).hostname
    return replace(public, url=url or public.url, seconds_between=0.0 if own else public.seconds_between)


def _nominatim(answer: Any) -> list[Row]:
    accuracy = {"house": 20.0, "building": 20.0, "amenity": 60.0}
    return [
        (
            row["display_name"],
            float(row["lat"]),
            float(row["lon"]),
            accuracy.get(row.get("addresstype", ""), 200.0),
        )
        for row in answer
    ]


def _photon(answer: Any) -> list[Row]:
    rows: list[Row] = []
    for feature in answer["features"]:
        long, lat = feature["geometry"]["coordinates"][:2]
        tags = feature.get("properties", {})
        words = (tags.get("name"), tags.get("housenumber"), tags.get("street"), tags.get("city"))
        rows.append((" ".join(str(w) for w in words if w), lat, long, 20.0 if tags.get("housenumber") else 200.0))
    return rows


def _census(answer: Any) -> list[Row]:
    matches = answer["result"]["addressMatches"]
    return [(m["matchedAddress"], m["coordinates"]["y"], m["coordinates"]["x"], 50.0) for m in matches]


class OnlineLocator:
    """A Locator that asks an online geocoder what its own gazetteer cannot place. Safe between threads."""

    def __init__(
        self,
        offline: Locator,
        service: Service,
        *,
        city: str,
        contact: str,
        cache: Path,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._offline, self._service, self._city, self._cache = offline, service, city, cache
        headers = {"User-Agent": f"open311-bridge ({contact})"}
        self._http = httpx.Client(timeout=_PATIENCE_S, headers=headers, transport=transport)
        self._lock, self._next = threading.Lock(), 0.0
        with closing(sqlite3.connect(cache)) as db, db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS answer (query TEXT PRIMARY KEY, rows TEXT NOT NULL) WITHOUT ROWID"
            )

    def locate(self, text: str, language: str, near: Place | None = None) -> Located:
        """The gazetteer's answer; where it would have to ask, the places the service knows in this city."""
        located = self._offline.locate(text, language, near)
        mention = next((m for kind in _SENT_KINDS for m in located.mentions if m.kind == kind), None)
        if mention is None or not located.ask or located.outside:
            return located
        places = [p for p in self._places(mention) if self._offline.at(Pin(p.lat or 0.0, p.long or 0.0))]
        if not places:
            return located
        sure = len(places) == 1 and (places[0].accuracy_m or 1e9) <= 75 and not located.candidates
        return Located(located.mentions, (*places, *located.candidates)[:_MOST], ask=not sure)

    def at(self, pin: Pin) -> Place | None:
        """The gazetteer's answer: a pin needs no service."""
        return self._offline.at(pin)

    def _places(self, mention: Mention) -> list[Place]:
        query = f"{' '.join(mention.text.split())[:_LONGEST]}, {self._city}"
        rows = self._kept(query)
        if rows is None:
            rows = self._asked(query)
        why = f"online geocoder {self._service.name}"
        return [Place(address, lat, long, accuracy, why) for address, lat, long, accuracy in rows]

    def _kept(self, query: str) -> list[Row] | None:
        with closing(sqlite3.connect(self._cache)) as db:
            row = db.execute("SELECT rows FROM answer WHERE query = ?", (self._key(query),)).fetchone()
        return [(str(r[0]), float(r[1]), float(r[2]), float(r[3])) for r in json.loads(row[0])] if row else None

    def _asked(self, query: str) -> list[Row]:
        """Asks the service, in its turn; nothing when that would take too long or the service fails."""
        if not self._turn():
            return []
        try:
            answer = self._http.get(self._service.url, params=dict(self._service.params(query)))
            if answer.status_code in _BUSY:
                self._leave_alone(answer.headers.get("Retry-After", ""))
            answer.raise_for_status()
            rows = self._service.read(answer.json())[:_MOST]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, IndexError):
            return []
        with closing(sqlite3.connect(self._cache)) as db, db:
            db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?)", (self._key(query), json.dumps(rows)))
        return rows

    def _leave_alone(self, retry_after: str) -> None:
        """Asks nothing for as long as a busy service says, else for a while."""
        seconds = min(float(retry_after), _LONGEST_REST_S) if retry_after.isdecimal() else _REST_S
        with self._lock:
            self._next = time.monotonic() + seconds

    def _turn(self) -> bool:
        with self._lock:
            wait = max(0.0, self._next - time.monotonic())
            if wait > _PATIENCE_S:
                return False
            self._next = time.monotonic() + wait + self._service.seconds_between
        time.sleep(wait)
        return True

    def _key(self, query: str) -> str:
        return f"{self._service.name} {query.casefold()}"
