"""What is counted beforehand: quick counts stay young, slow ones are shown old and taken anew, none twice."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta

import pytest

from bridge.ports import Transaction
from bridge.web.console.taking import Counted
from tests.e2e.waiting import until
from tests.web.world import World

FRESH = timedelta(minutes=10)


class Count:
    """Gives how often it was asked for a key. Takes `seconds` by its own timer, and waits until it may `go` on."""

    def __init__(self) -> None:
        self.times: dict[str, int] = {}
        self.seconds = 0.0
        self.passed = 0.0
        self.go = threading.Event()
        self.go.set()
        self.is_broken = False

    def __call__(self, tx: Transaction, key: str, now: datetime) -> int:
        self.go.wait()
        if self.is_broken:
            raise RuntimeError("no figures today")
        self.passed += self.seconds
        self.times[key] = self.times.get(key, 0) + 1
        return self.times[key]

    def timer(self) -> float:
        return self.passed


@pytest.fixture
def count() -> Count:
    return Count()


@pytest.fixture
def counted(count: Count) -> Counted[str, int]:
    return Counted(FRESH, count, count.timer)


async def test_each_key_is_counted_when_it_is_first_asked_for(
    world: World, count: Count, counted: Counted[str, int]
):
    assert await counted.get(world.handling, "map") == (world.clock.time, 1)
    await counted.get(world.handling, "figures")
    assert count.times == {"map": 1, "figures": 1}


async def test_what_is_quick_to_count_is_kept_fifty_times_as_long_and_waited_for(
    world: World, count: Count, counted: Counted[str, int]
):
    count.seconds = 0.2
    first = await counted.get(world.handling, "map")
    world.clock.time += timedelta(seconds=10)
    assert await counted.get(world.handling, "map") == first
    world.clock.time += timedelta(seconds=1)
    assert await counted.get(world.handling, "map") == (world.clock.time, 2)


async def test_what_is_slow_to_count_is_shown_old_while_it_is_counted_anew(
    world: World, count: Count, counted: Counted[str, int]
):
    count.seconds = 20.0
    first = await counted.get(world.handling, "map")
    world.clock.time += FRESH
    assert await counted.get(world.handling, "map") == first
    world.clock.time += timedelta(seconds=1)
    count.go.clear()
    assert await counted.get(world.handling, "map") == first
    assert await counted.get(world.handling, "map") == first
    count.go.set()
    await until(lambda: count.times["map"] == 2)
    assert await counted.get(world.handling, "map") == (world.clock.time, 2)
    assert count.times == {"map": 2}


async def test_who_asks_at_the_same_time_shares_one_count(world: World, count: Count, counted: Counted[str, int]):
    count.go.clear()
    asking = [asyncio.create_task(counted.get(world.handling, "map")) for _ in range(5)]
    await asyncio.sleep(0)
    asking.pop().cancel()  # a visitor who goes away takes it from nobody
    count.go.set()
    assert {value for _, value in await asyncio.gather(*asking)} == {1}


async def test_a_count_that_failed_is_tried_again(world: World, count: Count, counted: Counted[str, int]):
    count.is_broken = True
    with pytest.raises(RuntimeError, match="no figures"):
        await counted.get(world.handling, "map")
    count.is_broken = False
    assert (await counted.get(world.handling, "map"))[1] == 1


async def test_what_was_asked_for_is_counted_ahead_with_what_will_be(
    world: World, count: Count, counted: Counted[str, int]
):
    await counted.get(world.handling, "asked for")
    await counted.ahead(world.handling, ["first page"])
    assert count.times == {"asked for": 2, "first page": 1}
