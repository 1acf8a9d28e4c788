"""A bridge that is asked to end finishes what it has in hand, waits for nothing else, and says nothing twice.

That this takes under five seconds is measured by `python -m tests.bench.stop`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.crash import mind
from tests.e2e.residents import Chatter, Texter, hears
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import until

NEVER = 600  # seconds: whoever ends before them has not waited


@pytest.fixture
async def bridged(tmp_path: Path, models_dir: Path) -> AsyncIterator[Surroundings]:
    async with surroundings(tmp_path, models_dir, mind.serve) as made:
        await made.bridge.start()
        await made.bridge.serving()
        yield made


async def start_again(here: Surroundings) -> None:
    await here.bridge.start()
    await here.bridge.serving()
    await here.quiet()


async def test_a_reply_in_hand_is_said_once(bridged: Surroundings) -> None:
    resident = Chatter(bridged.providers, 1)
    bridged.providers.telegram.stall(1)
    await resident.say("hello there")
    await until(resident.heard)
    await bridged.bridge.stop()
    await start_again(bridged)
    assert len(resident.heard()) == 1


async def test_a_report_in_hand_is_known_to_have_arrived(bridged: Surroundings) -> None:
    resident = Texter(bridged.providers, 2)
    bridged.city.trouble = lambda method: "slow" if method == "POST" else "none"
    await resident.say("huge pothole at 412 Oak St")
    await until(bridged.city.requests)
    await bridged.bridge.stop()
    assert bridged.rows("SELECT outcome FROM attempt") == [("accepted",)]
    await start_again(bridged)
    await hears(resident, r"Its number is (\d+)\.")
    assert len(bridged.city.requests()) == 1


async def test_what_does_not_end_in_time_is_left_and_taken_up_again(bridged: Surroundings) -> None:
    resident = Chatter(bridged.providers, 3)
    bridged.providers.telegram.stall(NEVER)
    await resident.say("hello there")
    await until(resident.heard)
    await bridged.bridge.stop()
    await start_again(bridged)
    assert len(resident.heard()) == 2
