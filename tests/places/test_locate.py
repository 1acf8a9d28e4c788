"""A resident's words become a place in the demo city, or a question."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.vocabulary import Pin, Place
from classifiers.geocode import PlaceLocator


def only(locator: PlaceLocator, text: str, language: str = "en") -> Place:
    located = locator.locate(text, language)
    assert len(located.candidates) == 1, located
    return located.candidates[0]


@pytest.mark.parametrize(
    "text",
    [
        "2 oak trees down",
        "there are 3 oak and 2 pine trees dead",
        "1 main issue is noise",
        "we need 20 maple trees",
    ],
)
def test_a_count_of_things_is_no_address(locator: PlaceLocator, text: str) -> None:
    assert not locator.locate(text, "en").candidates


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("huge pothole on 5th near the library", "5th St near Fairview Public Library"),
        ("412 oak st trash everywhere", "412 Oak St"),
        ("Missed trash 620 Maple St. Apt 4, thanks", "620 Maple St"),
        ("big hole 620 mapel street", "620 Maple St"),
        ("streetlight out corner of elm & 4th", "Elm St & 4th St"),
        ("stop sign down at Fifth and Washington St", "5th St & Washington St"),
        ("trash on oak near 3rd", "Oak St & 3rd St"),
        ("graffiti behind city hall", "City Hall, 620 Main St"),
        ("couch dumped across from the bus station", "Fairview Bus Station, 320 Elm St"),
        ("the 400 block of Elm is dark", "400 block of Elm St"),
        ("hay un bache en la calle 5 con main", "5th St & Main St"),
        ("frente a la biblioteca en la calle 5", "5th St near Fairview Public Library"),
        ("pothole 412 elm st", "412 Elm St"),
        ("trash not picked up 301 main st", "301 Main St"),
        ("hydrant leaking - 515 maple", "515 Maple St"),
        ("rats everywhere 310 pine", "310 Pine St"),
        ("bache 412 elm st", "412 Elm St"),
        ("pothole elm and 3rd", "Elm St & 3rd St"),
        ("light out 3rd & elm", "3rd St & Elm St"),
        ("basura maple y 4th", "Maple St & 4th St"),
        ("elm st btwn 2nd n 3rd no lights", "Elm St between 2nd St and 3rd St"),
    ],
)
def test_words_that_name_one_place_are_sent_unasked(locator: PlaceLocator, text: str, address: str) -> None:
    assert only(locator, text).address == address
    assert not locator.locate(text, "en").ask


def test_a_house_number_lies_on_its_block(locator: PlaceLocator) -> None:
    place = only(locator, "412 Oak St")
    assert place.lat == pytest.approx(40.3474, abs=0.0003)
    assert place.long == pytest.approx(-99.5122, abs=0.0003)


@pytest.mark.parametrize("text", ["street light out", "", "   ", "thank you so much", "\x00\x00", "🚧🚧🚧"])
def test_words_that_name_no_place_give_no_candidate(locator: PlaceLocator, text: str) -> None:
    located = locator.locate(text, "en")
    assert located.candidates == ()
    assert located.ask


def test_in_front_of_my_house_needs_asking(locator: PlaceLocator) -> None:
    located = locator.locate("pothole in front of my house", "en")
    assert [m.kind for m in located.mentions] == ["relative"]
    assert located.ask


def test_a_street_alone_is_never_used_unasked(locator: PlaceLocator) -> None:
    located = locator.locate("speeding on washington ave", "en")
    assert located.ask
    assert located.candidates[0].accuracy_m is not None
    assert located.candidates[0].accuracy_m > 75


def test_an_impossible_house_number_is_asked_about(locator: PlaceLocator) -> None:
    located = locator.locate("hole at 99999 Main St", "en")
    assert located.ask
    assert "no such house number" in located.candidates[0].why


def test_a_pin_outside_the_city_is_no_place(locator: PlaceLocator) -> None:
    assert locator.at(Pin(0.0, 0.0)) is None


def test_a_pin_has_the_nearest_address(locator: PlaceLocator) -> None:
    place = locator.at(Pin(40.3488, -99.5108))
    assert place is not None
    assert place.address == "729 5th St"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_mentions_are_exact_stretches_of_any_text(text: str) -> None:
    for mention in LOCATOR[0].locate(text, "en").mentions:
        assert text[mention.start : mention.end] == mention.text
        assert mention.text


LOCATOR: list[PlaceLocator] = []


@pytest.fixture(autouse=True, scope="module")
def _keep_locator(locator: PlaceLocator) -> None:
    LOCATOR[:] = [locator]
