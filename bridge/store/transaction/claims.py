"""Whose turn it is: claims, leases and the end of a row, the same for inbox, outbox and timers."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import and_, bindparam, exists, func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.store.types import new_id
from bridge.vocabulary import InboxRow, OutboxRow, TimerRow

W = TypeVar("W", t.Inbox, t.Outbox, t.Timer)
Row = InboxRow | OutboxRow | TimerRow

MOST_LANES_TRIED = 5
UNCLAIMED: dict[str, None] = {"lease": None, "lease_until": None}
_TABLES: dict[type[Row], type[t.Inbox] | type[t.Outbox] | type[t.Timer]] = {
    InboxRow: t.Inbox,
    OutboxRow: t.Outbox,
    TimerRow: t.Timer,
}


class Claims(Unit):
    """A lease is the name of one claim: whoever ends a row must still hold it. What waited behind it is free then,
    and whoever ended it claims again."""

    def still_mine(self, row: Row) -> bool:
        table = table_of(row)
        mine = select(table.lease).where(table.id == row.id, table.state == "open")
        return self._session.exec(self._locked(mine)).first() == row.lease

    def retry(self, row: Row, at: datetime, error: str) -> None:
        table = table_of(row)
        self._session.execute(
            update(table).where(*held(row)).values(lease=None, lease_until=None, due_at=at, error=error[:500])
        )

    def bury(self, row: Row, error: str) -> None:
        self._end(row, "dead", error=error[:500])

    def _claim(self, table: type[W], now: datetime, lease: timedelta) -> W | None:
        """The oldest row that is open, due, not leased, and first of its lane; leased to this caller."""
        claim = self._claim_among_others if self._shared else self._claim_alone
        return claim(table, now, lease)

    def _claim_alone(self, table: type[W], now: datetime, lease: timedelta) -> W | None:
        claimed: W | None = self._lease(_leasing_the_first(table), now, lease)
        return claimed

    def _claim_among_others(self, table: type[W], now: datetime, lease: timedelta) -> W | None:
        """What another transaction has just made or claimed is not seen yet, so the lane is looked at once more
        when it is this one's turn. A lane taken meanwhile is not claimable, and the next one is tried."""
        for _ in range(MOST_LANES_TRIED):
            candidate = self._session.execute(_first_not_locked(table), {"now": now}).first()
            if candidate is None:
                return None
            self._in_turn("lane", str(table.__tablename__), candidate.lane)
            claimed: W | None = self._lease(_leasing_if_free(table), now, lease, candidate=candidate.id)
            if claimed is not None:
                return claimed
        return None

    def _lease(self, leasing: Any, now: datetime, lease: timedelta, **which: str) -> Any:
        values = {"now": now, "holder": self._holder + new_id(), "until": now + lease, **which}
        return self._session.scalars(leasing, values).first()

    def _next_id(self, table: type[t.Work], lane: str) -> str:
        """An id behind all that wait in a lane, though their makers' clocks were ahead of ours."""
        newest = select(func.max(table.id)).where(table.lane == lane, table.state == "open")
        return new_id(self._session.execute(newest).scalar() or "")

    def _end(self, row: Row, state: str, **changes: Any) -> None:
        table = table_of(row)
        self._session.execute(
            update(table)
            .where(*held(row))
            .values(state=state, finished_at=self._clock.now(), lease=None, lease_until=None, **changes)
        )


def table_of(row: Row) -> type[t.Inbox] | type[t.Outbox] | type[t.Timer]:
    return _TABLES[type(row)]


def held(row: Row) -> tuple[Any, ...]:
    table = table_of(row)
    return (col(table.id) == row.id, col(table.lease) == row.lease)


# The statements of a claim are built once: a look ends with a claim that finds nothing, so that claims are most of
# what the store is asked, and building one costs more than running it.


@cache
def _leasing_the_first(table: type[t.Work]) -> Any:
    first = _claimable(select(table.id), table).limit(1)
    return _leasing(table).where(col(table.id) == first.scalar_subquery())


@cache
def _first_not_locked(table: type[t.Work]) -> Any:
    found = _claimable(select(table.id, table.lane), table)
    return found.limit(1).with_for_update(skip_locked=True, of=table)


@cache
def _leasing_if_free(table: type[t.Work]) -> Any:
    free = _claimable(select(table.id).where(table.id == bindparam("candidate")), table)
    return _leasing(table).where(col(table.id) == free.scalar_subquery())


def _leasing(table: type[t.Work]) -> Any:
    """An outbound keeps when it was first claimed: whatever the provider has of it, it has since then."""
    leased = update(table).values(
        lease=bindparam("holder"), lease_until=bindparam("until"), attempts=table.attempts + 1
    )
    if table is t.Outbox:
        leased = leased.values(tried_at=func.coalesce(t.Outbox.tried_at, _now(table)))
    return leased.returning(table).execution_options(synchronize_session=False)


def _claimable(statement: Any, table: Any) -> Any:
    """Open, due, not leased, first of its lane, and none of the lane is leased: the longest due first."""
    now = _now(table)
    other = aliased(table)
    ahead = ~exists().where(
        other.lane == table.lane,
        other.state == "open",
        or_(other.id < table.id, other.lease_until > now),
    )
    # Made to be done at once, by a clock that was set back since.
    fresh = and_(table.attempts == 0, table.due_at == table.created_at)
    return statement.where(
        table.state == "open",
        or_(table.due_at <= now, fresh),
        or_(table.lease_until.is_(None), table.lease_until <= now),
        ahead,
    ).order_by(table.due_at, table.id)


def _now(table: Any) -> Any:
    return bindparam("now", type_=table.due_at.type)
