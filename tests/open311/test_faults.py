"""A thousand reports, through the bridge's own outbox, to a city that fails in every way it can."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, func, select

from bridge.city.imitation.exchange import Asked
from bridge.flow import dispatch
from bridge.flow.dispatch import Dispatch
from bridge.store import tables as t
from tests.open311.embedded import RunEmbedded
from tests.open311.scripted import NOON
from tests.tracking.world import ACCOUNT, Phone, fill, handling_of, open_store, rows_of

REPORTS = 1000
POST_FAULTS = (
    "status=500", "status-after=500", "status-after=502", "status-after=504", "status=503", "throttled=20", "drop",
    "drop-after", "truncated", "html", "html-after", "html-after=502", "empty-body", "empty-body-after",
    "empty-list", "empty-list-after", "foreign-list", "redirect=302", "redirect=303",
)  # fmt: skip
READ_FAULTS = ("status=500", "throttled=15", "drop", "truncated", "html", "empty-body", "status=503")
SLOW = "slow hole"  # a report with these words is stored at once and answered after its sender's deadline
ANSWERED_LATE = "slow=4"
DEADLINE = 3.0
APART, STEP = timedelta(seconds=20), timedelta(minutes=4)


def failing(chance: random.Random) -> Callable[[Asked], Sequence[str]]:
    """Three posts and one read of ten fail, and the first answer to each slow report comes too late."""
    late = set[str]()

    def choose(asked: Asked) -> Sequence[str]:
        if not asked.posts:
            return [chance.choice(READ_FAULTS)] if chance.random() < 0.1 else []
        description = asked.arguments.get("description", "")
        if SLOW in description and description not in late:
            late.add(description)
            return [ANSWERED_LATE]
        return [chance.choice(POST_FAULTS)] if chance.random() < 0.3 else []

    return choose


def next_due(session: Session) -> datetime | None:
    """When the outbox has something to do again."""
    session.rollback()
    return session.exec(select(func.min(t.Outbox.due_at)).where(t.Outbox.state == "open")).one()


async def test_every_report_arrives_none_twice_and_each_resident_gets_one_number(
    run_embedded: RunEmbedded, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)  # each cut connection and each failure is told at length
    words = [f"A {SLOW if number % 250 == 249 else 'hole'}, number {number}" for number in range(REPORTS)]
    with run_embedded(failing(random.Random(311))) as city:
        # The clock stands still during a look, so hundreds are requested at one moment: the cap has to be known.
        client = city.client(submit_seconds=DEADLINE, clock_skew_minutes=1, circuit_failures=5, row_cap=1000)
        store, phone = open_store(folder, city.clock), Phone()
        reports = [{"description": text, "created_at": NOON + n * APART} for n, text in enumerate(words)]
        fill(folder, reports, queued=True, together=1)
        work = Dispatch(handling_of(store, city.clock, client), {ACCOUNT: phone})
        with rows_of(folder) as session:
            while due := next_due(session):
                city.clock.at = max(city.clock.at + STEP, due)
                await dispatch.look(work)
                await asyncio.sleep(0.02)  # a city that was cut off may still be storing
        await store.close()
        await client.close()
        stored = {
            row.service_request_id: row.description.splitlines()[0] for row in city.desk.requests(public=False)
        }
    assert sorted(stored.values()) == sorted(words)
    with rows_of(folder) as session:
        sent = session.exec(select(t.Report)).all()
        numbers = {report.service_request_id or "": report.description for report in sent}
    assert numbers == stored
    told = [number for message in phone.sent for number in re.findall(r"Its number is (\S+)\.", message.text)]
    assert sorted(told) == sorted(numbers)
    assert max(Counter(message.to for message in phone.sent if "Its number" in message.text).values()) == 1
