"""The disk is full, the database or DNS is gone, the clock jumps, the others talk nonsense: what is not stored is
not acknowledged, what cannot be sent waits, and it recovers by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from bridge.demo.mail_sink import deliver, letter
from bridge.demo.providers import MAILBOX
from tests.e2e import spoilt
from tests.e2e.city import fine
from tests.e2e.crash import mind
from tests.e2e.residents import RESIDENTS, Resident, Texter, hears
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import PATIENCE_SECONDS, again_until, until
from tests.postgres import Server, server

TEMPORARY = range(400, 500)  # of SMTP
OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "0"))
"""How long a database is gone, at least; refusing takes some seconds by itself."""
LEASED_SECONDS = 300
"""Work that was begun, and whose end could not be stored, is taken up again when its lease is over."""
NUMBER = r"Its number is (\d+)\."


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
    mail = letter("ada@home.example", MAILBOX, "pothole", "huge pothole at 302 Oak St")
    mailing = asyncio.create_task(deliver("127.0.0.1", here.providers.smtp_port, mail.as_bytes()))
    texted = await here.providers.twilio.text(f"+1555020{number:04}", "huge pothole at 300 Oak St")
    assert texted.status_code == 503
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await mailing
    assert refused.value.code in TEMPORARY


async def works(here: Surroundings, number: int) -> None:
    """What its provider delivers again is taken and answered, on each channel."""
    residents = [kind(here.providers, number) for kind in RESIDENTS]
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
    await outlasts(shared, postgres.stop, postgres.start)
    assert shared.bridge.alive


async def test_a_database_that_another_process_keeps_locked_is_waited_for(alone: Surroundings) -> None:
    with contextlib.closing(sqlite3.connect(alone.data / "bridge.db", isolation_level=None)) as other:
        await outlasts(alone, partial(other.execute, "BEGIN IMMEDIATE"), partial(other.execute, "ROLLBACK"))
    assert alone.bridge.alive


async def outlasts(here: Surroundings, begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Meanwhile every channel is told *later*. Afterwards a report that was in hand, and one on each channel that
    its provider kept, are at the city and answered, once."""
    in_hand, *kept = (kind(here.providers, 920 + n) for n, kind in enumerate((Texter, *RESIDENTS)))
    await in_hand.say("huge pothole at 340 Oak St")
    await until(lambda: here.rows("SELECT id FROM inbox WHERE state = 'done'"))  # held for a moment, then filed
    begin()
    over = time.monotonic() + OUTAGE_SECONDS
    trying = [
        asyncio.create_task(resident.say(f"huge pothole at {342 + 2 * n} Oak St"))
        for n, resident in enumerate(kept)
    ]
    await refuses(here, 2)
    while time.monotonic() < over:
        await refuses(here, 2)
    async with httpx.AsyncClient(base_url=here.url, timeout=30) as client:
        assert (await client.get("/healthz")).status_code == 200
        if here.database:
            assert (await client.get("/readyz")).status_code == 503
    assert not any(trial.done() for trial in trying)
    end()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*trying)
    await told_once(here, [in_hand, *kept], LEASED_SECONDS)


# --------------------------------------------------------------------------------- what no provider repeats


async def test_a_text_that_was_refused_and_never_comes_again_is_fetched(tmp_path: Path, models_dir: Path) -> None:
    async with surroundings(tmp_path, models_dir, mind.serve, ["texts"]) as here:
        _settle(here, "timeout_seconds = 2", "timeout_seconds = 2\nreconcile_seconds = 0.5")
        await here.bridge.start()
        await here.bridge.serving()
        resident = Texter(here.providers, 940)
        with no_room(here):
            answer = await here.providers.twilio.text(resident.address, "huge pothole at 304 Oak St")
            assert answer.status_code == 503
        await hears(resident, NUMBER)
        assert here.rows("SELECT count(*) FROM inbox") == [(1,)]


# ------------------------------------------------------------------------------------- names and the clock


