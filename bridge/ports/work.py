"""How the work stands, and work that was given up."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bridge.vocabulary import Backlog, DeadRow


class WorkOf(Protocol):
    """Inbox, outbox and timers, as their operator sees them."""

    def backlog(self, now: datetime) -> Backlog: ...
    def dead(self, limit: int) -> tuple[DeadRow, ...]:
        """What was given up, the newest first of each queue."""
        ...

    def replay(self, row_id: str) -> bool:
        """Has a dead row tried again, as if for the first time; False when there is no such row. A report whose
        end was unsure is looked up at the city first, as ever."""
        ...
