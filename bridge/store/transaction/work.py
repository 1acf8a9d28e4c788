"""How the work stands, and work that was given up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.store.values import QUEUES
from bridge.vocabulary import Backlog, DeadRow, QueueFigures


class Work(Unit):
    """The part of a transaction that is about all work at once. Partial indexes keep it quick beside any number of
    finished rows."""

    def backlog(self, now: datetime) -> Backlog:
        queues: dict[str, QueueFigures] = {name: self._figures(table, now) for table, name in QUEUES.items()}
        tasks = select(func.count()).select_from(t.StaffTask).where(col(t.StaffTask.closed_at).is_(None))
        return Backlog(queues, self._session.exec(tasks).one())

    def _figures(self, table: Any, now: datetime) -> QueueFigures:
        waiting = select(func.count(), func.min(table.due_at)).where(table.state == "open")
        count, due_at = self._session.execute(waiting).one()
        dead = self._session.execute(select(func.count()).where(table.state == "dead")).scalar_one()
        oldest = (now - due_at).total_seconds() if due_at else 0.0
        return QueueFigures(count, max(0.0, oldest), dead)

    def dead(self, limit: int) -> tuple[DeadRow, ...]:
        return tuple(row for table in QUEUES for row in self._dead(table, limit))

    def _dead(self, table: Any, limit: int) -> list[DeadRow]:
        statement = select(table).where(table.state == "dead").order_by(table.id.desc()).limit(limit)
        return [
            DeadRow(
                id=row.id,
                queue=QUEUES[table],
                kind=getattr(row, "kind", "") or getattr(row, "name", ""),
                created_at=row.created_at,
                attempts=row.attempts,
                error=row.error,
                about=getattr(row, "report_id", None) or row.conversation_id or "",
            )
            for row in self._session.scalars(statement)
        ]

    def replay(self, row_id: str) -> bool:
        for table, queue in QUEUES.items():
            row: Any = self._session.get(table, row_id)
            if row is None or row.state != "dead":
                continue
            row.state, row.attempts, row.due_at, row.finished_at = "open", 0, self._clock.now(), None
            if queue == "outbox" and row.kind == "submission":
                self._session.get_one(t.Report, row.report_id).state = "queued"
            self._session.flush()
            self._wake.wake(self, queue)
            return True
        return False
