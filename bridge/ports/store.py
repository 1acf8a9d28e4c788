"""The store: every subject of a transaction, composed. A new subject is a file of its own and a name below."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from bridge.ports.artifacts import ArtifactsOf
from bridge.ports.attempts import AttemptsOf
from bridge.ports.cities import CitiesOf
from bridge.ports.claims import ClaimsOf
from bridge.ports.console import ConsoleOf
from bridge.ports.conversations import ConversationsOf
from bridge.ports.deliveries import DeliveriesOf
from bridge.ports.inbox import InboxOf
from bridge.ports.learning import LearningOf
from bridge.ports.media import MediaOf
from bridge.ports.outbox import OutboxOf
from bridge.ports.records import RecordsOf
from bridge.ports.reports import ReportsOf
from bridge.ports.staff import StaffOf
from bridge.ports.timers import TimersOf
from bridge.ports.wake import Committing
from bridge.ports.work import WorkOf

T = TypeVar("T")


class Transaction(
    InboxOf,
    OutboxOf,
    TimersOf,
    ClaimsOf,
    ConversationsOf,
    ReportsOf,
    StaffOf,
    MediaOf,
    DeliveriesOf,
    AttemptsOf,
    ArtifactsOf,
    LearningOf,
    CitiesOf,
    RecordsOf,
    WorkOf,
    Committing,
    Protocol,
):
    """One unit of work on the store: everything in it is committed together, or nothing is.

    Claims take the oldest open and due row of a lane (a conversation's messages, a conversation's replies, a
    report's submission and updates, a conversation's timer of one name), and none while an earlier row of that
    lane is open. A claim counts as an attempt.
    """

    @property
    def console(self) -> ConsoleOf:
        """What the staff console reads and keeps."""
        ...


class Store(Protocol):
    """The one owner of transactions."""

    async def write(self, work: Callable[[Transaction], T], *, first: bool = False) -> T:
        """Runs `work` in one durable transaction and returns its value once that is committed; `first` where
        somebody waits for it, before all other work that waits for its turn."""
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` on a consistent snapshot; what it writes is discarded."""
        ...

    async def lead(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Does `work` for as long as no other process does so under the same name; waits for its turn."""
        ...

    async def close(self) -> None:
        """Ends with the work in hand done."""
        ...
