"""What the fields of a map feature or of a table's row say: OpenStreetMap's tags, and US cities' columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from classifiers.places.geometry import Line, Point, metres, middle
from classifiers.places.records import (
    AddressPoint,
    Area,
    Asset,
    CrossingPin,
    Landmark,
    Record,
    StreetLine,
    house_number,
)

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
_OTHER_NAMES = ("aliases", "alt_name", "old_name", "name_1", "loc_name", "official_name")
_AREA_FIELDS = ("name", "fullname", "full_name", "label", "neighborhood", "district", "ward")
_LANDMARK_FIELDS = ("name", "fullname", "full_name", "label")
_STREET_FIELDS = (
    "name", "fullname", "full_name", "full_street_name", "street", "street_name", "streetname", "fullstname",
    "label",
)  # fmt: skip
_NUMBER_FIELDS = (
    "addr:housenumber", "number", "house_number", "housenumber", "addr_num", "add_number", "address_number",
    "st_num", "st_number", "street_number", "addrnum",
)  # fmt: skip
_ADDRESS_STREET_FIELDS = ("addr:street", "full_street_name", "street", "street_name", "streetname", "fullstname")
_WHOLE_FIELDS = ("address", "full_address", "fulladdr", "full_addr", "addr_full", "address_full")
_DISTRICT_FIELDS = ("district", "neighborhood", "addr:city", "city")
_PARTS = (
    ("st_predir", "predir", "pre_dir", "st_prefix"), ("st_postyp", "st_type", "sttype", "street_type", "posttype"),
    ("st_posdir", "posdir", "post_dir", "sufdir"),
)  # fmt: skip


def of_feature(
    tags: Mapping[str, Any], lines: list[Line], points: list[Point], rings: list[Line]
) -> Iterator[Record]:
    """What a named thing on a map is: `tags` have lower-case keys; it is drawn as lines, points or rings."""
    points = points or [middle(ring) for ring in rings[:1]]
    address = _address(tags, points[0]) if points else None
    if address:
        yield address
    if points and not rings and (asset := _asset(tags, points[0])):
        yield asset
    elif lines and _is_street(tags):
        yield from _street_lines(tags, lines)
    elif rings and _is_area(tags) and (name := _first(tags, _AREA_FIELDS)):
        yield Area(name, _is_boundary(tags), tuple(rings))
    elif points and (name := _first(tags, ("name",) if address else _LANDMARK_FIELDS)):
        yield _landmark(name, tags, points[0], rings)


def of_row(row: Mapping[str, str], at: Point) -> Iterator[Record]:
    """What a row of a table is: a numbered thing, a house number, or a landmark."""
    address = _address(row, at)
    if not _number_of(row) and (asset := _asset(row, at)):
        yield asset
    elif row.get("name") and not _number_of(row):
        radius = float(row["radius_m"]) if row.get("radius_m") else 40.0
        category, near = row.get("category", ""), row.get("address", "")
        yield Landmark(row["name"], at, radius, _names(row.get("aliases", "")), category, near)
    elif address:
        yield address


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


def _street_lines(tags: Mapping[str, Any], lines: list[Line]) -> Iterator[Record]:
    numbers = _names(tags.get("ref")) if tags.get("highway") else ()
    name = _first(tags, _STREET_FIELDS) or _composed(tags) or next(iter(numbers), "")  # a motorway has its number
    low, high = _range(tags) if len(lines) == 1 else (None, None)
    aliases = tuple(name for field in _OTHER_NAMES for name in _names(tags.get(field))) + numbers
    for line in lines:
        if name and len(line) > 1:
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


def _address(tags: Mapping[str, Any], at: Point) -> AddressPoint | None:
    """A house number with its street, in fields of their own or in one."""
    number, street = _number_of(tags), _first(tags, _ADDRESS_STREET_FIELDS) or _composed(tags)
    whole = "" if tags.get("name") else _first(tags, _WHOLE_FIELDS)  # a park's address is not its middle
    parts = house_number(f"{number} {street}" if number else street if house_number(street) else whole)
    return AddressPoint(*parts, at, _first(tags, _DISTRICT_FIELDS)) if parts else None


def _number_of(tags: Mapping[str, Any]) -> str:
    return _first(tags, _NUMBER_FIELDS)


def _composed(tags: Mapping[str, Any]) -> str:
    """A street's name of its parts: direction, name, type, direction."""
    name = _first(tags, ("st_name", "stname", "street_nam", "st_nam"))
    parts = [_first(tags, fields) for fields in _PARTS[:1]] + [name] + [_first(tags, f) for f in _PARTS[1:]]
    return " ".join(part for part in parts if part) if name else ""


def _first(tags: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(tags[n]).strip() for n in names if tags.get(n)), "")


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in re.split(r"[;|]", value) if part.strip())
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def _whole(value: Any) -> int | None:
    match = re.match(r"\s*(\d+)", str(value if value is not None else ""))
    return int(match[1]) if match else None


# ------------------------------------------------------------------------------------ report history


def of_request(row: Mapping[str, Any]) -> Iterator[Record]:
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
