"""Takes map links apart: Google, Apple, OpenStreetMap, Waze, Bing and geo: addresses. None is ever fetched.

A link holds a pin, the middle of a view, or only the words somebody looked for ("?q=412 Oak St").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from classifiers.places.geometry import Point
from classifiers.places.pluscodes import is_code

_HOSTS = (
    r"(?:(?:www\.)?google\.[a-z.]{2,6}/maps|maps\.google\.[a-z.]{2,6}|maps\.app\.goo\.gl|goo\.gl/maps|maps\.apple\.com|"
    r"(?:www\.)?(?:openstreetmap|osm)\.org|osm\.to|(?:www\.)?waze\.com|(?:www\.)?bing\.com/maps|plus\.codes)"
)
LINK = re.compile(
    rf"(?:https?://|geo:|maps?://)[^\s<>\"]{{3,}}|(?<![\w@/.-]){_HOSTS}[/?#][^\s<>\"]*", re.IGNORECASE
)
"""A link, or one to a map with its "https://" left out."""

_LONGEST = 2000
_PAIR = re.compile(r"([-+]?\d{1,3}(?:\.\d+)?)[,;/\s]\s*([-+]?\d{1,3}(?:\.\d+)?)")
_GOOGLE_PIN = re.compile(r"!3d(-?\d{1,3}(?:\.\d+)?)!4d(-?\d{1,3}(?:\.\d+)?)")
_MAP_HOSTS = re.compile(
    r"(?:^|\.)(?:google\.[a-z.]{2,6}|goo\.gl|maps\.app\.goo\.gl|apple\.com|openstreetmap\.org|osm\.org|osm\.to|"
    r"waze\.com|bing\.com|plus\.codes)$"
)
_POINT_FIELDS = ("ll", "q", "query", "destination", "daddr", "sll", "center", "cp", "coordinate")
_WORD_FIELDS = ("q", "query", "destination", "daddr", "address")
_IN_PATH = re.compile(r"/(?:place|search|dir)/([^/@]+)")


@dataclass(frozen=True, slots=True)
class MapLink:
    """What a link shows: a point, else the words it looks for, else neither (a short link)."""

    at: Point | None = None
    words: str = ""


def read(link: str) -> MapLink | None:
    """Takes a link apart; None when it is none of a map."""
    if len(link) > _LONGEST or not _is_map(link):
        return None
    if link.lower().startswith("geo:"):
        return MapLink(_pair(link[4:]))
    try:
        parts = urlsplit(_whole(link.rstrip(".,;!?)]")))
        query = parse_qs(parts.query, max_num_fields=50) | parse_qs(parts.fragment, max_num_fields=50)
    except ValueError:
        return MapLink()
    path = unquote(parts.path)
    at = _pin(path, query) or _view(path)
    return MapLink(at) if at else MapLink(None, _words(path, query))


def _whole(link: str) -> str:
    return link if "://" in link else f"https://{link}"


def _is_map(link: str) -> bool:
    if link.lower().startswith(("geo:", "map:", "maps:")):
        return True
    try:
        host = (urlsplit(_whole(link)).hostname or "").lower()
    except ValueError:
        return False
    known = bool(_MAP_HOSTS.search(host))
    return known and any(word in link.lower() for word in ("map", "waze.", "osm.", "plus.codes"))


def _pin(path: str, query: dict[str, list[str]]) -> Point | None:
    if pin := _GOOGLE_PIN.search(path):
        return _point(float(pin[1]), float(pin[2]))
    if "mlat" in query and "mlon" in query:
        return _pair(f"{query['mlat'][0]},{query['mlon'][0]}")
    for name in _POINT_FIELDS:
        if name in query and (at := _pair(query[name][0].replace("~", ",").removeprefix("loc:"))):
            return at
    # OpenStreetMap: #map=zoom/lat/long
    return _pair(query["map"][0].partition("/")[2]) if "map" in query else None


def _view(path: str) -> Point | None:
    view = re.search(r"/@([^/]+)", path) or re.search(r"/(?:place|search|dir)/([-\d.,+ ]+)(?:/|$)", path)
    return _pair(view[1].replace("+", " ")) if view else None


def _words(path: str, query: dict[str, list[str]]) -> str:
    """What a link looks for, in words."""
    asked = next((query[name][0] for name in _WORD_FIELDS if name in query), "")
    placed = _IN_PATH.search(path)
    words = asked or (placed[1] if placed else path.strip("/") if is_code(path.strip("/")) else "")
    return " ".join((words if is_code(words) else words.replace("+", " ")).split())[:200]


def _pair(text: str) -> Point | None:
    match = _PAIR.match(text.strip())
    return _point(float(match[1]), float(match[2])) if match else None


def _point(lat: float, long: float) -> Point | None:
    return (lat, long) if abs(lat) <= 180 and abs(long) <= 180 and (lat, long) != (0, 0) else None
