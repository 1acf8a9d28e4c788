"""A report in the making: what a message adds to it, what it still lacks, and the question for that. Pure.

A report is complete when it has a service, a place, every required attribute of the service and the contact the
city insists on. `GAPS` asks for them in this order, and never for what is known; `OFFERS` are questions that a
complete report may be sent without.
"""

from __future__ import annotations

import math
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
    Problem,
    Question,
    Say,
    State,
    Understanding,
    Value,
)

MOST_CHOICES = 3
PAGE = 5  # values of a list attribute shown at once
MORE = Choice("0", "choice.more")  # the label is a message of the catalogue
LONGEST_DESCRIPTION = 3800  # GeoReport v2 allows 4,000 characters; the rest is for the marker and a note
LONGEST_ADDRESS = 200
METRES_A_DEGREE = 111_320.0


# ------------------------------------------------------------------------------------- what a message adds


def gather(state: State, event: MessageArrived, facts: Facts, now: datetime) -> Draft:
    """The draft with what this message adds: an answer to the open question, or words, a service, a place."""
    draft = state.draft or Draft()
    answered = _answer(state, draft, event, facts, now) if state.draft else None
    return answered or read(draft, state.question, event)


def _answer(state: State, draft: Draft, event: MessageArrived, facts: Facts, now: datetime) -> Draft | None:
    """The draft with the answer, when the message is one; None when it must be read as words."""
    text = event.message.text
    match state.question:
        case "which_place" | "service" if commands.is_none(text):
            return replace(draft, candidates=()) if state.question == "which_place" else replace(draft, guesses=())
        case "which_place" | "service":
            return _picked(draft, state, text)
        case "attribute":
            return _attribute_answered(draft, text, facts, now)
        case "email":
            found = email_in(text)
            return replace(draft, contact={**draft.contact, "email": found}) if found else None
        case "name":
            name = name_in(text)
            named = {"first_name": name[0], "last_name": name[1]} if name else {}
            return replace(draft, contact={**draft.contact, **named}) if name else None
        case "photo" if commands.is_skip(text) and not event.message.attachments:
            return draft
        case _:
            return None


def _picked(draft: Draft, state: State, text: str) -> Draft | None:
    """By number, by the name of one of those offered, or by a button's words."""
    said, number = commands.bare(text), commands.choice_number(text)
    if number is None:
        named = [n for n, choice in enumerate(state.offered, 1) if commands.bare(choice.label) == said]
        number = named[0] if len(named) == 1 else None
    if not number or number > len(state.offered):
        return None
    if state.question == "which_place":
        return replace(draft, place=draft.candidates[number - 1])
    return replace(draft, service_code=draft.guesses[number - 1].service_code, chosen=True)


def _attribute_answered(draft: Draft, text: str, facts: Facts, now: datetime) -> Draft | None:
    attribute = next((a for a in _definition(draft.service_code, facts) if a.code == draft.asking), None)
    if attribute is None:
        return None
    shown = attribute.values[: PAGE * draft.page]
    if commands.choice_number(text) == 0 and len(shown) < len(attribute.values):
        return replace(draft, page=draft.page + 1, turned=True)
    values = interpret(attribute, text, shown, now.astimezone(ZoneInfo(facts.time_zone)))
    if values is None:
        return None
    return replace(draft, attributes={**draft.attributes, attribute.code: values}, asking="", page=0)


def read(draft: Draft, question: Question | None, event: MessageArrived) -> Draft:
    """The message as more words about the problem."""
    text = event.message.text.strip()
    understood = event.understanding
    words = (*draft.words, text) if text else draft.words
    first = not draft.words
    draft = replace(
        draft,
        words=words,
        files=draft.files + len(event.message.attachments),
        at_home=draft.at_home or commands.is_at_home(text),
        problems=_problems(event) if first else draft.problems,
    )
    if understood.city_id and understood.city_id != draft.city_id:
        draft = replace(
            draft, city_id=understood.city_id, service_code="" if understood.afresh else draft.service_code
        )
    if _says_more(draft, question, understood):
        draft = replace(draft, guesses=understood.guesses)
    return draft if draft.place else _place(draft, question, event)


