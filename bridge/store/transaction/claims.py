"""Whose turn it is: claims, leases and the end of a row, the same for inbox, outbox and timers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from bridge.ports import Queue
from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.store.types import new_id
from bridge.vocabulary import InboxRow, OutboxRow, TimerRow

W = TypeVar("W", t.Inbox, t.Outbox, t.Timer)
Row = InboxRow | OutboxRow | TimerRow

UNCLAIMED: dict[str, None] = {"lease": None, "lease_until": None}
QUEUES: dict[type[t.Work], Queue] = {t.Inbox: "inbox", t.Outbox: "outbox", t.Timer: "timers"}
_TABLES: dict[type[Row], type[t.Inbox] | type[t.Outbox] | type[t.Timer]] = {
    InboxRow: t.Inbox,
    OutboxRow: t.Outbox,
    TimerRow: t.Timer,
}


class Claims(Unit):
    """A lease is the name of one claim: whoever ends a row must still hold it. What waited behind is then free."""

    def still_mine(self, row: Row) -> bool:
        table = table_of(row)
        found = self._session.exec(select(table.lease).where(table.id == row.id, table.state == "open")).first()
        return found == row.lease

    def retry(self, row: Row, at: datetime, error: str) -> None:
        table = table_of(row)
        self._session.execute(
            update(table).where(*held(row)).values(lease=None, lease_until=None, due_at=at, error=error[:500])
        )

    def bury(self, row: Row, error: str) -> None:
        self._end(row, "dead", error=error[:500])

    def _claim(self, table: type[W], now: datetime, lease: timedelta) -> W | None:
        """The oldest row that is open, due, not leased, and first of its lane; leased to this caller."""
        earlier = aliased(table)
        first_of_lane = ~exists().where(
            col(earlier.lane) == col(table.lane), col(earlier.id) < col(table.id), col(earlier.state) == "open"
        )
        chosen = (
            select(table.id)
            .where(
                table.state == "open",
                col(table.due_at) <= now,
                or_(col(table.lease_until).is_(None), col(table.lease_until) <= now),
                first_of_lane,
            )
            .order_by(col(table.due_at), col(table.id))
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        statement = (
            update(table)
            .where(col(table.id) == chosen)
            .values(lease=new_id(), lease_until=now + lease, attempts=table.attempts + 1)
            .returning(table)
        )
        return self._session.scalars(statement).first()

    def _end(self, row: Row, state: str, **changes: Any) -> None:
        table = table_of(row)
        self._session.execute(
            update(table)
            .where(*held(row))
            .values(state=state, finished_at=self._clock.now(), lease=None, lease_until=None, **changes)
        )
        # What waited behind this row in its lane is free now.
        self._wake.wake(self, QUEUES[table])


def table_of(row: Row) -> type[t.Inbox] | type[t.Outbox] | type[t.Timer]:
    return _TABLES[type(row)]


def held(row: Row) -> tuple[Any, ...]:
    table = table_of(row)
    return (col(table.id) == row.id, col(table.lease) == row.lease)
