"""A pin, a photo and what is known of the sender say where, each as exactly as it can."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from PIL.TiffImagePlugin import IFDRational

from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.understanding import Known, understand
from bridge.photos import develop
from bridge.vocabulary import Classified, Guess, Inbound, InboundKind, Located, Pin, Place, Service
from classifiers.geocode import PlaceLocator
from tests.photos.made import photo, position
from tests.tracking.world import ScriptedEndpoint

CORNER = (40.348479, -99.510928)  # Main St & 5th St
ON_MAIN = (40.3485, -99.5030)
HOME = (40.3548, -99.5180)


class Potholes:
    """Hears of potholes alone."""

    def classify(self, text: str, language: str) -> Classified:
        return Classified((Guess("001", 0.9),), 0.9)


@pytest.fixture
def fairview_city(locator: PlaceLocator) -> Jurisdiction:
    made = Jurisdiction("fairview", "Fairview", ScriptedEndpoint(), locator, lambda _: Potholes(), lambda *_: "en")
    made.offer([Service("001", "Pothole")])
    return made


def located(
    city: Jurisdiction, text: str = "", pin: Pin | None = None, taken: Pin | None = None, known: Known = Known()
) -> Located:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    message = Inbound("texts", "sms", InboundKind.MESSAGE, "k", "+1", "+1", at, text=text, pin=pin)
    return understand([city], message, known, taken)[0].located


# --------------------------------------------------------------------------------------------------- pins


def test_a_pin_is_sent_unasked(fairview_city: Jurisdiction) -> None:
    found = located(fairview_city, pin=Pin(*CORNER))
    assert not found.ask
    assert (found.candidates[0].lat, found.candidates[0].source) == (CORNER[0], "pin")


def test_a_pin_as_wide_as_a_neighbourhood_is_asked_about_by_its_street(fairview_city: Jurisdiction) -> None:
    found = located(fairview_city, pin=Pin(*ON_MAIN, accuracy_m=400))
    assert found.ask
    assert [place.address for place in found.candidates] == ["Main St"]


# ------------------------------------------------------------------------------------------------- photos


def test_a_photo_alone_says_where(fairview_city: Jurisdiction) -> None:
    found = located(fairview_city, "pothole", taken=Pin(*ON_MAIN, accuracy_m=8))
    assert not found.ask
    assert (found.candidates[0].lat, found.candidates[0].source) == (ON_MAIN[0], "photo")


def test_a_photo_says_where_on_a_street_that_is_named_alone(fairview_city: Jurisdiction) -> None:
    found = located(fairview_city, "pothole on main st", taken=Pin(*ON_MAIN, accuracy_m=8))
    assert not found.ask
    assert found.candidates[0].long == ON_MAIN[1]


def test_a_photo_tells_which_of_two_places_is_meant(fairview_city: Jurisdiction) -> None:
    found = located(fairview_city, "pothole at 512 oak", taken=Pin(40.3474, -99.5107, 8))
    assert ([place.address for place in found.candidates], found.ask) == (["512 Oak St"], False)


def test_sure_words_are_believed_before_a_photo(fairview_city: Jurisdiction) -> None:
    found = located(fairview_city, "pothole at 412 oak st", taken=Pin(*HOME, 8))
    assert [place.address for place in found.candidates] == ["412 Oak St"]


def test_a_photo_that_hardly_knows_where_it_was_taken_is_asked_about(fairview_city: Jurisdiction) -> None:
    assert located(fairview_city, "pothole", taken=Pin(*ON_MAIN, accuracy_m=900)).ask


def test_a_photo_from_another_country_changes_nothing(fairview_city: Jurisdiction) -> None:
    found = located(fairview_city, "pothole", taken=Pin(48.85, 2.29, 8))
    assert (found.candidates, found.ask) == ((), True)


ALTITUDES: list[Any] = [
    IFDRational(4_294_967_295, 1),
    IFDRational(1, 0),
    tuple(IFDRational(n, 1) for n in range(5_000)),
    b"\xff" * 5_000,
]


@pytest.mark.filterwarnings("ignore:Metadata Warning")  # by the writer of this very lie
@pytest.mark.parametrize("altitude", ALTITUDES, ids=["high", "infinite", "many", "bytes"])
def test_an_altitude_that_lies_takes_nothing_from_the_place(altitude: Any) -> None:
    kind: type = type(altitude)
    tag = 6 if kind in (IFDRational, tuple) else 29
    pin = develop(photo(gps={**position(*ON_MAIN), tag: altitude})).pin
    assert pin is not None
    assert (pin.lat, pin.long) == pytest.approx(ON_MAIN, abs=1e-5)


def test_a_photo_of_nowhere_or_cut_short_says_no_place() -> None:
    assert develop(photo(gps=position(0, 0))).pin is None
    whole = photo(gps=position(*ON_MAIN))
    start = whole.index(b"Exif")
    broken = whole[: start + 60] + bytes(40) + whole[start + 100 :]
    assert develop(broken).pin is None


# -------------------------------------------------------------------------------------- who the sender is


def test_the_newest_report_s_place_tells_equal_addresses_apart(fairview_city: Jurisdiction) -> None:
    known = Known(last_place=Place("300 School St", 40.3484, -99.5190))
    found = located(fairview_city, "pothole at 512 oak", known=known)
    assert ([place.address for place in found.candidates], found.ask) == (["512 Oak Ave"], False)