@pytest.fixture
async def spoilable(tmp_path: Path, models_dir: Path) -> AsyncIterator[Surroundings]:
    """A bridge that knows the city and the providers by names, and whose clock a test can set."""
    async with surroundings(tmp_path, models_dir, spoilt.serve) as made:
        for provider in (made.providers.twilio, made.providers.telegram):
            _settle(made, provider.url, provider.url.replace("127.0.0.1", "provider.test"))
        _settle(made, 'relay_tls = "none"', 'relay_tls = "none"\nrelay_host = "relay.test"')
        profile = tmp_path / "city.toml"
        profile.write_text(profile.read_text().replace("127.0.0.1", "city.test"))
        await made.bridge.start()
        await made.bridge.serving()
        yield made


async def test_while_no_name_resolves_messages_are_taken_and_answers_wait(
    spoilable: Surroundings, tmp_path: Path
) -> None:
    texter, writer, chatter = (kind(spoilable.providers, 950) for kind in RESIDENTS)
    (tmp_path / spoilt.NO_NAMES).touch()
    await texter.say("huge pothole at 310 Oak St")
    await writer.say("huge pothole at 320 Elm St")
    chatting = asyncio.create_task(chatter.say("huge pothole at 330 Main St"))
    await until(lambda: "reply failed" in spoilable.bridge.log.read_text())
    assert not texter.heard()
    assert spoilable.rows("SELECT count(*) FROM inbox WHERE state = 'done'")[0][0] >= 1
    (tmp_path / spoilt.NO_NAMES).unlink()
    await chatting
    await told_once(spoilable, [texter, writer, chatter])
    assert spoilable.bridge.failures() == []


async def test_a_clock_that_jumps_ahead_and_back_holds_up_nobody(spoilable: Surroundings, tmp_path: Path) -> None:
    day, residents = 86_400, list[Resident]()
    for number, ahead in enumerate((0, 2 * day, -day, 0)):
        (tmp_path / spoilt.AHEAD).write_text(str(ahead))
        residents.append(RESIDENTS[number % 3](spoilable.providers, 960 + number))
        await residents[-1].say(f"huge pothole at {400 + 2 * number} Oak St")
        await hears(residents[-1], NUMBER)
    await told_once(spoilable, residents)
    assert spoilable.bridge.failures() == []


async def told_once(here: Surroundings, residents: Sequence[Resident], seconds: float = PATIENCE_SECONDS) -> None:
    """Each hears the number of its report, once, and the city has each report once."""
    for resident in residents:
        await hears(resident, NUMBER, seconds)
    await here.quiet(seconds)
    for resident in residents:
        assert sum("Its number is" in text for text in resident.heard()) == 1
    assert len(here.city.requests()) == len(residents) == len(here.city.copies())


# -------------------------------------------------------------------------------------------------- nonsense


async def test_nonsense_from_the_city_and_the_providers_is_outlasted(alone: Surroundings) -> None:
    texter, writer, chatter = residents = [kind(alone.providers, 970) for kind in RESIDENTS]
    alone.city.trouble = lambda method: "garbled"
    alone.providers.twilio.garble()
    alone.providers.mail.refuse("what? no code")
    alone.providers.telegram.babbles = True
    await texter.say("huge pothole at 410 Oak St")
    await writer.say("huge pothole at 420 Elm St")
    chatting = asyncio.create_task(chatter.say("huge pothole at 430 Main St"))
    await hears(texter, "We have your report")
    alone.providers.telegram.babbles = False
    alone.city.trouble = fine
    await chatting
    await told_once(alone, residents)
    assert len(texter.heard()) == 2  # that it is held, and its number: Twilio's nonsense doubled neither
    assert alone.bridge.failures() == []


def _settle(here: Surroundings, setting: str, other: str) -> None:
    """Changes a line of the settings of a bridge that is not started yet."""
    file = here.data.with_name("bridge.toml")
    text = file.read_text()
    assert setting in text
    file.write_text(text.replace(setting, other))
