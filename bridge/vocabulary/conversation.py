"""One resident's conversation: its state, what can happen to it, and what may follow.

`decide(state, event, facts, policy, now) -> Decision` in `bridge.flow.conversation` is the only reader of the
events and the only maker of decisions. State is stored as JSON with its `version`; a later version reads
every earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal

from bridge.vocabulary.messages import Choice, DeliveryState, Inbound, Media
from bridge.vocabulary.places import Alarm, Guess, Place, Understanding
from bridge.vocabulary.requests import Receipt, ServiceRequest
from bridge.vocabulary.services import Attribute, Service

Question = Literal[
    "place",
    "which_place",
    "home",
    "service",
    "words",
    "attribute",
    "email",
    "name",
    "consent",
    "photo",
    "split",
    "twin",
    "confirm",
    "fixed",
    "satisfied",
]

TimerName = Literal["hold", "silence", "news"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One of two things told in one message: its own words, and what they were understood as."""

    words: str
    service_code: str
    place: Place | None = None
    p: float = 0.0  # of the service


@dataclass(frozen=True, slots=True)
class News:
    """A report whose news wait to be told, and the link to the city's photo of it."""

    report_id: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A report in the making. `words` are the resident's messages about it, in order.

    `city_id` is set once the place is known to be another city's than the conversation's. `attributes` and
    `contact` hold the answers given so far; `asking` is the code of the attribute asked about, `page` how many
    pages of its list were shown. `asked` names every question asked, so that none is asked three times.
    `turns` counts the messages that asked; `letter` are the questions of the last one, of which only a letter has
    several. `problems` are the two that were told at once, until the resident says whether they are two; `cites`
    is the request at the city that this one follows. `written` is the language of the words, "" for one that
    nothing here reads.
    """

    words: tuple[str, ...] = ()
    written: str = "en"
    guesses: tuple[Guess, ...] = ()
    service_code: str = ""
    place: Place | None = None
    candidates: tuple[Place, ...] = ()
    outside: bool = False
    unfound: bool = False  # the last words name a place that nobody knows
    city_id: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asking: str = ""
    page: int = 0
    turned: bool = False  # the next page was asked for
    contact: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    turns: int = 0
    letter: tuple[str, ...] = ()
    files: int = 0
    photos: tuple[str, ...] = ()  # tokens of those that could be kept
    problems: tuple[Problem, ...] = ()
    chosen: bool = False  # the resident named the service, or said yes to it
    mistaken: str = ""  # the service it was taken for before the resident said which it is
    anonymous: bool = False
    at_home: bool = False  # the words say "my house": the saved address may be meant
    reminded: bool = False
    cites: str = ""
    looking: bool = False  # the city is being asked for open requests close by
    looked: bool = False
    at_city: tuple[Report, ...] = ()  # what it then listed


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation stands. `question` is the one open question, `offered` its numbered answers.

    `later` are drafts that wait for `draft` to be done, `aside` is what was taken as no report and becomes one
    when the resident says so. `about` is the report a question after its sending is about. `news` wait
    for the end of the quiet hours, or for others; of `closed` reports it was asked whether they are fixed.
    `told_at` and `told_about` are the last news. `with_staff` is until when words that are no report are read by
    the person the resident talks to, who is yet to answer while it `awaits_staff`. `consented`: the city may have
    the number or address we know.
    `arrivals` are the times of the latest messages, `said` the last text and `repeats` how often it came again,
    `misses` how often in a row nothing was understood. `unreachable`: what we
    send does not arrive, until the resident writes again.
    """

    version: int = 1
    language: str = ""
    language_chosen: bool = False
    draft: Draft | None = None
    later: tuple[Draft, ...] = ()
    aside: Draft | None = None
    question: Question | None = None
    offered: tuple[Choice, ...] = ()
    about: str = ""
    introduced: bool = False
    greeted: bool = False  # by a hello that waits for what else comes
    opted_out: bool = False
    blocked: bool = False  # by a person: nothing of this sender is answered or filed
    home: Place | None = None
    news: tuple[News, ...] = ()
    told_at: datetime | None = None
    told_about: str = ""
    closed: tuple[str, ...] = ()
    held_since: datetime | None = None
    with_staff: datetime | None = None
    awaits_staff: bool = False
    consented: bool = False
    arrivals: tuple[datetime, ...] = ()
    said: str = ""
    repeats: int = 0
    misses: int = 0
    unreachable: bool = False


