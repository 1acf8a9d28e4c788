"""What is answered is stored, by however many at once, and the tables are those of the code."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from bridge.city.database import migrate, open_database
from bridge.city.desk import DATABASE, Desk
from bridge.city.tables import CITY, NoteRow
from tests.city.conftest import settings_for


def test_requests_outlive_the_process(run_city: Any) -> None:
    with run_city() as city:
        number = city.file()
    with run_city() as city:
        assert city.json(f"/requests/{number}.json")[0]["service_request_id"] == number


def test_forty_writers_at_once_get_forty_ids(city: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: city.file(), range(40)))
    assert len(set(ids)) == len(city.json("/requests.json")) == 40


def test_a_second_process_may_work_on_the_same_file(city: Any, tmp_path: Path) -> None:
    number = city.file()
    other = Desk(settings_for(tmp_path), city.clock)
    other.change_status(number, "closed", "Done.")
    other.close()
    assert city.json(f"/requests/{number}.json")[0]["status_notes"] == "Done."


def test_two_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Ten new files: the change to a write-ahead log collides for about one in four of them."""
    with ThreadPoolExecutor(4) as pool:
        for new in range(10):
            for database in pool.map(lambda _, file=tmp_path / f"{new}-{DATABASE}": open_database(file), range(4)):
                database.close()


def test_writes_are_synced_and_the_log_is_ahead(city: Any) -> None:
    with city.desk._database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_the_migrations_make_the_tables_of_the_code(empty_database: Path) -> None:
    with create_engine(f"sqlite:///{empty_database}").connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, CITY.metadata) == []


def test_a_first_database_is_brought_up_to_date_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    migrate(path, "0001")
    with sqlite3.connect(path) as old:
        columns = [row[1] for row in old.execute("PRAGMA table_info(request)")]
        values = {"number": 1, "service_request_id": "10001", "status": "closed", "answers": "{}"}
        times = dict.fromkeys(("requested_datetime", "updated_datetime"), "2026-01-01 00:00:00.000000")
        empty = dict.fromkeys(set(columns) - {"token", "lat", "long", "expected_datetime", "visible_at"}, "")
        row = empty | values | times
        marks = ", ".join("?" * len(row))
        old.execute(f"INSERT INTO request ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
    old.close()
    migrate(path)
    with sqlite3.connect(path) as new:
        assert new.execute("SELECT service_request_id, state FROM request").fetchall() == [("10001", "closed")]
    new.close()


def test_the_citys_tables_are_not_the_bridges() -> None:
    assert "note_contact" in CITY.metadata.tables
    assert "note_contact" not in SQLModel.metadata.tables


def test_an_error_of_the_database_names_no_value(city: Any) -> None:
    secret = "a resident's words"
    with pytest.raises(Exception, match="FOREIGN KEY") as failed, city.desk._database.writing() as session:
        session.add(NoteRow(request_number=404, created_at=city.clock.now(), status="open", description=secret))
    assert secret not in str(failed.value)
