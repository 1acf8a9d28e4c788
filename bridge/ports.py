"""What the flow needs of the outside, as protocols. Adapters implement them; only `app` wires them.

Adapters return values and raise the errors of `bridge.errors`; none of them commits anything but the store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from bridge.vocabulary import (
    Artifact,
    Attempt,
    Attribute,
    Conversation,
    Discovery,
    FileReport,
    Followed,
    Followings,
    FollowUp,
    Guess,
    Inbound,
    InboxRow,
    Located,
    Lookup,
    Outbound,
    OutboxRow,
    Outcome,
    Pin,
    Place,
    Receipt,
    Report,
    Sent,
    Service,
    ServiceRequest,
    State,
    Submission,
    TimerName,
    TimerRow,
    ToStaff,
    Watched,
)

T = TypeVar("T")
Queue = Literal["inbox", "outbox", "timers"]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Now, aware, in UTC."""
        ...


Accept = Callable[[Sequence[Inbound]], Awaitable[None]]
"""Stores messages durably. When it returns, the channel may acknowledge; when it raises, it must not:
the channel answers its provider with the temporary error that makes the provider come back."""


class Channel(Protocol):
    """One configured account of one provider: a number, a mailbox, a bot."""

    name: str  # sms, mail, chat
    account_id: str

    def hooks(self, accept: Accept) -> Sequence[Any]:
        """Starlette routes for the provider's webhooks, [] when it has none."""
        ...

    async def run(self, accept: Accept) -> None:
        """Listens or polls until cancelled; returns at once where there is nothing to run."""
        ...

    async def send(self, message: Outbound) -> Sent:
        """Hands one message to the provider. Raises Retryable, Permanent or Unsure."""
        ...

    async def close(self) -> None:
        """Frees connections."""
        ...


class Classifier(Protocol):
    """What is it? Bound to one city's service list."""

    def classify(self, text: str, language: str) -> tuple[tuple[Guess, ...], float]:
        """Guesses over service codes, best first (probabilities sum to at most 1), and the probability that
        the text is about a municipal matter at all. Never raises for any text."""
        ...


class Locator(Protocol):
    """Where is it? Bound to one city's gazetteer."""

    def locate(self, text: str, language: str) -> Located:
        """Mentions and at most three candidates. Never raises for any text."""
        ...

    def at(self, pin: Pin) -> Place | None:
        """The place of a pin with the nearest known address; None outside the city's boundary."""
        ...


class City(Protocol):
    """A GeoReport v2 endpoint, seen through its profile."""

    async def services(self) -> tuple[Service, ...]: ...
    async def definition(self, service_code: str) -> tuple[Attribute, ...]: ...
    async def discovery(self) -> Discovery: ...

    async def submit(self, submission: Submission) -> Receipt:
        """POSTs one service request, once. Raises Retryable (certainly not stored), Permanent (refused, with
        the city's words) or Unsure (may be stored)."""
        ...

    async def look_up(self, submission: Submission, since: datetime) -> Lookup:
        """Looks for our own request, posted at or after `since`, by its marker. Never writes."""
        ...

    async def resolve_all(self, tokens: Sequence[str]) -> Mapping[str, str | None]:
        """The service_request_ids of these tokens, None while the city has none yet. A token there was no read
        left for is absent. Raises Retryable when nothing could be read."""
        ...

    async def follow(self, followed: Sequence[Followed]) -> Followings:
        """Reads as many of these due requests as the city's read limit allows now, the most urgent first. Raises
        Retryable or Permanent when nothing could be read."""
        ...

    async def post_update(self, follow_up: FollowUp) -> str:
        """POSTs more words on a request, once; the city's id for them, "" when it gives none. Raises Retryable,
        Permanent or Unsure."""
        ...


class Catalog(Protocol):
    """The words residents read."""

    def text(self, message_id: str, language: str, params: Mapping[str, str]) -> str:
        """The message in that language, falling back to English; only allow-listed %(name)s are filled."""
        ...


class Blobs(Protocol):
    """Content-addressed files and folders: models, gazetteers, photos. The same content has the same id."""

    def put(self, source: Path) -> str:
        """Keeps a copy of a file or a whole folder; its id."""
        ...

    def path(self, blob_id: str) -> Path:
        """Where it is kept, to read. Raises KeyError for an id that is not."""
        ...


class Wake(Protocol):
    """Who looks for due work, and when. Rows hold the work; this only says *look*."""

    def wake(self, tx: Transaction, queue: Queue, after: float = 0) -> None:
        """Has `queue` looked at `after` seconds once the transaction commits; nothing happens if it does not."""
        ...

    async def run(self, queue: Queue, look: Callable[[], Awaitable[None]]) -> None:
        """Calls `look` whenever there may be due work, until cancelled."""
        ...


