"""Reads a gazetteer's sources: map extracts, address lists, street centre lines, landmarks, report history.

What a file holds is told from its content, not from its name:

- GeoJSON: OpenStreetMap extracts, street centre lines (with TIGER-like address ranges), landmark points and
  areas, a city boundary or neighbourhoods;
- Overpass JSON (`out geom`, or ways with their nodes);
- CSV: addresses (OpenAddresses columns, or one `address` column), landmarks (a `name` column), or numbered
  things such as poles and hydrants (a `pole_id`, `hydrant_id`, `asset_id` … column);
- JSON Lines or a JSON array: GeoReport service requests with `address` and `lat`/`long`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.errors import SettingsError
from classifiers.places.geometry import Line, Point, metres, middle


@dataclass(frozen=True, slots=True)
class StreetLine:
    """A stretch of a street; `low` and `high` are the house numbers at its start and end, where known."""

    name: str
    line: Line
    low: int | None = None
    high: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressPoint:
    """A house number with its place. `street` may drag a city behind it; `loose` says it is a report's pin."""

    low: int
    high: int
    street: str
    at: Point
    district: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Landmark:
    """A named place that is no street. `radius_m` is how far it reaches from its middle."""

    name: str
    at: Point
    radius_m: float = 40.0
    aliases: tuple[str, ...] = ()
    category: str = ""
    address: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A city's boundary, or one of its districts."""

    name: str
    boundary: bool
    rings: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CrossingPin:
    """A report's pin on "Elm St & University Pl"; either name may drag a city behind it."""

    one: str
    two: str
    at: Point


@dataclass(frozen=True, slots=True)
class Asset:
    """A thing with a number on it: a pole, a hydrant, a motorway exit ("exit"), a mile marker ("mile")."""

    kind: str
    number: str
    at: Point


Record = StreetLine | AddressPoint | CrossingPin | Landmark | Area | Asset

_ASSET_FIELDS = (
    "pole", "pole_id", "pole_no", "pole_number", "pole_num", "poleid", "poleno", "hydrant", "hydrant_id",
    "hydrant_number", "manhole_id", "light_id", "streetlight_id", "exit", "exit_number", "mile", "mile_marker",
    "milepost", "asset", "asset_id", "asset_number", "assetid", "facility_id", "facilityid", "unit_id", "unitid",
)  # fmt: skip
_NUMBERED_THINGS = {
    ("highway", "street_lamp"): "pole", ("power", "pole"): "pole", ("man_made", "utility_pole"): "pole",
    ("emergency", "fire_hydrant"): "hydrant", ("man_made", "manhole"): "manhole", ("manhole", "*"): "manhole",
    ("man_made", "street_cabinet"): "cabinet", ("highway", "motorway_junction"): "exit",
    ("highway", "milestone"): "mile",
}  # fmt: skip

_LANDMARK_TAGS = (
    "amenity", "leisure", "tourism", "shop", "historic", "building", "office", "railway", "public_transport",
    "man_made", "natural", "landuse", "healthcare", "place",
)  # fmt: skip
_RANGE_FIELDS = (
    ("from_address", "to_address"), ("lfromadd", "ltoadd"), ("rfromadd", "rtoadd"), ("l_add_from", "l_add_to"),
    ("l_f_add", "l_t_add"), ("fromhn", "tohn"), ("lfromhn", "ltohn"), ("from_left", "to_left"),
)  # fmt: skip
_OTHER_NAMES = ("aliases", "alt_name", "old_name", "name_1", "loc_name", "official_name", "ref")
_STREET_FIELDS = ("name", "fullname", "full_name", "street", "street_name", "st_name", "streetname", "label")
_NUMBER = re.compile(
    r"\s*#?(\d{1,6})[a-zA-Z]?(?:\s*(?:[-–/&]|\band\b|\by\b)\s*#?(\d{1,6})[a-zA-Z]?)?(?:\s+1/2)?\b[\s,]*(.*)",
    re.DOTALL,
)


def read(path: Path) -> Iterator[Record]:
    """Yields everything one source holds. Raises SettingsError when the file is none of the known forms."""
    with path.open(encoding="utf-8-sig") as file:
        start = file.read(1)
        while start.isspace():
            start = file.read(1)
        file.seek(0)
        if start in ("{", "["):
            yield from _read_json(path)
        else:
            yield from _read_csv(csv.DictReader(file), path)


def house_number(text: str) -> tuple[int, int, str] | None:
    """Splits "22-26 Elm St" into 22, 26 and "Elm St"; None when it starts with no number."""
    match = _NUMBER.match(text)
    if not match or not match[3]:
        return None
    low = int(match[1])
    high = int(match[2]) if match[2] else low
    if match[2] and len(match[2]) < len(match[1]):  # "122-26" means 122 to 126
        high = int(match[1][: -len(match[2])] + match[2])
    return (low, high, match[3].strip()) if high >= low else (low, low, match[3].strip())


