"""What the city makes of a report: tokens become ids, status changes become messages.

APScheduler says when to look; which report is due is a column of its row.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bridge.errors import BridgeError
from bridge.flow.handling import Handling, settle
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.reports import fingerprint, is_news
from bridge.ports import Transaction
from bridge.vocabulary import CityAccepted, Receipt, Report, ServiceRequest, StatusChanged

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
SLOWEST = timedelta(hours=6)
CLOSED_FOR_GOOD = timedelta(days=14)  # a closed request is watched this long for a reopening


async def look(handling: Handling) -> None:
    """Asks every city about its due reports."""
    for jurisdiction in handling.jurisdictions.values():
        try:
            await _poll(handling, jurisdiction)
        except BridgeError as error:
            log.warning("poll failed", extra={"city_id": jurisdiction.id, "error": str(error)})


async def _poll(handling: Handling, jurisdiction: Jurisdiction) -> None:
    now = handling.clock.now()
    due = await handling.store.read(lambda tx: tx.reports_to_poll(jurisdiction.id, now, MOST_AT_ONCE))
    for report in due:
        if report.service_request_id is None and report.token:
            await _resolve(handling, jurisdiction, report, report.token)
    await _read(handling, jurisdiction, [report for report in due if report.service_request_id])


async def _resolve(handling: Handling, jurisdiction: Jurisdiction, report: Report, token: str) -> None:
    """One token. A city that cannot answer for it yet is asked again later, and holds up no other report."""
    try:
        service_request_id = await jurisdiction.endpoint.resolve(token)
    except BridgeError as error:
        log.warning("token not resolved", extra={"report_id": report.id, "error": str(error)})
        service_request_id = None
    known = replace(report, service_request_id=service_request_id)

    def commit(tx: Transaction) -> None:
        tx.save_report(known, poll_at=_next(handling, known))
        if service_request_id:
            conversation = tx.conversation(report.conversation_id)
            settle(handling, tx, conversation, CityAccepted(known, Receipt(service_request_id)))

    await handling.store.write(commit)


async def _read(handling: Handling, jurisdiction: Jurisdiction, due: Sequence[Report]) -> None:
    if not due:
        return
    ids = [report.service_request_id for report in due if report.service_request_id]
    rows = await jurisdiction.endpoint.requests(ids)
    for report in due:
        seen = rows.get(report.service_request_id or "")
        await handling.store.write(partial(_compare, handling, report, seen))


def _compare(handling: Handling, polled: Report, seen: ServiceRequest | None, tx: Transaction) -> None:
    """Compares and swaps: a row that changed since it was read is left to its next turn."""
    report = tx.report(polled.id)
    if report.fingerprint != polled.fingerprint:
        return
    if seen is None or fingerprint(seen) == report.fingerprint:
        tx.save_report(report, poll_at=_next(handling, report))
        return
    log.debug("status seen", extra={"report_id": report.id, "status": seen.status})
    changed = replace(
        report,
        status=seen.status,
        raw_status=seen.raw_status,
        status_notes=seen.status_notes.strip(),
        fingerprint=fingerprint(seen),
    )
    tx.save_report(changed, poll_at=_next(handling, changed))
    tx.add_status(report, seen, handling.clock.now())
    if is_news(report, seen):
        conversation = tx.conversation(report.conversation_id)
        settle(handling, tx, conversation, StatusChanged(report, seen))
        tx.after_commit(lambda: log.info("status changed", extra={"report_id": report.id, "status": seen.status}))


def _next(handling: Handling, report: Report) -> datetime | None:
    """When to ask again: a twentieth of the report's age from now, between `poll_every` and a quarter of a day."""
    now = handling.clock.now()
    age = now - (report.created_at or now)
    if report.status == "closed" and age > CLOSED_FOR_GOOD:
        return None
    return now + min(SLOWEST, max(handling.jurisdictions[report.city_id].poll_every, age / 20))