# What can happen.


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """The resident wrote. `parts` are the two problems in it, where there are clearly two; `media` its files as
    they were kept, `refused` how many were none that can be shown."""

    message: Inbound
    understanding: Understanding
    parts: tuple[Understanding, ...] = ()
    media: tuple[Media, ...] = ()
    refused: int = 0

    @property
    def photos(self) -> tuple[str, ...]:
        """The tokens of the photos."""
        return tuple(file.token for file in self.media if file.is_photo)

    @property
    def recordings(self) -> tuple[str, ...]:
        return tuple(file.token for file in self.media if not file.is_photo)


@dataclass(frozen=True, slots=True)
class EmergencyHeard:
    """A message that was just stored holds words of an emergency. Nothing else is understood of it yet."""

    message: Inbound
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A time that the conversation set itself has come."""

    name: TimerName


@dataclass(frozen=True, slots=True)
class StaffReplied:
    """A person at the city answers the resident."""

    words: str


@dataclass(frozen=True, slots=True)
class StaffFiled:
    """A person completed a report and sends it. `draft` is the one they completed, if it is still under way."""

    filed: FileReport
    city_id: str
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class StaffMerged:
    """A person says that the resident means a report the city has: they follow it."""

    report: Report
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class StaffBlocked:
    """A person says that nothing of this sender is to be answered or filed, or that it is again."""

    blocked: bool


@dataclass(frozen=True, slots=True)
class StaffTookOver:
    """A person takes on a draft whose resident does not answer."""


@dataclass(frozen=True, slots=True)
class DeliveryTold:
    """A provider tells that a message of ours did not arrive, and why."""

    state: DeliveryState
    code: str = ""
    reason: str = ""


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


@dataclass(frozen=True, slots=True)
class TwinsFound:
    """What the city lists of open requests close to the draft's place; nothing where it could not be asked.
    These reports have no `id`: they are not ours."""

    reports: tuple[Report, ...] = ()


Event = (
    MessageArrived
    | EmergencyHeard
    | TimerFired
    | StaffReplied
    | StaffFiled
    | StaffMerged
    | StaffBlocked
    | StaffTookOver
    | DeliveryTold
    | CityAccepted
    | CityRefused
    | CityUnreachable
    | StatusChanged
    | TwinsFound
)

# What may follow.


@dataclass(frozen=True, slots=True)
class Say:
    """A message to the resident, by its symbolic id in the catalogue. `also` are further sentences of the same
    message; `question` marks a message that a newer decision may take back while it is unsent."""

    message_id: str
    params: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    asks_place: bool = False
    also: tuple[Say, ...] = ()
    question: bool = False


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Questions that have not left yet are not sent: the draft is decided on anew."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Has the conversation woken by TimerFired at a time; an earlier timer of that name is replaced."""

    name: TimerName
    at: datetime


@dataclass(frozen=True, slots=True)
class DropTimer:
    """A timer of that name no longer fires."""

    name: TimerName


@dataclass(frozen=True, slots=True)
class FileReport:
    """The draft is complete: make it a report and send it to the city."""

    service_code: str
    description: str
    place: Place
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    cites: str = ""  # the request at the city that this one follows
    photos: tuple[str, ...] = ()
    mistaken: str = ""  # what it was taken for before the resident said which service it is: to learn from
    certainty: float | None = None  # of the best guess at its service; None where nothing was guessed
    answerable: bool = True  # whether its resident can be asked something


@dataclass(frozen=True, slots=True)
class PostUpdate:
    """More words and photos about a report that has gone out, for a city that takes updates."""

    report: Report
    words: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Marked:
    """How the resident says that the city did, 1 to 5."""

    report_id: str
    mark: int


@dataclass(frozen=True, slots=True)
class LearnFrom:
    """The resident says that a report that has gone out is of another service than it was sent as."""

    report: Report
    service_code: str


@dataclass(frozen=True, slots=True)
class LookForTwins:
    """Asks the city what is open close to the draft's place; TwinsFound comes back."""


@dataclass(frozen=True, slots=True)
class Follow:
    """The resident hears of another's report from now on; one without `id` is known to the city alone."""

    report: Report


@dataclass(frozen=True, slots=True)
class Forget:
    """Saved data of the resident is dropped, but for what a legal hold keeps; `erase`: their messages too."""

    erase: bool


StaffReason = Literal[
    "no_place",
    "no_service",
    "no_answer",
    "refused",
    "unsure",
    "emergency",
    "threat",
    "correction",
    "human",
    "question",
    "unfinished",
    "not_fixed",
    "forget",
    "flood",
    "undelivered",
    "dissatisfied",
    "recording",
]


@dataclass(frozen=True, slots=True)
class ToStaff:
    """A person must look. `reason` is one of a few symbolic words the console explains. `media` are tokens of the
    files it is about."""

    reason: StaffReason
    note: str = ""
    report_id: str = ""
    draft: Draft | None = None  # what was understood so far, for a person to complete
    media: tuple[str, ...] = ()


