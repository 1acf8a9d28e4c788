"""What to do with a classified text: three thresholds a city can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.vocabulary import ASK, CIVIC, SUBMIT, Guess, Service

Action = Literal["submit", "ask", "staff", "not_civic", "emergency"]

_CATCH_ALL = re.compile(
    r"^(all |any )?(other|others|misc\w*|general|something else|not listed|none of (these|the above)|unknown|"
    r"uncategori[sz]ed|unspecified)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`submit`: file unasked from this probability on; `ask`: offer a service from this probability on, else hand
    to staff; `civic`: below this probability of being a municipal matter nothing is filed. They are the ones the
    conversation goes by; a learned model brings its own `submit`."""

    submit: float = SUBMIT
    ask: float = ASK
    civic: float = CIVIC


def action(guesses: Sequence[Guess], civic: float, services: dict[str, Service], thresholds: Thresholds) -> Action:
    """The action for guesses that come best first. A catch-all service is never chosen unasked."""
    if civic < thresholds.civic:
        return "not_civic"
    if not guesses or guesses[0].p < thresholds.ask:
        return "staff"
    if guesses[0].p < thresholds.submit or is_catch_all(services[guesses[0].service_code]):
        return "ask"
    return "submit"


def is_catch_all(service: Service) -> bool:
    """Whether a service is a city's "Other": what has no service of its own."""
    return bool(_CATCH_ALL.match(service.service_name.replace("_", " ").strip()))
