"""Drives one report and its status change through a real server, when one is named.

GEOREPORT_URL       the endpoint; without it this test is skipped
GEOREPORT_KEY       its API key
GEOREPORT_PROFILE   a profile file, where the endpoint needs one (it names the endpoint too)
GEOREPORT_SERVICE   a service code to post to; the first service without a definition otherwise
GEOREPORT_LAT, GEOREPORT_LONG   a place the server takes
GEOREPORT_CLOSE     a command that closes a request: it gets the service_request_id as its last argument
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
from pathlib import Path

import pytest

from bridge.open311 import Client, Profile
from bridge.open311.profile import load
from bridge.open311.trial import marked_submission
from bridge.vocabulary import Receipt

URL = os.environ.get("GEOREPORT_URL", "")
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
pytestmark = pytest.mark.skipif(not URL, reason="GEOREPORT_URL names no real server")


def profile() -> Profile:
    path = os.environ.get("GEOREPORT_PROFILE")
    return load(Path(path).read_text(encoding="utf-8")) if path else Profile(endpoint=URL)


async def id_of(client: Client, receipt: Receipt) -> str:
    """The request's id, waiting a little for a token's."""
    for pause in (0, 2, 5, 10, 20):
        await asyncio.sleep(pause)
        if receipt.service_request_id is not None:
            return receipt.service_request_id
        if receipt.token and (found := await client.resolve(receipt.token)):
            return found
    pytest.skip("the server gave no id in time")


async def closed(client: Client, service_request_id: str) -> str:
    for pause in (0, 2, 5, 10, 20):
        await asyncio.sleep(pause)
        row = (await client.requests([service_request_id])).get(service_request_id)
        if row and row.status == "closed":
            return row.raw_status
    return ""


async def test_a_report_and_its_closing_on_a_real_server() -> None:
    client = Client(profile(), os.environ.get("GEOREPORT_KEY"))
    services = await client.services()
    code = os.environ.get("GEOREPORT_SERVICE") or next(s.service_code for s in services if not s.metadata)
    lat, long = (float(os.environ.get(f"GEOREPORT_{name}", "0")) for name in ("LAT", "LONG"))
    reference = "".join(secrets.choice(LETTERS) for _ in range(8))
    receipt = await client.submit(marked_submission(reference, code, lat, long, "401 N Morton St"))
    service_request_id = await id_of(client, receipt)
    row = (await client.requests([service_request_id]))[service_request_id]
    assert row.service_request_id == service_request_id
    assert row.status == "open"
    if command := os.environ.get("GEOREPORT_CLOSE"):
        process = await asyncio.create_subprocess_exec(*shlex.split(command), service_request_id)
        assert await process.wait() == 0
        assert await closed(client, service_request_id)
    await client.close()