Effect = (
    Say
    | TakeBack
    | SetTimer
    | DropTimer
    | FileReport
    | PostUpdate
    | Marked
    | LearnFrom
    | LookForTwins
    | Follow
    | Forget
    | ToStaff
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The state to store and everything that follows from the event, in order."""

    state: State
    effects: tuple[Effect, ...] = ()


# What decide may know.


@dataclass(frozen=True, slots=True)
class CityAnswer:
    """What the city says to a question, or where it refers a resident to. One of `phrases` must be in the
    message, each of its words somewhere in it. `referral`: it is given to a statement too ("my power is out")."""

    phrases: tuple[str, ...]
    text: str
    language: str = "en"
    referral: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the conversation itself.

    `definitions` holds the attributes of the services in question, `contact_needed` the contact fields the city
    refuses a report without, `contact` what the channel itself tells of the sender (a phone number, a mail
    address). `reports` are the resident's own, newest first; `nearby` open ones of anybody around the place in
    question, `waiting` those whose news wait. `unhandled`: another message of the resident waits. `unsent`: our
    last question has not left yet. `held`: a legal hold keeps what is saved of the resident.
    `last_heard` is when the resident last wrote, before this event.
    """

    services: Mapping[str, Service]
    city_name: str = ""
    time_zone: str = "UTC"
    reports: tuple[Report, ...] = ()
    definitions: Mapping[str, tuple[Attribute, ...]] = field(default_factory=dict)
    contact_needed: tuple[str, ...] = ()
    contact: Mapping[str, str] = field(default_factory=dict)
    channel: str = "sms"
    nearby: tuple[Report, ...] = ()
    waiting: tuple[Report, ...] = ()
    unhandled: bool = False
    unsent: bool = False
    held: bool = False
    last_heard: datetime | None = None


SUBMIT = 0.45
"""From this probability on a service is taken unasked, where neither a city nor what it learned says otherwise."""
ASK = 0.08
"""A service below this probability is not offered as a choice."""
CIVIC = 0.45
"""Below this probability of being a municipal matter nothing is filed unasked."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A city's rules. `submit`: file unasked from this probability on (`submit_of`: of single services); below
    `ask` the choice is left to the resident's own words first. `most_questions` before a draft goes to staff.

    `hold` is how long a report waits for more of it, on channels other than mail. `confirm`: "unsure" asks where
    the best guess is below `confirm_below`. A draft is reminded of after `remind_after` and ended as `unfinished`
    says after `give_up_after` more. News wait while it is between the `quiet` hours (city time), and for
    `news_in_one` after news of another report. An open request of the same service within `twin_m` metres and
    `twin_age` is offered; 0 metres: never; `twins_at_city`: the city is asked for its own too. `correct_within`:
    how long words after sending can be about what was sent.
    """

    submit: float = SUBMIT
    submit_of: Mapping[str, float] = field(default_factory=dict)
    ask: float = ASK
    most_questions: int = 3
    emergency_number: str = "911"
    crisis_number: str = "988"
    hold: timedelta = timedelta(0)
    confirm: Literal["always", "unsure", "never"] = "unsure"
    confirm_below: float = 0.5
    remind_after: timedelta = timedelta(hours=20)
    give_up_after: timedelta = timedelta(days=2)
    unfinished: Literal["staff", "drop"] = "staff"
    quiet: tuple[time, time] | None = None
    news_in_one: timedelta = timedelta(minutes=10)
    twin_m: float = 0.0
    twin_age: timedelta = timedelta(days=14)
    twins_at_city: bool = False
    correct_within: timedelta = timedelta(minutes=30)
    takes_updates: bool = False
    forget: Literal["erase", "staff"] = "staff"
    staff_hours: str = ""
    privacy_url: str = ""
    carrier_notice: bool = False
    satisfaction: bool = False
    photo_for: tuple[str, ...] = ()
    most_an_hour: int = 30
    answers: tuple[CityAnswer, ...] = ()

    def needed(self, service_code: str) -> float:
        """From what probability on that service is taken unasked."""
        return self.submit_of.get(service_code, self.submit)


ReportState = Literal["queued", "accepted", "refused", "unsure", "cancelled"]


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
    cites: str = ""
    photos: tuple[str, ...] = ()  # tokens, the first one first
    state: ReportState = "queued"
    service_request_id: str | None = None
    token: str | None = None
    status: str = ""
    raw_status: str = ""
    status_notes: str = ""
    fingerprint: str = ""  # of what the city last showed: a change of it is worth telling
    created_at: datetime | None = None
    trace: str = ""  # id of the message that it was filed because of
