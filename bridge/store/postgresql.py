"""The shared engine: PostgreSQL, any number of processes on any number of machines.

A piece of work runs in a thread, in one transaction on a connection of its own, and is run again where
PostgreSQL gave it up for another one (deadlock, serialization). Commits that happen at once are made durable
together by the server. What the rows' locks do not order is ordered by advisory locks
(`bridge.store.transaction.unit`).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

import psycopg
from psycopg.types.string import StrDumper
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bridge.ports import Clock, Transaction, Wake
from bridge.store.holders import Holder
from bridge.store.leading import lead
from bridge.store.migrate import upgrade
from bridge.store.transaction import SqlTransaction

T = TypeVar("T")

log = logging.getLogger(__name__)

CONNECTIONS = 12
TRIES = 4
GIVEN_UP = ("40001", "40P01")  # serialization_failure, deadlock_detected: PostgreSQL appendix A
# A connection that hangs must not hang the bridge; a commit that returned is on disk.
OPTIONS = "-c synchronous_commit=on -c lock_timeout=15s -c statement_timeout=60s -c TimeZone=UTC"


class PostgresStore:
    """Implements `bridge.ports.Store` on a database that other processes use too."""

    def __init__(self, url: str, clock: Clock, wake: Wake, *, migrate: bool = True, holds: bool = True) -> None:
        self._url = url
        self._clock = clock
        self._wake = wake
        self._engine = engine(url)
        if migrate:
            upgrade(self._engine)
        self._holder = Holder(url) if holds else None
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="store")

    async def write(self, work: Callable[[Transaction], T], *, first: bool = False) -> T:
        """As the port says; writes go side by side here, so `first` changes nothing."""
        return await self._in_a_thread(self._write, work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self._in_a_thread(self._read, work)

    async def lead(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Does `work` while no other process leads in `what`, for ever."""
        await lead(self._url, what, work)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        if self._holder:
            await asyncio.to_thread(self._holder.stop)
        self._engine.dispose()

    async def _in_a_thread(
        self, run: Callable[[Callable[[Transaction], T]], T], work: Callable[[Transaction], T]
    ) -> T:
        context = copy_context()
        future = asyncio.get_running_loop().run_in_executor(self._threads, context.run, run, work)
        return await asyncio.shield(future)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        for left in reversed(range(TRIES)):
            try:
                return self._commit(work)
            except DBAPIError as error:
                if not left or getattr(error.orig, "sqlstate", None) not in GIVEN_UP:
                    raise
                log.info("transaction given up by the database, tried again")
        raise AssertionError

    def _commit(self, work: Callable[[Transaction], T]) -> T:
        with Session(self._engine) as session:
            holder = self._holder.name if self._holder else ""
            tx = SqlTransaction(session, self._clock, self._wake, holder=holder)
            value = work(tx)
            session.commit()
        for callback in tx.callbacks:
            callback()
        return value

    def _read(self, work: Callable[[Transaction], T]) -> T:
        snapshot = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with Session(snapshot) as session:
            return work(SqlTransaction(session, self._clock, self._wake, reading=True))


def engine(url: str) -> Engine:
    """An engine on a database named as `postgresql://user@host/database`."""
    made = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=CONNECTIONS,
        max_overflow=2,
        pool_pre_ping=True,
        json_serializer=lambda value: json.dumps(_clean(value)),
        hide_parameters=True,  # errors are logged, and parameters are what residents wrote
        connect_args={"connect_timeout": 5, "options": OPTIONS, "application_name": "open311-bridge"},
    )

    @event.listens_for(made, "connect")
    def _prepare(connection: psycopg.Connection, _record: Any) -> None:
        connection.adapters.register_dumper(str, _CleanStrings)

    return made


def clean(text: str) -> str:
    """PostgreSQL's text holds neither NUL nor half a surrogate pair; residents' messages may."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


class _CleanStrings(StrDumper):
    def dump(self, obj: str) -> Any:
        return super().dump(clean(obj))


def _clean(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case dict():
            return {_clean(key): _clean(item) for key, item in value.items()}
        case list() | tuple():
            return [_clean(item) for item in value]
        case _:
            return value
