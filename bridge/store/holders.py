"""Leases end with the process that held them, not only with their time.

Each process holds an advisory lock of its own name, and its leases begin with that name. Whoever finds such a
lock free, twice in a row, knows that the process is gone, and frees what it had leased: a killed worker's
messages wait for seconds. A machine that vanished from the network is noticed by the lease's time.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter

import psycopg

log = logging.getLogger(__name__)

NAME_LENGTH = 16
EVERY_SECONDS = 1.0
SURE_AFTER = 2  # a process whose connection was cut takes its lock again within the time between
HOLD = "SELECT pg_advisory_lock(hashtextextended(%s, 312))"
IS_GONE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 312))"
LET_GO = "SELECT pg_advisory_unlock(hashtextextended(%s, 312))"
LEASED = " UNION ".join(
    f"SELECT left(lease, {NAME_LENGTH}) FROM {table} WHERE state = 'open' AND lease IS NOT NULL"  # noqa: S608
    for table in ("inbox", "outbox", "timer")
)
FREE = [
    f"UPDATE {table} SET lease = NULL, lease_until = NULL "  # noqa: S608 names of our own tables
    f"WHERE state = 'open' AND left(lease, {NAME_LENGTH}) = %s"
    for table in ("inbox", "outbox", "timer")
]


class Holder:
    """This process, among the others. A thread holds its lock and looks after the leases of those that are
    gone."""

    def __init__(self, url: str) -> None:
        self.name = secrets.token_hex(NAME_LENGTH // 2)
        self._url = url
        self._stopped = threading.Event()
        self._missed: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._hold_for_ever, name="store-holder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Lets go: what was leased and not ended is free for others."""
        self._stopped.set()
        self._thread.join()

    def _hold_for_ever(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(HOLD, (self.name,))
                    self._look_after(connection)
            except psycopg.Error as error:
                log.warning("holder lost its database", extra={"error": type(error).__name__})
                self._stopped.wait(EVERY_SECONDS / 2)

    def _look_after(self, connection: psycopg.Connection) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            holders = {name for (name,) in connection.execute(LEASED)} - {self.name}
            for name in holders:
                self._missed[name] = self._missed[name] + 1 if _is_gone(connection, name) else 0
            for name in [name for name in holders if self._missed[name] >= SURE_AFTER]:
                _free(connection, name)
                log.warning("leases of a lost process freed", extra={"holder": name})
            self._missed = Counter({name: self._missed[name] for name in holders})


def _is_gone(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute(IS_GONE, (name,)).fetchone()
    free = bool(row and row[0])
    if free:
        connection.execute(LET_GO, (name,))
    return free


def _free(connection: psycopg.Connection, name: str) -> None:
    for statement in FREE:
        connection.execute(statement.encode(), (name,))
