"""Which of several cities a place is in: its boundary says, before any gazetteer does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.understanding import understand
from bridge.vocabulary import Classified, Guess, Inbound, InboundKind, Located, Pin, Place, Service
from tests.tracking.world import ScriptedEndpoint

EAST, WEST, FAR = Place("1 Oak St", 1.0, 1.0), Place("2 Elm St", 1.0, -1.0), Place("9 Sea Rd", 1.0, 50.0)


@dataclass
class Knows:
    """A gazetteer of a few places."""

    places: Sequence[Place]

    def locate(self, text: str, language: str, near: Place | None = None) -> Located:
        return Located(candidates=tuple(place for place in self.places if place.address in text))

    def at(self, pin: Pin) -> Place | None:
        return Place("", pin.lat, pin.long, pin.accuracy_m)


class Potholes:
    """Hears of potholes alone."""

    def classify(self, text: str, language: str) -> Classified:
        return Classified((Guess("001", 0.9),), 0.9)


def city(id: str, places: Sequence[Place], west: float | None = None, east: float = 0.0) -> Jurisdiction:
    made = Jurisdiction(
        id=id,
        name=id,
        endpoint=ScriptedEndpoint(),
        locator=Knows(places),
        bind_classifier=lambda services: Potholes(),
        detect=lambda text, language: "en",
        holds=None if west is None else lambda lat, long: west <= long <= east,
    )
    made.offer([Service("001", "Pothole")])
    return made


def found(cities: Sequence[Jurisdiction], text: str = "", pin: Pin | None = None) -> tuple[str, bool, int]:
    """The city, whether the place is outside, and the number of places."""
    at = datetime(2026, 6, 1, tzinfo=UTC)
    message = Inbound("texts", "sms", InboundKind.MESSAGE, "k", "+1", "+1", at, text=text, pin=pin)
    understood, _ = understand(cities, message)
    return understood.city_id, understood.located.outside, len(understood.located.candidates)


def test_a_place_one_city_knows_goes_to_the_city_it_is_in() -> None:
    east, west = city("east", [EAST, WEST], 0.0, 2.0), city("west", [], -2.0, -0.1)
    assert found([east, west], "pothole at 2 Elm St") == ("west", False, 1)


def test_a_place_outside_every_boundary_is_outside() -> None:
    east, west = city("east", [EAST, FAR], 0.0, 2.0), city("west", [WEST], -2.0, -0.1)
    assert found([east, west], "pothole at 9 Sea Rd") == ("east", True, 0)


def test_a_pin_outside_the_only_city_is_outside() -> None:
    assert found([city("east", [], 0.0, 2.0)], pin=Pin(1.0, 50.0)) == ("east", True, 0)


def test_a_city_without_a_boundary_takes_what_no_boundary_holds() -> None:
    east, rest = city("east", [EAST, FAR], 0.0, 2.0), city("rest", [])
    assert found([east, rest], "pothole at 9 Sea Rd") == ("rest", False, 1)
    assert found([east, rest], "pothole at 1 Oak St") == ("east", False, 1)


def test_without_boundaries_the_first_that_knows_the_place_takes_it() -> None:
    assert found([city("one", []), city("two", [EAST])], "pothole at 1 Oak St") == ("two", False, 1)


def test_words_without_any_place_are_the_accounts_own_citys() -> None:
    assert found([city("one", [], 0.0, 2.0), city("two", [])], "a pothole") == ("one", False, 0)
