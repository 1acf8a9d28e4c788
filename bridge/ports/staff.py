"""What a person must look at."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bridge.vocabulary import Conversation, ToStaff


class StaffOf(Protocol):
    """Staff tasks."""

    def add_staff_task(
        self, conversation: Conversation, task: ToStaff, report_id: str | None, due_at: datetime | None = None
    ) -> str:
        """A task, to be looked at by `due_at` (now, where none is given); its id."""
        ...
