"""Who looks for due work, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

Queue = Literal["inbox", "outbox", "timers"]


class Committing(Protocol):
    """A unit of work that will be committed, or not."""

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Has `callback` called, from any thread, once this transaction is durable."""
        ...


class Wake(Protocol):
    """Who looks for due work, and when. Rows hold the work; this only says *look*."""

    def wake(self, tx: Committing, queue: Queue, after: float = 0) -> None:
        """Has `queue` looked at `after` seconds once the transaction commits; nothing happens if it does not."""
        ...

    async def run(self, queue: Queue, look: Callable[[], Awaitable[None]]) -> None:
        """Calls `look` whenever there may be due work, until cancelled."""
        ...
