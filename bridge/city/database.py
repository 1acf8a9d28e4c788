"""The city's SQLite file: opened, migrated, read and written.

Write-ahead log so that reading never waits, `synchronous=FULL` so that what was answered survives a power
cut, and `BEGIN IMMEDIATE` for writers: with the default BEGIN two of them can both read, and then one fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlmodel import Session

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_WAIT_S = 30


def open_database(path: Path) -> Engine:
    """The engine for `path`, its tables brought up to date. Two processes may open it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": LOCK_WAIT_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    migrate(engine)
    return engine


def migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _for_writing(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One write transaction: committed at the end, rolled back when anything raises."""
    with Session(_for_writing(engine), expire_on_commit=False) as session, session.begin():
        yield session


def _for_writing(engine: Engine) -> Engine:
    return engine.execution_options(city_begin="BEGIN IMMEDIATE")


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; ours is below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("city_begin", "BEGIN"))
