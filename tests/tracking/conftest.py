"""A store in memory, where there is such a place: each of its commits waits for the disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bridge.store.sqlite import SqliteStore
from tests.tracking.world import Watch, open_store

MEMORY = Path("/dev/shm")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture
def clock() -> Watch:
    return Watch()


@pytest.fixture
async def store(folder: Path, clock: Watch) -> AsyncIterator[SqliteStore]:
    opened = open_store(folder, clock)
    yield opened
    await opened.close()
