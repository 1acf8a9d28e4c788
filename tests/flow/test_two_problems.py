"""When what the parts of a message are about makes them two problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.understanding import understand
from bridge.vocabulary import Classified, Guess, Inbound, InboundKind, Pin
from tests.flow.test_boundaries import Knows
from tests.tracking.world import ScriptedEndpoint

AT = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = "The swing is broken. A lamp is out"
PARK, LAMP = {"park": 0.9, "lamp": 0.01}, {"park": 0.01, "lamp": 0.9}


class Told:
    """Takes each text for what it was told to, and the parts within a text for `within`, if given."""

    def __init__(
        self, alone: Mapping[str, Mapping[str, float]], within: Sequence[Mapping[str, float]] = ()
    ) -> None:
        self._alone, self._within = alone, within
        self.read: list[str] = []

    def classify(self, text: str, language: str) -> Classified:
        self.read.append(text)
        return _classified(self._alone[text])

    def classify_parts(self, text: str, parts: Sequence[tuple[int, int]], language: str) -> list[Classified]:
        said = [self._alone[text[start:end]] for start, end in parts]
        return [_classified(self._alone[text]), *map(_classified, self._within or said)]


def _classified(p: Mapping[str, float]) -> Classified:
    ranked = sorted(p.items(), key=lambda each: -each[1])
    return Classified(tuple(Guess(code, each) for code, each in ranked), 1.0)


def parts(classifier: Told, text: str = TEXT, pin: Pin | None = None) -> list[tuple[str, str]]:
    """The text and the service of each problem, none where it is one."""
    here = Jurisdiction("here", "Here", ScriptedEndpoint(), Knows([]), lambda _: classifier, lambda *_: "en")
    here.offer([])
    said = Inbound("texts", "sms", InboundKind.MESSAGE, "k", "+1", "+1", AT, text=text, pin=pin)
    _, found = understand([here], said)
    return [(part.text, part.guesses[0].service_code) for part in found]


def told(
    one: Mapping[str, float], two: Mapping[str, float], whole: Mapping[str, float]
) -> dict[str, Mapping[str, float]]:
    return {TEXT: whole, "The swing is broken": one, "A lamp is out": two}


BOTH = {"park": 0.5, "lamp": 0.4}


def test_two_sure_parts_of_different_services_are_two_problems() -> None:
    assert parts(Told(told(PARK, LAMP, BOTH))) == [("The swing is broken", "park"), ("A lamp is out", "lamp")]


@pytest.mark.parametrize(
    ("one", "two", "whole"),
    [
        (PARK, {"park": 0.9, "lamp": 0.05}, BOTH),  # the same service
        (PARK, {"park": 0.3, "lamp": 0.6}, BOTH),  # neighbours
        (PARK, {"park": 0.05, "lamp": 0.06}, BOTH),  # unsure
        ({}, LAMP, BOTH),  # nothing at all
    ],
)
def test_like_and_unsure_parts_are_one_problem(
    one: Mapping[str, float], two: Mapping[str, float], whole: Mapping[str, float]
) -> None:
    assert not parts(Told(told(one, two, whole)))


def test_what_the_whole_text_does_not_tell_of_counts_less() -> None:
    fair = {"park": 0.05, "lamp": 0.3}
    assert parts(Told(told(PARK, fair, BOTH)))
    assert not parts(Told(told(PARK, fair, {"park": 0.97})))


def test_parts_that_are_unlikely_within_the_text_are_not_read_by_themselves() -> None:
    unlikely = Told(told(PARK, LAMP, BOTH), within=[PARK, {"park": 0.3, "lamp": 0.2}])
    assert not parts(unlikely)
    assert unlikely.read == []


def test_parts_that_are_likely_within_the_text_decide_by_themselves() -> None:
    likely = Told(told(PARK, {"park": 0.9}, BOTH), within=[PARK, LAMP])
    assert not parts(likely)
    assert likely.read == ["The swing is broken", "A lamp is out"]


def test_a_message_with_a_pin_is_one_problem() -> None:
    assert not parts(Told(told(PARK, LAMP, BOTH)), pin=Pin(0.0, 0.0))
