"""A stored message and everything that follows from it, in one transaction.

Understanding is slow and pure, so it runs first, off the event loop and outside any transaction. Then the
conversation is locked, `decide` is asked, and its state, report, replies and the finished inbox row are
committed together. Every other event (a city's answer, a status) goes through `settle` too: nothing else ever
writes a conversation. What a conversation has set its own clock for comes as `TimerFired`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge import trace
from bridge.errors import BridgeError, Retryable
from bridge.flow import wording
from bridge.flow.conversation import decide
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.media import Files, Taken
from bridge.flow.understanding import Known, understand
from bridge.flow.work import LEASE, MOST_ATTEMPTS, MOST_FETCHES, backoff, drain
from bridge.ports import Catalog, Clock, Store, Transaction
from bridge.vocabulary import (
    Attribute,
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Conversation,
    Delivery,
    Draft,
    DropTimer,
    Effect,
    Event,
    Facts,
    FileReport,
    Follow,
    Forget,
    Inbound,
    InboundKind,
    InboxRow,
    LookForTwins,
    MessageArrived,
    Place,
    PostUpdate,
    Report,
    Say,
    SetTimer,
    StaffFiled,
    State,
    StatusChanged,
    TakeBack,
    TimerFired,
    TimerRow,
    ToStaff,
    TwinsFound,
)
from bridge.vocabulary.console import Example

log = logging.getLogger(__name__)

Definitions = dict[str, tuple[Attribute, ...]]

WIDTH = 4
LEFT_OUT_FIRST = ("ask.satisfied", "reminder")  # when a month's segments are sent; all else is said all the same


@dataclass(frozen=True, slots=True)
class Handling:
    """What handling needs. `cities_of` maps an account to the cities it serves, its own first. `budgets` are the
    segments an account may send in a month, `mailboxes` the accounts that are mail."""

    store: Store
    clock: Clock
    catalog: Catalog
    jurisdictions: Mapping[str, Jurisdiction]
    cities_of: Mapping[str, Sequence[str]]
    files: Files | None = None
    budgets: Mapping[str, int] = field(default_factory=dict)
    mailboxes: Sequence[str] = ()

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
    definitions = await _definitions(here, guessed | _codes(drafts))

    def commit(tx: Transaction) -> bool:
        if not tx.still_mine(row):
            return True
        if not _is_still(known, tx.locked(message)):
            return False
        conversation = tx.conversation_of(message, jurisdictions[0].id)
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
    from bridge.flow.delivery import told  # it settles what it finds, by way of this file

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


async def _definitions(here: Jurisdiction, codes: set[str]) -> Definitions:
    """The attributes of the services in question. A city that cannot show one now does not hold up the report:
    what it then misses, it says when the report is sent."""
    found: Definitions = {}
    for code in codes:
        if code in here.services and here.services[code].metadata:
            try:
                found[code] = await here.endpoint.definition(code)
            except BridgeError as error:
                log.warning("definition not read", extra={"city_id": here.id, "code": code, "error": str(error)})
    return found


async def definitions_for(handling: Handling, conversation: Conversation) -> Definitions:
    """The attributes of the services that the conversation's drafts may be about."""
    state = conversation.state
    drafts = [draft for draft in (state.draft, *state.later) if draft]
    here = handling.jurisdictions[(drafts[0].city_id if drafts else "") or conversation.city_id]
    return await _definitions(here, _codes(drafts))


def _codes(drafts: Sequence[Draft]) -> set[str]:
    """The services that drafts may become reports of."""
    guessed = {guess.service_code for draft in drafts for guess in draft.guesses}
    told = {problem.service_code for draft in drafts for problem in draft.problems}
    return guessed | told | {draft.service_code for draft in drafts}


async def look_at_timers(handling: Handling) -> None:
    """Tells every conversation whose time has come."""
    now = handling.clock.now

    async def claim() -> TimerRow | None:
        return await handling.store.write(lambda tx: tx.claim_timer(now(), LEASE))

    await drain(claim, lambda row: _fire(handling, row), WIDTH)


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


def settle(
    handling: Handling,
    tx: Transaction,
    conversation: Conversation,
    event: Event,
    definitions: Definitions | None = None,
) -> None:
    """Decides on an event and writes all that follows into the caller's transaction."""
    jurisdiction = handling.jurisdictions[_city_of(conversation, event)]
    facts = _facts(handling, tx, conversation, event, jurisdiction, definitions or {})
    decision = decide(conversation.state, event, facts, jurisdiction.policy, handling.clock.now())
    tx.save_state(conversation, decision.state)
    conversation = replace(conversation, state=decision.state)
    for effect in decision.effects:
        _write(handling, tx, conversation, jurisdiction, event, effect)


