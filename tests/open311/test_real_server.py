"""Drives one report and its status change through a real server, when one is named: from the outbox to the
resident's phone. docs/cities.md tells how.

GEOREPORT_URL           the endpoint; without it this test is skipped
GEOREPORT_KEY           its API key
GEOREPORT_PROFILE       a profile file, where the server needs one (its endpoint gives way to GEOREPORT_URL)
GEOREPORT_JURISDICTION  a jurisdiction_id
GEOREPORT_SERVICE       a service code to post to; else the first realtime or batch one without a definition
GEOREPORT_ATTRIBUTES    answers to its definition, as JSON: {"CODE": ["value"]}
GEOREPORT_PLACE         LAT,LONG,ADDRESS that the server takes
GEOREPORT_CLOSE         a command that closes a request: {id} in it becomes the service_request_id, else it is its
                        last argument
GEOREPORT_WAIT          seconds to wait for an id and for the change to be seen (90)
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shlex
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bridge.errors import Retryable
from bridge.flow import dispatch, reports, tracking
from bridge.flow.dispatch import Dispatch
from bridge.open311 import Client, Profile, SystemClock
from bridge.open311.profile import checked, load
from bridge.open311.trial import WORDS
from bridge.store import tables as t
from bridge.store import values
from bridge.store.types import new_reference
from bridge.vocabulary import Place
from tests.tracking.world import ACCOUNT, CITY, Phone, fill, handling_of, open_store, rows_of

URL = os.environ.get("GEOREPORT_URL", "")
WAIT = float(os.environ.get("GEOREPORT_WAIT", "90"))
POLL = timedelta(seconds=10)  # six reads a minute, within what any city allows
pytestmark = pytest.mark.skipif(not URL, reason="GEOREPORT_URL names no real server")


def profile() -> Profile:
    path, jurisdiction = (os.environ.get(f"GEOREPORT_{name}", "") for name in ("PROFILE", "JURISDICTION"))
    switches: dict[str, Any] = {"endpoint": URL}
    if path:
        switches = load(Path(path).read_text(encoding="utf-8")).model_dump(exclude_unset=True) | switches
    return checked(switches | ({"jurisdiction_id": jurisdiction} if jurisdiction else {}))


def place() -> Place:
    lat, long, address = os.environ.get("GEOREPORT_PLACE", "39.1653,-86.5264,401 N Morton St").split(",", 2)
    return Place(address.strip(), float(lat), float(long))


async def service_code(client: Client) -> str:
    plain = (s for s in await client.services() if s.type != "blackbox" and not s.metadata)
    return os.environ.get("GEOREPORT_SERVICE") or next(plain).service_code


async def report_of(client: Client) -> dict[str, Any]:
    where = place()
    return {
        "reference": new_reference(),
        "service_code": await service_code(client),
        "description": f"{WORDS} ({secrets.token_hex(4)})",
        "place": values.to_json(values.PLACE, where),
        "lat": where.lat,
        "long": where.long,
        "attributes": json.loads(os.environ.get("GEOREPORT_ATTRIBUTES", "{}")),
        "created_at": datetime.now(UTC),
    }


async def until(done: Callable[[], bool], look: Callable[[], Awaitable[None]]) -> bool:
    """Looks once a second until it is done, or the wait is over."""
    for _ in range(int(WAIT)):
        await look()
        if done():
            return True
        await asyncio.sleep(1)
    return False


async def close_at_the_city(command: str, service_request_id: str) -> None:
    words = [word.replace("{id}", service_request_id) for word in shlex.split(command)]
    words += [] if "{id}" in command else [service_request_id]
    process = await asyncio.create_subprocess_exec(*words)
    assert await process.wait() == 0


async def test_a_report_and_its_closing_on_a_real_server(folder: Path) -> None:
    client, clock, phone = Client(profile(), os.environ.get("GEOREPORT_KEY")), SystemClock(), Phone()
    store = open_store(folder, clock)
    fill(folder, [await report_of(client)], queued=True)
    handling = handling_of(
        store, clock, client, poll_every=timedelta(seconds=1), settle_after=timedelta(seconds=1)
    )

    def stored() -> t.Report:
        with rows_of(folder) as session:
            report = session.exec(select(t.Report)).one()
            session.expunge(report)
            return report

    def told(words: str) -> bool:
        return any(words in message.text for message in phone.sent)

    async def look() -> None:
        await tracking.look(handling, handling.jurisdictions[CITY])
        await dispatch.look(Dispatch(handling, {ACCOUNT: phone}))

    try:
        assert await until(lambda: bool(stored().service_request_id), look), (stored().state, phone.sent)
        number = stored().service_request_id or ""
        assert await until(lambda: told(number), look)
        row = (await client.requests([number]))[number]
        assert (row.service_request_id, row.status) == (number, "open")
        report = await store.read(lambda tx: tx.report(stored().id))
        with suppress(Retryable):  # not in its lists, which may be so for as long as `settle_seconds`
            assert (await client.look_up(reports.submission(report), report.created_at)).verdict != "absent"
        if command := os.environ.get("GEOREPORT_CLOSE"):
            await close_at_the_city(command, number)
            assert await until(lambda: told(f"{number} is closed"), look), await client.requests([number])
            assert stored().status == "closed"
    finally:
        await store.close()
        await client.close()
