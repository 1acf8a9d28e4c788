"""What a message is about, where, and in which language: the slow part of handling. Pure, and of one message."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bridge.flow import clauses, commands
from bridge.flow.clauses import Cut
from bridge.flow.gaps import metres
from bridge.flow.jurisdiction import Jurisdiction
from bridge.vocabulary import (
    LIKENESS,
    Alarm,
    Classified,
    Draft,
    Guess,
    Inbound,
    Located,
    Mention,
    Pin,
    Place,
    Understanding,
)

LONGEST_READ = 5000  # characters that are understood; all of the text is stored
LONGEST_SPLIT = 400  # who writes more than this tells a story, not two problems
TWO, MAYBE_TWO = 4.0, 2.5  # log-odds of two problems, by the parts alone and as they read within the text
SURER, LESS_SURE, APART, TOLD = 0.35, 0.5, -1.0, 0.55  # weights of what the parts are about, see _log_odds
LEAST = 0.01  # a probability below this counts as this
NEAR_A_PHOTO_M = 150.0  # what a photo shows is mostly closer
VAGUE_M = 75.0  # a pin or a photo's place wider than this is asked about
LONGEST_NAME = 4  # words of a street
LONGEST_ANSWER = 12  # words that tell where on a street
_ON = {"es": "en"}
UNREAD = "und"  # BCP 47: undetermined

_NUMBER_ALONE = re.compile(
    r"(?:it'?s |at |is |es )?(?:the |el )?(?:house |casa )?(?:(?:number|no|n[uú]mero|n[uú]m)\b\.? ?)?"
    r"#?(\d{1,5})\W*",
    re.IGNORECASE,
)
_LEADING_NUMBER = re.compile(r"^\d{1,5}\b")
_AT_A_STREET = re.compile(
    r"(?:(?:it'?s|at|and|by|near|on|with|y|con|en|cerca de|es|esquina(?: de| con)?|crosses|meets"
    r"|(?:the |cross |by the )?corner(?: of| with)?|cross street(?: is)?)\s+)*(?:(?:the|la|el|calle)\s+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the conversation already knows that words can be about. `last_place` is the newest report's."""

    language: str = ""
    draft: Draft | None = None
    last_place: Place | None = None
    later: tuple[Draft, ...] = ()

    @property
    def place(self) -> Place | None:
        """Where the conversation was last."""
        return (self.draft.place if self.draft else None) or self.last_place


def understand(
    jurisdictions: Sequence[Jurisdiction], message: Inbound, known: Known = Known(), taken_at: Pin | None = None
) -> tuple[Understanding, tuple[Understanding, ...]]:
    """The message as a whole, and its two parts where it clearly tells of two problems.

    The place decides the city, where an account serves several; another city's services than the draft was
    understood by make all its words be read again. `taken_at` is where a photo of the message was taken.
    """
    text, draft = message.text[:LONGEST_READ], known.draft
    first = jurisdictions[0]
    language = first.detect(text, known.language or message.language)
    said = commands.without_correction(text) if commands.is_correction(text) else text
    here, located = _locate(jurisdictions, message, taken_at, _meant(said, known), language, known.place)
    for joined, shift in _along(said, known) if located.ask and not message.pin else ():
        there, along = _locate(jurisdictions, message, taken_at, joined, language, known.place)
        if along.candidates and not along.ask:
            here, located = there, replace(along, mentions=tuple(_moved(each, -shift) for each in along.mentions))
            break
    if not located.candidates and not message.pin and _may_be_a_name(said, draft):
        on = f"{_ON.get(language, 'on')} "
        here, located = _locate(jurisdictions, message, taken_at, on + said, language, known.place)
        located = replace(located, mentions=tuple(_moved(each, -len(on)) for each in located.mentions))
    before = (draft.city_id or first.id) if draft else here.id
    afresh = bool(draft) and bool(located.candidates) and here.id != before
    if not located.candidates and draft:
        here = next((city for city in jurisdictions if city.id == before), here)
    words = "\n".join([*draft.words, text])[:LONGEST_READ] if draft and afresh else said
    written = first.written(said, language)
    may_be_two = not (draft or message.pin) and written and len(words) <= LONGEST_SPLIT
    cuts = clauses.cuts(words) if may_be_two else []
    about, parts = _read(here, words, written or UNREAD, cuts)
    like = Alarm(about.alarm, LIKENESS, language) if about.alarm else None
    alarm = None if message.automatic else here.alarms(message.text) or like
    home = _home(here, message, located, language)
    whole = Understanding(
        text, language, about.guesses, about.civic, located, here.id, afresh, home, written, alarm
    )
    return whole, _two_problems(here, whole, zip(cuts, parts, strict=True))