def _facts(
    handling: Handling,
    tx: Transaction,
    conversation: Conversation,
    event: Event,
    jurisdiction: Jurisdiction,
    definitions: Definitions,
) -> Facts:
    heard = event.message.text if isinstance(event, MessageArrived) else ""
    return Facts(
        services=jurisdiction.services,
        city_name=jurisdiction.name,
        time_zone=jurisdiction.time_zone,
        reports=tx.reports_of(conversation.id),
        definitions=definitions,
        contact_needed=jurisdiction.contact_needed,
        contact=_known_contact(conversation),
        channel=conversation.channel,
        nearby=_nearby(handling, tx, conversation, event, jurisdiction),
        waiting=_waiting(tx, conversation, event),
        unhandled=isinstance(event, TimerFired | TwinsFound) and tx.unhandled(conversation),
        unsent=tx.unsent_question(conversation),
        last_heard=conversation.last_heard,
        alarm=jurisdiction.alarms(heard) if heard else None,
    )


def _nearby(
    handling: Handling, tx: Transaction, conversation: Conversation, event: Event, jurisdiction: Jurisdiction
) -> tuple[Report, ...]:
    """Open reports around the place that the event or the draft is about."""
    policy, place = jurisdiction.policy, _place(conversation, event)
    if not policy.twin_m or place is None or place.lat is None or place.long is None:
        return ()
    since = handling.clock.now() - policy.twin_age
    return tx.nearby(jurisdiction.id, place.lat, place.long, policy.twin_m, since)


def _waiting(tx: Transaction, conversation: Conversation, event: Event) -> tuple[Report, ...]:
    """The reports whose news wait, once they are due."""
    due = isinstance(event, TimerFired) and event.name == "news"
    return tuple(tx.report(news.report_id) for news in conversation.state.news) if due else ()


def _place(conversation: Conversation, event: Event) -> Place | None:
    draft = conversation.state.draft
    if draft and draft.place:
        return draft.place
    candidates = event.understanding.located.candidates if isinstance(event, MessageArrived) else ()
    return candidates[0] if candidates else None


def _write(
    handling: Handling,
    tx: Transaction,
    conversation: Conversation,
    jurisdiction: Jurisdiction,
    event: Event,
    effect: Effect,
) -> None:
    """One effect, as rows."""
    match effect:
        case Say():
            left_out = effect.message_id in LEFT_OUT_FIRST and _over_budget(handling, tx, conversation.account_id)
            for said in () if left_out else wording.messages(conversation, effect, handling.catalog):
                tx.add_reply(conversation, said, question=effect.question)
        case TakeBack():
            tx.take_back(conversation)
        case SetTimer():
            tx.set_timer(conversation, effect.name, effect.at)
        case DropTimer():
            tx.drop_timer(conversation, effect.name)
        case FileReport():
            service = jurisdiction.services[effect.service_code]
            report = tx.add_report(conversation, jurisdiction.id, effect, service.service_name)
            tx.attach(report.id, effect.photos)
            tx.add_submission(report)
            if effect.mistaken:
                learn_from(tx, report, conversation.state.language, effect.mistaken, handling.clock.now())
        case PostUpdate():
            tx.attach(effect.report.id, effect.photos)
            tx.add_update(effect.report, effect.words, effect.photos)
        case LookForTwins():
            tx.add_twin_search(conversation)
        case Follow() if effect.report.id:
            tx.add_follower(effect.report, conversation)
        case Follow():
            tx.add_known(effect.report, conversation, handling.clock.now() + jurisdiction.poll_every)
        case Forget():
            tx.forget(conversation, erase=effect.erase)
        case ToStaff():
            if effect.report_id:
                tx.attach(effect.report_id, effect.media)
            due = jurisdiction.duty.due(effect.reason, handling.clock.now())
            tx.add_staff_task(conversation, effect, effect.report_id or None, due)


def _over_budget(handling: Handling, tx: Transaction, account_id: str) -> bool:
    budget = handling.budgets.get(account_id, 0)
    return bool(budget) and tx.used(account_id, f"{handling.clock.now():%Y-%m}").segments >= budget


def learn_from(tx: Transaction, report: Report, language: str, mistaken: str, now: datetime) -> None:
    """Keeps a report as an example of its service, which a person or the city said it is of."""
    said = report.description
    tx.console.add_example(Example(report.city_id, said, language, report.service_code, mistaken, now))


def _city_of(conversation: Conversation, event: Event) -> str:
    """The city an event is about: the report's, the place's, the draft's, else the conversation's own."""
    match event:
        case CityAccepted() | CityRefused() | CityUnreachable() | StatusChanged():
            return event.report.city_id
        case StaffFiled():
            return event.city_id
        case MessageArrived() if event.understanding.city_id:
            return event.understanding.city_id
    draft = conversation.state.draft
    return (draft.city_id if draft else "") or conversation.city_id


def _known_contact(conversation: Conversation) -> dict[str, str]:
    """What the channel itself tells of the sender, in GeoReport's fields."""
    field = {"sms": "phone", "mail": "email"}.get(conversation.channel)
    return {field: conversation.address} if field else {}
