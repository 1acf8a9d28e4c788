"""What is slow to count is counted beforehand and shown a while: figures, and the clusters of a wide map."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bridge.flow.settling import Handling
from bridge.ports import Transaction
from bridge.vocabulary.console import Cell, Figures, Spot
from classifiers.places.drawing import Box

K = TypeVar("K")
T = TypeVar("T")

WAITED_FOR = 1.0  # seconds of counting that a page waits for, now and then
KEPT_FOR = 50  # times as long as counting took
FIGURES_FRESH = timedelta(minutes=10)
CELLS_FRESH = timedelta(minutes=1)
Cities = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    """A value, when it was counted, and how many seconds that took."""

    value: T
    at: datetime
    took: float


class Counted(Generic[K, T]):
    """Values by key, kept for as long as counting them is worth: seconds where that was quick, as in a young city,
    `fresh` at most. A request for an old one that takes long to count gets it, and has a new one counted. `timer`
    tells seconds."""

    def __init__(
        self,
        fresh: timedelta,
        count: Callable[[Transaction, K, datetime], T],
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._fresh, self._count, self._timer = fresh, count, timer
        self._kept: dict[K, _Kept[T]] = {}
        self._under_way: dict[K, asyncio.Task[_Kept[T]]] = {}

    async def get(self, work: Handling, key: K) -> tuple[datetime, T]:
        """The value and when it was counted."""
        now, known = work.clock.now(), self._kept.get(key)
        if known is None or (self._is_old(known, now) and known.took < WAITED_FOR):
            known = await asyncio.shield(self._begin(work, key, now))
        elif self._is_old(known, now):
            self._begin(work, key, now)
        return known.at, known.value

    def _is_old(self, known: _Kept[T], now: datetime) -> bool:
        return now - known.at > min(self._fresh, timedelta(seconds=known.took * KEPT_FOR))

    def _begin(self, work: Handling, key: K, now: datetime) -> asyncio.Task[_Kept[T]]:
        """The counting of it that goes on, or a new one."""
        if key not in self._under_way:
            self._under_way[key] = asyncio.create_task(self._take(work, key, now))
        return self._under_way[key]

    async def ahead(self, work: Handling, keys: Sequence[K]) -> None:
        """Counts these and what was asked for so far, so that nobody waits for it."""
        for key in dict.fromkeys([*keys, *self._kept]):
            await self._take(work, key, work.clock.now())

    async def _take(self, work: Handling, key: K, now: datetime) -> _Kept[T]:
        began = self._timer()
        try:
            value = await work.store.read(lambda tx: self._count(tx, key, now))
            self._kept[key] = _Kept(value, now, self._timer() - began)
            return self._kept[key]
        finally:
            self._under_way.pop(key, None)


class Taken:
    """All that is counted beforehand."""

    def __init__(self) -> None:
        self.figures: Counted[tuple[Cities, int], Figures] = Counted(FIGURES_FRESH, _figures)
        self.cells: Counted[Cities, tuple[Cell, ...]] = Counted(CELLS_FRESH, _cells)

    async def ahead(self, work: Handling, spans: Sequence[int]) -> None:
        """What the first visit to the figures and to the map asks for."""
        await self.figures.ahead(work, [((), days) for days in spans])
        await self.cells.ahead(work, [()])


def _figures(tx: Transaction, key: tuple[Cities, int], now: datetime) -> Figures:
    cities, days = key
    return tx.console.figures(cities, now - timedelta(days=days))


def _cells(tx: Transaction, cities: Cities, _now: datetime) -> tuple[Cell, ...]:
    return tx.console.cells(cities)


def clusters(cells: Sequence[Cell], box: Box, side: int, state: str) -> list[Spot]:
    """The cells in a box, put together to at most `side` by `side` spots."""
    south, west, north, east = box
    high, wide = (north - south) / side or 1.0, (east - west) / side or 1.0
    sums: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for cell in cells:
        if south <= cell.lat <= north and west <= cell.long <= east and state in ("", cell.state):
            one = sums[int((cell.lat - south) / high), int((cell.long - west) / wide)]
            one[0] += cell.lat * cell.count
            one[1] += cell.long * cell.count
            one[2] += cell.count
    return [Spot(lat / count, long / count, int(count)) for lat, long, count in sums.values()]
