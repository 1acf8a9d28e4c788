"""One bridge, as a process, for all tests that do it no harm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.surroundings import Surroundings, surroundings


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def here(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> AsyncIterator[Surroundings]:
    async with surroundings(tmp_path_factory.mktemp("bridge"), models_dir) as made:
        await made.bridge.start()
        await made.bridge.serving()
        yield made
        await made.bridge.stop()
