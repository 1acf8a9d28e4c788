"""When two streets fit, both are offered; context that speaks for one of them settles it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.vocabulary import Place
from classifiers.geocode import PlaceLocator

CASES = [
    line.split("|")
    for line in (Path(__file__).parent / "two_streets.txt").read_text(encoding="utf-8").splitlines()[1:]
]


@pytest.mark.parametrize(("text", "one", "two"), CASES)
def test_both_places_that_fit_are_offered(locator: PlaceLocator, text: str, one: str, two: str) -> None:
    located = locator.locate(text, "en")
    offered = [place.address for place in located.candidates]
    assert located.ask
    assert all(any(address.startswith(wanted) for address in offered) for wanted in (one, two)), offered


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("pothole at 512 oak st", "512 Oak St"),
        ("pothole at 512 Oak Avenue", "512 Oak Ave"),
        ("hole on oak near the police station", "Oak St near Fairview Police Station"),
        ("light out at oak and summit", "Oak Ave & Summit St"),
        ("pothole at 512 oak on the west side", "512 Oak Ave"),
        ("pothole at 512 oak downtown", "512 Oak St"),
    ],
)
def test_a_suffix_or_another_mention_settles_it(locator: PlaceLocator, text: str, address: str) -> None:
    assert [place.address for place in locator.locate(text, "en").candidates] == [address]


@pytest.mark.parametrize(
    ("last", "address"),
    [
        (Place("300 School St", 40.3484, -99.5190), "512 Oak Ave"),
        (Place("5th & Main", 40.3484, -99.5109), "512 Oak St"),
    ],
)
def test_the_sender_s_last_place_settles_it(locator: PlaceLocator, last: Place, address: str) -> None:
    located = locator.locate("pothole at 512 oak", "en", last)
    assert [place.address for place in located.candidates] == [address]
    assert not located.ask


@pytest.mark.parametrize("last", [Place("far off", 40.3600, -99.5000), Place("words alone")])
def test_a_last_place_near_none_of_them_settles_nothing(locator: PlaceLocator, last: Place) -> None:
    assert len(locator.locate("pothole at 512 oak", "en", last).candidates) == 2


def test_no_more_than_three_are_offered(locator: PlaceLocator) -> None:
    assert len(locator.locate("trash at 512 Oak, 620 Washington and 20 Birch", "en").candidates) <= 3


@pytest.mark.parametrize(
    "text",
    [
        "loud music all night in the elm st & 4th st area",
        "gunshots somewhere near elm & 4th",
        "please plow Oak St, 3rd St, Washington St",
        "cars race on Washington Ave, Summit St, Lake Rd and Foundry Rd, i saw them from 412 Oak St",
    ],
)
def test_words_for_a_part_of_town_or_many_places_are_asked_about(locator: PlaceLocator, text: str) -> None:
    assert locator.locate(text, "en").ask
