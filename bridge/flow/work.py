"""The shape of every worker: claim one due row, do it, until there is none. And when a failed row is due again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

Row = TypeVar("Row")

LEASE = timedelta(seconds=120)
SEND_SECONDS = 30.0  # bounds a whole send, well below a third of the lease, so that a lease is never outlived
MOST_FETCHES = 5  # of a message's files, or of what a delivery report is about
MOST_ATTEMPTS = 8  # of handling a message
GIVE_UP_AFTER = timedelta(days=1)  # a reply is tried this long; a report until a person gives it up
LONGEST_WAIT = timedelta(minutes=5)  # of one row; a city or provider that is down is spared by its circuit
IN_HAND_SECONDS = 3.0  # what is in hand at the end of the process has to end; a service manager waits five or more


def backoff(attempts: int, after: float | None = None, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """How long to wait after that many attempts: 2, 4, 8 … seconds up to `longest`, or what was asked for."""
    if after is not None:
        return timedelta(seconds=max(1.0, after))
    return min(longest, timedelta(seconds=2 ** min(attempts, 12)))


async def drain(
    claim: Callable[[], Awaitable[Row | None]],
    do: Callable[[Row], Coroutine[Any, Any, None]],
    hands: asyncio.Semaphore,
) -> None:
    """Works rows off until a claim finds none. Looks may overlap: one that finds all hands full ends at once,
    since whoever ends a row claims again. Cancelled, it claims no more, and ends with the rows in hand done, or
    after `IN_HAND_SECONDS`."""

    async def work() -> None:
        async with hands:
            while (row := await claim()) is not None:
                another()  # where there was one there may be more, and most looks find one or none
                await _to_its_end(do(row))

    def another() -> None:
        if not hands.locked():
            group.create_task(work())

    async with asyncio.TaskGroup() as group:
        another()


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """A send cut off half way would be made again at the next start, and a resident would hear it twice."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=IN_HAND_SECONDS)
        task.cancel()
        await asyncio.wait([task])
        raise
