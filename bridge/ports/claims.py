"""Whose turn it is: what inbox, outbox and timers share."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bridge.vocabulary import InboxRow, OutboxRow, TimerRow


class ClaimsOf(Protocol):
    """Claimed rows: held, tried again, given up."""

    def still_mine(self, row: InboxRow | OutboxRow | TimerRow) -> bool: ...
    def retry(self, row: InboxRow | OutboxRow | TimerRow, at: datetime, error: str) -> None: ...
    def bury(self, row: InboxRow | OutboxRow | TimerRow, error: str) -> None:
        """Gives a row up: it stays, dead, for a person to see and replay."""
        ...
