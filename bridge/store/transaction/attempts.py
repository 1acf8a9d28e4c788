"""Every POST to a city: recorded before it is made, and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store import values
from bridge.store.transaction.unit import Unit
from bridge.vocabulary import Attempt, OutboxRow, Outcome, Submission


class Attempts(Unit):
    """The part of a transaction that is about attempts."""

    def open_attempt(self, row: OutboxRow, submission: Submission, deadline: datetime) -> Attempt:
        attempt = t.Attempt(
            outbox_id=row.id,
            report_id=row.report_id or "",
            submission=values.to_json(values.SUBMISSION, submission),
            opened_at=self._clock.now(),
            deadline=deadline,
        )
        self._session.add(attempt)
        self._session.flush()
        return values.attempt(attempt)

    def attempts(self, outbox_id: str) -> tuple[Attempt, ...]:
        statement = select(t.Attempt).where(t.Attempt.outbox_id == outbox_id).order_by(col(t.Attempt.id))
        return tuple(values.attempt(row) for row in self._session.exec(statement))

    def close_attempt(self, attempt: Attempt, outcome: Outcome, detail: str) -> None:
        row = self._session.get_one(t.Attempt, attempt.id)
        row.outcome = outcome
        row.detail = detail[:500]
        row.closed_at = self._clock.now()
        if attempt.request:
            row.request, row.answer = attempt.request, attempt.answer
