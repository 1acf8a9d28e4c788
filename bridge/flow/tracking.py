"""What the city makes of a report: tokens become ids, status changes become messages.

APScheduler says when to look; which report is due is a column of its row, and how often it is due follows from
its age. The city's endpoint reads as many of the due ones as its limit allows, the most urgent first; whatever
it did not read is still due at the next look.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bridge import trace
from bridge.errors import BridgeError
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.reports import fingerprint, is_news, standing
from bridge.flow.settling import Handling, learn_from, settle
from bridge.ports import Transaction
from bridge.vocabulary import (
    CityAccepted,
    Followed,
    Followings,
    Receipt,
    ServiceRequest,
    StatusChanged,
    ToStaff,
    Watched,
)

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100_000
YOUNG = timedelta(days=2)  # changes are frequent, and the resident still waits: read every `poll_every`
OLDER = (  # up to this age, read so often
    (timedelta(days=7), timedelta(hours=2)),
    (timedelta(days=30), timedelta(hours=8)),
    (timedelta(days=90), timedelta(days=1)),
)
OLDEST = timedelta(days=3)
FIRST_TOKEN = timedelta(minutes=1)  # a token is first asked for after so long, then each time after as long again
CLOSED_FOR_GOOD = timedelta(days=14)  # a closed request is watched this long for a reopening


async def look(handling: Handling, jurisdiction: Jurisdiction) -> None:
    """Asks a city about its due reports."""
    now = handling.clock.now()
    due = await handling.store.read(lambda tx: tx.watched(jurisdiction.id, now, MOST_AT_ONCE))
    for ask in (_resolve, _follow):
        try:
            await ask(handling, jurisdiction, due)
        except BridgeError as error:
            log.warning("poll failed", extra={"city_id": jurisdiction.id, "error": str(error)})


def pace(age: timedelta, poll_every: timedelta) -> timedelta:
    """How often a request of this age is read."""
    if age < YOUNG:
        return poll_every
    return max(poll_every, next((every for limit, every in OLDER if age < limit), OLDEST))


def first_look(now: datetime, receipt: Receipt, poll_every: timedelta) -> datetime | None:
    """When a request that was just accepted is due; None where there is nothing to ask by."""
    if receipt.service_request_id:
        return now + poll_every
    return now + min(FIRST_TOKEN, poll_every) if receipt.token else None


# ------------------------------------------------------------------------------------------------ tokens


async def _resolve(handling: Handling, jurisdiction: Jurisdiction, due: Sequence[Watched]) -> None:
    """A token the city cannot answer for yet is asked again later, after twice the time."""
    waiting = {watched.token: watched for watched in due if watched.token and not watched.service_request_id}
    if not waiting:
        return
    found = await jurisdiction.endpoint.resolve_all(list(waiting))
    for token, service_request_id in found.items():
        await handling.store.write(partial(_resolved, handling, jurisdiction, waiting[token], service_request_id))


def _resolved(
    handling: Handling, jurisdiction: Jurisdiction, watched: Watched, number: str | None, tx: Transaction
) -> None:
    now = handling.clock.now()
    report = tx.report(watched.report_id)
    if number is None:
        tx.watch_again({watched: now + _token_pace(now - watched.created_at, jurisdiction.poll_every)})
    elif report.service_request_id is None:
        conversation = tx.conversation(report.conversation_id)
        receipt = Receipt(number)
        if tx.numbered(jurisdiction.id, receipt):
            tx.watch_again({watched: None})
            note = f"the city answered the token with {number}, which another report has"
            tx.add_staff_task(conversation, ToStaff("unsure", note), report.id)
            return
        known = replace(report, service_request_id=number)
        tx.save_report(known, poll_at=first_look(now, receipt, jurisdiction.poll_every))
        with trace.following(report.trace):
            settle(handling, tx, conversation, CityAccepted(known, receipt))


def _token_pace(age: timedelta, poll_every: timedelta) -> timedelta:
    return min(pace(age, max(poll_every, OLDER[0][1])), max(age, min(FIRST_TOKEN, poll_every)))


# ---------------------------------------------------------------------------------------------- statuses


async def _follow(handling: Handling, jurisdiction: Jurisdiction, due: Sequence[Watched]) -> None:
    """Reads on until everything due was read or the city's limit is reached."""
    left = {watched.service_request_id: watched for watched in due if watched.service_request_id}
    while left:
        told = await jurisdiction.endpoint.follow([_followed(w, jurisdiction.poll_every) for w in left.values()])
        read = [left.pop(number) for number in told.read & left.keys()]
        if not read:
            return
        await _compare(handling, jurisdiction, read, told)


def _followed(watched: Watched, poll_every: timedelta) -> Followed:
    assert watched.service_request_id
    read_at = _last_read(watched, poll_every)
    return Followed(watched.service_request_id, watched.created_at, read_at, watched.poll_at)


def _last_read(watched: Watched, poll_every: timedelta) -> datetime:
    """When it was read: so long before it was due again as it is read at that age."""
    paces = (poll_every, *(max(poll_every, every) for _, every in OLDER), max(poll_every, OLDEST))
    for every in paces:
        read_at = watched.poll_at - every
        if pace(read_at - watched.created_at, poll_every) == every:
            return max(read_at, watched.created_at)
    return watched.created_at


async def _compare(
    handling: Handling, jurisdiction: Jurisdiction, read: Sequence[Watched], told: Followings
) -> None:
    now = handling.clock.now()
    rows = {watched: told.rows.get(watched.service_request_id or "") for watched in read}
    changed = {w: seen for w, seen in rows.items() if seen and fingerprint(w.fingerprint, seen) != w.fingerprint}
    same = {w: _again(w, now, jurisdiction.poll_every) for w in read if w not in changed}
    await handling.store.write(lambda tx: tx.watch_again(same))
    for watched, seen in changed.items():
        await handling.store.write(partial(_change, handling, jurisdiction, watched, seen))


def _change(
    handling: Handling, jurisdiction: Jurisdiction, watched: Watched, seen: ServiceRequest, tx: Transaction
) -> None:
    """Compares and swaps: a row that changed since it was read is left to its next turn."""
    now = handling.clock.now()
    report = tx.report(watched.report_id)
    if report.fingerprint != watched.fingerprint:
        return
    log.debug("status seen", extra={"report_id": report.id, "status": seen.status})
    shown = fingerprint(report.fingerprint, seen)
    old, new = standing(report.fingerprint), standing(shown)
    assert new
    changed = replace(
        report, status=new.status, raw_status=new.raw_status, status_notes=new.notes, fingerprint=shown
    )
    again = _again(replace(watched, status=new.status, changed_at=now), now, jurisdiction.poll_every)
    tx.save_report(changed, poll_at=again)
    tx.add_status(report, seen, now)
    moved = new.service_code != (old.service_code if old else report.service_code)
    if moved and new.service_code in jurisdiction.services:
        language = tx.conversation(report.conversation_id).state.language
        learn_from(tx, replace(report, service_code=new.service_code), language, report.service_code, now)
    if is_news(report, seen):
        with trace.following(report.trace):
            for hearer in (tx.conversation(report.conversation_id), *tx.followers(report)):
                settle(handling, tx, hearer, StatusChanged(report, seen))
        told = {"trace": report.trace, "report_id": report.id, "status": seen.status}
        tx.after_commit(lambda: log.info("status changed", extra=told))


def _again(watched: Watched, now: datetime, poll_every: timedelta) -> datetime | None:
    if watched.status == "closed" and now - watched.changed_at > CLOSED_FOR_GOOD:
        return None
    return now + pace(now - watched.created_at, poll_every)
