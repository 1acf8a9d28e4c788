"""Everything random about a crash test, drawn from its seed: who says what, what fails, when the bridge is killed.

Each part draws from a generator of its own, so what one part does never shifts what another one draws.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.demo.providers import Providers
from tests.e2e.city import Trouble
from tests.e2e.process import Orders

STREETS = ("Oak St", "Elm St", "Maple St", "Main St", "5th St", "7th St")
PROBLEMS = (
    ("Pothole", "huge pothole"),
    ("Street light out", "the street light is dark again"),
    ("Graffiti", "graffiti all over the wall"),
    ("Illegal dumping", "somebody dumped a couch and a bunch of trash bags"),
)
CHATTER = ("hello there", "i love pizza", "good morning, how are you today")

Fault = Callable[[Providers], None]
"""Makes a provider fail once."""

Kind = Literal["at once", "asked", "two", "chatter"]
KINDS: tuple[Kind, ...] = ("at once", "at once", "asked", "asked", "two", "chatter")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where. `service` is the city's name for it."""

    service: str
    words: str
    place: str


@dataclass(frozen=True, slots=True)
class Story:
    """What one resident has to say. at once: all in one message; asked: the place only when asked for it; two:
    two problems in two messages, the second once the first was answered; chatter: nothing to report."""

    kind: Kind
    problems: tuple[Problem, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One seed's plan for one bridge."""

    seed: str

    def story(self, number: int) -> Story:
        """What the resident of that number has to say."""
        draw = self._draw(f"resident {number}")
        kind = draw.choice(KINDS)
        if kind == "chatter":
            return Story(kind, words=draw.choice(CHATTER))
        count = 2 if kind == "two" else 1
        return Story(kind, tuple(_problem(draw) for _ in range(count)))

    def kills(self) -> Iterator[Orders | float]:
        """When each life ends: most a moment after so many steps of the flow, which is the same moment of the
        work on a quick machine and on a slow one; some a few seconds after their start, up already or not."""
        draw = self._draw("kills")
        while True:
            orders = Orders(nth=draw.randrange(1, 100), seconds=draw.uniform(0.001, 0.05))
            yield draw.uniform(0, 3) if draw.random() < 0.2 else orders

    def victims(self, count: int) -> Iterator[tuple[int, float]]:
        """Which of so many processes is killed next, and how many seconds from now."""
        draw = self._draw("victims")
        while True:
            yield draw.randrange(count), draw.uniform(0.1, 2.5)

    def city(self) -> Callable[[str], Trouble]:
        """What goes wrong at the city."""
        draw = self._draw("city")

        def trouble(method: str) -> Trouble:
            if method == "GET":
                return draw.choices(("none", "busy", "slow"), (90, 7, 3))[0]
            kinds: tuple[Trouble, ...] = ("none", "busy", "slow", "stored and silent", "stored and failed")
            return draw.choices(kinds, (60, 10, 15, 8, 7))[0]

        return trouble

    def faults(self, channel: str) -> Iterator[tuple[int, Fault]]:
        """What goes wrong at a provider: how many replies it takes before, and what it is."""
        draw = self._draw(channel)
        while True:
            yield draw.randrange(1, 8), draw.choice(FAULTS[channel])

    def _draw(self, what: str) -> random.Random:
        return random.Random(f"{self.seed} {what}")


# Telegram and mail cannot be asked whether they took a message, so none of theirs takes one and then fails.
FAULTS: Mapping[str, Sequence[Fault]] = {
    "sms": (
        lambda providers: providers.twilio.refuse(503, 20503, "Service unavailable"),
        lambda providers: providers.twilio.refuse(500, 20500, "Internal server error"),
        lambda providers: providers.twilio.refuse(429, 20429, "Too many requests"),
        lambda providers: providers.twilio.stall(4),
    ),
    "mail": (
        lambda providers: providers.mail.refuse("450 4.2.1 Mailbox busy"),
        lambda providers: providers.mail.refuse("451 4.3.0 Try again later", stage="DATA"),
    ),
    "chat": (
        lambda providers: providers.telegram.refuse(429, "Too Many Requests: retry after 1", retry_after=1),
        lambda providers: providers.telegram.refuse(502, "Bad Gateway"),
    ),
}


def _problem(draw: random.Random) -> Problem:
    service, words = draw.choice(PROBLEMS)
    return Problem(service, words, f"{2 * draw.randrange(100, 300)} {draw.choice(STREETS)}")
