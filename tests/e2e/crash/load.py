"""Residents who live through a plan: each tells its story, and wants to hear all it should."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.e2e.crash.plan import Plan, Problem, Story
from tests.e2e.residents import RESIDENTS, Resident, hears
from tests.e2e.surroundings import Surroundings
from tests.e2e.waiting import until

PATIENCE_SECONDS = 900  # a bridge that dies and waits out failures is slow; it must not be silent
NUMBER = r"Its number is (\d+)\."


@dataclass
class Life:
    """A resident, the story, and how many messages were acknowledged so far."""

    resident: Resident
    story: Story
    acknowledged: int = 0
    request_ids: list[str] = field(default_factory=list)

    async def say(self, text: str) -> None:
        await self.resident.say(text)
        self.acknowledged += 1

    async def live(self, here: Surroundings) -> None:
        """Tells the story. Raises Silence where an answer does not come."""
        if self.story.kind == "chatter":
            await self.say(self.story.words)
            await until(self.resident.heard, PATIENCE_SECONDS)
            return
        for problem in self.story.problems:
            await self._report(problem)
            await until(self.resident.heard, PATIENCE_SECONDS)  # else both may become one report
        self.request_ids = await self._numbers()
        for request_id in self.request_ids:
            await asyncio.to_thread(here.city.desk.change_status, request_id, "closed", f"Done, {request_id}.")
        for request_id in self.request_ids:
            await hears(self.resident, rf"{request_id} is closed.*Done, {request_id}\.", PATIENCE_SECONDS)

    async def _report(self, problem: Problem) -> None:
        if self.story.kind != "asked":
            await self.say(f"{problem.words} at {problem.place}")
            return
        await self.say(f"{problem.words} on our block")
        await until(self.resident.heard, PATIENCE_SECONDS)
        await self.say(problem.place)

    async def _numbers(self) -> list[str]:
        """The numbers of all its reports, once each is told."""

        def told() -> list[str]:
            found = (re.search(NUMBER, text) for text in self.resident.heard())
            numbers = list(dict.fromkeys(match[1] for match in found if match))
            return numbers if len(numbers) >= len(self.story.problems) else []

        try:
            return await until(told, PATIENCE_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{self.resident.address}: {self.story}, heard {self.resident.heard()}") from None


@dataclass
class Load:
    """Residents, so many at a time, one after another until `enough` is set."""

    here: Surroundings
    plan: Plan
    enough: asyncio.Event
    lives: list[Life] = field(default_factory=list)

    async def run(self, at_once: int) -> None:
        """Returns when everybody's story is told to its end."""
        numbers = itertools.count()
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._one_after_another(numbers))

    async def _one_after_another(self, numbers: itertools.count[int]) -> None:
        while not self.enough.is_set():
            number = next(numbers)
            resident = RESIDENTS[number % len(RESIDENTS)](self.here.providers, number)
            life = Life(resident, self.plan.story(number))
            self.lives.append(life)
            await life.live(self.here)


def reports(lives: Sequence[Life]) -> int:
    """How many reports these residents made."""
    return sum(len(life.story.problems) for life in lives)
