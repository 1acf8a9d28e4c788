"""Databases as a revision of the schema left them, with rows in every table: what a migration must bring along.

    python -m tests.store.released 0002

writes that revision's into tests/payloads/schema: run it when a release is made, before a migration behind it is
written, and never again for that revision, as a city's database stays what it was.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Column, Connection, Engine, MetaData, Table, func, insert, select, update
from sqlmodel import col

from bridge.demo.providers import FOLDER
from bridge.demo.seed import Size, region, seed
from bridge.store import tables as t
from bridge.store.migrate import config, upgrade
from bridge.store.sqlite import engine
from bridge.store.tables import Base

DUMPS = Path(__file__).parents[1] / "payloads" / "schema"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dump:
    """A database: its revision, and the rows of each table, parents before children, values as JSON has them."""

    revision: str
    tables: Mapping[str, Sequence[Row]]


def dumps() -> list[Dump]:
    """All that there are, the oldest revision first."""
    return [Dump(**json.loads(path.read_text())) for path in sorted(DUMPS.glob("*.json"))]


def restore(dump: Dump, into: Engine) -> None:
    """Makes an empty database what it was: that revision's schema, by the migrations up to it, and the rows."""
    command.upgrade(config(into), dump.revision)
    there = MetaData()
    there.reflect(into, only=list(dump.tables))
    with into.begin() as connection:
        for name, written in dump.tables.items():
            edited = {*there.tables[name].columns.keys()} ^ {*written[0]}
            assert not edited, f"{dump.revision} was edited ({name}: {edited}): not released? then write it anew"
            for row in written:
                connection.execute(insert(there.tables[name]), _from_json(there.tables[name], row))


def rows(connection: Connection, table: Table) -> list[Row]:
    """All rows of a table as a dump has them."""
    found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
    return [{str(key): _plain(value) for key, value in row.items()} for row in found]


def _from_json(table: Table, row: Row) -> dict[str, Any]:
    given = {key: value for key, value in row.items() if value is not None}  # a JSON column would hold "null"
    return {key: _typed(table.columns[key], value) for key, value in given.items()}


def _typed(column: Column[Any], value: Any) -> Any:
    if _kind(column) is datetime:
        return datetime.fromisoformat(value)
    return bytes.fromhex(value) if _kind(column) is bytes else value


def _kind(column: Column[Any]) -> type:
    """The Python type of a column's values; of ours, too, that decorate another."""
    kind: type = getattr(column.type, "impl_instance", column.type).python_type
    return kind


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


# ------------------------------------------------------------------------------------------------ making one


def made(revision: str) -> Dump:
    """A small city's database: a made-up past, a row in each table which that leaves empty, and work in hand. Of a
    revision that is not the newest it is what that one had a place for."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bridge.db"
        new = engine(database, "BEGIN IMMEDIATE")
        upgrade(new)
        seed(database, Size(reports=4, messages=12, days=9, tasks=2), NOW, region(FOLDER))
        numbers = itertools.count(1)
        with new.begin() as connection:
            for table in Base.metadata.sorted_tables:
                if not connection.execute(select(table).limit(1)).first():
                    connection.execute(insert(table), _any_row(connection, table, next(numbers)))
            for work in (t.Inbox, t.Outbox):
                newest = select(func.max(work.id)).scalar_subquery()
                in_hand = {"state": "open", "due_at": NOW, "finished_at": None}
                connection.execute(update(work).where(col(work.id) == newest).values(in_hand))
        with new.connect() as connection:
            tables = {table.name: rows(connection, table) for table in Base.metadata.sorted_tables}
        command.downgrade(config(new), revision)
        there = MetaData()
        there.reflect(new)
        new.dispose()
    kept = {name: there.tables[name].columns.keys() for name in tables if name in there.tables}
    return Dump(revision, {name: [{key: row[key] for key in kept[name]} for row in tables[name]] for name in kept})


def _any_row(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    fields = next(m.class_ for m in Base._sa_registry.mappers if m.local_table is table).model_fields
    return {column.name: _any_value(connection, column, fields[column.name], number) for column in table.columns}


def _any_value(connection: Connection, column: Column[Any], field: Any, number: int) -> Any:
    for key in column.foreign_keys:
        return connection.execute(select(key.column).limit(1)).scalar_one()
    if field.default_factory in (list, dict):
        return field.default_factory()
    kinds: dict[type, Any] = {datetime: NOW, bytes: b"raw", bool: True, int: number, float: number / 8, dict: {}}
    return kinds.get(_kind(column), f"{column.name} {number}")


if __name__ == "__main__":
    dump = made(sys.argv[1])
    DUMPS.mkdir(exist_ok=True)
    (DUMPS / f"{dump.revision}.json").write_text(json.dumps(asdict(dump), indent=1, ensure_ascii=False) + "\n")
