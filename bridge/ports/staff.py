"""What a person must look at."""

from __future__ import annotations

from typing import Protocol

from bridge.vocabulary import Conversation, ToStaff


class StaffOf(Protocol):
    """Staff tasks."""

    def add_staff_task(self, conversation: Conversation, task: ToStaff, report_id: str | None) -> None: ...
