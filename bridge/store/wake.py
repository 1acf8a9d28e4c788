"""The embedded wake engine: one process, an event per queue, and a poll of due rows.

The event makes fresh work start at once; the poll finds what became due (a retry, an expired lease).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import get_args

from bridge.ports import Committing, Queue

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
AGAIN_SECONDS = 1.0
SOON_SECONDS = 60.0
MOST_LOOKS = 8  # of one queue at a time


class EmbeddedWake:
    """Implements `bridge.ports.Wake` inside one event loop. Construct it where that loop runs."""

    def __init__(self, poll: float = POLL_SECONDS) -> None:
        self._poll = poll
        self._loop = asyncio.get_running_loop()
        self._events: dict[Queue, asyncio.Event] = {queue: asyncio.Event() for queue in get_args(Queue)}

    def wake(self, tx: Committing, queue: Queue, after: float = 0) -> None:
        """Rings `after` seconds once `tx` is committed, from whichever thread that happens in. What is far off
        is left to the poll."""
        if after <= SOON_SECONDS:
            ring = partial(self._loop.call_later, after, self._events[queue].set)
            tx.after_commit(lambda: self._loop.call_soon_threadsafe(ring))

    async def run(self, queue: Queue, look: Callable[[], Awaitable[None]]) -> None:
        """Looks at once, then on every ring, and at least every poll interval."""
        event = self._events[queue]
        async with overlapping(look) as start:
            while True:
                event.clear()
                start()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), self._poll)


@contextlib.asynccontextmanager
async def overlapping(look: Callable[[], Awaitable[None]]) -> AsyncIterator[Callable[[], None]]:
    """Gives what starts a look. A look ends when its rows are done, and one that is slow must not keep waiting
    what comes after it; so many of them have all hands full, and another would find nothing to do."""
    under_way = 0

    async def one() -> None:
        nonlocal under_way
        try:
            await looked(look)
        finally:
            under_way -= 1

    def start() -> None:
        nonlocal under_way
        if under_way < MOST_LOOKS:
            under_way += 1
            group.create_task(one())

    async with asyncio.TaskGroup() as group:
        yield start


async def looked(look: Callable[[], Awaitable[None]]) -> None:
    """One look; a full disk or a database that is gone does not end the process, it is looked again."""
    try:
        await look()
    except Exception:
        log.exception("look failed")
        await asyncio.sleep(AGAIN_SECONDS)
