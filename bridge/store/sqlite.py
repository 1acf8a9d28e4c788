"""The embedded engine: SQLite in WAL mode, one writing connection, group commit.

All writes run in one thread on one connection: what arrives while a commit is being made durable shares the
next one, each piece of work in a savepoint of its own, so one that fails takes no other with it. Readers use
connections of their own and see the last commit. `synchronous=FULL`: a commit that returned survives a power
cut, which is what lets a channel acknowledge.
"""

from __future__ import annotations

import asyncio
import fcntl
import queue
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, update
from sqlmodel import Session, col

from bridge.errors import SettingsError
from bridge.ports import Clock, Transaction, Wake
from bridge.store.migrate import upgrade
from bridge.store.tables import Inbox, Outbox, Timer
from bridge.store.transaction import SqlTransaction

T = TypeVar("T")

MOST_IN_A_COMMIT = 200


@dataclass(frozen=True, slots=True)
class _Job:
    """A piece of work and where its value goes."""

    work: Callable[[Transaction], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop

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
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_for_ever, name="store-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        context = copy_context()
        self._jobs.put(_Job(lambda tx: context.run(work, tx), future, loop))
        return await asyncio.shield(future)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await asyncio.to_thread(self._read, work)

    async def lead(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Does `work`: this process is alone."""
        await work()

    async def close(self) -> None:
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._writer.dispose()
        self._reader.dispose()
        if self._lock:
            self._lock.close()

    def _read(self, work: Callable[[Transaction], T]) -> T:
        with Session(self._reader) as session:
            return work(SqlTransaction(session, self._clock, self._wake, reading=True))

    def _write_for_ever(self) -> None:
        with self._writer.connect() as connection:
            while (job := self._jobs.get()) is not None:
                jobs, stop = [job], False
                while len(jobs) < MOST_IN_A_COMMIT and not self._jobs.empty():
                    following = self._jobs.get()
                    if following is None:
                        stop = True
                        break
                    jobs.append(following)
                self._commit_together(connection, jobs)
                if stop:
                    return

    def _commit_together(self, connection: Connection, jobs: list[_Job]) -> None:
        results: list[tuple[_Job, Any, BaseException | None]] = []
        callbacks: list[Callable[[], object]] = []
        try:
            with connection.begin():
                for job in jobs:
                    results.append((job, *self._run(connection, job, callbacks)))
        except Exception as error:  # disk full, locked, gone: nobody's work happened
            for job in jobs:
                job.deliver(None, error)
            return
        for callback in callbacks:
            callback()
        for job, value, failed in results:
            job.deliver(value, failed)

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
