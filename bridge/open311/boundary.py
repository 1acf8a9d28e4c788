"""Which city a place is in: boundaries from GeoJSON, and the endpoint whose boundary holds a point. Pure.

Even-odd ray casting on plain degrees: good for anything smaller than a country that does not cross the
180th meridian. Holes and multi-polygons need no care of their own under the even-odd rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bridge.errors import SettingsError

T = TypeVar("T")
Ring = tuple[tuple[float, float], ...]
"""Corners as (long, lat), the order of GeoJSON."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """The outline of a city: all rings, outer ones and holes alike, and the box around them."""

    rings: tuple[Ring, ...]
    west: float
    south: float
    east: float
    north: float

    def holds(self, lat: float, long: float) -> bool:
        """Whether the point is inside."""
        if not (self.south <= lat <= self.north and self.west <= long <= self.east):
            return False
        return sum(_crossings(ring, lat, long) for ring in self.rings) % 2 == 1


@dataclass(frozen=True, slots=True)
class Area(Generic[T]):
    """What serves a boundary; None: everywhere, as a default."""

    served_by: T
    boundary: Boundary | None = None


def choose(areas: Sequence[Area[T]], lat: float | None, long: float | None) -> T | None:
    """Who serves the point: the first area that holds it, else the first without a boundary, else None. Without
    a point, the first without a boundary, or the only area there is."""
    if lat is not None and long is not None:
        for area in areas:
            if area.boundary and area.boundary.holds(lat, long):
                return area.served_by
    elif len(areas) == 1:
        return areas[0].served_by
    return next((area.served_by for area in areas if area.boundary is None), None)


def read_boundary(geojson: str) -> Boundary:
    """The boundary in a GeoJSON text: polygons, features or collections of them. Raises SettingsError."""
    try:
        rings = tuple(_rings(json.loads(geojson)))
        corners = [corner for ring in rings for corner in ring]
        longs, lats = [long for long, _ in corners], [lat for _, lat in corners]
        return Boundary(rings, min(longs), min(lats), max(longs), max(lats))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SettingsError(f"boundary: no polygon can be read from this GeoJSON ({error})") from error


def _rings(shape: Mapping[str, Any]) -> Iterator[Ring]:
    match shape.get("type"):
        case "FeatureCollection":
            for feature in shape["features"]:
                yield from _rings(feature)
        case "Feature":
            yield from _rings(shape["geometry"])
        case "GeometryCollection":
            for geometry in shape["geometries"]:
                yield from _rings(geometry)
        case "Polygon":
            yield from map(_ring, shape["coordinates"])
        case "MultiPolygon":
            for polygon in shape["coordinates"]:
                yield from map(_ring, polygon)


def _ring(corners: Sequence[Sequence[float]]) -> Ring:
    return tuple((float(corner[0]), float(corner[1])) for corner in corners)


def _crossings(ring: Ring, lat: float, long: float) -> int:
    """How often a ray to the east crosses the ring. An edge counts with its lower end and without its upper."""
    count = 0
    previous_long, previous_lat = ring[-1]
    for corner_long, corner_lat in ring:
        if (corner_lat > lat) != (previous_lat > lat):
            slope = (previous_long - corner_long) / (previous_lat - corner_lat)
            count += long < corner_long + slope * (lat - corner_lat)
        previous_long, previous_lat = corner_long, corner_lat
    return count
