"""A thousand reports to a city that fails in every way it can: each arrives, none twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
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
TIMED_OUT_AFTER_COMMIT = "slow=0.4"


def failing(chance: random.Random) -> object:
    """Two posts of five and one read of five fail, one post of a hundred times out after its commit."""

    def choose(asked: Asked) -> Sequence[str]:
        draw = chance.random()
        if asked.posts:
            return [TIMED_OUT_AFTER_COMMIT] if draw < 0.01 else [chance.choice(POST_FAULTS)] if draw < 0.4 else []
        return [chance.choice(READ_FAULTS)] if draw < 0.2 else []

    return choose


async def deliver(client: Client, submission: Submission, clock: ManualClock) -> Receipt:
    """Sends until it is known to have arrived; an unsure send is looked up before anything is sent again."""
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
    pytest.fail(f"{submission.reference} was given up")


async def test_every_report_arrives_and_none_twice(run_embedded: RunEmbedded) -> None:
    chance = random.Random(311)
    with run_embedded(failing(chance)) as city:
        client = city.client(submit_seconds=0.2, clock_skew_minutes=1, circuit_failures=5)
        receipts = {}
        for number in range(REPORTS):
            report = Submission(f"R{number:07}", "001", f"Hole number {number}", lat=39.17, long=-86.53)
            receipts[report.reference] = (await deliver(client, report, city.clock)).service_request_id
            city.clock.pass_(60)
        await client.close()
        stored = city.desk.requests(public=False)
        markers = Counter(row.description.rpartition(" ")[2] for row in stored)
        assert markers == Counter(receipts.keys())
        assert {row.description.rpartition(" ")[2]: row.service_request_id for row in stored} == receipts
