"""The outbox: replies to residents, reports to the city, each sent until it is known what became of it.

A report is sent exactly once as far as the protocol allows. An attempt is committed before the POST and closed
after it. An attempt left open (the process died) or closed unsure (time-out, cut connection) may have landed:
it is looked up by its marker before anything is sent again, and only what is proven absent is. Where the city
cannot prove absence, a person decides. Replies are sent at least once, in the order of their conversation: one
that was tried before, by whichever process, is looked up first where its provider can be asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from bridge import trace
from bridge.errors import BridgeError, Permanent, Retryable, Unsure
from bridge.flow import delivery, reports, tracking
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.settling import Handling, definitions_for, settle
from bridge.flow.work import GIVE_UP_AFTER, LEASE, SEND_SECONDS, backoff, drain
from bridge.ports import Channel, Transaction
from bridge.vocabulary import (
    Attempt,
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Conversation,
    Delivery,
    Earlier,
    OutboxRow,
    Outcome,
    Receipt,
    Report,
    Sent,
    Submission,
    ToStaff,
    TwinsFound,
)

log = logging.getLogger(__name__)

WIDTH = 8
LOOK_SECONDS = 8.0  # a report waits no longer for the city's list of open ones
LOOKED_UP_EVERY = timedelta(hours=1)  # at most; a report whose send ended unsure, in the city's list
SENT_AGAIN_FOR = timedelta(days=3)  # a report the city takes again and again, and never has, is then a person's


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What dispatching needs beside handling: the channels, by account id, and where photos are shown.
    `hands` bound how many sends are made at a time."""

    handling: Handling
    channels: Mapping[str, Channel]
    media_at: str = ""
    hands: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, WIDTH))

    def jurisdiction(self, report: Report) -> Jurisdiction:
        return self.handling.jurisdictions[report.city_id]


async def look(dispatch: Dispatch) -> None:
    """Sends every due row."""
    store, now = dispatch.handling.store, dispatch.handling.clock.now

    async def claim() -> OutboxRow | None:
        return await store.write(lambda tx: tx.claim_outbox(now(), LEASE))

    await drain(claim, lambda row: _send(dispatch, row), dispatch.hands)


async def _send(dispatch: Dispatch, row: OutboxRow) -> None:
    with trace.following(row.trace):
        log.debug(f"{row.kind} claimed", extra={"outbox_id": row.id})
        try:
            await _SENDING[row.kind](dispatch, row)
        except Exception as error:  # a fault of ours: the row comes again, until a person has to look
            log.exception("outbox row failed", extra={"outbox_id": row.id})
            reason = repr(error)
            if dispatch.handling.clock.now() - row.created_at > SENT_AGAIN_FOR:
                await dispatch.handling.store.write(lambda tx: _undelivered(dispatch, tx, row, reason))
            else:
                await _again(dispatch, row, backoff(row.attempts), reason)


async def _again(dispatch: Dispatch, row: OutboxRow, wait: timedelta, reason: str) -> None:
    due = dispatch.handling.clock.now() + wait
    await dispatch.handling.store.write(lambda tx: tx.retry(row, due, reason))


# ----------------------------------------------------------------------------------------------- replies


async def _reply(dispatch: Dispatch, row: OutboxRow) -> None:
    assert row.reply
    store = dispatch.handling.store
    earlier = Earlier(row.tried_at, await store.read(lambda tx: tx.sent_beside(row))) if row.tried_at else None
    try:
        async with asyncio.timeout(SEND_SECONDS):
            sent = await dispatch.channels[row.reply.account_id].send(row.reply, earlier)
    except (Retryable, Unsure, TimeoutError) as error:
        await _reply_failed(dispatch, row, error)
    except (Permanent, KeyError) as error:
        reason, refusal = str(error), error if isinstance(error, Permanent) else None
        await store.write(lambda tx: _reply_refused(dispatch, tx, row, reason, refusal))
        log.warning("reply refused", extra={"outbox_id": row.id, "error": reason})
    else:
        waited = (dispatch.handling.clock.now() - row.created_at).total_seconds()
        log.info(
            "reply sent",
            extra={"outbox_id": row.id, "account_id": row.reply.account_id, "seconds": round(waited, 3)},
        )
        await store.write(lambda tx: _reply_sent(dispatch, tx, row, sent))
        log.info("reply closed", extra={"outbox_id": row.id})


def _reply_sent(dispatch: Dispatch, tx: Transaction, row: OutboxRow, sent: Sent) -> None:
    tx.finish_outbox(row, sent)
    if row.reply:
        delivery.watch_budget(dispatch.handling, tx, row.reply.account_id, dispatch.handling.clock.now())