def _says_more(draft: Draft, question: Question | None, understood: Understanding) -> bool:
    """Whether these words tell better what it is than those before."""
    if not draft.guesses or question in ("service", "words") or understood.afresh:
        return True
    return bool(understood.guesses) and not question and understood.guesses[0].p > draft.guesses[0].p


def _problems(event: MessageArrived) -> tuple[Problem, ...]:
    return tuple(
        Problem(part.text, part.guesses[0].service_code, part.located.candidates[0] if _sure(part) else None)
        for part in event.parts
    )


def _sure(part: Understanding) -> bool:
    return bool(part.located.candidates) and not part.located.ask


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
    """Something missing: the question, its words, and the draft that remembers what was asked.

    `of` tells one attribute from another; `goes_on` marks the next page of a list, which is no new question;
    `about` is the report a question is about.
    """

    question: Question
    say: Say
    draft: Draft
    of: str = ""
    goes_on: bool = False
    about: str = ""

    @property
    def key(self) -> str:
        """What is asked twice at most. Both questions for a place are one."""
        name = {"which_place": "place", "home": "home", "words": "service"}.get(self.question, self.question)
        return f"{name} {self.of}".strip()


Find = Callable[[Draft, State, Facts, Policy], Gap | None]


def service_of(draft: Draft, facts: Facts, policy: Policy) -> str:
    """The service the resident chose, or the one that is certain enough; "" when there is none."""
    best = draft.guesses[0] if draft.guesses else None
    if draft.service_code or best is None or best.p < policy.submit or best.service_code not in facts.services:
        return draft.service_code
    return best.service_code


