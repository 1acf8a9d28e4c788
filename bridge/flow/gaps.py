"""What a draft still lacks, and the question for it. Pure.

A report is complete when it has a service, a place, every required attribute of the service and the contact the
city insists on. `GAPS` asks for them in this order, and never for what is known; `OFFERS` are questions that a
complete report may be sent without.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bridge.flow.draft import PAGE
from bridge.vocabulary import (
    NO_SUCH_NUMBER,
    Attribute,
    Choice,
    Draft,
    Facts,
    Guess,
    Place,
    Policy,
    Question,
    Report,
    Say,
    State,
)

MOST_CHOICES = 3
MORE = Choice("0", "choice.more")  # the label is a message of the catalogue
METRES_A_DEGREE = 111_320.0
POINT_M = 75.0  # a place no wider than this is a house or a corner; a wider one needs more words
SURE_OF_TWO = 0.9  # of each of two problems, from which on they are two without a question


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
    """The service the resident chose, or the one that is certain enough; "" when there is none. A city's "Other"
    is never chosen for being certain, unless the city has nothing else: all that is not understood would end
    there."""
    best = draft.guesses[0] if draft.guesses else None
    if draft.service_code or best is None or best.p < policy.needed(best.service_code):
        return draft.service_code
    service = facts.services.get(best.service_code)
    if service is None or (service.is_catch_all and len(facts.services) > 1):
        return ""
    return best.service_code


def gap(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """The first thing that is missing; None when the report is complete."""
    return next((found for find in GAPS if (found := find(draft, state, facts, policy))), None)


def offer(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """The first thing worth asking of a complete report; each may be left unanswered."""
    return next((found for find in OFFERS if (found := find(draft, state, facts, policy))), None)


def all_gaps(draft: Draft, state: State, facts: Facts, policy: Policy) -> tuple[Gap, ...]:
    """Everything that is missing, for a letter that asks it all at once. Two problems are told apart first, and a
    place or a service to choose from comes alone: what else is missing hangs on it."""
    first = gap(draft, state, facts, policy)
    if first is None or first.question in _ALONE or not draft.words:
        return (first,) if first else ()
    known = [g for find in GAPS if (g := find(draft, state, facts, policy)) and g.question not in _ALONE]
    details = [
        _question_for(a, draft, facts) for a in _required(draft, facts) if a.code not in [gap.of for gap in known]
    ]
    others = [each for each in (*known, *details) if each.question != "consent"]
    return tuple(sorted(others or known, key=lambda each: _IN_A_LETTER.index(each.question)))


_ALONE: tuple[Question, ...] = ("split", "service", "which_place", "home")
_IN_A_LETTER: tuple[Question, ...] = ("words", "place", "attribute", "email", "name", "consent")


# The questions, in the order they are asked.


def two_problems(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """Are these two reports, or one?"""
    if len(draft.problems) < 2 or "split" in draft.asked or state.later:
        return None
    one, two = (service_name(problem.service_code, facts) for problem in draft.problems[:2])
    return Gap("split", Say("ask.split", {"one": one, "two": two}), draft)


def no_service(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """What is it? At most three choices, once; else in other words. Who writes in a language that nothing here
    reads gets the whole list, in pages."""
    if draft.service_code:
        return None
    if not draft.words:
        return Gap("words", Say(_what(draft), asks_place=draft.place is None), draft)
    if not draft.written and (draft.turned or "service" not in draft.asked):
        return _menu(draft, facts)
    offered = _likely(draft, facts, policy)
    if "service" in draft.asked or len(offered) < 2:
        return Gap("words", Say("ask.words"), draft)
    names = [facts.services[guess.service_code].service_name for guess in offered]
    return Gap("service", Say("ask.service", choices=_numbered(names)), replace(draft, guesses=offered))


def _menu(draft: Draft, facts: Facts) -> Gap:
    """The whole list to choose from, in pages, the most usual first: for words in a language that nothing here
    reads, where any guess would be a wrong one."""
    known = tuple(guess for guess in draft.guesses if guess.service_code in facts.services)
    names = [facts.services[guess.service_code].service_name for guess in known]
    page = min(max(1, draft.page), _pages(names))
    say = Say("ask.service", choices=_listed(names, page, whole=facts.channel == "mail"))
    asked = replace(draft, guesses=known, page=page, turned=False)
    return Gap("service", say, asked, goes_on=draft.turned)


def _likely(draft: Draft, facts: Facts, policy: Policy) -> tuple[Guess, ...]:
    """The services to choose from: a city's "Other" last, and never alone."""
    known = [guess for guess in draft.guesses if guess.service_code in facts.services]
    likely = [guess for guess in known if guess.p >= policy.ask]
    if len(likely) == 1 and _is_catch_all(likely[0], facts):
        likely = known
    return tuple(sorted(likely[:MOST_CHOICES], key=lambda guess: _is_catch_all(guess, facts)))


def _is_catch_all(guess: Guess, facts: Facts) -> bool:
    return facts.services[guess.service_code].is_catch_all


def _what(draft: Draft) -> str:
    """The question to who sent a photo or a pin, and not a word."""
    if draft.files:
        return "photo_where" if draft.place else "photo_only"
    return "ask.what"


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
    if draft.candidates and _is_point(draft.candidates[0]):
        return Gap("which_place", Say("ask.is_it", {"place": draft.candidates[0].address}, asks_place=True), draft)
    return Gap("place", _where(draft, facts), draft)


def _is_point(place: Place) -> bool:
    """Whether a place in doubt is one house or corner, and not a whole street."""
    return place.lat is not None and (place.accuracy_m or math.inf) <= POINT_M and place.source == "text"