def _reply_refused(
    dispatch: Dispatch, tx: Transaction, row: OutboxRow, reason: str, refusal: Permanent | None
) -> None:
    """What a provider refuses for good says something of the resident or the account."""
    if not (row.reply and refusal):
        _undelivered(dispatch, tx, row, reason)
    elif tx.still_mine(row):
        tx.bury(row, reason)
        told = Delivery("", refusal.fate or "failed", refusal.code)
        delivery.refused(dispatch.handling, tx, row.reply, told, row.conversation_id, reason)


async def _reply_failed(dispatch: Dispatch, row: OutboxRow, error: Exception) -> None:
    reason = str(error) or type(error).__name__
    log.warning("reply failed", extra={"outbox_id": row.id, "error": reason, "attempts": row.attempts})
    if dispatch.handling.clock.now() - row.created_at > GIVE_UP_AFTER:
        await dispatch.handling.store.write(lambda tx: _undelivered(dispatch, tx, row, reason))
        return
    await _again(dispatch, row, backoff(row.attempts, getattr(error, "after", None)), reason)


def _undelivered(dispatch: Dispatch, tx: Transaction, row: OutboxRow, reason: str) -> None:
    """The row is dead and a person hears of it, unless the resident wanted no more messages."""
    if not tx.still_mine(row):
        return
    tx.bury(row, reason)
    conversation = tx.conversation(row.conversation_id)
    if not conversation.state.opted_out:
        due = dispatch.handling.jurisdictions[conversation.city_id].duty.due("undelivered", row.created_at)
        tx.add_staff_task(conversation, ToStaff("undelivered", reason), row.report_id, due)


# ----------------------------------------------------------------------------------------------- reports


async def _submit(dispatch: Dispatch, row: OutboxRow) -> None:
    assert row.report_id
    report_id = row.report_id
    report, attempts = await dispatch.handling.store.read(lambda tx: (tx.report(report_id), tx.attempts(row.id)))
    unsettled = [attempt for attempt in attempts if attempt.outcome in (None, "unsure")]
    if not unsettled or await _proven_absent(dispatch, row, report, unsettled):
        await _attempt(dispatch, row, report)


async def _proven_absent(dispatch: Dispatch, row: OutboxRow, report: Report, unsettled: list[Attempt]) -> bool:
    """Settles earlier attempts whose end is unknown. True only when none of them reached the city."""
    jurisdiction = dispatch.jurisdiction(report)
    first = unsettled[0].opened_at
    wait = unsettled[-1].opened_at + jurisdiction.settle_after - dispatch.handling.clock.now()
    if wait > timedelta(0):
        await _again(dispatch, row, wait, "waiting to look up an unsure attempt")
        return False
    try:
        async with asyncio.timeout(SEND_SECONDS):
            lookup = await jurisdiction.endpoint.look_up(unsettled[-1].submission, first)
    except (Retryable, Unsure, TimeoutError) as error:
        later = backoff(row.attempts, getattr(error, "after", None))
        await _again(dispatch, row, later, f"look-up failed: {error}")
        return False
    except Permanent as error:
        await _leave_to_staff(dispatch, row, report, unsettled, f"look-up refused: {error}")
        return False
    log.info("submission looked up", extra={"report_id": report.id, "verdict": lookup.verdict})
    if lookup.verdict == "found" and lookup.receipt:
        await _accepted(dispatch, row, report, unsettled, lookup.receipt, first)
        return False
    if lookup.verdict == "cannot_tell":
        await _leave_to_staff(dispatch, row, report, unsettled, lookup.why)
        return False
    if dispatch.handling.clock.now() - row.created_at > SENT_AGAIN_FOR:
        why = f"sent again and again for {SENT_AGAIN_FOR.days} days, and the city has it not: {lookup.why}"
        await _leave_to_staff(dispatch, row, report, unsettled, why)
        return False
    await dispatch.handling.store.write(lambda tx: _close(tx, unsettled, "absent", lookup.why))
    return True


