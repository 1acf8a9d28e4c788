"""A stored message and everything that follows from it, in one transaction.

Understanding is slow and pure, so it runs first, off the event loop and outside any transaction. Then the
conversation is locked, `decide` is asked, and its state, report, replies and the finished inbox row are
committed together (`bridge.flow.settling`). What a conversation has set its own clock for comes as `TimerFired`.
"""

from __future__ import annotations

import asyncio
import logging

from bridge import trace
from bridge.errors import Retryable
from bridge.flow.delivery import told
from bridge.flow.media import Taken
from bridge.flow.settling import Handling, codes_of, definitions_for, definitions_of, settle
from bridge.flow.understanding import Known, understand
from bridge.flow.work import LEASE, MOST_ATTEMPTS, MOST_FETCHES, backoff, drain
from bridge.ports import Transaction
from bridge.vocabulary import (
    Conversation,
    Delivery,
    EmergencyHeard,
    Inbound,
    InboundKind,
    InboxRow,
    MessageArrived,
    State,
    TimerFired,
    TimerRow,
)

log = logging.getLogger(__name__)


async def look(handling: Handling) -> None:
    """Handles every due message."""
    now = handling.clock.now

    async def claim() -> InboxRow | None:
        return await handling.store.write(lambda tx: tx.claim_inbound(now(), LEASE))

    await drain(claim, lambda row: _handle(handling, row), handling.hands)


async def _handle(handling: Handling, row: InboxRow) -> None:
    """One claimed row, to its end; a failure is retried, then left for a person to see."""
    with trace.following(row.id):
        await _to_its_end(handling, row)


async def _to_its_end(handling: Handling, row: InboxRow) -> None:
    if row.attempts > MOST_ATTEMPTS:
        await handling.store.write(lambda tx: tx.bury(row, "handled too often without an end"))
        log.error("inbound given up", extra={"inbox_id": row.id})
        return
    try:
        await _consequences(handling, row)
    except Exception as error:
        if not isinstance(error, Retryable):
            log.exception("inbound failed", extra={"inbox_id": row.id})
        due = handling.clock.now() + backoff(row.attempts, getattr(error, "after", None))
        reason = repr(error)
        await handling.store.write(lambda tx: tx.retry(row, due, reason))


async def _consequences(handling: Handling, row: InboxRow) -> None:
    message = row.message
    log.debug("inbound claimed", extra={"inbox_id": row.id})
    if message.kind is InboundKind.DELIVERY and message.delivery:
        await handling.store.write(lambda tx: _delivery(handling, tx, row, message.delivery))
        log.info("delivery told", extra={"inbox_id": row.id, "state": message.delivery.state})
        return
    if message.kind not in (InboundKind.MESSAGE, InboundKind.EDIT):
        await handling.store.write(lambda tx: tx.finish_inbound(row, None))
        log.info("inbound noted", extra={"inbox_id": row.id, "kind": str(message.kind)})
        return
    taken = await _files(handling, row)
    while not await _understood(handling, row, taken):
        log.info("understood too early", extra={"inbox_id": row.id})
    if handling.files and taken.kept:
        await handling.files.discard(message)
    log.info("inbound handled", extra={"inbox_id": row.id, "account_id": message.account_id})


