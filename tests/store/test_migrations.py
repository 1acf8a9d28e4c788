"""The migrations make exactly the tables that the code has, and bring along all that a city has by then."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from bridge.flow import records
from bridge.ports import Store
from bridge.store.jobs import ProcrastinateWake
from bridge.store.migrate import config, upgrade
from bridge.store.postgresql import PostgresStore
from bridge.store.postgresql import engine as postgresql_engine
from bridge.store.sqlite import SqliteStore, engine
from bridge.store.tables import Base
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import Query
from tests.postgres import Server
from tests.store import released
from tests.store.made import FakeClock, claim

DUMPS = pytest.mark.parametrize("dump", released.dumps(), ids=lambda dump: dump.revision)


def test_migrated_and_declared_schema_are_the_same(tmp_path: Path):
    made = engine(tmp_path / "bridge.db", "BEGIN IMMEDIATE")
    upgrade(made)
    with made.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _declared})
        assert compare_metadata(context, Base.metadata) == []
    made.dispose()


def test_on_postgresql_too(postgres: Server):
    made = postgresql_engine(postgres.new_database())
    upgrade(made)
    upgrade(made)
    with made.connect() as connection:
        opts = {"compare_type": True, "include_object": _ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []
    made.dispose()


def _ours(_thing: object, name: str | None, kind: str, *_: object) -> bool:
    """procrastinate keeps its own tables beside ours, and one index is an expression."""
    return not (kind == "table" and str(name).startswith("procrastinate")) and name != "ix_said_search"


def test_every_constraint_has_a_name():
    for table in Base.metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints), table.name


def _declared(name: str | None, kind: str, _parents: object) -> bool:
    """SQLite's full-text index is a table of its own kind, with tables of its own beside it."""
    return kind != "table" or not str(name).startswith("said_search")


def test_every_migration_has_a_database_to_begin_with():
    newest, *older = (script.revision for script in ScriptDirectory.from_config(config()).walk_revisions())
    made = {dump.revision for dump in released.dumps()}
    assert {*older} <= made <= {newest, *older}, "python -m tests.store.released REVISION writes one"


@DUMPS
async def test_a_sqlite_city_of_an_older_release_keeps_all_it_has(
    dump: released.Dump, tmp_path: Path, clock: FakeClock
):
    made = engine(tmp_path / "bridge.db", "BEGIN IMMEDIATE")
    released.restore(dump, made)
    upgrade(made)
    assert_kept(dump, made)
    await assert_read(dump, SqliteStore(tmp_path / "bridge.db", clock, EmbeddedWake()), clock, tmp_path)


@DUMPS
async def test_a_postgresql_city_of_an_older_release_keeps_all_it_has(
    dump: released.Dump, postgres: Server, tmp_path: Path, clock: FakeClock
):
    url = postgres.new_database()
    made = postgresql_engine(url)
    released.restore(dump, made)
    upgrade(made)
    assert_kept(dump, made)
    await assert_read(dump, PostgresStore(url, clock, ProcrastinateWake(url, clock)), clock, tmp_path)


def assert_kept(dump: released.Dump, made: Engine) -> None:
    """Each row is there, and what it says; a column may have been added."""
    with made.connect() as connection:
        for name, before in dump.tables.items():
            after = released.rows(connection, Base.metadata.tables[name])
            assert len(after) == len(before)
            for row in before:
                assert any(row.items() <= kept.items() for kept in after), f"{name}: {row}"
    made.dispose()


async def assert_read(dump: released.Dump, store: Store, clock: FakeClock, folder: Path) -> None:
    """The store understands it: the work is claimed, and every record is handed out."""
    clock.pass_(days=365)
    assert await claim(store, clock)
    exported = await records.export(store, Query(), folder / "export")
    replies = [row for row in dump.tables["outbox"] if row["kind"] == "reply"]
    assert exported.messages == len(dump.tables["inbox"]) + len(replies)
    assert exported.reports == len(dump.tables["report"])
    await store.close()