def _read(
    here: Jurisdiction, words: str, language: str, cuts: Sequence[Cut]
) -> tuple[Classified, list[tuple[Classified, ...]]]:
    """What the words are about, and both parts of each cut as they read within the words."""
    assert here.classifier, "a jurisdiction is offered its services before it serves"
    if not words.strip():
        return Classified(), []
    if not cuts:
        return here.classifier.classify(words, language), []
    about, *parts = here.classifier.classify_parts(words, [span for cut in cuts for span in cut.spans], language)
    return about, list(zip(parts[::2], parts[1::2], strict=True))


def _home(here: Jurisdiction, message: Inbound, located: Located, language: str) -> Place | None:
    """The one address of a signature, for words such as "in front of my house" that name no place."""
    if located.candidates or not message.signature or not commands.is_at_home(message.text):
        return None
    signed = here.locator.locate(message.signature, language).candidates
    return signed[0] if len(signed) == 1 else None


def _two_problems(
    here: Jurisdiction, whole: Understanding, read: Iterable[tuple[Cut, tuple[Classified, ...]]]
) -> tuple[Understanding, ...]:
    """Both parts, where each is surely a service of its own; "pothole by the broken street light" is one.

    Only the likeliest cut is read by itself, if at all, as that costs what the whole text did.
    """
    assert here.classifier
    likely = [(_log_odds(whole, cut, within), cut) for cut, within in read]
    odds, cut = max(likely, key=lambda each: each[0], default=(-math.inf, None))
    if cut is None or odds < MAYBE_TWO:
        return ()
    parts = [(text, here.classifier.classify(text, whole.language)) for text in (cut.one, cut.two)]
    if _log_odds(whole, cut, [about for _, about in parts]) < TWO:
        return ()
    return tuple(_part(here, text, about, whole) for text, about in parts)


def _log_odds(whole: Understanding, cut: Cut, parts: Sequence[Classified]) -> float:
    """Of two problems: by the words, by how sure each part is, how unlike the other (mud on the street and a
    clogged drain are told of in one breath), and how likely the whole text is about either."""
    if not all(part.guesses for part in parts):
        return -math.inf
    one, two = (part.guesses[0] for part in parts)
    if one.service_code == two.service_code:
        return -math.inf
    less, more = sorted((_logit(one.p), _logit(two.p)))
    alike = max(_p(parts[0].guesses, two), _p(parts[1].guesses, one))
    told = min(_p(whole.guesses, one), _p(whole.guesses, two))
    about = LESS_SURE * less + SURER * more + APART * math.log(alike + LEAST) + TOLD * math.log(told + LEAST)
    return cut.said + about


def _logit(p: float) -> float:
    p = min(max(p, LEAST), 1 - LEAST)
    return math.log(p / (1 - p))


def _p(guesses: Sequence[Guess], of: Guess) -> float:
    return next((guess.p for guess in guesses if guess.service_code == of.service_code), 0.0)


def _part(here: Jurisdiction, text: str, about: Classified, whole: Understanding) -> Understanding:
    located = here.locator.locate(text, whole.language)
    return Understanding(text, whole.language, about.guesses, about.civic, located, whole.city_id)


def _meant(said: str, known: Known) -> str:
    """ "510" alone is a house of the street we asked about or, as a correction, another one of the same street."""
    place = known.place
    number = _NUMBER_ALONE.fullmatch(said.strip())
    if not number:
        return said
    if known.draft and known.draft.place is None:
        street = _street_asked_about(known)
        return f"{number[1]} {street}" if street else said
    if place is None or not _LEADING_NUMBER.match(place.address):
        return said
    return _LEADING_NUMBER.sub(number[1], place.address)


