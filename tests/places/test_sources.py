"""The forms in which US cities and map services hand out addresses, centre lines and areas are all read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import shapefile

from bridge.errors import SettingsError
from classifiers.places.records import AddressPoint, Area, Asset, Landmark, StreetLine
from classifiers.places.sources import read

HERE = (40.0, -99.01)
DEGREES = 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]]]'


def written(folder: Path, content: str, name: str = "source") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def feature(properties: dict[str, Any]) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [HERE[1], HERE[0]]}
    return {"type": "Feature", "properties": properties, "geometry": point}


# --------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "table",
    [
        "LON,LAT,NUMBER,STREET\n-99.01,40.0,412,Oak St",
        "address,lat,lon\n412 Oak St,40.0,-99.01",
        "House_Number,Street_Name,Latitude,Longitude\n412,Oak St,40.0,-99.01",
        "Add_Number,St_PreDir,St_Name,St_PosTyp,X,Y\n412,,Oak,St,-99.01,40.0",
        "full_address,the_geom\n412 Oak St,POINT (-99.01 40.0)",
        'address,location\n412 Oak St,"(40.0, -99.01)"',
        'address,location\n412 Oak St,"Fairview, NE (40.0, -99.01)"',
    ],
)
def test_a_table_of_addresses_is_read(tmp_path: Path, table: str) -> None:
    assert list(read(written(tmp_path, table))) == [AddressPoint(412, 412, "Oak St", HERE)]


@pytest.mark.parametrize(
    "properties",
    [
        {"number": "412", "street": "Oak St", "hash": "1f", "unit": "", "postcode": "68818"},
        {"addr:housenumber": "412", "addr:street": "Oak St"},
        {"Add_Number": 412, "St_Name": "Oak", "St_PosTyp": "St"},
        {"FULLADDR": "412 Oak St"},
    ],
)
def test_a_map_of_addresses_is_read_whole_and_a_feature_a_line(tmp_path: Path, properties: dict[str, Any]) -> None:
    whole = json.dumps({"type": "FeatureCollection", "features": [feature(properties)]})
    lines = "\n".join(json.dumps(feature(properties)) for _ in range(2))
    assert list(read(written(tmp_path, whole))) == [AddressPoint(412, 412, "Oak St", HERE)]
    assert list(read(written(tmp_path, lines))) == [AddressPoint(412, 412, "Oak St", HERE)] * 2


def test_a_shop_with_an_address_is_both(tmp_path: Path) -> None:
    shop = {"name": "Corner Diner", "amenity": "cafe", "addr:housenumber": "412", "addr:street": "Oak St"}
    address, landmark = read(written(tmp_path, json.dumps(feature(shop))))
    assert isinstance(address, AddressPoint)
    assert isinstance(landmark, Landmark)
    assert landmark.name == "Corner Diner"


# ------------------------------------------------------------------------------------------ centre lines


def shapes(folder: Path, projection: str = DEGREES, scale: float = 1.0) -> Path:
    """A shapefile of one street with address ranges, and its companions."""
    with shapefile.Writer(str(folder / "streets"), shapeType=shapefile.POLYLINE) as made:
        for name in ("FULLNAME", "LFROMADD", "LTOADD"):
            made.field(name, "C", 40)
        made.line([[[-99.02 * scale, 40.0 * scale], [-99.0 * scale, 40.0 * scale]]])
        made.record("Main St", "100", "200")
    (folder / "streets.prj").write_text(projection)
    return folder / "streets.shp"


def test_centre_lines_of_a_shapefile_are_read(tmp_path: Path) -> None:
    expected = StreetLine("Main St", [(40.0, -99.02), (40.0, -99.0)], 100, 200)
    assert list(read(shapes(tmp_path))) == [expected]


def test_a_zipped_shapefile_is_read(tmp_path: Path) -> None:
    shapes(tmp_path)
    with zipfile.ZipFile(tmp_path / "streets.zip", "w") as packed:
        for part in tmp_path.glob("streets.[sdp]*"):
            packed.write(part, part.name)
    assert [type(r) for r in read(tmp_path / "streets.zip")] == [StreetLine]


@pytest.mark.parametrize(("projection", "scale"), [('PROJCS["NAD83 / Nebraska"]', 1.0), (DEGREES, 1000.0)])
def test_a_projected_shapefile_is_refused(tmp_path: Path, projection: str, scale: float) -> None:
    with pytest.raises(SettingsError, match="WGS 84"):
        list(read(shapes(tmp_path, projection, scale)))


@pytest.mark.parametrize(
    "content", [b"\x00\x00\x27\x0a" + bytes(30), b"PK\x03\x04" + bytes(40), b"\xff\xfe\x00junk"]
)
def test_a_broken_binary_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "source.shp"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"source\.shp"):
        list(read(path))


def test_a_motorway_is_known_by_its_number(tmp_path: Path) -> None:
    way = {"type": "way", "tags": {"highway": "motorway", "ref": "I 95;US 1"}}
    way["geometry"] = [{"lat": 40.0, "lon": -99.02}, {"lat": 40.0, "lon": -99.0}]  # type: ignore[assignment]
    [road] = read(written(tmp_path, json.dumps({"elements": [way]})))
    assert isinstance(road, StreetLine)
    assert (road.name, road.aliases) == ("I 95", ("I 95", "US 1"))


# ----------------------------------------------------------------------------------- areas, things, tables


def test_a_named_polygon_is_a_district_and_a_park_is_a_landmark(tmp_path: Path) -> None:
    ring = [[-99.02, 40.0], [-99.0, 40.0], [-99.0, 40.02], [-99.02, 40.0]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    both = [
        {"type": "Feature", "properties": properties, "geometry": polygon}
        for properties in ({"name": "West Side"}, {"name": "Oak Park", "leisure": "park"})
    ]
    district, park = read(written(tmp_path, json.dumps({"type": "FeatureCollection", "features": both})))
    assert isinstance(district, Area)
    assert isinstance(park, Landmark)


@pytest.mark.parametrize(
    ("table", "asset"),
    [
        ("pole_id,lat,lon\n4471,40.0,-99.01", Asset("pole", "4471", HERE)),
        ("HydrantID,lat,lon\nH-12,40.0,-99.01".replace("HydrantID", "hydrant_id"), Asset("hydrant", "H-12", HERE)),
        ("asset_id,category,lat,lon\n9,Manhole,40.0,-99.01", Asset("manhole", "9", HERE)),
        ("mile_marker,lat,lon\n12,40.0,-99.01", Asset("mile", "12", HERE)),
    ],
)
def test_an_inventory_gives_things_with_numbers(tmp_path: Path, table: str, asset: Asset) -> None:
    assert list(read(written(tmp_path, table))) == [asset]


def test_a_table_in_feet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="WGS 84"):
        list(read(written(tmp_path, "NUMBER,STREET,X,Y\n412,Oak St,712345.1,654321.9")))
