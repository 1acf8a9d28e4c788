"""How it is going, counted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.console.part import Part
from bridge.vocabulary.console import Totals


class FiguresPart(Part):
    """Counts over the rows."""

    def totals(self, now: datetime) -> Totals:
        open_tasks = col(t.StaffTask.closed_at).is_(None)
        tasks = select(func.count()).select_from(t.StaffTask).where(open_tasks)
        dead = select(func.count()).select_from(t.Outbox).where(t.Outbox.state == "dead")
        waiting = select(func.count(), func.min(t.Outbox.created_at)).where(t.Outbox.state == "open")
        count, oldest = self._session.execute(waiting).one()
        return Totals(
            open_tasks=self._session.exec(tasks).one(),
            overdue_tasks=self._session.exec(tasks.where(t.StaffTask.due_at < now)).one(),
            dead=self._session.exec(dead).one(),
            waiting=count,
            oldest_waiting=oldest,
        )
