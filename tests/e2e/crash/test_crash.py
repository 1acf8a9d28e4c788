"""Random load on every channel, a city and providers that fail at random, and kill -9 at random moments.

CRASH_KILLS is how often the bridges die in all (20), CRASH_SEED replays a plan: the same stories, the same
faults, the same moments.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from bridge.demo.providers import Providers
from tests.e2e.city import fine
from tests.e2e.crash import mind
from tests.e2e.crash.load import Life, Load, reports
from tests.e2e.crash.plan import FAULTS, Plan
from tests.e2e.crash.reckoning import Autopsies, Verdict, reckon
from tests.e2e.process import Orders
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import until

KILLS = int(os.environ.get("CRASH_KILLS", "20"))
SEED = os.environ.get("CRASH_SEED") or secrets.token_hex(4)
BRIDGES = 2
RESIDENTS_AT_ONCE = 15
LONGEST_LIFE = 90  # seconds in which even a slow machine does the steps that a life lasts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one bridge's residents went through, and what it came to."""

    lives: Sequence[Life]
    autopsies: Autopsies
    verdict: Verdict


async def crash(folder: Path, models_dir: Path, plan: Plan, kills: int) -> Outcome:
    """One bridge's many lives under one plan."""
    autopsies = Autopsies()
    async with surroundings(folder, models_dir, mind.serve) as here:
        await here.bridge.start()
        await here.bridge.serving()
        load = Load(here, plan, asyncio.Event())
        async with asyncio.TaskGroup() as group:
            living = group.create_task(load.run(RESIDENTS_AT_ONCE))
            failing = [group.create_task(fail(here.providers, plan, channel)) for channel in FAULTS]
            here.city.trouble = plan.city()
            await kill(here, plan, kills, autopsies)
            for task in failing:
                task.cancel()
            here.city.trouble = fine
            load.enough.set()
            await living
        await here.quiet()
        await here.bridge.stop()
        return Outcome(load.lives, autopsies, reckon(here, load.lives, autopsies))


async def kill(here: Surroundings, plan: Plan, kills: int, autopsies: Autopsies) -> None:
    """Kills the bridge so often, at the plan's moments, and leaves it running."""
    for end in itertools.islice(plan.kills(), kills):
        if isinstance(end, Orders):
            here.bridge.condemn(end)
        else:
            await asyncio.sleep(end)
            here.bridge.kill()
        await here.bridge.dead(LONGEST_LIFE)
        await asyncio.to_thread(autopsies.examine, here.data / "bridge.db")
        here.bridge.pardon()
        await here.bridge.start()
    await here.bridge.serving()


async def fail(providers: Providers, plan: Plan, channel: str) -> None:
    """Lets a provider fail as planned, until cancelled."""
    next_at = 0
    for replies, fault in plan.faults(channel):
        next_at += replies
        await until(partial(_took, providers, channel, next_at), seconds=3600)
        fault(providers)


def _took(providers: Providers, channel: str, number: int) -> bool:
    """Whether a provider took so many replies."""
    match channel:
        case "sms":
            return len(providers.twilio.texts) >= number
        case "mail":
            return len(providers.mail.mails) >= number
        case _:
            return len(providers.telegram.said) >= number


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Sequence[Outcome]:
    async def run() -> Sequence[Outcome]:
        plans = [Plan(f"{SEED}/{number}") for number in range(BRIDGES)]
        folders = [tmp_path_factory.mktemp("crash") for _ in plans]
        shares = [KILLS // BRIDGES + (number < KILLS % BRIDGES) for number in range(BRIDGES)]
        parts = zip(folders, plans, shares, strict=True)
        return await asyncio.gather(*(crash(folder, models_dir, plan, kills) for folder, plan, kills in parts))

    print(f"\nCRASH_SEED={SEED} CRASH_KILLS={KILLS}")
    with contextlib.chdir(Path(__file__).parents[3]):
        ended = asyncio.run(run())
    for outcome in ended:
        print(summary(outcome))
    return ended


def summary(outcome: Outcome) -> str:
    """What happened, in a line for a person, and the doubled replies."""
    lives, verdict = outcome.lives, outcome.verdict
    said = sum(life.acknowledged for life in lives)
    line = f"{len(lives)} residents, {said} messages, {reports(lives)} reports; at kills under way: "
    line += f"{len(outcome.autopsies.replies)} replies, {outcome.autopsies.posts} posts; "
    return line + f"doubled: {', '.join(verdict.doubles) or 'none'}"


def test_whatever_dies_nothing_is_lost_doubled_or_disordered(outcomes: Sequence[Outcome]) -> None:
    assert [fault for outcome in outcomes for fault in outcome.verdict.faults] == []


def test_there_was_something_to_lose(outcomes: Sequence[Outcome]) -> None:
    assert all(reports(outcome.lives) > RESIDENTS_AT_ONCE / 2 for outcome in outcomes)
