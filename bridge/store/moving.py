"""Every row of one database into another, whatever the two are: a move to PostgreSQL, a backup, a restore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select, text

from bridge.errors import SettingsError
from bridge.store import sqlite
from bridge.store.migrate import upgrade
from bridge.store.tables import Base

AT_ONCE = 500


def move(source: Engine, target: Engine) -> dict[str, int]:
    """Copies all rows in one transaction of the target, from one snapshot of the source; how many of each table.
    Both have the newest schema. Raises SettingsError where the target holds rows already."""
    tables = Base.metadata.sorted_tables
    with source.connect() as read, target.begin() as write:
        filled = [table.name for table in tables if write.execute(select(table).limit(1)).first()]
        if filled:
            raise SettingsError(f"the target is not empty: {', '.join(filled)}")
        counts = {table.name: _copy(read, write, table) for table in tables}
        if target.dialect.name == "postgresql":
            _count_on(write)
    return counts


def _copy(read: Connection, write: Connection, table: Table) -> int:
    count = 0
    for rows in _batches(read, table):
        write.execute(insert(table), rows)
        count += len(rows)
    return count


def _batches(read: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    keys = list(table.primary_key.columns)
    result = read.execution_options(yield_per=AT_ONCE).execute(select(table).order_by(*keys))
    for rows in result.mappings().partitions(AT_ONCE):
        yield [dict(row) for row in rows]


def _count_on(write: Connection) -> None:
    """PostgreSQL numbers on from where the copied rows end."""
    for table in Base.metadata.sorted_tables:
        for column in table.primary_key.columns:
            if column.autoincrement is True or column.type.python_type is int:
                newest = write.execute(select(func.max(column))).scalar()
                sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :newest)")
                if newest:
                    write.execute(sequence, {"table": table.name, "column": column.name, "newest": newest})


def shared_engine(url: str) -> Engine:
    """The PostgreSQL database, with the newest schema."""
    from bridge.store.postgresql import engine  # not at the top: a bridge on SQLite starts without the driver

    made = engine(url).execution_options(isolation_level="REPEATABLE READ")
    upgrade(made)
    return made


def file_engine(path: Path) -> Engine:
    """The SQLite file, made when there is none, with the newest schema."""
    made = sqlite.engine(path, "BEGIN IMMEDIATE")
    upgrade(made)
    return made
