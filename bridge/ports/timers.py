"""Times that conversations set themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from bridge.vocabulary import Conversation, TimerName, TimerRow


class TimersOf(Protocol):
    """Timers."""

    def set_timer(self, conversation: Conversation, name: TimerName, at: datetime) -> None:
        """Sets or moves the conversation's timer of that name; whoever had claimed it no longer holds it."""
        ...

    def drop_timer(self, conversation: Conversation, name: TimerName) -> None: ...
    def claim_timer(self, now: datetime, lease: timedelta) -> TimerRow | None: ...
    def finish_timer(self, row: TimerRow) -> None: ...
