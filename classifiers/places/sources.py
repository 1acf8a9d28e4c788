"""Reads a gazetteer's sources: map extracts, address lists, street centre lines, landmarks, report history.

What a file holds is told from its content, not from its name:

- GeoJSON, whole or a feature a line: OpenStreetMap extracts, street centre lines (with TIGER-like address ranges),
  OpenAddresses, landmark points and areas, a city boundary or neighbourhoods;
- Overpass JSON (`out geom`, or ways with their nodes);
- shapefiles of the same in degrees: the `.shp` beside its `.dbf`, or the whole set as one zip;
- CSV: addresses (OpenAddresses columns, those of US cities, or one `address` column), landmarks (a `name` column),
  or numbered things such as poles and hydrants (a `pole_id`, `hydrant_id`, `asset_id` … column);
- JSON Lines or a JSON array: GeoReport service requests with `address` and `lat`/`long`.
"""

from __future__ import annotations

import csv
import json
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import shapefile  # type: ignore[import-untyped]

from bridge.errors import SettingsError
from classifiers.places import fields
from classifiers.places.geometry import Line, Point
from classifiers.places.records import Record

_SHP, _ZIP = b"\x00\x00\x27\x0a", b"PK\x03\x04"
_PROJECTED = re.compile(r"\s*PROJ(?:CS|CRS|ECTEDCRS)\b", re.IGNORECASE)
_LAT_COLUMNS = ("lat", "latitude", "y", "point_y", "ycoord")
_LONG_COLUMNS = ("lon", "long", "lng", "longitude", "x", "point_x", "xcoord")
_POINT_COLUMNS = ("the_geom", "geom", "geometry", "location", "point", "wkt", "shape")
_WKT_POINT = re.compile(r"POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)", re.IGNORECASE)
_PAIR = re.compile(r"\(?\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)?\s*$")


def read(path: Path) -> Iterator[Record]:
    """Yields everything one source holds. Raises SettingsError when the file is none of the known forms."""
    with path.open("rb") as raw:
        head = raw.read(4)
    if head in (_SHP, _ZIP):
        return _read_shapes(path)
    return _read_text(path)


def _read_text(path: Path) -> Iterator[Record]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            start = file.read(1)
            while start.isspace():
                start = file.read(1)
            file.seek(0)
            yield from _read_json(path) if start in ("{", "[") else _read_csv(csv.DictReader(file), path)
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: neither text in UTF-8 nor a shapefile") from None


def _read_json(path: Path) -> Iterator[Record]:
    if _is_lines(path):
        return _read_lines(path)
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from error
    if isinstance(whole, list):
        return _rows(row for row in whole if isinstance(row, dict))
    if "elements" in whole:
        return _from_overpass(whole["elements"])
    if "features" in whole:
        return _rows(whole["features"])
    if "lat" in whole or whole.get("type") == "Feature":
        return _rows([whole])
    raise SettingsError(f"{path}: neither GeoJSON, Overpass JSON nor a list of service requests")


def _is_lines(path: Path) -> bool:
    """Whether the first line is a whole object, and so every line is one."""
    with path.open(encoding="utf-8-sig") as file:
        first = next((line for line in file if line.strip()), "")
        more = any(line.strip() for line in file)
    try:
        return isinstance(json.loads(first), dict) and more
    except json.JSONDecodeError:
        return False


def _read_lines(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise SettingsError(f"{path}, line {number}: not JSON ({error.msg})") from error
                yield from _rows([row])


def _rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Record]:
    for row in rows:
        if row.get("type") == "Feature":
            yield from _from_feature(row)
        else:
            yield from fields.of_request(row)


# ------------------------------------------------------------------------------- GeoJSON and shapefiles


def _from_feature(feature: Mapping[str, Any]) -> Iterator[Record]:
    properties = {str(k).lower(): v for k, v in (feature.get("properties") or {}).items()}
    if isinstance(properties.get("tags"), dict):
        properties |= properties["tags"]
    yield from fields.of_feature(properties, *_geometry(feature.get("geometry") or {}))


def _geometry(geometry: Mapping[str, Any]) -> tuple[list[Line], list[Point], list[Line]]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates") or []
    match kind:
        case "Point":
            return [], [_point(coordinates)], []
        case "MultiPoint":
            return [], [_point(pair) for pair in coordinates[:1]], []
        case "LineString":
            return [_line(coordinates)], [], []
        case "MultiLineString":
            return [_line(part) for part in coordinates], [], []
        case "Polygon":
            return [], [], [_line(ring) for ring in coordinates[:1]]
        case "MultiPolygon":
            return [], [], [_line(polygon[0]) for polygon in coordinates if polygon]
    return [], [], []