async def _attempt(dispatch: Dispatch, row: OutboxRow, report: Report) -> None:
    handling = dispatch.handling
    payload = reports.submission(report, dispatch.media_at)
    deadline = handling.clock.now() + timedelta(seconds=SEND_SECONDS)
    attempt = await handling.store.write(
        lambda tx: tx.open_attempt(row, payload, deadline) if tx.still_mine(row) else None
    )
    if attempt is None:
        return
    log.info("attempt opened", extra={"report_id": report.id, "attempt_id": attempt.id})
    with trace.crossing() as crossing:
        receipt = await _posted(dispatch, report, payload)
    attempt = replace(attempt, request=crossing.request, answer=crossing.answer)
    match receipt:
        case Retryable():
            await _not_stored(dispatch, row, report, attempt, receipt)
        case Permanent():
            await _refused(dispatch, row, report, attempt, receipt)
        case Unsure():
            await _unsure(dispatch, row, report, attempt, str(receipt))
        case Receipt():
            log.info("report submitted", extra={"report_id": report.id, "attempt_id": attempt.id})
            await _accepted(dispatch, row, report, [attempt], receipt, attempt.opened_at)


async def _posted(
    dispatch: Dispatch, report: Report, payload: Submission
) -> Receipt | Retryable | Permanent | Unsure:
    """What came of one POST."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            return await dispatch.jurisdiction(report).endpoint.submit(payload)
    except (Retryable, Permanent, Unsure) as error:
        return error
    except TimeoutError as error:
        return Unsure(str(error) or "time-out")


async def _accepted(
    dispatch: Dispatch,
    row: OutboxRow,
    report: Report,
    attempts: list[Attempt],
    receipt: Receipt,
    sent_at: datetime,
) -> None:
    taken = replace(
        report,
        state="accepted",
        service_request_id=receipt.service_request_id,
        token=receipt.token,
        status="open",
    )
    now, poll_every = dispatch.handling.clock.now(), dispatch.jurisdiction(report).poll_every
    poll_at = tracking.first_look(now, receipt, poll_every)

    def commit(tx: Transaction) -> None:
        if tx.numbered(report.city_id, receipt):
            number = receipt.service_request_id or receipt.token
            _hand_over(tx, row, report, attempts, f"the city answered with {number}, which another report has")
            return
        _close(tx, attempts, "accepted", receipt.service_request_id or receipt.token or "without an id")
        tx.save_report(taken, poll_at=poll_at)
        _tell(dispatch, tx, CityAccepted(taken, receipt))
        tx.finish_outbox(row, Sent(receipt.service_request_id or receipt.token or ""))

    await _conclude(dispatch, row, commit)
    waited = (dispatch.handling.clock.now() - row.created_at).total_seconds()
    told = {"report_id": report.id, "sent_at": sent_at.isoformat(), "seconds": round(waited, 3)}
    log.info("report accepted", extra=told)


async def _refused(dispatch: Dispatch, row: OutboxRow, report: Report, attempt: Attempt, error: Permanent) -> None:
    refused = replace(report, state="refused")

    def commit(tx: Transaction) -> None:
        _close(tx, [attempt], "refused", error.words)
        tx.save_report(refused)
        _tell(dispatch, tx, CityRefused(refused, error.words))
        tx.bury(row, error.words)

    await _conclude(dispatch, row, commit)
    log.warning("report refused", extra={"report_id": report.id, "error": str(error)})


async def _not_stored(
    dispatch: Dispatch, row: OutboxRow, report: Report, attempt: Attempt, error: Retryable
) -> None:
    due = dispatch.handling.clock.now() + backoff(row.attempts, error.after)

    def commit(tx: Transaction) -> None:
        _close(tx, [attempt], "not_stored", str(error))
        _tell_held(dispatch, tx, row, report)
        tx.retry(row, due, str(error))

    await _conclude(dispatch, row, commit)
    log.warning("report held", extra={"report_id": report.id, "error": str(error)})


async def _unsure(dispatch: Dispatch, row: OutboxRow, report: Report, attempt: Attempt, reason: str) -> None:
    settled = attempt.opened_at + dispatch.jurisdiction(report).settle_after
    due = max(settled, dispatch.handling.clock.now() + backoff(row.attempts, longest=LOOKED_UP_EVERY))

    def commit(tx: Transaction) -> None:
        _close(tx, [attempt], "unsure", reason)
        _tell_held(dispatch, tx, row, report)
        tx.retry(row, due, reason)

    await _conclude(dispatch, row, commit)
    log.warning("report unsure", extra={"report_id": report.id, "error": reason})


async def _leave_to_staff(
    dispatch: Dispatch, row: OutboxRow, report: Report, attempts: list[Attempt], why: str
) -> None:
    await _conclude(dispatch, row, lambda tx: _hand_over(tx, row, report, attempts, why))
    log.warning("report left to staff", extra={"report_id": report.id, "error": why})


def _hand_over(tx: Transaction, row: OutboxRow, report: Report, attempts: list[Attempt], why: str) -> None:
    """A person decides what became of a report."""
    _close(tx, attempts, "unsure", why)
    tx.save_report(replace(report, state="unsure"))
    tx.add_staff_task(tx.conversation(report.conversation_id), ToStaff("unsure", why), report.id)
    tx.bury(row, why)


async def _conclude(dispatch: Dispatch, row: OutboxRow, work: Callable[[Transaction], None]) -> None:
    """Commits what became of a row still ours. If it is not, whoever has it looks the open attempt up."""

    def commit(tx: Transaction) -> None:
        if tx.still_mine(row):
            work(tx)

    await dispatch.handling.store.write(commit)


def _close(tx: Transaction, attempts: list[Attempt], outcome: Outcome, detail: str) -> None:
    for attempt in attempts:
        tx.close_attempt(attempt, outcome, detail)


def _tell(dispatch: Dispatch, tx: Transaction, event: CityAccepted | CityRefused | CityUnreachable) -> None:
    settle(dispatch.handling, tx, tx.conversation(event.report.conversation_id), event)


def _tell_held(dispatch: Dispatch, tx: Transaction, row: OutboxRow, report: Report) -> None:
    """The resident hears once that the report is held, not at every try."""
    if row.attempts == 1:
        _tell(dispatch, tx, CityUnreachable(report))


# ----------------------------------------------------------------------------------------------- updates


async def _update(dispatch: Dispatch, row: OutboxRow) -> None:
    """More words on a report, posted once. Where the city did not surely take them, a person passes them on."""
    assert row.report_id
    report_id = row.report_id
    report = await dispatch.handling.store.read(lambda tx: tx.report(report_id))
    if not report.service_request_id:
        await _pass_on(dispatch, row, "the city has no number for this report yet")
        return
    more = reports.follow_up(report, row, dispatch.handling.clock.now(), dispatch.media_at)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            taken_as = await dispatch.jurisdiction(report).endpoint.post_update(more)
    except Retryable as error:
        await _again(dispatch, row, backoff(row.attempts, error.after), str(error))
    except (Permanent, Unsure, TimeoutError) as error:
        await _pass_on(dispatch, row, str(error) or "time-out")
    else:
        log.info("update posted", extra={"report_id": report_id})
        await dispatch.handling.store.write(lambda tx: tx.finish_outbox(row, Sent(taken_as)))


async def _pass_on(dispatch: Dispatch, row: OutboxRow, why: str) -> None:
    def commit(tx: Transaction) -> None:
        conversation = tx.conversation(row.conversation_id)
        tx.add_staff_task(conversation, ToStaff("correction", row.words), row.report_id)
        tx.finish_outbox(row, None)

    await _conclude(dispatch, row, commit)
    log.warning("update left to staff", extra={"report_id": row.report_id, "error": why})


# ------------------------------------------------------------------------------------- twins at the city


async def _ask_for_twins(dispatch: Dispatch, row: OutboxRow) -> None:
    """What the city has near the draft's place comes back as an event; a city that does not answer has nothing."""
    handling = dispatch.handling
    conversation = await handling.store.read(lambda tx: tx.conversation(row.conversation_id))
    found = TwinsFound(await _twins(handling, conversation))
    definitions = await definitions_for(handling, conversation)

    def commit(tx: Transaction) -> None:
        settle(handling, tx, tx.conversation(row.conversation_id), found, definitions)
        tx.finish_outbox(row, None)

    await _conclude(dispatch, row, commit)
    log.info("twins looked for", extra={"outbox_id": row.id, "found": len(found.reports)})


async def _twins(handling: Handling, conversation: Conversation) -> tuple[Report, ...]:
    draft = conversation.state.draft
    place = draft.place if draft else None
    if draft is None or place is None or place.lat is None or place.long is None:
        return ()
    here = handling.jurisdictions[draft.city_id or conversation.city_id]
    since = handling.clock.now() - here.policy.twin_age
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            rows = await here.endpoint.nearby(draft.service_code, place.lat, place.long, here.policy.twin_m, since)
    except (BridgeError, TimeoutError) as error:
        log.warning("twins not looked for", extra={"city_id": here.id, "error": str(error) or "time-out"})
        return ()
    return tuple(reports.known(row, draft.service_code, here) for row in rows)


_SENDING: Mapping[str, Callable[[Dispatch, OutboxRow], Awaitable[None]]] = {
    "reply": _reply,
    "submission": _submit,
    "update": _update,
    "twins": _ask_for_twins,
}
