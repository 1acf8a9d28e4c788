"""From the words of a message, or a pin, to places in one city: the bridge's Locator.

`PlaceLocator` lets the extractor find the mentions, adds the city's own names, lets them say together where it
is ("5th" and "the library" are a point), and says whether the resident must be asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Protocol

from bridge.vocabulary import Located, Mention, Pin, Place
from classifiers.gazetteer import Gazetteer
from classifiers.places import choosing, grammar, spotting
from classifiers.places.geometry import Point
from classifiers.places.resolve import Found

ASK_ABOVE_M = 75.0
"""A place less sure than this is never used without asking."""

MOST_CANDIDATES = 3
_CERTAIN = 0.79
_HOUSE = re.compile(r"^[\d-]+\s+")


class Extractor(Protocol):
    """Finds the mentions of a text; `classifiers.addresses.load` gives one."""

    @property
    def everyday(self) -> Collection[str]:
        """Words that are no street's name without its type."""
        ...

    def atoms(self, text: str, language: str = "en") -> tuple[Mention, ...]:
        """The single mentions of a text, before streets are joined into intersections and stretches."""
        ...


class PlaceLocator:
    """Locates texts and pins in the city of one gazetteer (the `bridge.ports.Locator` protocol)."""

    def __init__(self, gazetteer: Gazetteer, extractor: Extractor) -> None:
        self._gazetteer, self._extractor = gazetteer, extractor

    def locate(self, text: str, language: str = "en", near: Place | None = None) -> Located:
        """The mentions of a text and at most three places it may mean, best first. Never raises.

        `near` is where the sender was last: of equal places the one beside it is meant.
        """
        found = self._extractor.atoms(text, language)
        atoms = spotting.with_known_names(self._gazetteer, text, found, self._extractor.everyday)
        reading = choosing.Reading(self._gazetteer, text, grammar.joined(text, atoms))
        mentions = tuple(j.mention for j in reading.said)
        places = choosing.places(reading)
        inside = [f for f in places if self._gazetteer.contains(f.at)]
        if (places and not inside) or choosing.elsewhere(reading):
            return Located(mentions, outside=True)
        candidates = choosing.settled(reading, inside, _point(near))
        return Located(mentions, tuple(_place(f) for f in candidates[:MOST_CANDIDATES]), _must_ask(candidates))

    def at(self, pin: Pin) -> Place | None:
        """The place of a pin with the nearest known address; None outside the city's boundary."""
        point = (pin.lat, pin.long)
        if not self._gazetteer.contains(point):
            return None
        near = self._gazetteer.nearest_address(point)
        accuracy = pin.accuracy_m or 15.0
        return Place(pin.label or _label(near, accuracy), pin.lat, pin.long, accuracy, "pin", "pin")


def _label(near: tuple[str, float] | None, accuracy_m: float) -> str:
    """The address a pin lies at, that it lies near, or, where it is wider than that, the street."""
    if near is None:
        return ""
    if accuracy_m > ASK_ABOVE_M:
        return _HOUSE.sub("", near[0])
    return f"near {near[0]}" if near[1] > 30 else near[0]


def _point(place: Place | None) -> Point | None:
    return (place.lat, place.long) if place and place.lat is not None and place.long is not None else None


def _place(found: Found) -> Place:
    lat, long = (round(v, 6) for v in found.at)
    return Place(found.address, lat, long, round(found.accuracy_m, 1), found.why)


def _must_ask(candidates: Sequence[Found]) -> bool:
    if len(candidates) != 1:
        return True
    best = candidates[0]
    return best.vague or best.accuracy_m > ASK_ABOVE_M or best.score < _CERTAIN
