"""Figures are slow to take, so they are taken beforehand and shown a while."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from bridge.flow.settling import Handling
from bridge.vocabulary.console import Figures

FRESH = timedelta(minutes=10)
Key = tuple[tuple[str, ...], int]


class Taken:
    """Figures taken a while ago; a request for old ones gets them, and has new ones taken."""

    def __init__(self) -> None:
        self._kept: dict[Key, tuple[datetime, Figures]] = {}
        self._under_way: dict[Key, asyncio.Task[Figures]] = {}

    async def figures(self, work: Handling, cities: tuple[str, ...], days: int) -> tuple[datetime, Figures]:
        key, now = (cities, days), work.clock.now()
        known = self._kept.get(key)
        if (known is None or now - known[0] > FRESH) and key not in self._under_way:
            self._under_way[key] = asyncio.create_task(self._take(work, key, now))
        if known is None:
            return now, await asyncio.shield(self._under_way[key])
        return known

    async def ahead(self, work: Handling, spans: Sequence[int]) -> None:
        """Takes what is asked for at first and what was asked for lately, so that nobody waits for it."""
        now = work.clock.now()
        for key in dict.fromkeys([*(((), days) for days in spans), *self._kept]):
            await self._take(work, key, now)

    async def _take(self, work: Handling, key: Key, now: datetime) -> Figures:
        cities, days = key
        try:
            since = now - timedelta(days=days)
            found = await work.store.read(lambda tx: tx.console.figures(cities, since))
            self._kept[key] = (now, found)
            return found
        finally:
            self._under_way.pop(key, None)
