"""`city check --write-test`: one marked request is posted, after a person's yes, and looked for in every way.

It shows what reading cannot: whether a fresh request is listed (and so whether absence proves anything), whether
the reference survives in the description, and whether a token gets its id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bridge.errors import BridgeError, Retryable
from bridge.open311.client import Client
from bridge.open311.matching import distance_m
from bridge.open311.profile import Profile
from bridge.open311.survey import Finding, Level
from bridge.vocabulary import Receipt, ServiceRequest, Submission

WORDS = "Test of the city's reporting interface. Please close without action."
_MOVED_M = 25.0

_Note = Callable[[Level, str, str], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What the test request showed: its receipt (None when it was not taken), findings, the profile with what
    they add to it."""

    receipt: Receipt | None
    findings: tuple[Finding, ...]
    profile: Profile


def marked_submission(reference: str, service_code: str, lat: float, long: float, address: str = "") -> Submission:
    """The request to post: says that it is a test, in the place given."""
    return Submission(reference, service_code, WORDS, lat=lat, long=long, address_string=address)


async def write_test(client: Client, submission: Submission, *, pause: float = 2.0) -> Written:
    """POSTs the submission once and looks for it after `pause` seconds. Raises nothing for what the city does."""
    findings: list[Finding] = []

    def note(level: Level, subject: str, words: str) -> None:
        findings.append(Finding(level, subject, words))

    start = client.endpoint.clock.now()
    try:
        receipt = await client.submit(submission)
    except BridgeError as error:
        note("bad", "post", f"{type(error).__name__}: {error}")
        return Written(None, tuple(findings), client.profile)
    note("fine", "post", _named(receipt))
    await asyncio.sleep(pause)
    service_request_id = await _id(client, receipt, note)
    listed = await _listed(client, submission, start, note)
    if service_request_id:
        await _single(client, submission, service_request_id, note)
    profile = client.profile.model_copy(update={"fresh_requests_listed": listed})
    return Written(receipt, tuple(findings), profile)


def _named(receipt: Receipt) -> str:
    if receipt.service_request_id is not None:
        return f"taken as {receipt.service_request_id}"
    return f"taken with token {receipt.token}" if receipt.token else "taken without an id or a token"


async def _id(client: Client, receipt: Receipt, note: _Note) -> str | None:
    if receipt.service_request_id is not None or receipt.token is None:
        return receipt.service_request_id
    try:
        found = await client.resolve(receipt.token)
    except BridgeError as error:
        note("odd", "token", str(error))
        return None
    note("fine" if found else "odd", "token", f"is {found}" if found else "has no id yet")
    return found


async def _listed(client: Client, submission: Submission, start: datetime, note: _Note) -> bool:
    """Whether the list of the last minutes shows the request."""
    try:
        found = await client.look_up(submission, start)
    except Retryable as error:
        note("odd", "list", f"a fresh request is not listed, or not yet: {error}")
        return False
    if found.verdict == "found":
        note("fine", "list", f"a fresh request is listed, {found.why}")
        return True
    note("odd", "list", f"a fresh request is not listed ({found.why}): unsure sends go to staff")
    return False


async def _single(client: Client, submission: Submission, service_request_id: str, note: _Note) -> None:
    try:
        row = (await client.requests([service_request_id])).get(service_request_id)
    except BridgeError as error:
        note("odd", "single request", str(error))
        return
    if row is None:
        note("odd", "single request", "is not shown: its status cannot be followed")
        return
    note("fine", "single request", f"is {row.raw_status or row.status}")
    _compare(row, submission, note)


def _compare(row: ServiceRequest, submission: Submission, note: _Note) -> None:
    """What of the request came back changed."""
    if row.description and submission.reference not in row.description:
        note("odd", "description", "comes back without the reference: look-ups go by time, place and text")
    if row.lat is not None and row.long is not None and submission.lat is not None and submission.long is not None:
        metres = distance_m(row.lat, row.long, submission.lat, submission.long)
        if metres > _MOVED_M:
            note("odd", "place", f"comes back {metres:.0f} metres off")
    if row.requested_datetime is None:
        note("odd", "times", "the request has no requested_datetime")
