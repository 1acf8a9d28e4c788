"""Wrong, hostile and senseless input has a defined answer each: no crash, no fetch, no guess."""

from __future__ import annotations

import socket

import pytest

from bridge.vocabulary import Pin
from classifiers.geocode import PlaceLocator


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a place was looked up on the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_coordinates_said_the_other_way_round_are_turned(locator: PlaceLocator) -> None:
    place = locator.locate("it is at -99.5108, 40.3488", "en").candidates[0]
    assert (place.lat, place.long) == (40.3488, -99.5108)
    assert place.why == "coordinates, the other way round"


@pytest.mark.parametrize(
    "text",
    [
        "pothole at 48.8584, 2.2945",
        "see https://maps.google.com/?q=48.8584,2.2945",
        "500 Main St, Houston, TX 77002",
        "500 Main St Houston TX",
        "hole at 500 main st houston tx",
        "5th and Oak in Lincoln, NE",
    ],
)
def test_a_place_elsewhere_is_said_to_be_outside(locator: PlaceLocator, text: str) -> None:
    located = locator.locate(text, "en")
    assert located.outside
    assert located.candidates == ()
    assert located.ask


@pytest.mark.parametrize("text", ["412 Oak St, Kearney, NE", "412 Oak St Kearney NE 68845"])
def test_an_address_in_a_town_nobody_told_us_of_is_never_sent_unasked(locator: PlaceLocator, text: str) -> None:
    assert locator.locate(text, "en").ask


@pytest.mark.parametrize(
    "text",
    [
        "412 Oak Street Fairview NE 68818",
        "412 oak st, fairview ne",
        "412 Oak St, 68818",
        "5th & Main, Fairview NE",
        "412 Oak St OK thanks",
        "412 oak st in front of the house",
    ],
)
def test_the_citys_own_name_behind_an_address_changes_nothing(locator: PlaceLocator, text: str) -> None:
    assert not locator.locate(text, "en").ask


@pytest.mark.parametrize(
    "link",
    [
        "https://maps.google.com/?q=" + "9" * 400 + ",1",
        "https://maps.google.com@evil.example/?q=40.3488,-99.5108",
        "https://evil.example/maps?q=40.3488,-99.5108",
        "https://maps.app.goo.gl/aBcDeF",
        "https://www.google.com/maps/@nan,inf,17z",
        "https://[::1/maps?q=40.3488,-99.5108",
        "geo:,;;;crs=evil",
        "https://maps.google.com/?" + "&".join(f"a{i}=1" for i in range(500)),
    ],
)
def test_a_hostile_or_empty_map_link_is_no_place(locator: PlaceLocator, link: str) -> None:
    located = locator.locate(f"here {link} fix it", "en")
    assert located.candidates == ()
    assert located.ask


@pytest.mark.parametrize("number", ["0", "00000", "99999", "123456789", "-5"])
def test_an_impossible_house_number_is_never_sent_unasked(locator: PlaceLocator, number: str) -> None:
    assert locator.locate(f"hole at {number} Main St", "en").ask


@pytest.mark.parametrize(
    "text",
    [
        "a" * 20_000,
        "5th and Main " * 1_600,
        "1 " * 10_000,
        "corner of " * 2_000,
        "((((((" * 3_000,
        "https://" * 2_500,
        "40.3488,-99.5108 " * 1_100,
        "\ud800 lone surrogate at 412 Oak St",
        "412 Oak St\x00\x01\x02",
    ],
)
def test_a_long_or_broken_text_is_read(locator: PlaceLocator, text: str) -> None:
    for mention in locator.locate(text, "en").mentions:
        assert text[mention.start : mention.end] == mention.text


@pytest.mark.parametrize(
    "pin", [Pin(0, 0), Pin(91, 0), Pin(float("nan"), 1), Pin(float("inf"), 1), Pin(-99.5, 40.3)]
)
def test_a_pin_that_cannot_be_here_is_no_place(locator: PlaceLocator, pin: Pin) -> None:
    assert locator.at(pin) is None
