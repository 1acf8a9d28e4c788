"""What every part of a transaction stands on: a session that somebody else commits, a clock, a wake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from bridge.ports import Clock, Wake
from bridge.store import tables as t


class Unit:
    """Bound to a session that somebody else commits; `callbacks` are called by them once it is durable."""

    def __init__(self, session: Session, clock: Clock, wake: Wake) -> None:
        self._session = session
        self._clock = clock
        self._wake = wake
        self.callbacks: list[Callable[[], object]] = []

    def after_commit(self, callback: Callable[[], object]) -> None:
        self.callbacks.append(callback)

    def _remember(self, row_id: str, conversation_id: str, text: str) -> None:
        """Makes the words of a message findable."""
        said = t.Said(row_id=row_id, conversation_id=conversation_id, at=self._clock.now(), text=text)
        self._session.add(said)
        self._session.flush()

    def _insert_once(self, table: type[Any], row: Mapping[str, Any]) -> bool:
        """Inserts unless a unique constraint already holds the row; says whether it did."""
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        target: Table = table.__table__
        statement = dialect.insert(target).values(**row).on_conflict_do_nothing().returning(target.c.id)
        return self._session.execute(statement).first() is not None