def _read_json(path: Path) -> Iterator[Record]:
    text = path.read_text(encoding="utf-8-sig")
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        yield from _read_lines(text, path)
        return
    if isinstance(whole, list):
        yield from (r for row in whole if isinstance(row, dict) for r in _from_request(row))
    elif "elements" in whole:
        yield from _from_overpass(whole["elements"])
    elif "features" in whole:
        yield from (record for feature in whole["features"] for record in _from_feature(feature))
    elif "lat" in whole:
        yield from _from_request(whole)
    else:
        raise SettingsError(f"{path}: neither GeoJSON, Overpass JSON nor a list of service requests")


def _read_lines(text: str, path: Path) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise SettingsError(f"{path}, line {number}: not JSON ({error.msg})") from error
            yield from _from_request(row)


# ------------------------------------------------------------------------------------------- GeoJSON


def _from_feature(feature: Mapping[str, Any]) -> Iterator[Record]:
    properties = {str(k).lower(): v for k, v in (feature.get("properties") or {}).items()}
    geometry = feature.get("geometry") or {}
    if isinstance(properties.get("tags"), dict):
        properties |= properties["tags"]
    lines, points, rings = _geometry(geometry)
    yield from _from_tags(properties, lines, points, rings)


def _geometry(geometry: Mapping[str, Any]) -> tuple[list[Line], list[Point], list[Line]]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates") or []
    match kind:
        case "Point":
            return [], [_point(coordinates)], []
        case "LineString":
            return [_line(coordinates)], [], []
        case "MultiLineString":
            return [_line(part) for part in coordinates], [], []
        case "Polygon":
            return [], [], [_line(ring) for ring in coordinates[:1]]
        case "MultiPolygon":
            return [], [], [_line(polygon[0]) for polygon in coordinates if polygon]
    return [], [], []


def _point(pair: list[float]) -> Point:
    return float(pair[1]), float(pair[0])


def _line(pairs: list[list[float]]) -> Line:
    return [_point(pair) for pair in pairs]


def _from_tags(
    tags: Mapping[str, Any], lines: list[Line], points: list[Point], rings: list[Line]
) -> Iterator[Record]:
    points = points or [middle(ring) for ring in rings[:1]]
    if points and (address := _tagged_address(tags, points[0])):
        yield address
    if points and not rings and (asset := _asset(tags, points[0])):
        yield asset
        return
    name = _first(tags, _STREET_FIELDS)
    if not name and lines and tags.get("highway"):
        name = _names(tags.get("ref") or "")[0] if tags.get("ref") else ""  # a motorway is known by its number
    if not name:
        return
    if lines and _is_street(tags):
        yield from _street_lines(name, tags, lines)
    elif rings and _is_area(tags):
        yield Area(name, _is_boundary(tags), tuple(rings))
    elif points:
        yield _landmark(name, tags, points[0], rings)


def _asset(row: Mapping[str, Any], at: Point) -> Asset | None:
    """A numbered thing by OpenStreetMap's tags, or by a column of an inventory."""
    for (tag, value), kind in _NUMBERED_THINGS.items():
        if row.get(tag) and value in (row[tag], "*"):
            number = _first(row, ("ref", "distance", "pk") if kind == "mile" else ("ref",))
            return Asset(kind, number, at) if number else None
    column = next((c for c in _ASSET_FIELDS if row.get(c)), "")
    if not column or row.get("name"):
        return None
    kind = re.split(r"_|id$|no$", column)[0].replace("milepost", "mile").replace("streetlight", "pole")
    kind = {"light": "pole", "facility": "asset", "unit": "asset"}.get(kind, kind)
    return Asset(str(row.get("category") or kind).lower() if kind == "asset" else kind, str(row[column]), at)


def _is_street(tags: Mapping[str, Any]) -> bool:
    return not any(tags.get(k) for k in ("waterway", "power", "boundary", "barrier"))


def _is_area(tags: Mapping[str, Any]) -> bool:
    if tags.get("kind") in ("boundary", "district") or tags.get("boundary") == "administrative":
        return True
    return not any(tags.get(tag) for tag in _LANDMARK_TAGS) and tags.get("kind") != "landmark"


def _is_boundary(tags: Mapping[str, Any]) -> bool:
    return tags.get("kind") == "boundary" or str(tags.get("admin_level", "")) == "8"


def _street_lines(name: str, tags: Mapping[str, Any], lines: list[Line]) -> Iterator[Record]:
    low, high = _range(tags) if len(lines) == 1 else (None, None)
    aliases = tuple(name for field in _OTHER_NAMES for name in _names(tags.get(field)))
    for line in lines:
        if len(line) > 1:
            yield StreetLine(name, line, low, high, aliases)


def _range(tags: Mapping[str, Any]) -> tuple[int | None, int | None]:
    for start, end in _RANGE_FIELDS:
        low, high = _whole(tags.get(start)), _whole(tags.get(end))
        if low and high:
            return low, high
    return None, None


