"""Whole servers, each the sum of its quirks, and the profile of config/cities for it: one report's whole way.

The quirks are those that docs/cities.md names of each server. A check of the same server must find a profile that
serves as well, with what only a POST can show added by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge.open311.probe import probe
from bridge.open311.profile import load
from bridge.vocabulary import Submission
from tests.open311.embedded import EmbeddedCity, RunEmbedded
from tests.open311.scripted import KEY
from tests.open311.test_matrix import EXPECTED, EXTERNAL, journey

CITIES = Path(__file__).parents[2] / "config" / "cities"


@dataclass(frozen=True)
class Server:
    """A profile of config/cities, the quirks of its server, what differs on the way all the same, and which
    switches only a POST or the operator can tell."""

    profile: str
    quirks: Sequence[str]
    differs: Mapping[str, Any] = field(default_factory=dict)
    told: Sequence[str] = ()
    instead: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.profile


SERVERS = (
    Server(
        "ureport",
        (
            "ids-as-numbers", "codes-differ", "coordinates-rounded", "values-empty", "receipt-echo", "key-400",
            "errors-without-code", "errors-empty-xml", "definition-xml-500", "first-id-only", "status-ignored",
            "media-dropped", "address-id-dropped", "updated-frozen", "form-or-list", "values-by-brackets",
            "set-cookie", "discovery-foreign", "no-updates",
        ),
        told=("media", "media_field", "multi_values"),
    ),
    Server(
        "mysociety",
        (
            "strict-arguments", "booleans-as-text", "coordinates-as-text", "media-as-list", "services-groups",
            "attributes-automated", "errors-in-prose", "key-400", "unknown-service=400", "values-by-repeating",
            "type-application-xml", "token-pending-500", "ids-ignored",
        ),
        {"followed": 1},  # updates tell of the one that changed
        told=("multi_values", "pending_statuses", "jurisdiction_id"),
    ),
    Server(
        "simple-crm",
        (
            "ids-with-zeros", "booleans-as-text", "coordinates-as-text", "order-as-text", "values-null",
            "receipt-null-token", "definition-flat", "errors-unwrapped", "errors-in-xml", "unknown-request-empty",
            "unknown-service=400", "ids-ignored", "one-status-only", "fresh-hidden", "updated-null",
            "local-times=-5", "emoji-lost", "needs-external-id", "without-service-name", "no-discovery",
            "form-or-list", "values-by-brackets", "windows-ignored", "no-updates",
        ),
        {**EXTERNAL, "look_up": "cannot_tell"},
        told=("marker_attribute", "four_byte_characters", "time_zone", "false_utc", "fresh_requests_listed"),
        instead={"time_zone": "Etc/GMT+5"},
    ),
    Server(
        "codefornl",
        (
            "ids-as-numbers", "receipt-odd-xml", "rows-named-service-request", "without-service-code",
            "errors-as-message", "errors-in-json", "unknown-service=403", "unknown-request-empty", "dates-swapped",
            "emoji-hangs", "coordinates-rounded", "no-discovery", "windows-ignored", "no-updates",
        ),
        told=("four_byte_characters",),
    ),
    Server(
        "chicago",
        (
            "created-201", "needs-all-of-location", "dates-without-zone", "rows-without-ids", "row-cap=50",
            "no-discovery", "no-updates",
        ),
        told=("required",),
        instead={"time_zone": "UTC"},  # the imitation takes a time without zone for UTC
    ),
    Server(
        "connected-bits",
        (
            "key-on-reads", "media-as-objects", "times-with-milliseconds", "datatypes-odd", "errors-as-text",
            "row-cap=50", "list-order-mixed", "no-updates",
        ),
        told=("key_on_reads",),
    ),
    Server(
        "seeclickfix",
        ("needs-person", "receipt-id", "errors-of-fields", "windows-ignored", "no-updates"),
        told=("required", "fallback", "jurisdiction_id"),
    ),
    Server("embedded", ()),
)  # fmt: skip


def switches(server: Server) -> dict[str, Any]:
    """What the shipped profile sets, at the pace of a test."""
    profile = load((CITIES / f"{server.profile}.toml").read_text(encoding="utf-8"))
    unlike_tests = {"endpoint", "reads_per_minute", "settle_seconds"}
    return {**profile.model_dump(exclude_unset=True, exclude=unlike_tests), **server.instead}


@pytest.mark.parametrize("server", SERVERS, ids=str)
async def test_a_report_makes_its_way_with_the_shipped_profile(
    server: Server, run_embedded: RunEmbedded, photo: bytes
) -> None:
    with run_embedded() as city:
        city.quirks += server.quirks
        client = city.client(photo, **switches(server))
        try:
            assert await journey(city, client) == {**EXPECTED, **server.differs}
        finally:
            await client.close()


@pytest.mark.parametrize("server", SERVERS, ids=str)
async def test_a_check_finds_a_profile_that_serves(
    server: Server, run_embedded: RunEmbedded, photo: bytes
) -> None:
    with run_embedded() as city:
        history(city)
        city.quirks += server.quirks
        zone = str(server.instead.get("time_zone", "UTC"))
        found = await probe(
            city.endpoint,
            api_key=KEY,
            time_zone=zone,
            reads_per_minute=0,
            clock=city.clock,
            sleep=city.clock.sleep,
            key_on_reads="parameter" if "key_on_reads" in server.told else "no",
        )
        told = {name: value for name, value in switches(server).items() if name in server.told}
        seen = load(found.suggestion()).model_dump(
            exclude_defaults=True, exclude={"endpoint", "discovery_url", "reads_per_minute"}
        )
        client = city.client(photo, **{**seen, **told})
        try:
            assert await journey(city, client) == {**EXPECTED, **server.differs}
        finally:
            await client.close()


def history(city: EmbeddedCity) -> None:
    """Sixty requests of the last days, every third one closed."""
    for number in range(60):
        city.desk.file(Submission("", "001", f"Old hole {number}", lat=39.1, long=-86.4))
        city.clock.pass_(3600)
    for row in city.desk.requests(public=False)[::3]:
        city.desk.change_status(row.service_request_id, "closed", "Filled")
