"""A stored message and everything that follows from it, in one transaction.

Understanding is slow and pure, so it runs first, off the event loop and outside any transaction. Then the
conversation is locked, `decide` is asked, and its state, report, replies and the finished inbox row are
committed together. Every other event (a city's answer, a status) goes through `settle` too: nothing else ever
writes a conversation.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bridge.flow import wording
from bridge.flow.conversation import decide
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.work import LEASE, MOST_ATTEMPTS, backoff, drain
from bridge.ports import Catalog, Clock, Store, Transaction
from bridge.vocabulary import (
    Conversation,
    Event,
    Facts,
    FileReport,
    Inbound,
    InboundKind,
    InboxRow,
    Located,
    MessageArrived,
    Say,
    ToStaff,
    Understanding,
)

log = logging.getLogger(__name__)

WIDTH = 4
LONGEST_READ = 5000  # characters that are understood; all of the text is stored


@dataclass(frozen=True, slots=True)
class Handling:
    """What handling needs. `city_of` maps an account to the city it serves."""

    store: Store
    clock: Clock
    catalog: Catalog
    jurisdictions: Mapping[str, Jurisdiction]
    city_of: Mapping[str, str]

    def jurisdiction(self, account_id: str) -> Jurisdiction:
        return self.jurisdictions[self.city_of[account_id]]


async def look(handling: Handling) -> None:
    """Handles every due message."""
    now = handling.clock.now

    async def claim() -> InboxRow | None:
        return await handling.store.write(lambda tx: tx.claim_inbound(now(), LEASE))

    await drain(claim, lambda row: _handle(handling, row), WIDTH)


async def _handle(handling: Handling, row: InboxRow) -> None:
    """One claimed row, to its end; a failure is retried, then left for a person to see."""
    if row.attempts > MOST_ATTEMPTS:
        await handling.store.write(lambda tx: tx.bury(row, "handled too often without an end"))
        log.error("inbound given up", extra={"inbox_id": row.id})
        return
    try:
        await _consequences(handling, row)
    except Exception as error:
        log.exception("inbound failed", extra={"inbox_id": row.id})
        due = handling.clock.now() + backoff(row.attempts)
        reason = repr(error)
        await handling.store.write(lambda tx: tx.retry(row, due, reason))


async def _consequences(handling: Handling, row: InboxRow) -> None:
    message = row.message
    log.debug("inbound claimed", extra={"inbox_id": row.id})
    if message.kind not in (InboundKind.MESSAGE, InboundKind.EDIT):
        await handling.store.write(lambda tx: tx.finish_inbound(row, None))
        log.info("inbound noted", extra={"inbox_id": row.id, "kind": str(message.kind)})
        return
    jurisdiction = handling.jurisdiction(message.account_id)
    understood = await asyncio.to_thread(understand, jurisdiction, message)
    log.debug("inbound understood", extra={"inbox_id": row.id})

    def commit(tx: Transaction) -> None:
        if not tx.still_mine(row):
            return
        conversation = tx.conversation_of(message, jurisdiction.id)
        settle(handling, tx, conversation, MessageArrived(message, understood))
        tx.finish_inbound(row, conversation.id)

    await handling.store.write(commit)
    log.info("inbound handled", extra={"inbox_id": row.id, "account_id": message.account_id})


def understand(jurisdiction: Jurisdiction, message: Inbound) -> Understanding:
    """What the text is about and where, and in which language. Pure; the slow part of handling."""
    text = message.text[:LONGEST_READ]
    language = jurisdiction.detect(text, message.language)
    assert jurisdiction.classifier, "a jurisdiction is offered its services before it serves"
    guesses, civic = jurisdiction.classifier.classify(text, language) if text.strip() else ((), 0.0)
    located = _pinned(jurisdiction, message) if message.pin else jurisdiction.locator.locate(text, language)
    return Understanding(text, language, guesses, civic, located)


def _pinned(jurisdiction: Jurisdiction, message: Inbound) -> Located:
    assert message.pin
    place = jurisdiction.locator.at(message.pin)
    return Located(candidates=(place,), ask=False) if place else Located(outside=True)


def settle(handling: Handling, tx: Transaction, conversation: Conversation, event: Event) -> None:
    """Decides on an event and writes all that follows into the caller's transaction."""
    jurisdiction = handling.jurisdictions[conversation.city_id]
    facts = Facts(jurisdiction.services, jurisdiction.name, tx.reports_of(conversation.id))
    decision = decide(conversation.state, event, facts, jurisdiction.policy, handling.clock.now())
    tx.save_state(conversation, decision.state)
    conversation = replace(conversation, state=decision.state)
    for effect in decision.effects:
        match effect:
            case Say():
                tx.add_reply(conversation, wording.outbound(conversation, effect, handling.catalog))
            case FileReport():
                service = jurisdiction.services[effect.service_code]
                tx.add_submission(tx.add_report(conversation, effect, service.service_name))
            case ToStaff():
                about = getattr(event, "report", None)
                tx.add_staff_task(conversation, effect, about.id if about else None)
