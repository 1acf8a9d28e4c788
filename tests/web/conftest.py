"""One console for each test, on a copy of one migrated database."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.store.migrate import upgrade
from bridge.store.sqlite import engine
from tests.web.world import World, make


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "bridge.db"
    made = engine(path, "BEGIN IMMEDIATE")
    upgrade(made)
    made.dispose()
    return path


@pytest_asyncio.fixture
async def world(tmp_path: Path, migrated: Path) -> AsyncIterator[World]:
    shutil.copy(migrated, tmp_path / "bridge.db")
    made = make(tmp_path)
    yield made
    await made.store.close()
