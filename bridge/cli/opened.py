"""The store for a command, beside a bridge that may be running."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from bridge.app import SystemClock
from bridge.app.database import open_beside
from bridge.ports import Store
from config.settings import Settings


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The store, closed at the end of the block. Raises SettingsError where there is none yet."""
    store = open_beside(settings, SystemClock())
    try:
        yield store
    finally:
        await store.close()
