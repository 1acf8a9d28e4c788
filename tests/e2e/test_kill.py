"""kill -9 between each pair of steps of one report: it reaches the city once, and its resident hears of it.

The many deaths are of a bridge with a cheap mind, which starts ten times as fast; two are of the whole program.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.crash import mind
from tests.e2e.process import Main, Orders, serve
from tests.e2e.residents import RESIDENTS, Resident, hears
from tests.e2e.surroundings import Surroundings, surroundings

STORED_AT_CITY = "the city stored it and has not answered"
ON_THE_WAY_THERE = (
    "inbound received",
    "inbound stored",
    "inbound claimed",
    "inbound understood",
    "inbound handled",
    "timer claimed",
    "timer handled",
    "submission claimed",
    "attempt opened",
    STORED_AT_CITY,
    "report submitted",
    "report accepted",
    "reply claimed",
    "reply sent",
    "reply closed",
)
ON_THE_WAY_BACK = ("status seen", "status changed", "reply claimed", "reply sent")
JOURNEYS = [("there", step) for step in ON_THE_WAY_THERE] + [("back", step) for step in ON_THE_WAY_BACK]


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of one report: how often it is at the city, and what its resident heard."""

    copies: int
    heard: Sequence[str]


async def journey(here: Surroundings, resident: Resident, street_number: int, way: str, step: str) -> Ending:
    """One report whose bridge is killed at one step, and started again."""
    words = f"huge pothole at {street_number} Oak St"
    if way == "there":
        _condemn(here, step)
    speaking = asyncio.create_task(resident.say(words))
    if way == "there":
        await _restart(here)
    await speaking
    request_id = (await hears(resident, r"Its number is (\d+)\."))[1]
    if way == "back":
        _condemn(here, step)
    here.city.desk.change_status(request_id, "closed", "Filled.")
    if way == "back":
        await _restart(here)
    await hears(resident, rf"Report {request_id} is closed.*Filled\.")
    await here.quiet()
    return Ending(here.city.saying(words), resident.heard())


def _condemn(here: Surroundings, step: str) -> None:
    if step == STORED_AT_CITY:
        here.city.after_post = here.bridge.kill
    else:
        here.bridge.condemn(Orders(step))


async def _restart(here: Surroundings) -> None:
    await here.bridge.dead()
    here.bridge.pardon()
    here.city.after_post = lambda: None
    await here.bridge.start()


async def chain(
    folder: Path, models_dir: Path, journeys: Sequence[tuple[str, str]], main: Main = mind.serve
) -> list[Ending]:
    """One bridge that dies in every journey and goes on from where it was."""
    async with surroundings(folder, models_dir, main) as here:
        await here.bridge.start()
        await here.bridge.serving()
        kinds = itertools.cycle(RESIDENTS)
        endings = []
        for number, (way, step) in enumerate(journeys):
            resident = next(kinds)(here.providers, number)
            endings.append(await journey(here, resident, 400 + 2 * number, way, step))
        return endings


async def both_chains(folders: Sequence[Path], models_dir: Path) -> dict[tuple[str, str], Ending]:
    """Every other journey in one bridge, the rest in another, at the same time."""
    halves = JOURNEYS[::2], JOURNEYS[1::2]
    chains = (chain(folder, models_dir, half) for folder, half in zip(folders, halves, strict=True))
    ended = await asyncio.gather(*chains)
    return {at: end for half, ends in zip(halves, ended, strict=True) for at, end in zip(half, ends, strict=True)}


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Mapping[tuple[str, str], Ending]:
    folders = [tmp_path_factory.mktemp("kill") for _ in range(2)]
    return asyncio.run(both_chains(folders, models_dir))


@pytest.fixture(params=JOURNEYS, ids="-".join)
def ending(request: pytest.FixtureRequest, endings: Mapping[tuple[str, str], Ending]) -> Ending:
    return endings[request.param]


def test_a_report_arrives_exactly_once(ending: Ending) -> None:
    assert ending.copies == 1


def test_its_resident_is_told_the_number_and_then_the_news_once_each(ending: Ending) -> None:
    """A reply may be at Twilio, and the bridge killed before that was noted: it is looked up there."""
    assert len(ending.heard) == 2


async def test_the_whole_program_goes_on_after_a_kill_too(tmp_path: Path, models_dir: Path) -> None:
    journeys = [("there", "inbound understood"), ("there", STORED_AT_CITY)]
    endings = await chain(tmp_path, models_dir, journeys, serve)
    assert [(ending.copies, len(ending.heard)) for ending in endings] == [(1, 2), (1, 2)]
