"""What staff see and who they are: read models of the console, made by the store and shown by the web.

None of these is ever written back: what a person changes becomes an event of the conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bridge.vocabulary.conversation import Draft, Report
from bridge.vocabulary.rows import Outcome

Role = Literal["viewer", "agent", "admin"]
Theme = Literal["auto", "light", "dark"]
Waiting = Literal["open", "silent", "done"]


@dataclass(frozen=True, slots=True)
class Account:
    """Someone of the staff. `cities` empty: all of them. A viewer looks, an agent acts, an admin sets up."""

    id: str
    email: str
    name: str
    role: Role
    cities: tuple[str, ...] = ()
    active: bool = True
    shortcuts: bool = True
    theme: Theme = "auto"
    created_at: datetime | None = None
    last_seen_at: datetime | None = None
    password_hash: str = field(default="", repr=False)

    def serves(self, city_id: str) -> bool:
        return not self.cities or city_id in self.cities


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: whose, and the token its forms must carry."""

    session_id: str
    account: Account
    csrf: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that makes an account or sets a new password, once."""

    email: str
    role: Role
    expires_at: datetime
    cities: tuple[str, ...] = ()
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of the audit log: who did what to which thing."""

    action: str
    subject: str = ""
    subject_id: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    account_id: str = ""
    who: str = ""
    address: str = ""
    at: datetime | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """Something a person must look at. `draft` is what was understood when it was handed over. `held_by` has it
    open just now; `outcome` says what became of it, "" while it is open."""

    id: str
    city_id: str
    conversation_id: str
    reason: str
    note: str
    channel: str
    address: str
    created_at: datetime
    due_at: datetime
    report_id: str = ""
    draft: Draft | None = None
    held_by: str = ""
    held_name: str = ""
    held_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class SilentResident:
    """A draft that waits for its resident's answer, and when they are reminded or it is given up."""

    conversation_id: str
    city_id: str
    channel: str
    address: str
    words: str
    question: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Work that was tried in vain: a message heard (`inbox`), one to send (`outbox`), or a conversation's timer.
    `city_id` and `conversation_id` are "" for a message that never came to be one's."""

    id: str
    queue: str
    kind: str
    created_at: datetime
    attempts: int
    error: str
    city_id: str = ""
    conversation_id: str = ""
    address: str = ""
    report_id: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript. `state`: what became of sending it (open, done, dead, withdrawn), `delivery`
    what the provider said since."""

    id: str
    at: datetime
    who: Literal["resident", "bridge", "staff", "note", "city"]
    text: str
    by: str = ""
    state: str = ""
    delivery: str = ""
    error: str = ""
    files: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    pin: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation in a list, with the last thing that was said in it."""

    id: str
    city_id: str
    channel: str
    address: str
    name: str
    updated_at: datetime
    language: str = ""
    opted_out: bool = False
    blocked: bool = False
    drafting: bool = False
    last: str = ""
    tasks: int = 0


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A report in a list."""

    id: str
    reference: str
    city_id: str
    conversation_id: str
    channel: str
    service_name: str
    address: str
    state: str
    status: str
    number: str
    created_at: datetime
    lat: float | None = None
    long: float | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """What a map shows at one point: one report, or how many."""

    lat: float
    long: float
    count: int
    id: str = ""
    label: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Reports of one state in a square of some two hundred metres: their middle, and how many. `state` is as the
    list of requests filters by."""

    lat: float
    long: float
    count: int
    state: str


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One POST to a city, as it was made and answered."""

    id: str
    opened_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    detail: str
    submission: Mapping[str, Any]
    request: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class StatusLine:
    """What the city showed for a report at one time."""

    at: datetime
    status: str
    raw_status: str
    notes: str


@dataclass(frozen=True, slots=True)
class RequestFile:
    """All there is about one report."""

    report: Report
    channel: str
    address: str
    outbox_state: str
    outbox_error: str
    outbox_id: str
    attempts: tuple[AttemptRow, ...]
    statuses: tuple[StatusLine, ...]
    followers: int


@dataclass(frozen=True, slots=True)
class Template:
    """A reply that staff write often."""

    id: str
    city_id: str
    title: str
    text: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class StaffAction:
    """What a person did, so that it can be undone while nothing of it has left."""

    id: str
    kind: Literal["send", "answer", "merge", "block", "close"]
    account_id: str
    at: datetime
    conversation_id: str
    task_id: str = ""
    report_id: str = ""
    outbox_ids: tuple[str, ...] = ()
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the service a person says it is about: what a city's model learns from."""

    city_id: str
    text: str
    language: str
    service_code: str
    guessed: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DayCount:
    """Reports of one day, by channel and service."""

    day: str
    channel: str
    service_name: str
    reports: int


@dataclass(frozen=True, slots=True)
class Wait:
    """How long something took, in seconds: the median and the ninth decile of one week."""

    week: str
    median: float
    ninth: float
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How it is going, over some days. Shares are of 1."""

    days: tuple[DayCount, ...]
    acknowledged: tuple[Wait, ...]
    closed: tuple[Wait, ...]
    unaided: tuple[tuple[str, float], ...]  # week, share filed without a person
    questions: tuple[tuple[str, float], ...]  # week, questions asked for each report
    confidence: tuple[tuple[str, float], ...]  # week, mean confidence of the best guess
    corrections: tuple[tuple[str, int], ...]  # week, services a person corrected
    marks: tuple[tuple[str, float, int], ...]  # week, mean mark that residents gave, of 5, and how many gave one
    unanswerable: tuple[tuple[str, int], ...]  # week, reports whose resident cannot be asked
    failures: tuple[tuple[str, int, int], ...]  # channel, sent, failed
    city_seconds: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """The few numbers of a health or metrics page."""

    open_tasks: int
    overdue_tasks: int
    dead: int
    waiting: int
    oldest_waiting: datetime | None
