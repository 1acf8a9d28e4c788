"""Every POST to a city: recorded before it is made, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bridge.vocabulary import Attempt, OutboxRow, Outcome, Submission


class AttemptsOf(Protocol):
    """Attempts at a city."""

    def open_attempt(self, row: OutboxRow, submission: Submission, deadline: datetime) -> Attempt: ...
    def attempts(self, outbox_id: str) -> tuple[Attempt, ...]: ...
    def close_attempt(self, attempt: Attempt, outcome: Outcome, detail: str) -> None: ...
