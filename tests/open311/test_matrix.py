"""Each quirk the embedded city can imitate, and the profile switches that cope with it: one report's whole way.

The journey: read services and a definition, post a report, find it again by its reference, read it by ids, see
it closed, post to a batch service and get its token's id, post an answer of two values, and follow by plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bridge.city.imitation import QUIRKS
from bridge.errors import BridgeError
from bridge.open311 import Client
from bridge.open311.profile import reasons
from bridge.vocabulary import Followed, Submission
from tests.open311.embedded import EmbeddedCity, RunEmbedded

HOLE = Submission(
    "K7QM2F9P", "001", "A deep hole 🕳 by the gate", lat=39.1712345, long=-86.5312345,
    address_string="401 N Morton St", media=("https://bridge.test/1.jpg",),
)  # fmt: skip
CAR = Submission("C4RC4RC4", "002", "A car without wheels", lat=39.18, long=-86.54, address_string="8th Ave")
LAMP = Submission(
    "L4MPL4MP", "004", "The lamp is out", lat=39.19, long=-86.55, address_string="9th Ave",
    attributes={"POLE": ("17",), "SEEN": ("3", "4")},
)  # fmt: skip

EXPECTED: Mapping[str, Any] = {
    "services": {"001", "002", "003", "004"},
    "questions": ["INFO", "POLE", "COUNT", "SINCE", "STATE", "SEEN"],
    "hole": "posted",
    "look_up": "found",
    "open": "open",
    "closed": ("closed", "Filled"),
    "token": "resolved",
    "lamp": {"POLE": ("17",), "SEEN": ("3", "4")},
    "by_ids": 2,
    "followed": 2,
}


@dataclass(frozen=True)
class Case:
    """A quirk (and those it takes to show it), the switches for it, and what differs on the way all the same."""

    quirk: str
    switches: Mapping[str, Any] = field(default_factory=dict)
    differs: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.quirk


XML = {"formats": ("xml", "json")}
NO_DEFINITION = {"questions": []}
EXTERNAL = {"lamp": {**EXPECTED["lamp"], "external_id": ("L4MPL4MP",)}}
PERSON = {"fallback": {"first_name": "City", "last_name": "Bridge", "email": "reports@city.test"}}
CASES = [
    # what is demanded
    Case("key-on-reads", {"key_on_reads": "parameter"}),
    Case("key-on-reads", {"key_on_reads": "bearer"}),
    Case("strict-arguments"),
    Case("needs-all-of-location", {"required": ("lat", "long", "address_string")}),
    Case("needs-person", {"required": ("first_name", "last_name", "email"), **PERSON}),
    Case("needs-email", {"required": ("email",), **PERSON}),
    Case("needs-description", {"required": ("description",)}),
    Case("needs-external-id", {"marker_attribute": "external_id"}, EXTERNAL),
    Case("needs-external-id", {"marker_attribute": "external_id", "marker": "none"}, EXTERNAL),
    # formats
    Case("no-json", {"formats": ("xml",)}),
    Case("no-json"),
    Case("no-xml", XML),
    Case("no-suffix", {"suffix": False}),
    Case("paths-capital", {"services_path": "Services", "requests_path": "Requests", "request_path": "Requests"}),
    Case("request-singular", {"request_path": "request"}),
    Case("deflate-broken", {"accept_encoding": "identity"}),
    Case("definition-xml-500", XML),
    Case("json-as-xml"),
    Case("type-application-xml", XML),
    Case("type-plain"),
    Case("xml-type-array", XML),
    Case("xml-namespace", XML),
    Case("xml-blanks", XML),
    Case("xml-control-characters", XML),
    Case("rows-named-service-request", XML),
    Case("receipt-odd-xml", XML),
    Case("set-cookie"),
    # what is sent
    Case("values-by-brackets", {"multi_values": "brackets"}),
    Case("values-by-repeating", {"multi_values": "repeat"}),
    Case("one-value-only", {"multi_values": "repeat"}, {"lamp": {"POLE": ("17",), "SEEN": ("3",)}}),
    Case("media-dropped", {"media": "multipart"}),
    Case("media-dropped", {"media": "description"}),
    Case("address-id-dropped"),
    Case("emoji-lost", {"four_byte_characters": "replace"}),
    Case("emoji-hangs", {"four_byte_characters": "replace"}),
    Case("form-or-list"),
    # what a POST answers
    Case("created-201"),
    Case("receipt-bare"),
    Case("receipt-nested"),
    Case("receipt-enveloped"),
    Case("receipt-id"),
    Case("receipt-null-token"),
    Case("receipt-echo"),
    Case("receipt-echo-other", {"check_echo": False}),
    Case("token-pending-404"),
    Case("token-pending-500", {"pending_statuses": (404, 500)}),
    Case("no-token-method", {}, {"token": None}),
    # services and definitions
    Case("services-twice", {}, {"services": {"001", "002", "003", "004", "001-b"}}),
    Case("services-without-codes"),
    Case("services-with-blanks"),
    Case("services-fake"),
    Case("services-many=1000", {}, {"services": {"001", "002", "003", "004", *(f"m{n}" for n in range(996))}}),
    Case("services-empty", {}, {"services": set(), **NO_DEFINITION}),
    Case("services-groups"),
    Case("keywords-as-list"),
    Case("definition-empty", {}, NO_DEFINITION),
    Case("definition-blank", {}, NO_DEFINITION),
    Case("definition-html", {}, NO_DEFINITION),
    Case("definition-flat", XML),
    Case("definition-list"),
    Case("order-as-text"),
    Case("values-null"),
    Case("values-number"),
    Case("values-empty"),
    Case("keys-as-numbers"),
    Case("datatypes-odd"),
    Case("attributes-automated"),
    # ids and types
    Case("ids-as-numbers"),
    Case("ids-as-uuids"),
    Case("ids-with-zeros"),
    Case("ids-from-zero"),
    Case("codes-differ"),
    Case("booleans-as-text"),
    Case("coordinates-as-text", {"marker": "none"}),
    Case("coordinates-rounded", {"marker": "none"}),
    Case("nulls-as-empty"),
    Case("nulls-absent"),
    Case("media-as-objects"),
    Case("media-as-list"),
    Case("without-service-code", {"marker": "none"}),
    Case("without-service-name"),
    Case("rows-without-ids"),
    # statuses and times
    Case("status-words"),
    Case("status-upper"),
    Case("updated-frozen"),
    Case("updated-null"),
    Case("local-times=-5", {"false_utc": True, "time_zone": "Etc/GMT+5", "marker": "none"}),
    Case("times-without-zone", {"marker": "none"}),
    Case("times-with-milliseconds", {"marker": "none"}),
    Case("times-in-minutes", {"marker": "none"}),
    Case("times-with-offset", {"marker": "none"}),
    # wrapping
    Case("wrapped-json"),
    Case("single-bare"),
    Case("one-row-bare"),
    # lists
    Case("first-id-only", {"many_ids": False}),
    Case("first-id-only"),
    Case("ids-ignored", {"many_ids": False}),
    Case("ids-ignored"),
    Case("status-ignored", {"status_filter": "no"}),
    Case("one-status-only", {"status_filter": "one", "list_states": ("open", "closed")}),
    Case("open-by-default", {"list_states": ("open", "closed")}),
    Case("dates-swapped", {"swapped_dates": True}),
    Case("dates-without-zone", {"query_times": "local"}),
    Case("windows-ignored"),
    Case("row-cap=50", {"row_cap": 50}),
    Case("list-order-mixed"),
    Case("fresh-hidden", {"fresh_requests_listed": False, "list_windows": False}, {"look_up": "cannot_tell"}),
    Case("fresh-hidden-for=300", {"fresh_requests_listed": False}, {"look_up": "cannot_tell"}),
    Case("no-lists", {"many_ids": False, "list_windows": False}, {"look_up": "cannot_tell"}),
    Case("no-lists", {}, {"look_up": "cannot_tell"}),
    Case("unknown-request-empty"),
    Case("private-403", {"many_ids": True}),
]  # fmt: skip
ELSEWHERE = {
    "test_faults": {
        "slow", "status", "status-after", "throttled", "rate-limit", "drop", "drop-after", "truncated", "html",
        "html-after", "empty-body", "empty-body-after", "empty-list", "empty-list-after", "foreign-list",
        "redirect",
    },
    "test_refusals": {
        "key-400", "unknown-service", "errors-without-code", "errors-as-message", "errors-of-fields",
        "errors-in-prose", "errors-as-text", "errors-as-html", "errors-empty-xml", "errors-unwrapped",
        "errors-in-xml", "errors-in-json",
    },
    "test_probe": {"no-discovery", "discovery-foreign", "no-updates"},
    "test_offer and test_following": {"changeset-without-zone", "update-id-empty"},
}  # fmt: skip


PLAIN = {  # switches that no server's oddity calls for: where, who, how much and how long
    "endpoint",
    "jurisdiction_id",
    "discovery_url",
    "proxy",
    "extra_form",
    "description_limit",
    "marker_line",
    "clock_skew_minutes",
    "read_seconds",
    "submit_seconds",
    "cache_minutes",
    "circuit_failures",
    "circuit_seconds",
    "settle_seconds",
}
SWITCHED_ELSEWHERE = {
    "test_form": {"send_coordinates", "send_address", "send_address_id"},
    "test_switches": {"extensions", "paging"},
    "test_following": {"single_reads", "ids_per_read", "updated_after", "updates", "reads_per_minute"},
    "test_reads": {"window_days"},
    "test_submit": {"media_field"},
    "test_probe": {"status_words"},
}  # fmt: skip


def test_every_switch_of_a_profile_has_a_case() -> None:
    switched = {switch for case in CASES for switch in case.switches}
    assert switched.union(PLAIN, *SWITCHED_ELSEWHERE.values()) == set(reasons())


def test_every_quirk_has_a_case() -> None:
    assert {case.quirk.partition("=")[0] for case in CASES}.union(*ELSEWHERE.values()) == set(QUIRKS)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_report_makes_its_way(case: Case, run_embedded: RunEmbedded, photo: bytes) -> None:
    with run_embedded() as city:
        city.quirks.append(case.quirk)
        client = city.client(photo, **case.switches)
        try:
            assert await journey(city, client) == {**EXPECTED, **case.differs}
        finally:
            await client.close()


async def journey(city: EmbeddedCity, client: Client) -> dict[str, Any]:
    start = city.clock.now()
    seen: dict[str, Any] = {"services": {service.service_code for service in await client.services()}}
    seen["questions"] = [question.code for question in await client.definition("004")]
    hole = (await client.submit(HOLE)).service_request_id
    assert hole is not None
    seen["hole"] = "posted" if any("A deep hole" in text for text in city.stored()) else "lost"
    city.clock.pass_(60)
    seen["look_up"] = (await client.look_up(HOLE, start)).verdict
    token = (await client.submit(CAR)).token
    car = await resolved(client, token or "")
    seen["token"] = "resolved" if car else None
    seen["lamp"] = await lamp(city, client)
    city.clock.pass_(1500)
    known = [id for id in (hole, car) if id] if car else [hole, hole]
    seen["open"] = (await client.requests(known))[hole].status
    city.close("A deep hole", "Filled")
    rows = await client.requests(known)
    seen["closed"] = (rows[hole].status, rows[hole].status_notes)
    seen["by_ids"] = len(rows) if car else 2
    due = [Followed(id, start, start + timedelta(minutes=1), start + timedelta(minutes=2)) for id in known]
    seen["followed"] = len((await client.follow(due)).rows) if car else 2
    return seen


async def resolved(client: Client, token: str) -> str | None:
    try:
        return await client.resolve(token)
    except BridgeError:
        return None


async def lamp(city: EmbeddedCity, client: Client) -> Any:
    """The answers that the city stored for the lamp."""
    try:
        receipt = await client.submit(LAMP)
    except BridgeError:
        return "refused"
    assert receipt.service_request_id is not None
    return city.answers("The lamp is out")
