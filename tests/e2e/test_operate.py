"""What a running bridge tells whoever operates it."""

from __future__ import annotations

import json
from collections import defaultdict

import httpx
import pytest

from tests.e2e.residents import Texter, hears
from tests.e2e.surroundings import Surroundings
from tests.e2e.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAY = {"inbound stored", "inbound handled", "attempt opened", "report accepted", "reply sent", "status changed"}


def ways(here: Surroundings) -> dict[str, set[str]]:
    """The events of each message, by the id that follows it."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in here.bridge.log.read_text().splitlines():
        if line.startswith("{"):
            event = json.loads(line)
            found[event.get("trace", "")].add(event["event"])
    return found


async def test_one_id_follows_a_message_to_the_city_and_back(here: Surroundings) -> None:
    resident = Texter(here.providers, 901)
    await resident.say("huge pothole at 512 Elm St")
    number = (await hears(resident, r"Its number is (\d+)\."))[1]
    here.city.desk.change_status(number, "closed", "Filled.")
    await hears(resident, r"Filled\.")
    await until(lambda: any(way >= WAY for trace, way in ways(here).items() if trace))


async def test_the_log_shows_no_word_and_no_number_of_a_resident(here: Surroundings) -> None:
    resident = Texter(here.providers, 902)
    await resident.say("good morning, my name is Zebulon")
    await until(resident.heard)
    log = here.bridge.log.read_text()
    assert "Zebulon" not in log
    assert resident.address not in log


async def test_health_readiness_and_metrics_are_served(here: Surroundings) -> None:
    resident = Texter(here.providers, 903)
    await resident.say("hello there")
    await until(resident.heard)
    async with httpx.AsyncClient(base_url=here.url) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        told = (await client.get("/metrics")).text
    assert 'open311_bridge_events_total{event="inbound stored",level="info"}' in told
    assert 'open311_bridge_open{queue="outbox"}' in told
    assert resident.address not in told