async def _understood(handling: Handling, row: InboxRow, taken: Taken) -> bool:
    """Understands a message and commits what follows. False where the drafts that it was understood by are no
    longer the conversation's: a timer has filed one meanwhile, and the words are to be read anew."""
    message = row.message
    jurisdictions = handling.jurisdictions_of(message.account_id)
    known = await handling.store.read(lambda tx: _known(tx, message))
    understood, parts = await asyncio.to_thread(understand, jurisdictions, message, known, taken.pin)
    log.debug("inbound understood", extra={"inbox_id": row.id})
    here = handling.jurisdictions[understood.city_id or jurisdictions[0].id]
    guessed = {guess.service_code for part in (understood, *parts) for guess in part.guesses}
    drafts = [draft for draft in (known.draft, *known.later) if draft]
    definitions = await definitions_of(here, guessed | codes_of(drafts))

    def commit(tx: Transaction) -> bool:
        if not tx.still_mine(row):
            return True
        if not _is_still(known, tx.locked(message)):
            return False
        conversation = tx.conversation_of(message, jurisdictions[0].id)
        if understood.alarm and not jurisdictions[0].alarms(message.text):  # else it was heard when it was stored
            settle(handling, tx, conversation, EmergencyHeard(message, understood.alarm))
            conversation = tx.conversation(conversation.id)
            log.warning("emergency heard", extra={"inbox_id": row.id, "rule": understood.alarm.rule})
        tx.add_media(conversation, taken.kept)
        arrived = MessageArrived(message, understood, parts, taken.kept, taken.refused)
        settle(handling, tx, conversation, arrived, definitions)
        tx.finish_inbound(row, conversation.id)
        return True

    return await handling.store.write(commit)


def _is_still(known: Known, conversation: Conversation | None) -> bool:
    state = conversation.state if conversation else State()
    return (known.draft, known.later) == (state.draft, state.later)


async def _files(handling: Handling, row: InboxRow) -> Taken:
    """The message's files. One that cannot be had after several tries does not hold up the words for ever."""
    if handling.files is None or not row.message.attachments or row.message.automatic:
        return Taken()
    try:
        return await handling.files.take(row.message)
    except Retryable:
        if row.attempts < MOST_FETCHES:
            raise
        log.warning("files given up", extra={"inbox_id": row.id})
        return Taken(refused=len(row.message.attachments))


def _delivery(handling: Handling, tx: Transaction, row: InboxRow, delivery: Delivery | None) -> None:
    """A report may overtake our own record of the send: then it waits a moment."""
    assert delivery
    message = row.message
    if told(handling, tx, message.account_id, message.sender, delivery) or row.attempts >= MOST_FETCHES:
        tx.finish_inbound(row, None)
    else:
        tx.retry(row, handling.clock.now() + backoff(row.attempts), "about a message that is not known yet")


def _known(tx: Transaction, message: Inbound) -> Known:
    conversation = tx.glimpse(message)
    if conversation is None:
        return Known()
    reports = tx.reports_of(conversation.id)
    state = conversation.state
    return Known(state.language, state.draft, reports[0].place if reports else None, state.later)


async def look_at_timers(handling: Handling) -> None:
    """Tells every conversation whose time has come."""
    now = handling.clock.now

    async def claim() -> TimerRow | None:
        return await handling.store.write(lambda tx: tx.claim_timer(now(), LEASE))

    await drain(claim, lambda row: _fire(handling, row), handling.timer_hands)


async def _fire(handling: Handling, row: TimerRow) -> None:
    """One timer, to its end; it is not given up, since a draft may hang on it."""
    log.debug("timer claimed", extra={"trace": row.trace, "timer_id": row.id, "timer": row.name})
    try:
        with trace.following(row.trace):
            await _timer_consequences(handling, row)
    except Exception as error:
        log.exception("timer failed", extra={"timer_id": row.id})
        due = handling.clock.now() + backoff(row.attempts)
        reason = repr(error)
        await handling.store.write(lambda tx: tx.retry(row, due, reason))


async def _timer_consequences(handling: Handling, row: TimerRow) -> None:
    conversation = await handling.store.read(lambda tx: tx.conversation(row.conversation_id))
    definitions = await definitions_for(handling, conversation)

    def commit(tx: Transaction) -> None:
        conversation = tx.conversation(row.conversation_id)  # first, as whoever moves its timers holds it
        if tx.still_mine(row):
            settle(handling, tx, conversation, TimerFired(row.name), definitions)
            tx.finish_timer(row)

    await handling.store.write(commit)
    log.info("timer handled", extra={"timer_id": row.id, "timer": row.name})
