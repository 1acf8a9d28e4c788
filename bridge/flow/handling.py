"""A stored message and everything that follows from it, in one transaction.

Understanding is slow and pure, so it runs first, off the event loop and outside any transaction. Then the
conversation is locked, `decide` is asked, and its state, report, replies and the finished inbox row are
committed together. Every other event (a city's answer, a status) goes through `settle` too: nothing else ever
writes a conversation.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.errors import BridgeError
from bridge.flow import wording
from bridge.flow.conversation import decide
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.work import LEASE, MOST_ATTEMPTS, backoff, drain
from bridge.ports import Catalog, Clock, Store, Transaction
from bridge.vocabulary import (
    Attribute,
    Conversation,
    Draft,
    Event,
    Facts,
    FileReport,
    Guess,
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

Definitions = dict[str, tuple[Attribute, ...]]

WIDTH = 4
LONGEST_READ = 5000  # characters that are understood; all of the text is stored


@dataclass(frozen=True, slots=True)
class Handling:
    """What handling needs. `cities_of` maps an account to the cities it serves, its own first."""

    store: Store
    clock: Clock
    catalog: Catalog
    jurisdictions: Mapping[str, Jurisdiction]
    cities_of: Mapping[str, Sequence[str]]

    def jurisdictions_of(self, account_id: str) -> Sequence[Jurisdiction]:
        return [self.jurisdictions[city_id] for city_id in self.cities_of[account_id]]


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
    jurisdictions = handling.jurisdictions_of(message.account_id)
    draft = await handling.store.read(lambda tx: tx.draft_of(message))
    understood = await asyncio.to_thread(understand, jurisdictions, message, draft)
    log.debug("inbound understood", extra={"inbox_id": row.id})
    here = handling.jurisdictions[understood.city_id or jurisdictions[0].id]
    definitions = await _definitions(here, [*understood.guesses, *(draft.guesses if draft else ())], draft)

    def commit(tx: Transaction) -> None:
        if not tx.still_mine(row):
            return
        conversation = tx.conversation_of(message, jurisdictions[0].id)
        settle(handling, tx, conversation, MessageArrived(message, understood), definitions)
        tx.finish_inbound(row, conversation.id)

    await handling.store.write(commit)
    log.info("inbound handled", extra={"inbox_id": row.id, "account_id": message.account_id})


def understand(jurisdictions: Sequence[Jurisdiction], message: Inbound, draft: Draft | None) -> Understanding:
    """What the text is about and where, and in which language. Pure; the slow part of handling.

    The place decides the city, where an account serves several; another city's services than the draft was
    understood by make all its words be read again.
    """
    text = message.text[:LONGEST_READ]
    first = jurisdictions[0]
    language = first.detect(text, message.language)
    here, located = _locate(jurisdictions, message, text, language)
    before = (draft.city_id or first.id) if draft else here.id
    afresh = bool(draft) and bool(located.candidates) and here.id != before
    if not located.candidates and draft:
        here = next((city for city in jurisdictions if city.id == before), here)
    assert here.classifier, "a jurisdiction is offered its services before it serves"
    words = "\n".join([*draft.words, text])[:LONGEST_READ] if draft and afresh else text
    guesses, civic = here.classifier.classify(words, language) if words.strip() else ((), 0.0)
    return Understanding(text, language, guesses, civic, located, here.id, afresh)


def _locate(
    jurisdictions: Sequence[Jurisdiction], message: Inbound, text: str, language: str
) -> tuple[Jurisdiction, Located]:
    """The first city that knows the place, and the place; the account's own city when none does."""
    found = [(city, _located(city, message, text, language)) for city in jurisdictions]
    return next(((city, located) for city, located in found if located.candidates), found[0])


def _located(jurisdiction: Jurisdiction, message: Inbound, text: str, language: str) -> Located:
    if message.pin is None:
        return jurisdiction.locator.locate(text, language)
    place = jurisdiction.locator.at(message.pin)
    return Located(candidates=(place,), ask=False) if place else Located(outside=True)


async def _definitions(here: Jurisdiction, guesses: Sequence[Guess], draft: Draft | None) -> Definitions:
    """The attributes of the services in question. A city that cannot show one now does not hold up the report:
    what it then misses, it says when the report is sent."""
    codes = {guess.service_code for guess in guesses} | ({draft.service_code} if draft else set())
    found: Definitions = {}
    for code in codes:
        if code in here.services and here.services[code].metadata:
            try:
                found[code] = await here.endpoint.definition(code)
            except BridgeError as error:
                log.warning("definition not read", extra={"city_id": here.id, "code": code, "error": str(error)})
    return found


def settle(
    handling: Handling,
    tx: Transaction,
    conversation: Conversation,
    event: Event,
    definitions: Definitions | None = None,
) -> None:
    """Decides on an event and writes all that follows into the caller's transaction."""
    jurisdiction = handling.jurisdictions[_city_of(conversation, event)]
    facts = Facts(
        services=jurisdiction.services,
        city_name=jurisdiction.name,
        time_zone=jurisdiction.time_zone,
        reports=tx.reports_of(conversation.id),
        definitions=definitions or {},
        contact_needed=jurisdiction.contact_needed,
        contact=_known_contact(conversation),
    )
    decision = decide(conversation.state, event, facts, jurisdiction.policy, handling.clock.now())
    tx.save_state(conversation, decision.state)
    conversation = replace(conversation, state=decision.state)
    for effect in decision.effects:
        match effect:
            case Say():
                tx.add_reply(conversation, wording.outbound(conversation, effect, handling.catalog))
            case FileReport():
                service = jurisdiction.services[effect.service_code]
                report = tx.add_report(conversation, jurisdiction.id, effect, service.service_name)
                tx.add_submission(report)
            case ToStaff():
                about = getattr(event, "report", None)
                tx.add_staff_task(conversation, effect, about.id if about else None)


def _city_of(conversation: Conversation, event: Event) -> str:
    """The city an event is about: the report's, the place's, the draft's, else the conversation's own."""
    if not isinstance(event, MessageArrived):
        return event.report.city_id
    draft = conversation.state.draft
    return event.understanding.city_id or (draft.city_id if draft else "") or conversation.city_id


def _known_contact(conversation: Conversation) -> dict[str, str]:
    """What the channel itself tells of the sender, in GeoReport's fields."""
    field = {"sms": "phone", "mail": "email"}.get(conversation.channel)
    return {field: conversation.address} if field else {}
