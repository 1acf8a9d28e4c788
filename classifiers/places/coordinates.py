"""Reads coordinates in the notations people paste, and map links. Links are taken apart, never fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from classifiers.places.geometry import Point


@dataclass(frozen=True, slots=True)
class Spotted:
    """Coordinates found at `text[start:end]`; `at` is None for a map link that holds none (a short link)."""

    start: int
    end: int
    at: Point | None


_NUMBER = r"[-+−]?\d{1,3}\.\d{3,15}"
_DECIMAL = re.compile(
    rf"(?<![\w.])(?:lat(?:itude)?\s*[:=]?\s*)?({_NUMBER})\s*°?\s*([NSns])?\s*[,;/ ]\s*"
    rf"(?:lon(?:g|gitude)?\s*[:=]?\s*|lng\s*[:=]?\s*)?({_NUMBER})\s*°?\s*([EWOewo])?(?![\w.]*\d)"
)
_SIXTIETHS = r"(\d{1,3})\s*[°ºd]\s*(\d{1,2}(?:\.\d+)?)\s*['’′m]\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:\"|”|″|''|s)?)?\s*"
_DEGREES = re.compile(rf"(?<!\w){_SIXTIETHS}([NSns])[\s,;]*{_SIXTIETHS}([EWOewo])(?!\w)")
_LINK = re.compile(r"(?:https?://|geo:|maps?://)[^\s<>\"]{3,}", re.IGNORECASE)
_LONGEST_LINK = 2000
_PAIR = re.compile(r"([-+]?\d{1,3}(?:\.\d+)?)[,;/\s]\s*([-+]?\d{1,3}(?:\.\d+)?)")
_GOOGLE_PIN = re.compile(r"!3d(-?\d{1,3}(?:\.\d+)?)!4d(-?\d{1,3}(?:\.\d+)?)")
_MAP_HOSTS = re.compile(
    r"(?:^|\.)(?:google\.[a-z.]{2,6}|goo\.gl|maps\.app\.goo\.gl|apple\.com|openstreetmap\.org|osm\.org|osm\.to|"
    r"waze\.com|bing\.com)$"
)


def spot(text: str) -> list[Spotted]:
    """All coordinates and map links of a text, in order. Out-of-range numbers are no coordinates."""
    links = [Spotted(m.start(), m.end(), from_link(m[0])) for m in _LINK.finditer(text)]
    found = list(links)
    for pattern, read in ((_DEGREES, _degrees), (_DECIMAL, _decimal)):
        for match in pattern.finditer(text):
            at = read(match)
            if at and not any(f.start < match.end() and match.start() < f.end for f in found):
                found.append(Spotted(match.start(), match.start() + len(match[0].rstrip()), at))
    return sorted((f for f in found if f not in links or _is_map(text[f.start : f.end])), key=lambda f: f.start)


def without_links(text: str) -> str:
    """The text with every link blanked out, letter for letter: a link names no place in words."""
    return _LINK.sub(lambda m: " " * len(m[0]), text)


def from_link(link: str) -> Point | None:
    """The point a map link shows: its pin before the middle of its view. None when it holds no numbers."""
    if len(link) > _LONGEST_LINK or not _is_map(link):
        return None
    if link.lower().startswith("geo:"):
        return _pair(link[4:])
    try:
        parts = urlsplit(link.rstrip(".,;!?)]"))
        query = parse_qs(parts.query, max_num_fields=50) | parse_qs(parts.fragment, max_num_fields=50)
    except ValueError:
        return None
    if pin := _GOOGLE_PIN.search(unquote(parts.path)):
        return _point(float(pin[1]), float(pin[2]))
    if "mlat" in query and "mlon" in query:
        return _pair(f"{query['mlat'][0]},{query['mlon'][0]}")
    for name in ("ll", "q", "query", "destination", "daddr", "sll", "center", "cp", "coordinate"):
        if name in query and (at := _pair(query[name][0].replace("~", ",").removeprefix("loc:"))):
            return at
    if "map" in query:  # OpenStreetMap: #map=zoom/lat/long
        return _pair(query["map"][0].partition("/")[2])
    view = re.search(r"/@([^/]+)", unquote(parts.path)) or re.search(
        r"/(?:place|search|dir)/([-\d.,+ ]+)", unquote(parts.path)
    )
    return _pair(view[1].replace("+", " ")) if view else None


def _is_map(link: str) -> bool:
    if link.lower().startswith(("geo:", "map:", "maps:")):
        return True
    try:
        host = (urlsplit(link).hostname or "").lower()
    except ValueError:
        return False
    known = bool(_MAP_HOSTS.search(host))
    return known and ("map" in link.lower() or "waze" in host or "osm" in host or "openstreetmap" in host)


def _pair(text: str) -> Point | None:
    match = _PAIR.match(text.strip())
    return _point(float(match[1]), float(match[2])) if match else None


def _decimal(match: re.Match[str]) -> Point | None:
    lat, long = (float(match[i].replace("−", "-")) for i in (1, 3))
    if (match[2] or "").lower() == "s":
        lat = -abs(lat)
    if (match[4] or "").lower() in ("w", "o"):
        long = -abs(long)
    return _point(lat, long)


def _degrees(match: re.Match[str]) -> Point | None:
    values = []
    for i in (1, 5):
        degrees, minutes, seconds = (float(match[i + j] or 0) for j in range(3))
        sign = -1 if match[i + 3].lower() in ("s", "w", "o") else 1
        values.append(sign * (degrees + minutes / 60 + seconds / 3600))
    return _point(values[0], values[1])


def _point(lat: float, long: float) -> Point | None:
    """A point with the pair as said; the resolver turns pairs round that only fit the city swapped."""
    return (lat, long) if abs(lat) <= 180 and abs(long) <= 180 and (lat, long) != (0, 0) else None
