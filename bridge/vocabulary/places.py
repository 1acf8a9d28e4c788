"""What was said and where it is: guesses over services, mentions of places, places, and both together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Guess:
    """A service the text may be about, with its calibrated probability (0..1)."""

    service_code: str
    p: float


AlarmKind = Literal["danger", "self_harm", "threat"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """What an emergency rule found: its kind, the rule's name, and the language whose rule it is.

    Where none did, but the words are like an emergency's, the rule is LIKENESS."""

    kind: AlarmKind
    rule: str
    language: str


LIKENESS = "likeness"


@dataclass(frozen=True, slots=True)
class Classified:
    """What a text is about: guesses, best first, whose probabilities sum to at most 1; the probability that it is
    about a municipal matter at all; and the kind of emergency it resembles, if it clearly does."""

    guesses: tuple[Guess, ...] = ()
    civic: float = 0.0
    alarm: AlarmKind | None = None


MentionKind = Literal[
    "address",
    "block",
    "street",
    "intersection",
    "stretch",
    "landmark",
    "highway",
    "pole",
    "postcode",
    "coordinates",
    "relative",
]


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of the text that name a place: `text[start:end]`, in Python string offsets."""

    start: int
    end: int
    kind: MentionKind
    text: str


PlaceSource = Literal["text", "pin", "photo", "saved", "staff"]


NO_SUCH_NUMBER = "no such house number, middle of the street"  # why a place is a whole street


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in the city. `lat` and `long` are both set or both None (words only, for address_string).

    `accuracy_m` is the radius the truth lies within nine times of ten; `why` says how it was found in a few
    plain words ("house number", "corner of two streets", "middle of the street").
    """

    address: str
    lat: float | None = None
    long: float | None = None
    accuracy_m: float | None = None
    why: str = ""
    source: PlaceSource = "text"


@dataclass(frozen=True, slots=True)
class Located:
    """What a Locator made of a text. `ask` means: do not use a candidate without asking the resident first."""

    mentions: tuple[Mention, ...] = ()
    candidates: tuple[Place, ...] = ()
    ask: bool = True
    outside: bool = False  # a place was found, and it is not in this city


@dataclass(frozen=True, slots=True)
class Understanding:
    """All that was understood of one message before anything is decided. Made outside any transaction.

    `city_id` is the city the place lies in, "" where the text does not say; the guesses are over its services.
    `afresh`: the guesses are of all the draft's words, since they now concern another city's services. `home`: the
    address in the sender's signature, where the words say "my house" and no other place.
    `language` is what the conversation goes on in, `written` what the words are in: "" for a language that nothing
    here reads, and the guesses then say no more than what is usual.
    """

    text: str
    language: str = "en"
    guesses: tuple[Guess, ...] = ()  # best first, over the city's service codes
    civic: float = 1.0  # probability that this is about a municipal matter at all
    located: Located = Located()
    city_id: str = ""
    afresh: bool = False
    home: Place | None = None
    written: str = "en"
    alarm: Alarm | None = None  # by a rule, else by likeness