def _street_asked_about(known: Known) -> str:
    """The one street that the draft's place is on, as far as it is known."""
    one = known.draft.candidates[0] if known.draft and len(known.draft.candidates) == 1 else None
    street = _LEADING_NUMBER.sub("", one.address).partition(",")[0].strip() if one else ""
    return "" if "&" in street else street


def _along(said: str, known: Known) -> Iterator[tuple[str, int]]:
    """An answer as words about the street that was asked about, each with how far its own words are moved: "3rd"
    is a corner of it, "between 3rd and 4th" a stretch."""
    street = _street_asked_about(known)
    if street and known.draft and known.draft.place is None and len(said.split()) <= LONGEST_ANSWER:
        yield f"{street} {said}", len(street) + 1
        other = _AT_A_STREET.sub("", said, count=1)
        yield f"{street} and {other}", len(street) + 5 - (len(said) - len(other))


def _moved(mention: Mention, by: int) -> Mention:
    return replace(mention, start=max(0, mention.start + by), end=mention.end + by)


def _may_be_a_name(said: str, draft: Draft | None) -> bool:
    """A few words in a report that lacks its place: a street said without any word around it."""
    return draft is not None and draft.place is None and 0 < len(said.split()) <= LONGEST_NAME


def _locate(
    jurisdictions: Sequence[Jurisdiction],
    message: Inbound,
    taken_at: Pin | None,
    text: str,
    language: str,
    last: Place | None,
) -> tuple[Jurisdiction, Located]:
    """The city whose boundary holds the place, and the place; where none has a boundary, the first that knows it;
    the account's own city when none does."""
    found = [(city, _located(city, message, taken_at, text, language, last)) for city in jurisdictions]
    for finder, located in found:
        for city in _owners(jurisdictions, finder):
            within = tuple(place for place in located.candidates if _is_in(city, place))
            if within:
                return city, replace(located, candidates=within)
    here, located = found[0]
    known = any(located.candidates for _, located in found)
    return here, replace(located, candidates=(), outside=True) if known else located


def _owners(jurisdictions: Sequence[Jurisdiction], finder: Jurisdiction) -> list[Jurisdiction]:
    """Whose a place can be: of a city with a boundary, else of the one that found it, else of one without."""
    bounded = [city for city in jurisdictions if city.holds]
    free = [city for city in jurisdictions if not city.holds]
    return [*bounded, *(city for city in free if city is finder), *(city for city in free if city is not finder)]


def _is_in(city: Jurisdiction, place: Place) -> bool:
    """A place that is known by its words alone is believed to be where it was found."""
    return not city.holds or place.lat is None or place.long is None or city.holds(place.lat, place.long)


def _located(
    jurisdiction: Jurisdiction,
    message: Inbound,
    taken_at: Pin | None,
    text: str,
    language: str,
    last: Place | None,
) -> Located:
    if message.pin:
        place = jurisdiction.locator.at(message.pin)
        return Located(candidates=(place,), ask=_is_vague(place)) if place else Located(outside=True)
    said = jurisdiction.locator.locate(text, language, last)
    shown = jurisdiction.locator.at(taken_at) if taken_at else None
    return _with_photo(said, replace(shown, source="photo", why="photo")) if shown else said


def _with_photo(said: Located, shown: Place) -> Located:
    """Sure words say best where something is: a photo is taken from across the street. Of several places they may
    mean, the photo decides for the only one near it; on a street that is named alone, and without any words, it
    says where by itself, if well enough."""
    if said.candidates and not said.ask:
        return said
    if any(_is_vague(place) and metres(place, shown) <= (place.accuracy_m or 0) for place in said.candidates):
        return Located(said.mentions, (shown,), ask=_is_vague(shown))
    near = tuple(place for place in said.candidates if metres(place, shown) <= NEAR_A_PHOTO_M)
    if len(near) == 1:
        return replace(said, candidates=near, ask=False)
    if said.candidates:
        return said
    return Located(said.mentions, (shown,), ask=_is_vague(shown))


def _is_vague(place: Place) -> bool:
    return (place.accuracy_m or 0) > VAGUE_M
