"""One resident's conversation: its state, what can happen to it, and what may follow.

`decide(state, event, facts, policy, now) -> Decision` in `bridge.flow.conversation` is the only reader of the
events and the only maker of decisions. State is stored as JSON with its `version`; a later version reads
every earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bridge.vocabulary.messages import Choice, Inbound
from bridge.vocabulary.places import Guess, Place, Understanding
from bridge.vocabulary.requests import Receipt, ServiceRequest
from bridge.vocabulary.services import Attribute, Service

Question = Literal["place", "which_place", "service", "words", "attribute", "email", "name"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A report in the making. `words` are the resident's messages about it, in order.

    `city_id` is set once the place is known to be another city's than the conversation's. `attributes` and
    `contact` hold the answers given so far; `asking` is the code of the attribute asked about, `page` how many
    pages of its list were shown.
    """

    words: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()
    service_code: str = ""
    place: Place | None = None
    candidates: tuple[Place, ...] = ()
    outside: bool = False
    city_id: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asking: str = ""
    page: int = 0
    contact: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[Question, ...] = ()
    files: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation stands. `question` is the one open question, `offered` its numbered answers."""

    version: int = 1
    language: str = ""
    draft: Draft | None = None
    question: Question | None = None
    offered: tuple[Choice, ...] = ()
    introduced: bool = False
    opted_out: bool = False


# What can happen.


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """The resident wrote."""

    message: Inbound
    understanding: Understanding


@dataclass(frozen=True, slots=True)
class CityAccepted:
    """The city took a report: with an id, with a token for later, or (blackbox) with neither."""

    report: Report
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class CityRefused:
    """The city refused a report for good; `words` are its reason."""

    report: Report
    words: str


@dataclass(frozen=True, slots=True)
class CityUnreachable:
    """The first try to send a report failed; it is held and will be sent later."""

    report: Report


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The city shows a new status, note, service or expected date for a report."""

    report: Report
    now: ServiceRequest


Event = MessageArrived | CityAccepted | CityRefused | CityUnreachable | StatusChanged

# What may follow.


@dataclass(frozen=True, slots=True)
class Say:
    """A message to the resident, by its symbolic id in the catalogue."""

    message_id: str
    params: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    asks_place: bool = False


@dataclass(frozen=True, slots=True)
class FileReport:
    """The draft is complete: make it a report and send it to the city."""

    service_code: str
    description: str
    place: Place
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToStaff:
    """A person must look. `reason` is one of a few symbolic words the console explains."""

    reason: Literal["no_place", "no_service", "refused", "unsure"]
    note: str = ""


Effect = Say | FileReport | ToStaff


@dataclass(frozen=True, slots=True)
class Decision:
    """The state to store and everything that follows from the event, in order."""

    state: State
    effects: tuple[Effect, ...] = ()


# What decide may know.


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the conversation itself.

    `definitions` holds the attributes of the services in question, `contact_needed` the contact fields the city
    refuses a report without, `contact` what the channel itself tells of the sender (a phone number, a mail
    address).
    """

    services: Mapping[str, Service]
    city_name: str = ""
    time_zone: str = "UTC"
    reports: tuple[Report, ...] = ()
    definitions: Mapping[str, tuple[Attribute, ...]] = field(default_factory=dict)
    contact_needed: tuple[str, ...] = ()
    contact: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """A city's rules. `submit`: file unasked from this probability on; below `ask` the choice is left to the
    resident's own words first. `most_questions` before a draft goes to staff."""

    submit: float = 0.45
    ask: float = 0.08
    most_questions: int = 3
    emergency_number: str = "911"


ReportState = Literal["queued", "accepted", "refused", "unsure"]


@dataclass(frozen=True, slots=True)
class Report:
    """A complete report and what the city made of it.

    `reference` is public, short and random; it marks the submission at the city. `state` is where the sending
    stands, `status` what the city says ("" until it said anything), folded to open or closed.
    """

    id: str
    reference: str
    city_id: str
    conversation_id: str
    service_code: str
    service_name: str
    description: str
    place: Place
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    state: ReportState = "queued"
    service_request_id: str | None = None
    token: str | None = None
    status: str = ""
    raw_status: str = ""
    status_notes: str = ""
    fingerprint: str = ""  # of what the city last showed: a change of it is worth telling
    created_at: datetime | None = None