def _point(pair: Any) -> Point:
    return float(pair[1]), float(pair[0])


def _line(pairs: Any) -> Line:
    return [_point(pair) for pair in pairs]


def _read_shapes(path: Path) -> Iterator[Record]:
    try:
        with shapefile.Reader(str(path), encoding="utf-8", encodingErrors="replace") as reader:
            _refuse_projected(path, reader)
            for found in reader.iterShapeRecords():
                properties = {str(k).lower(): v for k, v in found.record.as_dict().items()}
                yield from fields.of_feature(properties, *_geometry(found.shape.__geo_interface__))
    except (shapefile.ShapefileException, OSError, struct.error, BadZipFile, ValueError, LookupError) as error:
        raise SettingsError(f"{path}: not a readable shapefile ({error})") from None


def _refuse_projected(path: Path, reader: shapefile.Reader) -> None:
    """Feet and metres of some projection are no degrees; only the city knows of which."""
    beside = path.with_suffix(".prj")
    told = beside.read_text(encoding="utf-8", errors="replace") if beside.is_file() else ""
    west, south, east, north = reader.bbox or (0, 0, 0, 0)
    if _PROJECTED.match(told) or max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise SettingsError(f"{path}: is in projected coordinates; write it out in degrees (WGS 84) first")


# ------------------------------------------------------------------------------------- Overpass JSON


def _from_overpass(elements: list[dict[str, Any]]) -> Iterator[Record]:
    nodes = {e["id"]: (e["lat"], e["lon"]) for e in elements if e.get("type") == "node" and "lat" in e}
    for element in elements:
        tags = element.get("tags") or {}
        line = _way(element, nodes)
        closed = len(line) > 3 and line[0] == line[-1] and "highway" not in tags
        point = _centre(element)
        if tags:
            lines: list[Line] = [] if closed or not line else [line]
            points = [point] if point and not line else []
            yield from fields.of_feature(tags, lines, points, [line] if closed else [])


def _way(element: Mapping[str, Any], nodes: Mapping[int, Point]) -> Line:
    if element.get("geometry"):
        return [(p["lat"], p["lon"]) for p in element["geometry"] if p]
    return [nodes[n] for n in element.get("nodes", ()) if n in nodes]


def _centre(element: Mapping[str, Any]) -> Point | None:
    at = element.get("center") or element
    return (float(at["lat"]), float(at["lon"])) if "lat" in at and "lon" in at else None


# ----------------------------------------------------------------------------------------------- CSV


def _read_csv(rows: csv.DictReader[str], path: Path) -> Iterator[Record]:
    columns = {(name or "").strip().lower() for name in rows.fieldnames or ()}
    pair = all(columns & set(names) for names in (_LAT_COLUMNS, _LONG_COLUMNS))
    if not pair and not columns & set(_POINT_COLUMNS):
        raise SettingsError(f"{path}: a CSV source needs a latitude and a longitude column")
    read = placed = 0
    for raw in rows:
        row = {(k or "").strip().lower(): (v or "").strip() for k, v in raw.items() if isinstance(v, str)}
        at = _at(row)
        read, placed = read + 1, placed + bool(at)
        if at:  # a row without coordinates places nothing
            yield from fields.of_row(row, at)
    if read and not placed:
        raise SettingsError(f"{path}: no row has coordinates in degrees (WGS 84)")


def _at(row: Mapping[str, str]) -> Point | None:
    """The coordinates of a row: two columns, or one of "POINT (long lat)" or "(lat, long)"."""
    lat = next((row[name] for name in _LAT_COLUMNS if row.get(name)), "")
    long = next((row[name] for name in _LONG_COLUMNS if row.get(name)), "")
    written = next((row[name] for name in _POINT_COLUMNS if row.get(name)), "")
    if not (lat and long) and (wkt := _WKT_POINT.match(written)):
        long, lat = wkt[1], wkt[2]
    elif not (lat and long) and (pair := _PAIR.search(written)):
        lat, long = pair[1], pair[2]
    try:
        at = (float(lat), float(long))
    except ValueError:
        return None
    return at if abs(at[0]) <= 90 and abs(at[1]) <= 180 else None
