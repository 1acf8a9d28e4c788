"""The scheduler of the tick role runs retention: by itself, when it is due, and not on what a hold covers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.app import Bridge, open_bridge
from bridge.app.looks import scheduled
from bridge.demo.providers import FOLDER
from bridge.web.server import listen
from config.settings import load
from tests.e2e.crash import mind
from tests.e2e.surroundings import unused_port
from tests.e2e.waiting import PATIENCE_SECONDS, again_until, until
from tests.postgres import Server, server
from tests.store.made import FakeClock
from tests.store.test_records import ADA, BOB, said, talk

SETTINGS = f"""\
data_dir = "data"
models_dir = "{{models_dir}}"

[database]
url = "{{database}}"

[server]
port = {{port}}

[retention]
messages_days = 30

[[city]]
id = "fairview"
name = "City of Fairview"
gazetteer = "{FOLDER / "fairview.geojson"}"
embedded = true
services = "{FOLDER / "services.json"}"
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    made = FakeClock()
    made.time = datetime.now(UTC)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
async def bridge(
    request: pytest.FixtureRequest, tmp_path: Path, models_dir: Path, clock: FakeClock
) -> AsyncIterator[Bridge]:
    """A bridge that keeps messages for 30 days, and has two of Ada's and two of Bob's; of Bob's none may go."""
    on_postgres = request.param == "postgresql"
    database = request.getfixturevalue("postgres").new_database() if on_postgres else ""
    file = tmp_path / "bridge.toml"
    file.write_text(SETTINGS.format(models_dir=models_dir, database=database, port=unused_port()))
    async with open_bridge(load(file, {}), clock, lambda _: None, mind.make_jurisdiction) as opened:
        await talk(opened.store, clock, ADA)
        bob = await talk(opened.store, clock, BOB)
        await opened.store.write(lambda tx: tx.set_hold("resident", bob.contact_id, "a case", "clerk"))
        yield opened


@contextlib.asynccontextmanager
async def working(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Has it done meanwhile."""
    task = asyncio.create_task(work)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def adas_are_gone(bridge: Bridge) -> bool:
    return await said(bridge.store, ADA) == []


async def only_bobs_are_left(bridge: Bridge) -> None:
    assert len(await said(bridge.store, BOB)) == 2
    (deletion,) = await bridge.store.read(lambda tx: tx.deletions(9))
    assert (deletion.kind, deletion.rows, deletion.by) == ("messages", 2, "scheduler")


async def test_messages_go_when_they_are_old_and_not_before(
    bridge: Bridge, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bridge.flow.retention")
    looked: list[datetime] = []
    (retention,) = (look for look in bridge._ticking() if look.name == "retention")

    async def look() -> None:
        await retention.look()
        looked.append(clock.now())

    async with working(scheduled([replace(retention, seconds=0.05, look=look)])):
        clock.pass_(days=29)
        await until(lambda: looked.count(clock.now()) > 1)
        assert len(await said(bridge.store, ADA)) == 2
        clock.pass_(days=2)
        await until(lambda: looked.count(clock.now()) > 1)
        assert await adas_are_gone(bridge)
    await only_bobs_are_left(bridge)
    (line,) = (record for record in caplog.records if record.msg == "records deleted")
    assert vars(line).items() >= {"kind": "messages", "rows": 2}.items()


async def test_who_is_restarted_every_night_deletes_too(bridge: Bridge, clock: FakeClock) -> None:
    clock.pass_(days=31)
    server = bridge.settings.server
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        working(bridge.run(listen(server.host, server.port), roles=["intake", "tick"])),
    ):
        await again_until(lambda: adas_are_gone(bridge))
    await only_bobs_are_left(bridge)
