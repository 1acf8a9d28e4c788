"""Random load on every channel, a city and providers that fail at random, and kill -9 at random moments.

One bridge is a single process on SQLite; the other is four on PostgreSQL, of which any may die while the others go
on. CRASH_KILLS is how often they die in all (20), CRASH_SEED replays a plan: the same stories, faults and moments.
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
from tests.e2e.crash.load import PATIENCE_SECONDS, Life, Load, reports
from tests.e2e.crash.plan import FAULTS, Plan
from tests.e2e.crash.reckoning import Autopsies, Verdict, reckon
from tests.e2e.process import Orders
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import until
from tests.postgres import server

KILLS = int(os.environ.get("CRASH_KILLS", "20"))
SEED = os.environ.get("CRASH_SEED") or secrets.token_hex(4)
ALONE = ("",)
MANY = ("intake", "worker", "worker,tick", "worker,tick")  # the last two want to lead both
RESIDENTS_AT_ONCE = 15
LONGEST_LIFE = 90  # seconds in which even a slow machine does the steps that a life lasts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one bridge's residents went through, and what it came to."""

    lives: Sequence[Life]
    autopsies: Autopsies
    verdict: Verdict


async def crash(folder: Path, models_dir: Path, plan: Plan, kills: int, database: str = "") -> Outcome:
    """One bridge's many lives under one plan."""
    autopsies = Autopsies()
    roles = MANY if database else ALONE
    async with surroundings(folder, models_dir, mind.serve, database=database, roles=roles) as here:
        for process in here.processes:
            await process.start()
        for process in here.processes:
            await process.serving()
        load = Load(here, plan, asyncio.Event())
        async with asyncio.TaskGroup() as group:
            living = group.create_task(load.run(RESIDENTS_AT_ONCE))
            failing = [group.create_task(fail(here.providers, plan, channel)) for channel in FAULTS]
            here.city.trouble = plan.city()
            await (kill_any if database else kill)(here, plan, kills, autopsies)
            for task in failing:
                task.cancel()
            here.city.trouble = fine
            load.enough.set()
            await living
        await here.quiet(PATIENCE_SECONDS)
        for process in here.processes:
            await process.stop()
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
        await asyncio.to_thread(autopsies.examine, here)
        here.bridge.pardon()
        await here.bridge.start()
    await here.bridge.serving()


async def kill_any(here: Surroundings, plan: Plan, kills: int, autopsies: Autopsies) -> None:
    """Kills one of the bridge's processes so often, while the others go on, and leaves all running."""
    for number, seconds in itertools.islice(plan.victims(len(here.processes)), kills):
        await asyncio.sleep(seconds)
        victim = here.processes[number]
        await asyncio.to_thread(autopsies.examine, here)
        victim.kill()
        await victim.dead()
        await asyncio.to_thread(autopsies.examine, here)
        await victim.start()
    for process in here.processes:
        await process.serving()


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
    """A bridge on SQLite, and one of many processes on PostgreSQL, at the same time."""
    print(f"\nCRASH_SEED={SEED} CRASH_KILLS={KILLS}")
    folders = [tmp_path_factory.mktemp("crash") for _ in range(2)]

    async def run(database: str) -> Sequence[Outcome]:
        alone = crash(folders[0], models_dir, Plan(f"{SEED}/0"), (KILLS + 1) // 2)
        many = crash(folders[1], models_dir, Plan(f"{SEED}/1"), KILLS // 2, database)
        return await asyncio.gather(alone, many)

    with contextlib.chdir(Path(__file__).parents[3]), server() as postgres:
        ended = asyncio.run(run(postgres.new_database()))
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
