"""What to do with a classified text: three thresholds a city can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.vocabulary import ASK, CIVIC, SUBMIT, Guess, Service

Action = Literal["submit", "ask", "staff", "not_civic", "emergency"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`submit`: file unasked from this probability on; `ask`: offer a service from this probability on, else hand
    to staff; `civic`: below this probability of being a municipal matter nothing is filed. They are the ones the
    conversation goes by; a learned model brings its own `submit`."""

    submit: float = SUBMIT
    ask: float = ASK
    civic: float = CIVIC


def action(guesses: Sequence[Guess], civic: float, services: dict[str, Service], thresholds: Thresholds) -> Action:
    """The action for guesses that come best first. A city's "Other" is never chosen unasked,
    unless it has nothing else."""
    if civic < thresholds.civic:
        return "not_civic"
    if not guesses or guesses[0].p < thresholds.ask:
        return "staff"
    unasked = len(services) == 1 or not services[guesses[0].service_code].is_catch_all
    if guesses[0].p < thresholds.submit or not unasked:
        return "ask"
    return "submit"
