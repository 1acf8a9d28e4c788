"""A report in the making: what a message adds to it, and what it becomes. Pure.

draft    what a message adds, and the finished report
gaps     what is lacking, and the questions for it
letters  a letter that answers several questions at once
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.flow import commands, letters, personal
from bridge.flow.answers import email_in, interpret, name_in
from bridge.vocabulary import (
    Draft,
    Facts,
    FileReport,
    Located,
    MessageArrived,
    Place,
    Problem,
    Question,
    Service,
    State,
    Understanding,
)

PAGE = 5  # values of a list attribute shown at once
LONGEST_DESCRIPTION = 3400  # GeoReport v2 allows 4,000 characters; the rest is for the marker and notes
LONGEST_ADDRESS = 200
IN_ENGLISH = "[In English: "
UNANSWERABLE = "[The sender gets no messages and cannot be answered.]"


def gather(state: State, event: MessageArrived, facts: Facts, now: datetime) -> Draft:
    """The draft with what this message adds: an answer to the open question, or words, a service, a place."""
    draft = state.draft
    if draft is None:
        return read(Draft(), None, event)
    if len(draft.letter) > 1:
        draft, rest = letters.answered(draft, event, facts, now)
        return read(draft, state.question, replace(event, message=replace(event.message, text=rest)))
    answered = _answer(state, draft, event, facts, now)
    return answered or read(draft, state.question, event)


def _answer(state: State, draft: Draft, event: MessageArrived, facts: Facts, now: datetime) -> Draft | None:
    """The draft with the answer, when the message is one; None when it must be read as words."""
    text = event.message.text
    match state.question:
        case "which_place" if len(draft.candidates) == 1 and (commands.is_yes(text) or commands.is_no(text)):
            right = commands.is_yes(text)
            return replace(draft, place=draft.candidates[0] if right else None, candidates=(), unfound=not right)
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
    """By number, by the name of one of those offered, or by a button's words. A number that was not offered says
    nothing."""
    said, number = commands.bare(text), commands.choice_number(text)
    if number is None:
        labels = [f" {commands.bare(choice.label)} " for choice in state.offered]
        same = [choice for choice, label in zip(state.offered, labels, strict=True) if label.strip() == said]
        named = same or [
            c for c, label in zip(state.offered, labels, strict=True) if said and f" {said} " in label
        ]
        if len(named) != 1:
            return None
        number = int(named[0].value)
    if number == 0 and any(choice.value == "0" for choice in state.offered):
        return replace(draft, page=draft.page + 1, turned=True)
    if not 0 < number <= max((int(choice.value) for choice in state.offered), default=0):
        return draft
    if state.question == "which_place":
        return replace(draft, place=draft.candidates[number - 1])
    return replace(
        draft,
        service_code=draft.guesses[number - 1].service_code,
        chosen=True,
        mistaken=draft.guesses[0].service_code,
    )


def _attribute_answered(draft: Draft, text: str, facts: Facts, now: datetime) -> Draft | None:
    definition = facts.definitions.get(draft.service_code, ())
    attribute = next((a for a in definition if a.code == draft.asking), None)
    if attribute is None:
        return None
    whole = facts.channel == "mail"
    shown = attribute.values if whole else attribute.values[: PAGE * draft.page]
    if commands.choice_number(text) == 0 and len(shown) < len(attribute.values):
        return replace(draft, page=draft.page + 1, turned=True)
    values = interpret(attribute, text, shown, now.astimezone(ZoneInfo(facts.time_zone)))
    if values is None:
        return draft if commands.choice_number(text) is not None else None
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
        files=draft.files + len(event.message.attachments) - event.refused,
        photos=tuple(dict.fromkeys((*draft.photos, *event.photos))),
        written=_written(draft, question, understood),
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


def _written(draft: Draft, question: Question | None, understood: Understanding) -> str:
    """The language of the first words that are not English; a place's name is none of a language."""
    named = question in ("place", "which_place", "home")
    return draft.written if named or draft.written != "en" else understood.written


def _says_more(draft: Draft, question: Question | None, understood: Understanding) -> bool:
    """Whether these words tell better what it is than those before."""
    if not draft.guesses or question in ("service", "words") or understood.afresh:
        return True
    return bool(understood.guesses) and not question and understood.guesses[0].p > draft.guesses[0].p


def _problems(event: MessageArrived) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            part.text,
            part.guesses[0].service_code,
            part.located.candidates[0] if _sure(part) else None,
            part.guesses[0].p,
        )
        for part in event.parts
    )


def _sure(part: Understanding) -> bool:
    return bool(part.located.candidates) and not part.located.ask


def _place(draft: Draft, question: Question | None, event: MessageArrived) -> Draft:
    located = event.understanding.located
    if located.candidates and not located.ask:
        return replace(draft, place=located.candidates[0], candidates=(), outside=False)
    draft = replace(draft, outside=located.outside, unfound=_names_a_place(located) and not located.candidates)
    if question in ("place", "which_place") and not located.outside and len(located.candidates) <= 1:
        return _told_again(draft, event)
    return replace(draft, candidates=located.candidates or draft.candidates)


def _told_again(draft: Draft, event: MessageArrived) -> Draft:
    """An answer to "Where is it?" that is no exact place. A street is asked about once, and is then what there is;
    words of a place that nobody knows go to the city as words."""
    located, before = event.understanding.located, draft.candidates
    if event.message.pin and located.candidates:  # a wide one: its address says more than its point
        return replace(draft, place=_in_words(located.candidates[0].address))
    if located.candidates and located.candidates != before:
        return replace(draft, candidates=located.candidates)
    if len(before) == 1:
        return replace(draft, place=before[0], candidates=())
    if _names_a_place(located):
        return replace(draft, place=_in_words(event.message.text.strip()))
    return draft


def _names_a_place(located: Located) -> bool:
    return any(mention.kind != "relative" for mention in located.mentions)


def _in_words(words: str) -> Place:
    return Place(words[:LONGEST_ADDRESS], why="resident's words")


def complete(draft: Draft, facts: Facts, *, answerable: bool = True) -> FileReport:
    """The finished report. What is personal in the words is masked, since cities publish descriptions; what of it
    is the resident's own becomes contact. All other contact goes in only where the city needs it."""
    assert draft.place
    public, own = personal.published(description(draft), facts.services.get(draft.service_code))
    own = {} if draft.anonymous else own
    given = {**own, **facts.contact, **draft.contact}
    contact = own | {name: given[name] for name in facts.contact_needed if given.get(name)}
    words = public if answerable else f"{public}\n{UNANSWERABLE}"
    if draft.written != "en":
        words = with_english(words, facts.services.get(draft.service_code), draft.place)
    attributes = draft.attributes
    return FileReport(
        draft.service_code,
        words,
        draft.place,
        attributes,
        contact,
        draft.cites,
        draft.photos,
        draft.mistaken,
        draft.guesses[0].p if draft.guesses else None,
        answerable,
    )


def with_english(words: str, service: Service | None, place: Place) -> str:
    """Words in another language with a line of English above them: what and where, in the city's own terms."""
    named = ", ".join(part for part in (service.service_name if service else "", place.address) if part)
    return f"{IN_ENGLISH}{named}]\n{words}"


def without_english(words: str) -> str:
    """What a description holds of the resident's own."""
    return words.partition("\n")[2] if words.startswith(IN_ENGLISH) else words


def description(draft: Draft) -> str:
    """The resident's own words."""
    return "\n".join(draft.words)[:LONGEST_DESCRIPTION]
