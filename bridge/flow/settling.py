"""One event of a conversation, settled: decided on, and written with all that follows into one transaction.

Nothing else ever writes a conversation: a message, a timer, a city's answer, a status, what staff do and what
became of a reply all come through `settle`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bridge.errors import BridgeError
from bridge.flow import wording
from bridge.flow.conversation import decide
from bridge.flow.draft import without_english
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.media import Files
from bridge.ports import Catalog, Clock, Store, Transaction
from bridge.vocabulary import (
    Attribute,
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Conversation,
    Draft,
    DropTimer,
    Effect,
    Event,
    Facts,
    FileReport,
    Follow,
    Forget,
    LearnFrom,
    LookForTwins,
    Marked,
    MessageArrived,
    Place,
    PostUpdate,
    Report,
    Say,
    SetTimer,
    StaffFiled,
    StatusChanged,
    TakeBack,
    TimerFired,
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
    segments an account may send in a month, `mailboxes` the accounts that are mail. `hands` and `timer_hands`
    bound how many messages and timers are handled at a time."""

    store: Store
    clock: Clock
    catalog: Catalog
    jurisdictions: Mapping[str, Jurisdiction]
    cities_of: Mapping[str, Sequence[str]]
    files: Files | None = None
    budgets: Mapping[str, int] = field(default_factory=dict)
    mailboxes: Sequence[str] = ()
    hands: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, WIDTH))
    timer_hands: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, WIDTH))

    def jurisdictions_of(self, account_id: str) -> Sequence[Jurisdiction]:
        return [self.jurisdictions[city_id] for city_id in self.cities_of[account_id]]


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
        write_effect(handling, tx, conversation, jurisdiction, event, effect)


def _facts(
    handling: Handling,
    tx: Transaction,
    conversation: Conversation,
    event: Event,
    jurisdiction: Jurisdiction,
    definitions: Definitions,
) -> Facts:
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
        held=jurisdiction.policy.forget == "erase" and tx.is_held(conversation.contact_id),
        last_heard=conversation.last_heard,
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


def write_effect(
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
            now = handling.clock.now()
            left_out = (
                effect.message_id in LEFT_OUT_FIRST and spent(handling, tx, conversation.account_id, now) >= 1
            )
            effect = wording.in_their_words(effect, jurisdiction.called(conversation.state.language))
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
        case Marked():
            tx.mark_report(effect.report_id, effect.mark)
        case LearnFrom():
            right = replace(effect.report, service_code=effect.service_code)
            language, before = conversation.state.language, effect.report.service_code
            learn_from(tx, right, language, before, handling.clock.now())
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


def spent(handling: Handling, tx: Transaction, account_id: str, now: datetime) -> float:
    """The part of its month's segments that an account has sent; 0 where it has no budget."""
    budget = handling.budgets.get(account_id, 0)
    return tx.used(account_id, f"{now:%Y-%m}").segments / budget if budget else 0.0


def learn_from(tx: Transaction, report: Report, language: str, mistaken: str, now: datetime) -> None:
    """Keeps a report as an example of its service, which a person or the city said it is of."""
    said = without_english(report.description)
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


async def definitions_of(here: Jurisdiction, codes: set[str]) -> Definitions:
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
    return await definitions_of(here, codes_of(drafts))


def codes_of(drafts: Sequence[Draft]) -> set[str]:
    """The services that drafts may become reports of."""
    guessed = {guess.service_code for draft in drafts for guess in draft.guesses}
    told = {problem.service_code for draft in drafts for problem in draft.problems}
    return guessed | told | {draft.service_code for draft in drafts}
