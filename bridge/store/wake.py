"""The embedded wake engine: one process, an event per queue, and a poll of due rows.

The event makes fresh work start at once; the poll finds what became due (a retry, an expired lease).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import get_args

from bridge.ports import Committing, Queue

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
AGAIN_SECONDS = 1.0
SOON_SECONDS = 60.0


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
        while True:
            event.clear()
            await looked(look)
            try:
                await asyncio.wait_for(event.wait(), self._poll)
            except TimeoutError:
                continue


async def looked(look: Callable[[], Awaitable[None]]) -> None:
    """One look; a full disk or a database that is gone does not end the process, it is looked again."""
    try:
        await look()
    except Exception:
        log.exception("look failed")
        await asyncio.sleep(AGAIN_SECONDS)
