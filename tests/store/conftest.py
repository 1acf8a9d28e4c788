"""The store, on each engine that it runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from bridge.ports import Store
from bridge.store.jobs import ProcrastinateWake
from bridge.store.migrate import upgrade
from bridge.store.postgresql import PostgresStore, engine
from bridge.store.sqlite import SqliteStore
from bridge.store.tables import Base
from bridge.store.wake import EmbeddedWake
from tests.postgres import Server, server
from tests.store.made import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def migrated(postgres: Server) -> str:
    """The URL of a database with the newest schema."""
    url = postgres.new_database()
    made = engine(url)
    upgrade(made)
    made.dispose()
    return url


@pytest.fixture
def database(migrated: str) -> str:
    """The URL of a PostgreSQL database with the newest schema and nothing in it."""
    tables = ", ".join([*Base.metadata.tables, "procrastinate_jobs"])
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables} CASCADE")  # type: ignore[arg-type]  # names of our own tables
    return migrated


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    opened: Store
    if request.param == "sqlite":
        opened = SqliteStore(tmp_path / "bridge.db", clock, EmbeddedWake())
    else:
        url = request.getfixturevalue("database")
        opened = PostgresStore(url, clock, ProcrastinateWake(url, clock), migrate=False)
    yield opened
    await opened.close()
