"""Every kind of place a resident names is found as that kind, and resolved where the city knows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifiers import gazetteer
from classifiers.addresses import Extractor
from classifiers.geocode import PlaceLocator

FAIRVIEW = Path(__file__).parents[2] / "config" / "demo" / "fairview.geojson"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("pothole at 412 Oak Street, Unit 4", "address", "412 Oak Street, Unit 4"),
        ("the 400 block of Elm is dark", "block", "400 block of Elm"),
        ("shots on the 500 blk Main St", "block", "500 blk Main St"),
        ("speeding on washington ave", "street", "washington ave"),
        ("hole where oak st meets 5th st", "intersection", "oak st meets 5th st"),
        ("light out at 5th & Main", "intersection", "5th & Main"),
        ("potholes on Oak St between 4th and 6th", "stretch", "between 4th and 6th"),
        ("couch behind the library", "landmark", "library"),
        ("crash on I-95 today", "highway", "I-95"),
        ("I-95 exit 47 northbound", "highway", "exit 47"),
        ("deer at mile marker 12", "highway", "mile marker 12"),
        ("pole 4471 is leaning", "pole", "pole 4471"),
        ("the pole with tag 12-334 is leaning", "pole", "pole with tag 12-334"),
        ("streetlight id A1234 is dark", "pole", "streetlight id A1234"),
        ("poste 4471 apagado", "pole", "poste 4471"),
        ("hydrant 221 leaks", "pole", "hydrant 221"),
        ("zip 68046", "postcode", "68046"),
        ("68046", "postcode", "68046"),
        ("it is at 8FVC9G8F+6X", "coordinates", "8FVC9G8F+6X"),
        ("pothole in front of my house", "relative", "in front of my house"),
        ("dark at the corner of my street", "relative", "corner of my street"),
        ("hay un bache frente a mi casa", "relative", "frente a mi casa"),
    ],
)
def test_a_kind_is_found(extractor: Extractor, text: str, kind: str, words: str) -> None:
    assert (kind, words) in [(m.kind, m.text) for m in extractor.find(text)]


@pytest.mark.parametrize(
    "text", ["5 miles to go", "mile 3 of my run", "pole 2 feet away", "street light 4 weeks out"]
)
def test_a_number_beside_such_a_word_is_none(extractor: Extractor, text: str) -> None:
    assert not [m for m in extractor.find(text) if m.kind in ("pole", "highway")]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("5th n main", "5th St & Main St"),
        ("where oak meets 5th", "Oak St & 5th St"),
        ("pothole on 5th southbound at cedar", "5th St & Cedar St"),
        ("on the southbound side of 5th street between oak and main", "5th St between Oak St and Main St"),
        ("the corner of elm and 7th by the laundromat", "Elm St & 7th St"),
        ("behind lincoln school", "Lincoln Elementary School, 1029 Lincoln St"),
        ("500 blk Main", "500 block of Main St"),
        ("en el 412 de la calle oak st", "412 Oak St"),
        ("hay un bache en la esquina de elm y 7", "Elm St & 7th St"),
        ("bache en la esquina de la 7 con elm", "7th St & Elm St"),
        ("en la calle main entre la 5 y la 6", "Main St between 5th St and 6th St"),
        ("semáforo descompuesto en la 5 con main", "5th St & Main St"),
        ("hoyo en la intersección de 5th y main", "5th St & Main St"),
        ("frente a la escuela lincoln", "Lincoln Elementary School, 1029 Lincoln St"),
        ("al lado de la iglesia bautista en la calle church", "Church St near First Baptist Church"),
        ("8FXQ+GM Fairview", "near 730 5th St"),
        ("https://maps.google.com/?q=412+Oak+St", "412 Oak St"),
        ("https://maps.apple.com/?q=5th%20%26%20Main", "5th St & Main St"),
        ("https://www.google.com/maps/place/412+Oak+St,+Fairview,+NE/", "412 Oak St"),
    ],
)
def test_it_is_sent_unasked_where_the_city_knows_it(locator: PlaceLocator, text: str, address: str) -> None:
    located = locator.locate(text, "en")
    assert [place.address for place in located.candidates] == [address]
    assert not located.ask


@pytest.mark.parametrize(
    "text", ["https://maps.google.com/?q=412+Oak+St,+Houston", "https://maps.google.com/?q=412+Oak+St,+Elsewhere"]
)
def test_a_link_to_an_address_of_another_town_is_not_sent(locator: PlaceLocator, text: str) -> None:
    assert locator.locate(text, "en").ask


# ------------------------------------------------------------------------------------ things with numbers

POLES = "pole_id,lat,lon\n4471,40.3488,-99.5108\n0012-A,40.3474,-99.5122\n"
HYDRANTS = "hydrant_id,lat,lon\n4471,40.3500,-99.5050\n"


def junction(number: str, lat: float, long: float) -> dict[str, object]:
    properties = {"highway": "motorway_junction", "ref": number}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [long, lat]}}


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory, extractor: Extractor) -> PlaceLocator:
    """The demo city with poles, hydrants and the exits of its highway."""
    folder = tmp_path_factory.mktemp("numbered")
    exits = [
        junction("47", 40.3392, -99.5100),
        junction("47", 40.3391, -99.5080),
        junction("47", 40.3570, -99.5000),
    ]
    sources = {
        "poles.csv": POLES,
        "hydrants.csv": HYDRANTS,
        "exits.geojson": json.dumps({"type": "FeatureCollection", "features": exits}),
    }
    for name, content in sources.items():
        (folder / name).write_text(content, encoding="utf-8")
    path = gazetteer.build([FAIRVIEW, *(folder / name for name in sources)], folder / "made.db")
    return PlaceLocator(gazetteer.open_gazetteer(path), extractor)


@pytest.mark.parametrize(
    ("text", "address", "lat"),
    [
        ("pole 4471 is out", "pole 4471, near 729 5th St", 40.3488),
        ("light pole #12-a is out", "pole 0012-A, near 410 Oak St", 40.3474),
        ("hydrant 4471 leaks", "hydrant 4471", 40.35),
    ],
)
def test_a_number_on_a_thing_is_its_place(numbered: PlaceLocator, text: str, address: str, lat: float) -> None:
    located = numbered.locate(text, "en")
    [place] = located.candidates
    assert place.address.startswith(address)
    assert place.lat == lat
    assert not located.ask


def test_an_unknown_number_is_asked_about(numbered: PlaceLocator) -> None:
    assert numbered.locate("pole 9999 is out", "en").ask


def test_an_exit_is_the_one_of_the_highway_that_is_named(numbered: PlaceLocator) -> None:
    located = numbered.locate("crash on highway 30 exit 47 northbound", "en")
    [place] = located.candidates  # both carriageways are one exit; the exit of another road is none
    assert place.address == "US Highway 30, exit 47"
    assert place.lat == pytest.approx(40.33915, abs=1e-4)
    assert located.ask  # an exit is longer than what is sent unasked