class Transaction(Protocol):
    """One unit of work on the store: everything in it is committed together, or nothing is.

    Claims take the oldest open and due row of a lane (a conversation's messages, a conversation's replies, a
    report's submission and updates, a conversation's timer of one name), and none while an earlier row of that
    lane is open. A claim counts as an attempt.
    """

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Has `callback` called, from any thread, once this transaction is durable."""
        ...

    # inbox
    def add_inbound(self, message: Inbound) -> bool:
        """Stores a message; False when (account_id, kind, provider_key) is already there."""
        ...

    def claim_inbound(self, now: datetime, lease: timedelta) -> InboxRow | None: ...
    def unhandled(self, conversation: Conversation) -> bool:
        """Whether a message of the resident waits to be handled, or is being handled."""
        ...

    def still_mine(self, row: InboxRow | OutboxRow | TimerRow) -> bool: ...
    def finish_inbound(self, row: InboxRow, conversation_id: str | None) -> None: ...

    # conversations
    def conversation_of(self, message: Inbound, city_id: str) -> Conversation:
        """The conversation on (account_id, thread), made when new; keeps its newest address and subject."""
        ...

    def conversation(self, conversation_id: str) -> Conversation: ...
    def glimpse(self, message: Inbound) -> Conversation | None:
        """The message's conversation as it is, without locking or making anything."""
        ...

    def save_state(self, conversation: Conversation, state: State) -> None: ...

    # reports
    def add_report(
        self, conversation: Conversation, city_id: str, filed: FileReport, service_name: str
    ) -> Report: ...
    def report(self, report_id: str) -> Report: ...
    def reports_of(self, conversation_id: str) -> tuple[Report, ...]: ...
    def nearby(self, city_id: str, lat: float, long: float, metres: float, since: datetime) -> tuple[Report, ...]:
        """Open reports of anybody, at most that many metres north, south, east or west, newest first."""
        ...

    def add_follower(self, report: Report, conversation: Conversation) -> None: ...
    def followers(self, report: Report) -> tuple[Conversation, ...]:
        """Who else hears of the report, locked."""
        ...

    def save_report(self, report: Report, *, poll_at: datetime | None = None) -> None: ...
    def add_status(self, report: Report, seen: ServiceRequest, now: datetime) -> None: ...
    def watched(self, city_id: str, now: datetime, limit: int) -> tuple[Watched, ...]:
        """Reports whose token or status is due to be asked for, longest due first."""
        ...

    def watch_again(self, times: Mapping[Watched, datetime | None]) -> None:
        """Sets when each is due again (None: never). One whose fingerprint has changed meanwhile is left alone."""
        ...

    def numbered(self, city_id: str, receipt: Receipt) -> str | None:
        """The id of the report that has the receipt's number or token at the city's endpoint."""
        ...

    def add_staff_task(self, conversation: Conversation, task: ToStaff, report_id: str | None) -> None: ...

    def forget(self, conversation: Conversation, *, erase: bool) -> None:
        """Drops what is saved of the resident; `erase`: the words of every message too."""
        ...

    # timers
    def set_timer(self, conversation: Conversation, name: TimerName, at: datetime) -> None:
        """Sets or moves the conversation's timer of that name; whoever had claimed it no longer holds it."""
        ...

    def drop_timer(self, conversation: Conversation, name: TimerName) -> None: ...
    def claim_timer(self, now: datetime, lease: timedelta) -> TimerRow | None: ...
    def finish_timer(self, row: TimerRow) -> None: ...

    # outbox
    def add_reply(self, conversation: Conversation, say: Outbound, *, question: bool = False) -> None: ...
    def add_submission(self, report: Report) -> None: ...
    def add_update(self, report: Report, words: str) -> None:
        """More words on a report; they go out after the report itself."""
        ...

    def unsent_question(self, conversation: Conversation) -> bool:
        """Whether a question of ours waits that nobody has claimed yet."""
        ...

    def take_back(self, conversation: Conversation) -> None:
        """Withdraws those questions."""
        ...

    def claim_outbox(self, now: datetime, lease: timedelta) -> OutboxRow | None: ...
    def finish_outbox(self, row: OutboxRow, sent: Sent | None) -> None: ...

    # artifacts
    def active_artifact(self, city_id: str, kind: str) -> Artifact | None: ...
    def artifacts(self, city_id: str, kind: str) -> tuple[Artifact, ...]:
        """All that were ever activated, oldest first."""
        ...

    def activate(self, city_id: str, kind: str, artifact: Artifact) -> None:
        """Records an artifact and makes it the one in use; earlier ones stay on record."""
        ...

    # both
    def retry(self, row: InboxRow | OutboxRow | TimerRow, at: datetime, error: str) -> None: ...
    def bury(self, row: InboxRow | OutboxRow | TimerRow, error: str) -> None:
        """Gives a row up: it stays, dead, for a person to see and replay."""
        ...

    # attempts at a city
    def open_attempt(self, row: OutboxRow, submission: Submission, deadline: datetime) -> Attempt: ...
    def attempts(self, outbox_id: str) -> tuple[Attempt, ...]: ...
    def close_attempt(self, attempt: Attempt, outcome: Outcome, detail: str) -> None: ...


class Store(Protocol):
    """The one owner of transactions."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in one durable transaction and returns its value once that is committed."""
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` on a consistent snapshot; what it writes is discarded."""
        ...
