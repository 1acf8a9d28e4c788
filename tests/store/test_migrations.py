"""The migrations make exactly the tables that the code has."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bridge.store.migrate import upgrade
from bridge.store.postgresql import engine as postgresql_engine
from bridge.store.sqlite import engine
from bridge.store.tables import Base
from tests.postgres import Server


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
