"""A city moves to PostgreSQL, is backed up beside its bridge, and comes back as it was."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bridge.app.archive import backup, restore
from bridge.errors import SettingsError
from bridge.ports import Store
from bridge.store.jobs import ProcrastinateWake
from bridge.store.moving import file_engine, move, shared_engine
from bridge.store.postgresql import PostgresStore
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import Query
from config.settings import CitySettings, DatabaseSettings, Settings
from tests.postgres import Server
from tests.store.made import FakeClock, claim, conversation, filed, inbound, reply

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def settings(folder: Path, url: str = "") -> Settings:
    city = CitySettings(id="fairview", name="Fairview", gazetteer=Path("g.db"), endpoint="https://city.example/v2")
    return Settings(data_dir=folder, database=DatabaseSettings(url=SecretStr(url)), city=(city,))


async def lived_in(folder: Path, clock: FakeClock) -> SqliteStore:
    """A SQLite city with something in it, left open as a running bridge has it."""
    store = SqliteStore(folder / "bridge.db", clock, EmbeddedWake())
    talk = await conversation(store)
    report = await filed(store, talk)
    await store.write(lambda tx: tx.add_submission(report))
    await reply(store, talk, "thank you")
    await store.write(lambda tx: tx.add_inbound(inbound("1", sender_name="Ada")))
    (folder / "blobs").mkdir()
    (folder / "blobs" / ("a" * 64)).write_bytes(b"photo")
    return store


async def left(store: Store, clock: FakeClock) -> tuple[list[str], list[str], str | None]:
    """What a store holds: reports, replies, and the message that waits."""
    reports = await store.read(lambda tx: tx.filed(Query(), "", 9))
    told = await store.read(lambda tx: tx.told(Query(), "", 9))
    row = await claim(store, clock)
    await store.close()
    return (
        [report.reference for report in reports],
        [said.text for said in told],
        row.message.sender_name if row else None,
    )


async def test_a_city_moves_to_postgresql_with_its_work_in_hand(
    tmp_path: Path, clock: FakeClock, postgres: Server
) -> None:
    store = await lived_in(tmp_path, clock)
    references = [report.reference for report in await store.read(lambda tx: tx.filed(Query(), "", 9))]
    await store.close()
    url = postgres.new_database()
    source, target = file_engine(tmp_path / "bridge.db"), shared_engine(url)
    counts = move(source, target)
    with pytest.raises(SettingsError, match="not empty"):
        move(source, target)
    source.dispose()
    target.dispose()
    assert counts["report"] == 1
    shared = PostgresStore(url, clock, ProcrastinateWake(url, clock))
    await reply(shared, await conversation(shared), "and more")  # the numbers of what is made go on
    assert await left(shared, clock) == (references, ["thank you", "and more"], "Ada")


async def test_a_backup_beside_a_running_bridge_comes_back_as_it_was(tmp_path: Path, clock: FakeClock) -> None:
    store = await lived_in(tmp_path / "data", clock)
    counts = backup(settings(tmp_path / "data"), tmp_path / "b.tar.gz", NOW)
    await conversation(store)
    await store.close()
    assert counts["outbox"] == 2
    restored = restore(settings(tmp_path / "new"), tmp_path / "b.tar.gz")
    assert restored["inbox"] == 1
    assert (tmp_path / "new" / "blobs" / ("a" * 64)).read_bytes() == b"photo"
    again = SqliteStore(tmp_path / "new" / "bridge.db", clock, EmbeddedWake())
    references, told, waiting = await left(again, clock)
    assert (len(references), told, waiting) == (1, ["thank you"], "Ada")
    with closing(sqlite3.connect(tmp_path / "new" / "bridge.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_backup_of_one_engine_is_restored_into_the_other(
    tmp_path: Path, clock: FakeClock, postgres: Server
) -> None:
    await (await lived_in(tmp_path / "data", clock)).close()
    backup(settings(tmp_path / "data"), tmp_path / "b.tar.gz", NOW)
    url = postgres.new_database()
    restore(settings(tmp_path / "two", url), tmp_path / "b.tar.gz")
    backup(settings(tmp_path / "two", url), tmp_path / "c.tar.gz", NOW)
    restore(settings(tmp_path / "three"), tmp_path / "c.tar.gz")
    again = SqliteStore(tmp_path / "three" / "bridge.db", clock, EmbeddedWake())
    assert (await left(again, clock))[1:] == (["thank you"], "Ada")


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "data/../../outside"])
def test_an_archive_that_reaches_outside_its_folder_is_no_backup(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as made:
        made.addfile(tarfile.TarInfo(name))
    with pytest.raises(SettingsError, match="no backup"):
        restore(settings(tmp_path / "new"), tmp_path / "b.tar.gz")
    assert not (tmp_path / "outside").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").write_bytes(b"")
    (tmp_path / "b.tar.gz").write_bytes(b"no archive")
    with pytest.raises(SettingsError, match="already"):
        backup(settings(tmp_path), tmp_path / "b.tar.gz", NOW)
    with pytest.raises(SettingsError, match="empty place"):
        restore(settings(tmp_path), tmp_path / "b.tar.gz")
    with pytest.raises(SettingsError, match="no backup"):
        restore(settings(tmp_path / "new"), tmp_path / "b.tar.gz")
