"""The city's SQLite file: opened, migrated, read and written.

Write-ahead log so that reading never waits, `synchronous=FULL` so that what was answered survives a power
cut, and `BEGIN IMMEDIATE` for writers: with the default BEGIN two of them can both read, and then one fails.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, NullPool, Pool, create_engine, event
from sqlmodel import Session

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_WAIT_S = 30
CONNECTIONS = 40  # as many as there are worker threads: none waits for one


@dataclass(frozen=True, slots=True)
class Database:
    """An open file. Writers of this process queue at `pen`: SQLite's own waiting is a sleep that doubles,
    and the unlucky wait for seconds; those of other processes wait at its lock."""

    engine: Engine
    pen: Lock = field(default_factory=Lock)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One read transaction: everything read in it is from the same moment."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One write transaction: committed at the end, rolled back when anything raises."""
        with (
            self.pen,
            Session(_for_writing(self.engine), expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        self.engine.dispose()


def open_database(path: Path) -> Database:
    """The database at `path`, its tables brought up to date. Two processes may open it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    migrate(path)
    return Database(_engine(path))


def migrate(path: Path, revision: str = "head") -> None:
    """Brings the tables to a revision in one transaction. Foreign keys are not enforced meanwhile: SQLite
    changes a table by copying and dropping it, and a drop would take the rows that point to it along."""
    engine = _engine(path, foreign_keys="OFF", poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _for_writing(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _engine(path: Path, *, foreign_keys: str = "ON", poolclass: type[Pool] | None = None) -> Engine:
    pool: dict[str, Any] = {"poolclass": poolclass} if poolclass else {"pool_size": CONNECTIONS, "max_overflow": 0}
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": LOCK_WAIT_S},
        hide_parameters=True,  # an error's text must not carry a resident's name into a log
        **pool,
    )
    event.listen(engine, "connect", partial(_prepare, foreign_keys))
    event.listen(engine, "begin", _begin)
    return engine


def _for_writing(engine: Engine) -> Engine:
    return engine.execution_options(city_begin="BEGIN IMMEDIATE")


def _prepare(foreign_keys: str, connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; ours is below
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", f"foreign_keys={foreign_keys}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Changing a new file to a write-ahead log wants it alone, and there SQLite's own waiting does not help:
    of two who try at the same moment one is told "locked" at once, lest each wait for the other."""
    last = monotonic() + LOCK_WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > last:
                raise
            sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("city_begin", "BEGIN"))
