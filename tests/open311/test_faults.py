"""A thousand reports to a city that fails in every way it can: each arrives, none twice."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from bridge.city.imitation.exchange import Asked
from bridge.errors import Retryable, Unsure
from bridge.open311 import Client
from bridge.vocabulary import Receipt, Submission
from tests.open311.embedded import RunEmbedded
from tests.open311.scripted import ManualClock

REPORTS = 1000
POST_FAULTS = (
    "status=500", "status-after=500", "status-after=502", "status-after=504", "status=503", "throttled=20", "drop",
    "drop-after", "truncated", "html", "html-after", "html-after=502", "empty-body", "empty-body-after",
    "empty-list", "empty-list-after", "foreign-list", "redirect=302", "redirect=303",
)  # fmt: skip
READ_FAULTS = ("status=500", "throttled=15", "drop", "truncated", "html", "empty-body", "status=503")
SLOW = "slow hole"  # a report with these words is stored at once and answered after its sender's deadline
ANSWERED_LATE = "slow=1.5"
DEADLINE = 0.6


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


async def deliver(client: Client, submission: Submission, clock: ManualClock, settled: float) -> Receipt:
    """Sends until it is known to have arrived; an unsure send is looked up before anything is sent again, and
    not before the city has had so many seconds of real time to store it."""
    unsure: datetime | None = None
    for _ in range(60):
        try:
            if unsure is not None:
                found = await client.look_up(submission, unsure)
                assert found.verdict != "cannot_tell", found.why
                if found.receipt:
                    return found.receipt
                unsure = None
            started = clock.now()
            return await client.submit(submission)
        except Retryable as later:
            clock.pass_(later.after or 5)
        except Unsure:
            unsure = started
            clock.pass_(5)
            await asyncio.sleep(settled)
    pytest.fail(f"{submission.reference} was given up")


async def test_every_report_arrives_and_none_twice(
    run_embedded: RunEmbedded, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "uvicorn.error")  # it tells each cut connection at length
    with run_embedded(failing(random.Random(311))) as city:
        patient, hasty = (
            city.client(clock_skew_minutes=1, circuit_failures=5),
            city.client(submit_seconds=DEADLINE),
        )
        receipts = {}
        for number in range(REPORTS):
            slow = number % 250 == 249
            words = f"A {SLOW if slow else 'hole'}, number {number}"
            report = Submission(f"R{number:07}", "001", words, lat=39.17, long=-86.53)
            sender, settled = (hasty, 1.0) if slow else (patient, 0.0)
            receipt = await deliver(sender, report, city.clock, settled)
            receipts[report.reference] = receipt.service_request_id
            city.clock.pass_(60)
        await patient.close()
        await hasty.close()
        stored = [
            (row.description.rpartition(" ")[2], row.service_request_id)
            for row in city.desk.requests(public=False)
        ]
        assert len(stored) == REPORTS
        assert dict(stored) == receipts