def _where(draft: Draft, facts: Facts) -> Say:
    if draft.outside:
        return Say("ask.outside", {"city": facts.city_name}, asks_place=True)
    if draft.candidates:
        street = draft.candidates[0]
        unknown = street.why == NO_SUCH_NUMBER
        return Say(
            "ask.no_such_number" if unknown else "ask.where_on", {"street": street.address}, asks_place=True
        )
    if draft.unfound:
        return Say("ask.place_again", asks_place=True)
    return Say("ask.place_still" if "place" in draft.asked else "ask.place", asks_place=True)


def no_attribute(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """What the service's definition requires (GeoReport v2, Service Definition)."""
    attribute = next(_required(draft, facts), None)
    return _question_for(attribute, draft, facts) if attribute else None


def _question_for(attribute: Attribute, draft: Draft, facts: Facts) -> Gap:
    asked_before = draft.asking == attribute.code
    names = [value.name for value in attribute.values]
    page = min(max(1, draft.page), _pages(names)) if asked_before else 1
    say = Say(
        "ask.attribute_again" if asked_before and not attribute.values else "ask.attribute",
        {"question": attribute.description or attribute.code},
        choices=_listed(names, page, whole=facts.channel == "mail"),
    )
    asked = replace(draft, asking=attribute.code, page=page, turned=False)
    return Gap("attribute", say, asked, of=attribute.code, goes_on=draft.turned)


def _required(draft: Draft, facts: Facts) -> Iterator[Attribute]:
    for attribute in sorted(facts.definitions.get(draft.service_code, ()), key=lambda a: a.order):
        if attribute.required and attribute.variable and attribute.code not in draft.attributes:
            yield attribute


def _listed(names: Sequence[str], page: int, *, whole: bool) -> tuple[Choice, ...]:
    """One page of a list, numbered through, and the way to the next; after the last page, the last again. A letter
    has room for all of it."""
    page = min(page, _pages(names))
    first, last = (0, len(names)) if whole else (PAGE * (page - 1), PAGE * page)
    shown = tuple(Choice(str(n), name) for n, name in enumerate(names[first:last], start=first + 1))
    return (*shown, MORE) if len(names) > last else shown


def _pages(names: Sequence[str]) -> int:
    return max(1, -(-len(names) // PAGE))


def no_email(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """A mail address, where the city refuses a report without; the question says that it goes to the city."""
    if "email" not in _missing_contact(draft, facts):
        return None
    return Gap("email", Say("ask.email", {"city": facts.city_name}), draft)


def no_name(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """A name, likewise. One word is a name too."""
    missing = {"first_name", "last_name"} & set(_missing_contact(draft, facts))
    if not missing or "first_name" in draft.contact:
        return None
    return Gap("name", Say("ask.name", {"city": facts.city_name}), draft)


def _missing_contact(draft: Draft, facts: Facts) -> list[str]:
    return [name for name in facts.contact_needed if not (draft.contact.get(name) or facts.contact.get(name))]


def no_consent(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """Nobody's number or address goes to a city before its owner was told, once."""
    known = [name for name in facts.contact_needed if facts.contact.get(name)]
    if not known or state.consented:
        return None
    return Gap("consent", Say("ask.consent", {"city": facts.city_name}), draft)


GAPS: tuple[Find, ...] = (two_problems, no_service, no_place, no_attribute, no_email, no_name, no_consent)


def no_photo(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """A photo, for services that are served better with one."""
    if draft.service_code not in policy.photo_for or draft.files or "photo" in draft.asked:
        return None
    return Gap("photo", Say("ask.photo"), draft)


def twin(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """An open request of the same service close by: most likely the same thing."""
    found = next(iter(twins(draft, facts, policy)), None)
    if found is None or "twin" in draft.asked:
        return None
    own = any(report.id == found.id for report in facts.reports)
    choices = (Choice("1", "choice.same" if own else "choice.follow"), Choice("2", "choice.anyway"))
    about = {
        "service": found.service_name,
        "place": found.place.address or (draft.place.address if draft.place else ""),
    }
    return Gap("twin", Say("ask.twin_own" if own else "ask.twin", about, choices), draft, about=name_of(found))


def twins(draft: Draft, facts: Facts, policy: Policy) -> Iterator[Report]:
    """Those we know first, then those that the city alone knows."""
    near = (r for r in (*facts.nearby, *draft.at_city) if draft.place and r.service_code == draft.service_code)
    return (r for r in near if draft.place and metres(draft.place, r.place) <= policy.twin_m)


def name_of(report: Report) -> str:
    """What a report that may not be ours is told apart by."""
    return report.id or report.service_request_id or ""


def unconfirmed(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """ "Is that right?", as often as the city wants it asked."""
    if draft.chosen or not draft.place or policy.confirm == "never" or "confirm" in draft.asked:
        return None
    best = next((guess.p for guess in draft.guesses if guess.service_code == draft.service_code), 1.0)
    if policy.confirm == "unsure" and best >= policy.confirm_below:
        return None
    about = {"service": service_name(draft.service_code, facts), "place": draft.place.address}
    return Gap("confirm", Say("ask.confirm", about), draft)


OFFERS: tuple[Find, ...] = (twin, unconfirmed, no_photo)


def metres(one: Place, other: Place) -> float:
    """How far two places are apart, near enough for a few streets; infinite where one has no coordinates."""
    if one.lat is None or one.long is None or other.lat is None or other.long is None:
        return math.inf
    north = (one.lat - other.lat) * METRES_A_DEGREE
    east = (one.long - other.long) * METRES_A_DEGREE * math.cos(math.radians(one.lat))
    return math.hypot(north, east)


def service_name(service_code: str, facts: Facts) -> str:
    """What the city calls a service."""
    service = facts.services.get(service_code)
    return service.service_name if service else service_code


def _numbered(labels: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(str(number), label) for number, label in enumerate(labels, start=1))
