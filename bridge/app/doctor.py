"""What a night operator would look at, in one go: each finding is fine, a worry, or wrong, and says what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import httpx

from bridge.app.database import open_beside
from bridge.app.parts import city_profile
from bridge.errors import BridgeError, SettingsError
from bridge.open311.client import Client
from bridge.ports import Clock
from bridge.vocabulary import Backlog
from config.settings import CitySettings, Settings

Verdict = Literal["fine", "worry", "wrong"]

LEAST_FREE_BYTES = 1_000_000_000
OLDEST = timedelta(minutes=10)
NEWEST_PHOTOS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    verdict: Verdict
    what: str
    says: str


async def examine(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Looks at everything; changes nothing."""
    for finding in (*_disk(settings), *_files(settings), *_habits(settings)):
        yield finding
    async for finding in _database(settings, clock):
        yield finding
    for city in settings.city:
        yield await _city(city, clock)
    yield await _serving(settings)


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.is_dir():
        yield Finding("wrong", "data_dir", f"{folder} is not there: serve once, or make it")
        return
    if not os.access(folder, os.W_OK):
        yield Finding("wrong", "data_dir", f"{folder} cannot be written to by this user")
    free = shutil.disk_usage(folder).free
    verdict: Verdict = "fine" if free > LEAST_FREE_BYTES else "wrong"
    yield Finding(verdict, "disk", f"{free / 1e9:.1f} GB free; messages are refused when there is none")


def _files(settings: Settings) -> Iterator[Finding]:
    for city in settings.city:
        for setting, path in city.missing:
            yield Finding("wrong", setting, f"{path} is not there")
    built = settings.models_path.is_dir() and any(settings.models_path.iterdir())
    says = "are there" if built else "are trained at the next start, which takes a minute"
    yield Finding("fine" if built else "worry", "models", f"the built-in models {says}")


def _habits(settings: Settings) -> Iterator[Finding]:
    kinds = ", ".join(settings.retention.rules.keep)
    if kinds:
        yield Finding("fine", "retention", f"{kinds} are deleted when old enough")
    else:
        yield Finding("worry", "retention", "nothing is ever deleted: [retention] is not set (docs/privacy.md)")
    if os.geteuid() == 0:
        yield Finding("worry", "user", "this is root: the service needs no privilege (docs/deploy)")


async def _database(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    try:
        store = open_beside(settings, clock)
    except SettingsError as error:
        yield Finding("wrong", "database", str(error))
        return
    try:
        backlog = await store.read(lambda tx: tx.backlog(clock.now()))
        holds = await store.read(lambda tx: tx.holds())
        named = await store.read(lambda tx: tx.blobs_in_use(NEWEST_PHOTOS))
    except Exception as error:  # whatever it is, the database does not work
        yield Finding("wrong", "database", f"cannot be read ({type(error).__name__}): is its schema the newest?")
        return
    finally:
        await store.close()
    yield Finding("fine", "database", "PostgreSQL answers" if settings.postgresql_url else "SQLite answers")
    for finding in _backlog(backlog):
        yield finding
    yield Finding("fine", "holds", f"{len(holds)} legal holds stand")
    yield _blobs(settings.data_dir / "blobs", named)


def _backlog(backlog: Backlog) -> Iterator[Finding]:
    for name, queue in backlog.queues.items():
        late = queue.oldest_seconds > OLDEST.total_seconds()
        says = f"{queue.open} wait, the oldest due one since {queue.oldest_seconds:.0f} s"
        yield Finding("wrong" if late else "fine", name, says)
        if queue.dead:
            yield Finding("worry", name, f"{queue.dead} given up: open311-bridge work list")
    if backlog.staff_tasks:
        yield Finding("fine", "staff", f"{backlog.staff_tasks} tasks are open")


def _blobs(folder: Path, named: Sequence[str]) -> Finding:
    """Another machine may have made them: then it and this one do not share the folder."""
    missing = [blob_id for blob_id in named if not (folder / blob_id).exists()]
    if missing:
        says = f"{len(missing)} of {len(named)} files in use are not in {folder}, which machines have to share"
        return Finding("wrong", "blobs", says)
    return Finding("fine", "blobs", f"{len(named)} files in use are there")


async def _city(city: CitySettings, clock: Clock) -> Finding:
    if city.embedded:
        return Finding("fine", f"city.{city.id}", "embedded")
    client = Client(city_profile(city), None, clock=clock)
    try:
        offered = await client.services()
    except BridgeError as error:
        return Finding("wrong", f"city.{city.id}", f"cannot be reached ({error}); reports are kept until it can")
    finally:
        await client.close()
    if not city.api_key:
        return Finding("worry", f"city.{city.id}", f"{len(offered)} services; without api_key most refuse reports")
    return Finding("fine", f"city.{city.id}", f"{len(offered)} services")


async def _serving(settings: Settings) -> Finding:
    url = f"http://{settings.server.host}:{settings.server.port}/readyz"
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(url)
    except httpx.HTTPError as error:
        return Finding("worry", "serve", f"nothing answers at {url} ({type(error).__name__})")
    ready = answer.status_code == 200
    return Finding("fine" if ready else "wrong", "serve", "ready" if ready else answer.text[:200])
