"""A whole bridge's tracking: thousands of open requests, a city of ten reads a minute, every change told once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from bridge.flow import tracking
from bridge.open311 import Client, Profile
from bridge.store.sqlite import SqliteStore
from bridge.vocabulary import Policy
from tests.tracking.world import (
    CITY,
    NOON,
    Change,
    ListingCity,
    Watch,
    fill,
    handling_of,
    number_in,
    replies,
    shuffled,
)

YOUNG, OLD = 2000, 18_000
HOURS = 2
QUARTER = timedelta(minutes=15)
KINDS = (
    {"status": "closed", "status_notes": "Filled."},
    {"status_notes": "A crew is on its way."},
    {"service_code": "002", "service_name": "Street lamp"},
    {"expected_datetime": "2026-06-05T16:00:00Z"},
)


def requested_at() -> dict[str, datetime]:
    chance = shuffled()
    ages = [timedelta(hours=45 * chance.random()) for _ in range(YOUNG)]
    ages += [timedelta(days=2 + 600 * chance.random() ** 2) for _ in range(OLD)]
    return {str(1000 + number): NOON - age for number, age in enumerate(ages)}


def changes_of(ids: list[str]) -> dict[str, list[Change]]:
    """One change each, some time in all but the last hour."""
    chance = shuffled()
    return {
        id: [Change(NOON + timedelta(hours=(HOURS - 1) * chance.random()), chance.choice(KINDS))] for id in ids
    }


def followed(requested: dict[str, datetime]) -> list[dict[str, object]]:
    """Reports as they are after days of tracking: each was read at some moment of its own pace."""
    chance = shuffled()
    shown = '["open", "open", "", "001", ""]'
    return [
        {
            "state": "accepted",
            "status": "open",
            "service_request_id": id,
            "fingerprint": shown,
            "created_at": at,
            "poll_at": NOON + chance.random() * tracking.pace(NOON - at, QUARTER),
        }
        for id, at in requested.items()
    ]


async def test_young_changes_are_told_within_half_an_hour_and_each_once(
    store: SqliteStore, clock: Watch, folder: Path
) -> None:
    requested = requested_at()
    young = list(requested)[:YOUNG]
    changes = changes_of([*young[::4], *list(requested)[YOUNG::60]])
    city = ListingCity(clock, requested, changes)
    fill(folder, followed(requested))
    profile = Profile(endpoint="http://city.test", reads_per_minute=10)
    client = Client(profile, transport=httpx.MockTransport(city), clock=clock, sleep=clock.sleep)
    handling = handling_of(store, clock, client, poll_every=QUARTER, policy=Policy(news_in_one=timedelta(0)))
    for _ in range(HOURS * 60):
        await tracking.look(handling, handling.jurisdictions[CITY])
        clock.pass_(minutes=1)
    told = [(number_in(reply.text), at) for reply, at in replies(folder)]
    assert max(Counter(id for id, _ in told).values()) == 1
    heard = dict(told)
    assert heard.keys() <= changes.keys()
    assert set(young[::4]) <= heard.keys()
    delays = sorted(heard[id] - changes[id][0].at for id in young[::4])
    assert min(delays) >= timedelta(0)
    assert delays[int(0.95 * len(delays))] <= timedelta(minutes=30)
    assert city.refused == 0
