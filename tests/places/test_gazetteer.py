"""A gazetteer is made of every form of source a city has, and answers from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import SettingsError
from classifiers import gazetteer
from classifiers.addresses import Extractor
from classifiers.gazetteer import Gazetteer
from classifiers.geocode import PlaceLocator
from classifiers.places import geometry, numbering


def line(name: str, *points: tuple[float, float], **more: Any) -> dict[str, Any]:
    coordinates = [[long, lat] for lat, long in points]
    properties = {"name": name, **more}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "LineString", "coordinates": coordinates},
    }


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


MAIN = line("Main Street", (40.0, -99.02), (40.0, -99.0))
ELM = line("Elm Street", (39.99, -99.01), (40.01, -99.01))


@pytest.fixture
def made(tmp_path: Path) -> Any:
    def make(**files: str) -> Gazetteer:
        paths = []
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            path.write_text(content, encoding="utf-8")
            paths.append(path)
        return gazetteer.open_gazetteer(gazetteer.build(paths, tmp_path / "made.db"))

    return make


def street(g: Gazetteer, name: str) -> int:
    return g.streets(name)[0].street.id


def test_streets_of_a_map_cross(made: Any) -> None:
    g = made(map__geojson=collection(MAIN, ELM))
    assert g.crossings(street(g, "Main"), street(g, "elm st")) == [pytest.approx((40.0, -99.01))]


def test_address_ranges_of_a_centre_line_place_a_number(made: Any) -> None:
    ranged = line("Main Street", (40.0, -99.02), (40.0, -99.0), LFROMADD="100", LTOADD="200")
    [house] = numbering.houses(made(map__geojson=collection(ranged)), 1, 150)
    assert house.at == pytest.approx((40.0, -99.01), abs=1e-4)


def test_overpass_json_gives_streets_landmarks_and_addresses(made: Any) -> None:
    elements = [
        {"type": "node", "id": 1, "lat": 40.0, "lon": -99.02},
        {"type": "node", "id": 2, "lat": 40.0, "lon": -99.0},
        {"type": "way", "id": 3, "nodes": [1, 2], "tags": {"highway": "residential", "name": "Main Street"}},
        {
            "type": "node",
            "id": 4,
            "lat": 40.0,
            "lon": -99.01,
            "tags": {"amenity": "library", "name": "City Library"},
        },
        {
            "type": "node",
            "id": 5,
            "lat": 40.0,
            "lon": -99.015,
            "tags": {"addr:housenumber": "12", "addr:street": "Main Street"},
        },
    ]
    g = made(map__json=json.dumps({"elements": elements}))
    assert g.landmarks("city library")[0].at == (40.0, -99.01)
    assert [h.at for h in numbering.houses(g, street(g, "main"), 12)] == [pytest.approx((40.0, -99.015))]


@pytest.mark.parametrize(
    "table",
    [
        "LON,LAT,NUMBER,STREET,CITY\n-99.01,40.0,12,Main St,Fairview\n",
        "address,lat,lon\n12 Main St Fairview NE 68000,40.0,-99.01\n",
        "address,street,neighborhood,lat,lon\n12-14 Main St X,12-14 Main St,North,40.0,-99.01\n",
    ],
)
def test_an_address_table_gives_house_numbers(made: Any, table: str) -> None:
    g = made(map__geojson=collection(MAIN), addresses__csv=table)
    assert numbering.houses(g, street(g, "Main Street"), 12)[0].at == pytest.approx((40.0, -99.01))


def test_a_landmark_list_gives_landmarks_with_other_names(made: Any) -> None:
    g = made(landmarks__csv="name,lat,lon,aliases\nCity Hall,40.0,-99.01,Town Hall|the hall\n")
    assert [known.name for known in g.landmarks("town hall")] == ["City Hall"]


def test_past_reports_teach_house_numbers_corners_and_other_names(made: Any) -> None:
    rows = [
        {"address": "20 Main St Fairview, NE", "lat": 40.0001, "long": -99.018},
        {"address": "Main St & 3rd Ave Fairview, NE", "lat": 40.0, "long": -99.005},
        {"address": "80 Maine Street Fairview, NE", "lat": 40.0001, "long": -99.003},
    ]
    g = made(map__geojson=collection(MAIN), history__jsonl="\n".join(json.dumps(row) for row in rows))
    main = street(g, "main")
    assert numbering.houses(g, main, 20)[0].at == pytest.approx((40.0001, -99.018))
    assert g.crossings(main, street(g, "third avenue")) == [pytest.approx((40.0, -99.005))]
    assert street(g, "Maine Street") == main


def test_a_number_between_two_known_ones_lies_between_them(made: Any) -> None:
    table = "LON,LAT,NUMBER,STREET\n-99.02,40.0,100,Main St\n-99.00,40.0,200,Main St\n"
    [house] = numbering.houses(made(a__csv=table), 1, 150)
    assert house.at == pytest.approx((40.0, -99.01), abs=1e-4)


def test_a_number_beyond_the_known_ones_goes_on_along_the_street(made: Any) -> None:
    numbers = "".join(f"{-99.02 + n * 0.0001},40.0,{100 + n},Main St\n" for n in range(0, 100, 10))
    g = made(map__geojson=collection(MAIN), a__csv="LON,LAT,NUMBER,STREET\n" + numbers)
    [house] = numbering.houses(g, street(g, "main"), 220)
    assert geometry.metres(house.at, (40.0, -99.008)) < 60


def test_two_pieces_of_a_name_far_apart_are_two_streets(made: Any) -> None:
    other = line("Main Street", (40.2, -99.02), (40.2, -99.0))
    assert len(made(map__geojson=collection(MAIN, other)).streets("Main St")) == 2


def test_without_a_boundary_the_city_reaches_a_kilometre_around_its_data(made: Any) -> None:
    g = made(map__geojson=collection(MAIN))
    assert g.contains((40.005, -99.01))
    assert not g.contains((40.05, -99.01))


@pytest.mark.parametrize("content", ["", "{}", "not a table\n", '{"lat": 1}\nnot json\n', "a,b\n1,2\n"])
def test_a_source_of_no_known_form_is_refused_by_name(tmp_path: Path, content: str) -> None:
    source = tmp_path / "strange.txt"
    source.write_text(content)
    with pytest.raises(SettingsError, match=r"strange\.txt"):
        gazetteer.build([source], tmp_path / "made.db")
    assert not (tmp_path / "made.db").exists()


def test_a_missing_or_foreign_file_is_no_gazetteer(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    foreign.write_bytes(b"not a database at all" * 100)
    for path in (tmp_path / "missing.db", foreign):
        with pytest.raises(SettingsError, match="gazetteer"):
            gazetteer.open_gazetteer(path)


def test_a_district_tells_two_equal_addresses_apart(made: Any, extractor: Extractor) -> None:
    table = (
        "address,street,neighborhood,lat,lon\n"
        "12 Main St,12 Main St,North End,40.02,-99.01\n12 Main St,12 Main St,Southside,39.95,-99.01\n"
    )
    located = PlaceLocator(made(a__csv=table), extractor).locate("hole at 12 main st", "en")
    assert {place.address for place in located.candidates} == {"12 Main St, North End", "12 Main St, Southside"}
    assert located.ask


def test_a_pin_that_contradicts_the_house_numbers_about_it_is_forgotten(made: Any) -> None:
    rows = [{"address": f"{n} Main St", "lat": 40.0, "long": -99.02 + n * 0.00005} for n in range(100, 200, 10)]
    rows.append({"address": "144 Main St", "lat": 40.02, "long": -99.01})  # from the writer's own home
    g = made(map__geojson=collection(MAIN), history__json=json.dumps(rows))
    [house] = numbering.houses(g, street(g, "main st"), 144)
    assert house.why == "between known house numbers"
    assert geometry.metres(house.at, (40.0, -99.0128)) < 30


def test_an_official_point_is_believed_against_its_neighbours(made: Any) -> None:
    numbers = [f"{-99.02 + n * 0.00005},40.0,{n},Main St" for n in range(100, 200, 10)]
    g = made(addresses__csv="\n".join(["LON,LAT,NUMBER,STREET", *numbers, "-99.01,40.02,144,Main St"]))
    [house] = numbering.houses(g, street(g, "main st"), 144)
    assert house.at == pytest.approx((40.02, -99.01))
