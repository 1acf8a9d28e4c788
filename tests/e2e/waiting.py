"""Waiting for what another process does: nothing tells us, so we look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 45  # on a machine that is busy with other things too


async def until(look: Callable[[], T], seconds: float = PATIENCE_SECONDS, every: float = LOOK_SECONDS) -> T:
    """The first true value of `look`, asked `every` so many seconds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not (seen := look()):  # noqa: ASYNC110 what is looked at is in another process, or a plain list
            await asyncio.sleep(every)
    return seen


async def again_until(act: Callable[[], Awaitable[bool]], pause: float = 0.2) -> None:
    """Repeats `act` until it succeeds."""
    while not await act():  # noqa: ASYNC110 each turn is an attempt of its own
        await asyncio.sleep(pause)
