"""What every part of a transaction stands on: a session that somebody else commits, a clock, a wake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Insert, Select, Table, bindparam, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from bridge.ports import Clock, Queue, Wake
from bridge.store import tables as t

L = TypeVar("L", bound=Select[Any])

TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


class Unit:
    """Bound to a session that somebody else commits; `callbacks` are called by them once it is durable. `holder`
    is what the leases of this process begin with."""

    def __init__(
        self, session: Session, clock: Clock, wake: Wake, *, reading: bool = False, holder: str = ""
    ) -> None:
        self._session = session
        self._clock = clock
        self._wake = wake
        self._reading = reading
        self._holder = holder
        self._called: set[tuple[Queue, float]] = set()
        self.callbacks: list[Callable[[], object]] = []

    @property
    def driver_connection(self) -> Any:
        """The driver's own connection, for what is to be committed with the rows."""
        return self._session.connection().connection.driver_connection

    def first_call(self, queue: Queue, after: float) -> bool:
        """Whether `queue` is called for the first time in this transaction."""
        new = (queue, after) not in self._called
        self._called.add((queue, after))
        return new

    def after_commit(self, callback: Callable[[], object]) -> None:
        self.callbacks.append(callback)

    @property
    def _shared(self) -> bool:
        """Whether other processes write to this database at the same time."""
        return self._session.get_bind().dialect.name == "postgresql"

    def _locked(self, statement: L) -> L:
        """The rows locked until the end of the transaction, but not against rows that refer to them."""
        return statement if self._reading else statement.with_for_update(key_share=True)

    def _in_turn(self, *key: str) -> None:
        """Whoever does this for the same key in another transaction waits until this one ends."""
        if self._shared and not self._reading:
            self._session.connection().execute(TURN, {"key": "/".join(key)})

    def _remember(self, row_id: str, conversation_id: str, words: str) -> None:
        """Makes the words of a message findable."""
        said = t.Said(row_id=row_id, conversation_id=conversation_id, at=self._clock.now(), text=words)
        self._session.add(said)
        self._session.flush()

    def _insert_once(self, table: type[Any], row: Mapping[str, Any]) -> bool:
        """Inserts unless a unique constraint already holds the row; says whether it did."""
        connection = self._session.connection()
        statement = _insert_once(connection.dialect.name, table.__table__, tuple(row))
        return connection.execute(statement, row).first() is not None


@lru_cache(maxsize=64)
def _insert_once(dialect_name: str, target: Table, columns: tuple[str, ...]) -> Insert:
    """Built once: building it takes longer than running it, and every message waits for one."""
    dialect = postgresql if dialect_name == "postgresql" else sqlite
    named: dict[str, Any] = {name: bindparam(name) for name in columns}
    statement: Insert = dialect.insert(target).values(named).on_conflict_do_nothing().returning(target.c.id)
    return statement
