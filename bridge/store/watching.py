"""Which reports are due to be asked for at their city. They are many: plain columns, statements in bulk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Table, bindparam, false, or_, update
from sqlmodel import Session, col, select

from bridge.store import tables as t
from bridge.vocabulary import Receipt, Watched


def watched(session: Session, city_id: str, now: datetime, limit: int) -> tuple[Watched, ...]:
    """Implements `bridge.ports.Transaction.watched`."""
    table: Table = t.Report.__table__  # type: ignore[attr-defined]  # SQLModel types no tables
    columns = table.c
    statement = (
        select(  # type: ignore[call-overload]  # SQLModel types four columns at most
            columns.id,
            columns.service_request_id,
            columns.token,
            columns.status,
            columns.fingerprint,
            columns.created_at,
            columns.updated_at,
            columns.poll_at,
        )
        .where(columns.city_id == city_id, columns.poll_at <= now)
        .order_by(columns.poll_at)
        .limit(limit)
    )
    return tuple(Watched(*row) for row in session.execute(statement))


def watch_again(session: Session, times: Mapping[Watched, datetime | None]) -> None:
    """Implements `bridge.ports.Transaction.watch_again`."""
    if not times:
        return
    table: Table = t.Report.__table__  # type: ignore[attr-defined]  # SQLModel types no tables
    statement = (
        update(table)
        .where(table.c.id == bindparam("one"), table.c.fingerprint == bindparam("as_read"))
        .values(poll_at=bindparam("again"))
    )
    rows = [{"one": w.report_id, "as_read": w.fingerprint, "again": at} for w, at in times.items()]
    session.connection().execute(statement, rows)


def numbered(session: Session, city_id: str, receipt: Receipt) -> str | None:
    """Implements `bridge.ports.Transaction.numbered`."""
    same = [
        column == value
        for column, value in (
            (col(t.Report.service_request_id), receipt.service_request_id),
            (col(t.Report.token), receipt.token),
        )
        if value is not None
    ]
    statement = select(t.Report.id).where(t.Report.endpoint_id == city_id, or_(false(), *same))
    return session.exec(statement.limit(1)).first()