def gap(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """The first thing that is missing; None when the report is complete."""
    return next((found for find in GAPS if (found := find(draft, state, facts, policy))), None)


def offer(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """The first thing worth asking of a complete report; each may be left unanswered."""
    return next((found for find in OFFERS if (found := find(draft, state, facts, policy))), None)


def remaining(first: Gap, draft: Draft, state: State, facts: Facts, policy: Policy) -> tuple[Say, ...]:
    """The other questions, for a letter that asks everything at once. A list to choose from stands alone."""
    if first.say.choices or first.question == "split":
        return ()
    others = [find(draft, state, facts, policy) for find in GAPS]
    return tuple(o.say for o in others if o and o.question != first.question and not o.say.choices)


# The questions, in the order they are asked.


def two_problems(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """Are these two reports, or one?"""
    if len(draft.problems) < 2 or "split" in draft.asked or state.later:
        return None
    one, two = (_service_name(problem.service_code, facts) for problem in draft.problems[:2])
    return Gap("split", Say("ask.split", {"one": one, "two": two}), draft)


def no_service(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """What is it? At most three choices, once; else in other words."""
    if draft.service_code:
        return None
    offered = [g for g in draft.guesses if g.p >= policy.ask and g.service_code in facts.services][:MOST_CHOICES]
    if not offered or "service" in draft.asked or len(offered) < 2:
        return Gap("words", Say("ask.words"), draft)
    names = [facts.services[guess.service_code].service_name for guess in offered]
    return Gap("service", Say("ask.service", choices=_numbered(names)), replace(draft, guesses=tuple(offered)))


def no_place(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """Where is it?"""
    if draft.place:
        return None
    if draft.at_home and state.home and "home" not in draft.asked:
        return Gap("home", Say("ask.home", {"place": state.home.address}), draft)
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


def no_attribute(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """What the service's definition requires (GeoReport v2, Service Definition)."""
    attribute = next(_required(draft, facts), None)
    if attribute is None:
        return None
    asked_before = draft.asking == attribute.code
    page = min(max(1, draft.page), _pages(attribute.values)) if asked_before else 1
    say = Say(
        "ask.attribute_again" if asked_before and not attribute.values else "ask.attribute",
        {"question": attribute.description or attribute.code},
        choices=_listed(attribute.values, page),
    )
    asked = replace(draft, asking=attribute.code, page=page, turned=False)
    return Gap("attribute", say, asked, of=attribute.code, goes_on=draft.turned)


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


def no_contact(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """Who reports, where the city refuses a report without it; the question says that it goes to the city."""
    missing = [name for name in facts.contact_needed if not (draft.contact.get(name) or facts.contact.get(name))]
    if "email" in missing:
        return Gap("email", Say("ask.email", {"city": facts.city_name}), draft)
    if {"first_name", "last_name"} & set(missing) and "first_name" not in draft.contact:
        return Gap("name", Say("ask.name", {"city": facts.city_name}), draft)
    return None


GAPS: tuple[Find, ...] = (two_problems, no_service, no_place, no_attribute, no_contact)


def no_photo(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """A photo, for services that are served better with one."""
    if draft.service_code not in policy.photo_for or draft.files or "photo" in draft.asked:
        return None
    return Gap("photo", Say("ask.photo"), draft)


def twin(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """An open request of the same service close by: most likely the same thing."""
    near = (r for r in facts.nearby if draft.place and r.service_code == draft.service_code)
    found = next((r for r in near if draft.place and metres(draft.place, r.place) <= policy.twin_m), None)
    if found is None or "twin" in draft.asked:
        return None
    own = any(report.id == found.id for report in facts.reports)
    choices = (Choice("1", "choice.same" if own else "choice.follow"), Choice("2", "choice.anyway"))
    about = {"service": found.service_name, "place": found.place.address}
    return Gap("twin", Say("ask.twin_own" if own else "ask.twin", about, choices), draft, about=found.id)


def unconfirmed(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """ "Is that right?", as often as the city wants it asked."""
    if draft.chosen or not draft.place or policy.confirm == "never" or "confirm" in draft.asked:
        return None
    best = next((guess.p for guess in draft.guesses if guess.service_code == draft.service_code), 1.0)
    if policy.confirm == "unsure" and best >= policy.confirm_below:
        return None
    about = {"service": _service_name(draft.service_code, facts), "place": draft.place.address}
    return Gap("confirm", Say("ask.confirm", about), draft)


OFFERS: tuple[Find, ...] = (twin, unconfirmed, no_photo)

# -------------------------------------------------------------------------------------------------- the end


def complete(draft: Draft, facts: Facts) -> FileReport:
    """The finished report. Contact goes in only where the city needs it."""
    assert draft.place
    given = {**facts.contact, **draft.contact}
    contact = {name: given[name] for name in facts.contact_needed if given.get(name)}
    attributes = draft.attributes
    return FileReport(draft.service_code, description(draft), draft.place, attributes, contact, draft.cites)


def metres(one: Place, other: Place) -> float:
    """How far two places are apart, near enough for a few streets; infinite where one has no coordinates."""
    if one.lat is None or one.long is None or other.lat is None or other.long is None:
        return math.inf
    north = (one.lat - other.lat) * METRES_A_DEGREE
    east = (one.long - other.long) * METRES_A_DEGREE * math.cos(math.radians(one.lat))
    return math.hypot(north, east)


def description(draft: Draft) -> str:
    """The resident's own words."""
    return "\n".join(draft.words)[:LONGEST_DESCRIPTION]


def _service_name(service_code: str, facts: Facts) -> str:
    service = facts.services.get(service_code)
    return service.service_name if service else service_code


def _definition(service_code: str, facts: Facts) -> tuple[Attribute, ...]:
    return facts.definitions.get(service_code, ())


def _numbered(labels: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(str(number), label) for number, label in enumerate(labels, start=1))