def _landmark(name: str, tags: Mapping[str, Any], at: Point, rings: list[Line]) -> Landmark:
    category = str(tags.get("category") or next((tags[t] for t in _LANDMARK_TAGS if tags.get(t)), ""))
    reach = max((metres(at, corner) for ring in rings for corner in ring), default=40.0)
    aliases = tuple(n for k in ("aliases", "alt_name", "short_name", "old_name") for n in _names(tags.get(k)))
    radius = float(tags.get("radius_m") or max(30.0, reach))
    return Landmark(name, at, radius, aliases, category, str(tags.get("address") or ""))


def _tagged_address(tags: Mapping[str, Any], at: Point) -> AddressPoint | None:
    number, street = tags.get("addr:housenumber"), tags.get("addr:street")
    if number is None:
        number, street = tags.get("number"), tags.get("street")
    parts = house_number(f"{number} {street}") if number and street else None
    if parts is None:
        return None
    return AddressPoint(*parts, at, str(tags.get("addr:city") or tags.get("city") or ""))


def _first(tags: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(tags[n]).strip() for n in names if tags.get(n)), "")


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in re.split(r"[;|]", value) if part.strip())
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def _whole(value: Any) -> int | None:
    match = re.match(r"\s*(\d+)", str(value if value is not None else ""))
    return int(match[1]) if match else None


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
            yield from _from_tags(tags, lines, [point] if point and not line else [], [line] if closed else [])


def _way(element: Mapping[str, Any], nodes: Mapping[int, Point]) -> Line:
    if element.get("geometry"):
        return [(p["lat"], p["lon"]) for p in element["geometry"] if p]
    return [nodes[n] for n in element.get("nodes", ()) if n in nodes]


def _centre(element: Mapping[str, Any]) -> Point | None:
    at = element.get("center") or element
    return (float(at["lat"]), float(at["lon"])) if "lat" in at and "lon" in at else None


# ----------------------------------------------------------------------------------------------- CSV


def _read_csv(rows: csv.DictReader[str], path: Path) -> Iterator[Record]:
    fields = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    lat = next((fields[n] for n in ("lat", "latitude", "y") if n in fields), None)
    long = next((fields[n] for n in ("lon", "long", "lng", "longitude", "x") if n in fields), None)
    if lat is None or long is None:
        raise SettingsError(f"{path}: a CSV source needs a latitude and a longitude column")
    for raw in rows:
        row = {(k or "").strip().lower(): (v or "").strip() for k, v in raw.items() if isinstance(v, str)}
        try:
            at = (float(raw[lat]), float(raw[long]))
        except (TypeError, ValueError):
            continue  # a row without coordinates places nothing
        yield from _from_row(row, at)


def _from_row(row: Mapping[str, str], at: Point) -> Iterator[Record]:
    district = row.get("district") or row.get("neighborhood") or row.get("city") or ""
    number = row.get("number") or row.get("house_number") or row.get("addr_num") or ""
    street = row.get("street") or row.get("street_name") or row.get("full_street_name") or ""
    whole = f"{number} {street}" if number else (street if house_number(street) else row.get("address", ""))
    if not number and (asset := _asset(row, at)):
        yield asset
    elif row.get("name") and not number:
        aliases = _names(row.get("aliases", ""))
        radius = float(row["radius_m"]) if row.get("radius_m") else 40.0
        yield Landmark(row["name"], at, radius, aliases, row.get("category", ""), row.get("address", ""))
    elif parts := house_number(whole):
        yield AddressPoint(*parts, at, district)


# ------------------------------------------------------------------------------------ report history


def _from_request(row: Mapping[str, Any]) -> Iterator[Record]:
    address = str(row.get("address") or row.get("address_string") or "")
    lat, long = row.get("lat"), row.get("long", row.get("lon"))
    if lat is None or long is None or not address:
        return
    at = (float(lat), float(long))
    if parts := house_number(address):
        yield AddressPoint(*parts, at, loose=True)
    elif len(sides := _CORNER.split(_CORNER_OF.sub("", address.split(",")[0]))) == 2 and all(sides):
        yield CrossingPin(sides[0], sides[1], at)
    elif name := _park(address):
        yield Landmark(name, at, 150.0, category="history", loose=True)


_CORNER_OF = re.compile(r"^(?:corner|intersection)\s+(?:of\s+)?", re.IGNORECASE)
_CORNER = re.compile(r"\s*(?:\s(?:and|at|x|near|@)\s|[&/@])\s*(?:corner\s+of\s+)?", re.IGNORECASE)
_PARK = re.compile(
    r"((?:[A-Z][\w.'’]*\s+){1,4}(?:Park|School|Library|Cemetery|Station|Hospital|Playground))\b(?!\s+(?:St|Ave|R[od]|Dr|Pl|Ter|Way|Bl))"
)


def _park(address: str) -> str:
    match = _PARK.match(address)
    return match[1] if match else ""
