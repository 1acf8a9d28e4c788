"""What many processes on one PostgreSQL rely on: each with a store of its own, all at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest

from bridge.app.parts import shared_pace
from bridge.open311.circuit import Paced
from bridge.ports import Store, Transaction
from bridge.store.holders import EVERY_SECONDS
from bridge.store.jobs import ProcrastinateWake
from bridge.store.postgresql import PostgresStore
from bridge.store.types import new_id
from bridge.vocabulary import Artifact
from tests.store.made import LEASE, FakeClock, claim, conversation, inbound, reply


@pytest.fixture
async def stores(database: str, clock: FakeClock) -> AsyncIterator[list[PostgresStore]]:
    made = [PostgresStore(database, clock, ProcrastinateWake(database, clock), migrate=False) for _ in range(3)]
    yield made
    for store in made:
        await store.close()


async def test_no_row_is_claimed_twice_and_no_two_of_a_lane_at_once(
    stores: list[PostgresStore], clock: FakeClock
) -> None:
    for key in range(60):
        await stores[0].write(partial(_add, str(key), f"+{key % 5}"))
    held: dict[str, int] = defaultdict(int)
    seen: dict[str, list[str]] = defaultdict(list)

    async def work(store: Store) -> None:
        while (row := await claim(store, clock)) is not None or sum(map(len, seen.values())) < 60:
            if row is None:
                await asyncio.sleep(0.01)
                continue
            held[row.message.sender] += 1
            assert held[row.message.sender] == 1
            seen[row.message.sender].append(row.message.provider_key)
            await asyncio.sleep(random.uniform(0, 0.005))
            held[row.message.sender] -= 1
            await store.write(partial(_finish, row))

    await asyncio.gather(*(work(store) for store in stores * 2))
    assert {sender: list(map(int, keys)) for sender, keys in seen.items()} == {
        f"+{n}": list(range(n, 60, 5)) for n in range(5)
    }


def _add(key: str, sender: str, tx: Transaction) -> None:
    tx.add_inbound(inbound(key, sender))


def _finish(row, tx: Transaction) -> None:  # type: ignore[no-untyped-def]
    tx.finish_inbound(row, None)


async def test_many_who_meet_a_resident_at_once_make_one_conversation(stores: list[PostgresStore]) -> None:
    made = await asyncio.gather(*(conversation(store) for store in stores * 4))
    assert len({one.id for one in made}) == 1


async def test_a_redelivery_to_another_process_adds_nothing(stores: list[PostgresStore]) -> None:
    added = await asyncio.gather(*(store.write(lambda tx: tx.add_inbound(inbound("1"))) for store in stores * 4))
    assert len([id_ for id_ in added if id_]) == 1


async def test_replies_keep_their_order_though_one_clock_is_ahead(
    stores: list[PostgresStore], clock: FakeClock, database: str
) -> None:
    talk = await conversation(stores[0])
    await reply(stores[0], talk, "first")
    ahead = f"{int(new_id()[:12], 16) + 3_600_000:012x}{'0' * 20}"
    # What a process whose clock is an hour ahead has made:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE outbox SET id = %s", (ahead,))
    await reply(stores[1], talk, "second")
    with psycopg.connect(database) as connection:
        said = connection.execute("SELECT message->>'text' FROM outbox ORDER BY id").fetchall()
    assert said == [("first",), ("second",)]


async def test_what_postgresql_cannot_hold_in_text_is_left_out(
    stores: list[PostgresStore], clock: FakeClock
) -> None:
    odd = inbound("k\x00ey", sender_name="\ud800Ada", subject="a\x00b")
    assert await stores[0].write(lambda tx: tx.add_inbound(odd))
    assert not await stores[0].write(lambda tx: tx.add_inbound(odd))
    row = await claim(stores[1], clock)
    assert row
    assert (row.message.provider_key, row.message.subject) == ("key", "ab")


async def test_a_commit_wakes_another_process_and_a_rollback_nobody(
    stores: list[PostgresStore], clock: FakeClock, database: str
) -> None:
    looks: asyncio.Queue[None] = asyncio.Queue()

    async def look() -> None:
        looks.put_nowait(None)

    running = asyncio.ensure_future(ProcrastinateWake(database, clock, sweep=3600).run("inbox", look))
    await looks.get()
    await _heard_from_now_on(database)
    with contextlib.suppress(ZeroDivisionError):
        await stores[0].write(_add_and_fail)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)
    assert looks.empty()
    await stores[0].write(lambda tx: tx.add_inbound(inbound("2")))
    async with asyncio.timeout(30):
        await looks.get()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _heard_from_now_on(database: str) -> None:
    """Returns once the wake engine listens: before that only the sweep finds a job, here an hour away."""
    listening = """SELECT 1 FROM pg_stat_activity
        WHERE query LIKE 'LISTEN%' AND state = 'idle' AND datname = current_database()"""
    with psycopg.connect(database, autocommit=True) as connection:
        async with asyncio.timeout(60):
            while True:
                if connection.execute(listening).fetchone():
                    return
                await asyncio.sleep(0.05)


def _add_and_fail(tx: Transaction) -> None:
    tx.add_inbound(inbound("1"))
    raise ZeroDivisionError


async def test_one_leads_and_another_takes_over_when_it_is_gone(stores: list[PostgresStore]) -> None:
    leading: asyncio.Queue[int] = asyncio.Queue()

    async def lead(number: int) -> None:
        leading.put_nowait(number)
        await asyncio.get_running_loop().create_future()

    tasks = [asyncio.ensure_future(store.lead("tick", partial(lead, n))) for n, store in enumerate(stores[:2])]
    async with asyncio.timeout(60):
        first = await leading.get()
        assert leading.empty()
        tasks[first].cancel()
        assert await leading.get() == 1 - first
    tasks[1 - first].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_lease_that_ran_out_is_claimed_by_another_process(
    stores: list[PostgresStore], clock: FakeClock
) -> None:
    await stores[0].write(lambda tx: tx.add_inbound(inbound("1")))
    first = await claim(stores[0], clock)
    assert await claim(stores[1], clock) is None
    clock.pass_(seconds=(LEASE + timedelta(seconds=1)).total_seconds())
    second = await claim(stores[1], clock)
    assert first
    assert second
    assert not await stores[0].write(lambda tx: tx.still_mine(first))


async def test_what_a_killed_process_had_leased_is_free_within_seconds(
    stores: list[PostgresStore], clock: FakeClock, database: str
) -> None:
    await stores[0].write(lambda tx: tx.add_inbound(inbound("1")))
    assert await claim(stores[0], clock)
    await stores[0].close()  # its lock goes with its connection, as it does when the process is killed
    async with asyncio.timeout(30):
        while (again := await claim(stores[1], clock)) is None:  # noqa: ASYNC110 it is in the database
            await asyncio.sleep(0.1)
    assert again.attempts == 2


async def test_what_a_living_process_has_leased_stays_its_own(
    stores: list[PostgresStore], clock: FakeClock
) -> None:
    await stores[0].write(lambda tx: tx.add_inbound(inbound("1")))
    row = await claim(stores[0], clock)
    assert row
    await asyncio.sleep(4 * EVERY_SECONDS)
    assert await stores[0].read(lambda tx: tx.still_mine(row))


async def test_processes_that_start_together_may_all_activate_one_model(stores: list[PostgresStore]) -> None:
    model = Artifact("a" * 64, {"source": "built-in"})
    await asyncio.gather(*(store.write(lambda tx: tx.activate("fairview", "m", model)) for store in stores * 3))
    assert await stores[0].read(lambda tx: tx.artifacts("fairview", "m")) == (model,)


async def test_a_city_s_read_limit_is_kept_by_all_processes_together(stores: list[PostgresStore]) -> None:
    paces = [shared_pace(store, "fairview", 10) for store in stores]
    now = datetime.now(UTC)

    async def read(paced: Paced) -> float | None:
        return await paced(lambda pace: pace.take(now, 0))

    waits = await asyncio.gather(*(read(paced) for _ in range(10) for paced in paces))
    assert (waits.count(0), len(waits)) == (10, 10 * len(paces))
    assert await shared_pace(stores[0], "springfield", 10)(lambda pace: pace.free(now)) == 10
