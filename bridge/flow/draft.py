"""A report in the making: what a message adds to it, what it still lacks, and the question for that. Pure.

A report is complete when it has a service, a place, every required attribute of the service and the contact the
city insists on. `GAPS` asks for them in this order, and never for what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.flow import commands
from bridge.flow.answers import email_in, interpret, name_in
from bridge.vocabulary import (
    Attribute,
    Choice,
    Draft,
    Facts,
    FileReport,
    MessageArrived,
    Place,
    Policy,
    Question,
    Say,
    State,
    Value,
)

MOST_CHOICES = 3
PAGE = 5  # values of a list attribute shown at once
MORE = Choice("0", "choice.more")  # the label is a message of the catalogue
LONGEST_DESCRIPTION = 3800  # GeoReport v2 allows 4,000 characters; the rest is for the marker and a note
LONGEST_ADDRESS = 200


# ------------------------------------------------------------------------------------- what a message adds


def gather(state: State, event: MessageArrived, facts: Facts, now: datetime) -> Draft:
    """The draft with what this message adds: an answer to the open question, or words, a service, a place."""
    draft = state.draft or Draft()
    answered = _answer(state, draft, event, facts, now) if state.draft else None
    return answered or _read(draft, state.question, event)


def _answer(state: State, draft: Draft, event: MessageArrived, facts: Facts, now: datetime) -> Draft | None:
    """The draft with the answer, when the message is one; None when it must be read as words."""
    text = event.message.text
    match state.question:
        case "which_place" | "service":
            return _picked(draft, state.question, commands.choice_number(text), len(state.offered))
        case "attribute":
            return _attribute_answered(draft, text, facts, now)
        case "email":
            found = email_in(text)
            return replace(draft, contact={**draft.contact, "email": found}) if found else None
        case "name":
            name = name_in(text)
            named = {"first_name": name[0], "last_name": name[1]} if name else {}
            return replace(draft, contact={**draft.contact, **named}) if name else None
        case _:
            return None


def _picked(draft: Draft, question: Question, number: int | None, offered: int) -> Draft | None:
    if not number or number > offered:
        return None
    if question == "which_place":
        return replace(draft, place=draft.candidates[number - 1])
    return replace(draft, service_code=draft.guesses[number - 1].service_code)


def _attribute_answered(draft: Draft, text: str, facts: Facts, now: datetime) -> Draft | None:
    attribute = next((a for a in _definition(draft.service_code, facts) if a.code == draft.asking), None)
    if attribute is None:
        return None
    shown = attribute.values[: PAGE * draft.page]
    if commands.choice_number(text) == 0 and len(shown) < len(attribute.values):
        return draft
    values = interpret(attribute, text, shown, now.astimezone(ZoneInfo(facts.time_zone)))
    if values is None:
        return None
    return replace(draft, attributes={**draft.attributes, attribute.code: values}, asking="", page=0)


def _read(draft: Draft, question: Question | None, event: MessageArrived) -> Draft:
    """The message as more words about the problem."""
    text = event.message.text.strip()
    understood = event.understanding
    words = (*draft.words, text) if text else draft.words
    draft = replace(draft, words=words, files=draft.files + len(event.message.attachments))
    if understood.city_id and understood.city_id != draft.city_id:
        draft = replace(
            draft, city_id=understood.city_id, service_code="" if understood.afresh else draft.service_code
        )
    if not draft.guesses or question in ("service", "words") or understood.afresh:
        draft = replace(draft, guesses=understood.guesses)
    return draft if draft.place else _place(draft, question, event)


def _place(draft: Draft, question: Question | None, event: MessageArrived) -> Draft:
    located = event.understanding.located
    if located.candidates and not located.ask:
        return replace(draft, place=located.candidates[0], candidates=(), outside=False)
    draft = replace(draft, outside=located.outside)
    named = any(mention.kind != "relative" for mention in located.mentions)
    if question in ("place", "which_place") and named and not located.outside and len(located.candidates) <= 1:
        # Asked once already: the resident's own words go to the city, as words.
        return replace(draft, place=Place(event.message.text.strip()[:LONGEST_ADDRESS], why="resident's words"))
    return replace(draft, candidates=located.candidates or draft.candidates)


# ------------------------------------------------------------------------------------------ what is lacking


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing: the question, its words, and the draft that remembers what was asked."""

    question: Question
    say: Say
    draft: Draft


def service_of(draft: Draft, facts: Facts, policy: Policy) -> str:
    """The service the resident chose, or the one that is certain enough; "" when there is none."""
    best = draft.guesses[0] if draft.guesses else None
    if draft.service_code or best is None or best.p < policy.submit or best.service_code not in facts.services:
        return draft.service_code
    return best.service_code


