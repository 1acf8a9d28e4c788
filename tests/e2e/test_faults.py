"""The disk is full, the database is gone: what is not stored is not acknowledged, and it recovers by itself."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from bridge.demo.mail_sink import deliver, letter
from bridge.demo.providers import MAILBOX
from tests.e2e.crash import mind
from tests.e2e.residents import Chatter, Texter, Writer, hears
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import again_until
from tests.postgres import Server, server

TEMPORARY = range(400, 500)  # of SMTP


@pytest.fixture
async def alone(tmp_path: Path, models_dir: Path) -> AsyncIterator[Surroundings]:
    """A bridge on SQLite."""
    async with surroundings(tmp_path, models_dir, mind.serve) as made:
        await made.bridge.start()
        await made.bridge.serving()
        yield made


@pytest.fixture
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
async def shared(tmp_path: Path, models_dir: Path, postgres: Server) -> AsyncIterator[Surroundings]:
    """A bridge on PostgreSQL."""
    async with surroundings(tmp_path, models_dir, mind.serve, database=postgres.new_database()) as made:
        await made.bridge.start()
        await made.bridge.serving()
        yield made


@contextlib.contextmanager
def no_room(here: Surroundings) -> Iterator[None]:
    """No file of the bridge can be written to any more."""
    before = resource.prlimit(here.bridge.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(here.bridge.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    yield
    resource.prlimit(here.bridge.pid, resource.RLIMIT_FSIZE, before)


async def refuses(here: Surroundings, number: int) -> None:
    """Each channel says *later*, so that its provider comes again."""
    texted = await here.providers.twilio.text(f"+1555020{number:04}", "huge pothole at 300 Oak St")
    assert texted.status_code == 503
    mail = letter("ada@home.example", MAILBOX, "pothole", "huge pothole at 302 Oak St")
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await deliver("127.0.0.1", here.providers.smtp_port, mail.as_bytes())
    assert refused.value.code in TEMPORARY


async def works(here: Surroundings, number: int) -> None:
    """What its provider delivers again is taken and answered, on each channel."""
    residents = [kind(here.providers, number) for kind in (Texter, Writer, Chatter)]
    for resident in residents:
        await resident.say("hello there")
    for resident in residents:
        await hears(resident, ".")


async def test_a_full_disk_refuses_for_now_and_loses_nothing(alone: Surroundings) -> None:
    with no_room(alone):
        await refuses(alone, 1)
        update = await alone.providers.telegram.text(700_900, "hello there")
    await again_until(lambda: _confirmed(alone, update))
    await works(alone, 910)
    assert await alone.providers.twilio.text("+15550200001", "huge pothole at 300 Oak St")


async def _confirmed(here: Surroundings, update: dict[str, object]) -> bool:
    return update not in here.providers.telegram.pending


async def test_a_database_that_is_gone_is_waited_for(shared: Surroundings, postgres: Server) -> None:
    await works(shared, 920)
    postgres.stop()
    await refuses(shared, 2)
    async with httpx.AsyncClient(base_url=shared.url) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
    postgres.start()
    await works(shared, 930)
    assert shared.bridge.alive
