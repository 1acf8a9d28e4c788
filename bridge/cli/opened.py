"""The store for a command, beside a bridge that may be running."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from bridge.app import SystemClock
from bridge.errors import SettingsError
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from config.settings import Settings


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[SqliteStore]:
    """The store, closed at the end of the block. Raises SettingsError where there is none yet."""
    if not settings.database_path.is_file():
        raise SettingsError(f"{settings.database_path} is not there: serve once before")
    store = SqliteStore(settings.database_path, SystemClock(), EmbeddedWake(), alone=False)
    try:
        yield store
    finally:
        await store.close()