def gap(draft: Draft, service_code: str, facts: Facts, policy: Policy) -> Gap | None:
    """The first thing that is missing; None when the report is complete."""
    known = replace(draft, service_code=service_code)
    return next((found for find in GAPS if (found := find(known, facts, policy))), None)


def no_service(draft: Draft, facts: Facts, policy: Policy) -> Gap | None:
    """What is it? At most three choices, once; else in other words."""
    if draft.service_code:
        return None
    offered = [g for g in draft.guesses if g.p >= policy.ask and g.service_code in facts.services][:MOST_CHOICES]
    if not offered or "service" in draft.asked:
        return Gap("words", Say("ask.words"), draft)
    names = [facts.services[guess.service_code].service_name for guess in offered]
    return Gap("service", Say("ask.service", choices=_numbered(names)), replace(draft, guesses=tuple(offered)))


def no_place(draft: Draft, facts: Facts, policy: Policy) -> Gap | None:
    """Where is it?"""
    if draft.place:
        return None
    if len(draft.candidates) > 1:
        shown = draft.candidates[:MOST_CHOICES]
        choices = _numbered([place.address for place in shown])
        return Gap("which_place", Say("ask.which_place", choices=choices), replace(draft, candidates=shown))
    return Gap("place", _where(draft, facts), draft)


def _where(draft: Draft, facts: Facts) -> Say:
    if draft.outside:
        return Say("ask.outside", {"city": facts.city_name}, asks_place=True)
    if draft.candidates:
        return Say("ask.where_on", {"street": draft.candidates[0].address}, asks_place=True)
    return Say("ask.place_again" if "place" in draft.asked else "ask.place", asks_place=True)


def no_attribute(draft: Draft, facts: Facts, policy: Policy) -> Gap | None:
    """What the service's definition requires (GeoReport v2, Service Definition)."""
    attribute = next(_required(draft, facts), None)
    if attribute is None:
        return None
    page = draft.page + 1 if draft.asking == attribute.code else 1
    again = draft.asking == attribute.code and not attribute.values
    say = Say(
        "ask.attribute_again" if again else "ask.attribute",
        {"question": attribute.description or attribute.code},
        choices=_listed(attribute.values, page),
    )
    return Gap("attribute", say, replace(draft, asking=attribute.code, page=min(page, _pages(attribute.values))))


def _required(draft: Draft, facts: Facts) -> Iterator[Attribute]:
    for attribute in sorted(_definition(draft.service_code, facts), key=lambda a: a.order):
        if attribute.required and attribute.variable and attribute.code not in draft.attributes:
            yield attribute


def _listed(values: Sequence[Value], page: int) -> tuple[Choice, ...]:
    """One page of a list, numbered through, and the way to the next; after the last page, the last again."""
    page = min(page, _pages(values))
    first, last = PAGE * (page - 1), PAGE * page
    shown = tuple(Choice(str(n), v.name) for n, v in enumerate(values[first:last], start=first + 1))
    return (*shown, MORE) if len(values) > last else shown


def _pages(values: Sequence[Value]) -> int:
    return max(1, -(-len(values) // PAGE))


def no_contact(draft: Draft, facts: Facts, policy: Policy) -> Gap | None:
    """Who reports, where the city refuses a report without it; the question says that it goes to the city."""
    missing = [name for name in facts.contact_needed if not (draft.contact.get(name) or facts.contact.get(name))]
    if "email" in missing:
        return Gap("email", Say("ask.email", {"city": facts.city_name}), draft)
    if {"first_name", "last_name"} & set(missing) and "first_name" not in draft.contact:
        return Gap("name", Say("ask.name", {"city": facts.city_name}), draft)
    return None


GAPS: tuple[Callable[[Draft, Facts, Policy], Gap | None], ...] = (no_service, no_place, no_attribute, no_contact)

# -------------------------------------------------------------------------------------------------- the end


def complete(draft: Draft, service_code: str, facts: Facts) -> FileReport:
    """The finished report. Contact goes in only where the city needs it."""
    assert draft.place
    given = {**facts.contact, **draft.contact}
    contact = {name: given[name] for name in facts.contact_needed if given.get(name)}
    return FileReport(service_code, description(draft), draft.place, draft.attributes, contact)


def description(draft: Draft) -> str:
    """The resident's own words."""
    return "\n".join(draft.words)[:LONGEST_DESCRIPTION]


def _definition(service_code: str, facts: Facts) -> tuple[Attribute, ...]:
    return facts.definitions.get(service_code, ())


def _numbered(labels: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(str(number), label) for number, label in enumerate(labels, start=1))
