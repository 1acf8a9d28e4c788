"""The embedded engine: SQLite in WAL mode, one writing connection, group commit.

All writes run in one thread on one connection: what arrives while a commit is being made durable shares the
next one, each piece of work in a savepoint of its own, so one that fails takes no other with it. Readers use
connections of their own and see the last commit. `synchronous=FULL`: a commit that returned survives a power
cut, which is what lets a channel acknowledge. Somebody waits for that, so what arrives goes `first`: before all
other work that waits, into a commit that takes no more than is under way.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from bridge.errors import SettingsError
from bridge.ports import Clock, Transaction, Wake
from bridge.store.migrate import upgrade
from bridge.store.tables import Inbox, Outbox, Timer
from bridge.store.transaction import SqlTransaction

T = TypeVar("T")

MOST_IN_A_COMMIT = 200


FIRST, IN_TURN, LAST = range(3)


@dataclass(frozen=True, slots=True, order=True)
class _Job:
    """A piece of work, when it is its turn, and where its value goes."""

    rank: int
    number: int
    work: Callable[[Transaction], Any] = field(compare=False)
    future: asyncio.Future[Any] = field(compare=False)
    loop: asyncio.AbstractEventLoop = field(compare=False)

    def deliver(self, value: Any, error: BaseException | None) -> None:
        def settle() -> None:
            if self.future.cancelled():
                return
            if error is None:
                self.future.set_result(value)
            else:
                self.future.set_exception(error)

        self.loop.call_soon_threadsafe(settle)


class SqliteStore:
    """Implements `bridge.ports.Store` on one file. `close` waits for the work in hand.

    The bridge opens it `alone`. A command that only adds or reads a row (a new model, a list) may open it beside
    a running bridge with `alone=False`: it then neither voids leases nor migrates.
    """

    def __init__(self, path: Path, clock: Clock, wake: Wake, *, alone: bool = True) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = held_alone(path) if alone else None
        self._clock = clock
        self._wake = wake
        self._writer = engine(path, "BEGIN IMMEDIATE")
        self._reader = engine(path, "BEGIN")
        if alone:
            upgrade(self._writer)
            _void_leases(self._writer)
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._write_for_ever, name="store-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Transaction], T], *, first: bool = False) -> T:
        return await asyncio.shield(self._put(FIRST if first else IN_TURN, work))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await asyncio.to_thread(self._read, work)

    async def lead(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Does `work`: this process is alone."""
        await work()

    async def close(self) -> None:
        self._put(LAST, lambda tx: None)
        await asyncio.to_thread(self._thread.join)
        self._writer.dispose()
        self._reader.dispose()
        if self._lock:
            self._lock.close()

    def _read(self, work: Callable[[Transaction], T]) -> T:
        with Session(self._reader) as session:
            return work(SqlTransaction(session, self._clock, self._wake, reading=True))

    def _put(self, rank: int, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        context = copy_context()
        self._jobs.put(_Job(rank, next(self._numbers), lambda tx: context.run(work, tx), future, loop))
        return future

    def _write_for_ever(self) -> None:
        with self._writer.connect() as connection:
            while (job := self._jobs.get()).rank < LAST:
                self._commit_together(connection, job)

    def _commit_together(self, connection: Connection, job: _Job) -> None:
        jobs: list[_Job] = [job]
        results: list[tuple[_Job, Any, BaseException | None]] = []
        callbacks: list[Callable[[], object]] = []
        try:
            with connection.begin():
                for each in jobs:
                    results.append((each, *self._run(connection, each, callbacks)))
                    if len(jobs) < MOST_IN_A_COMMIT and self._waits(each.rank):
                        jobs.append(self._jobs.get())
        except Exception as error:  # nobody's work happened; where the file is locked or full, nor can what waits
            waiting = self._waiting() if isinstance(error, OperationalError) else ()
            for each in (*jobs, *waiting):
                each.deliver(None, error)
            return
        for callback in callbacks:
            callback()
        for each, value, failed in results:
            each.deliver(value, failed)

    def _waiting(self) -> Iterator[_Job]:
        """Takes what has come to wait. Each would wait as long by itself, and longer than a provider does."""
        while self._waits(IN_TURN):
            yield self._jobs.get()

    def _waits(self, rank: int) -> bool:
        """Whether what waits next is as urgent as that. Only the writer takes from the queue."""
        return not self._jobs.empty() and self._jobs.queue[0].rank <= rank

    def _run(
        self, connection: Connection, job: _Job, callbacks: list[Callable[[], object]]
    ) -> tuple[Any, BaseException | None]:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            tx = SqlTransaction(session, self._clock, self._wake)
            try:
                value = job.work(tx)
                session.commit()
            except Exception as error:
                session.rollback()
                return None, error
            callbacks.extend(tx.callbacks)
            return value, None


def held_alone(path: Path) -> IO[bytes]:
    """Holds the database for this process alone, until the returned file is closed or the process ends."""
    lock = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SettingsError(f"database.url: {path} is in use by another process of the bridge") from None
    return lock


def _void_leases(writer: Engine) -> None:
    """One process does everything here, so whoever held a lease is gone: their rows are due at once."""
    with writer.begin() as connection:
        for table in (Inbox, Outbox, Timer):
            connection.execute(
                update(table).where(col(table.state) == "open").values(lease=None, lease_until=None)
            )


def engine(path: Path, begin: str) -> Engine:
    """An engine on the file whose transactions open with `begin`.

    BEGIN IMMEDIATE takes the write lock at once; the default BEGIN fails half way under concurrency. The
    driver's own transaction handling is off: it would break savepoints.
    """
    made = create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False},
        hide_parameters=True,  # errors are logged, and parameters are what residents wrote
    )

    @event.listens_for(made, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return made
