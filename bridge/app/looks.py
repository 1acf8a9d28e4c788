"""APScheduler says when to look; what is due is a row. Its jobs live in the memory of the process that looks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

JOBS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}  # a late look is better than none


@dataclass(frozen=True, slots=True)
class Look:
    """Something to look for, every so many seconds. What comes seldom is looked for `at_once` too: a process that
    starts anew every night would never come to it."""

    name: str
    seconds: float
    look: Callable[[], Awaitable[object]]
    at_once: bool = False


async def scheduled(looks: Sequence[Look]) -> None:
    """Looks for each as often as it says, until cancelled."""
    scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=JOBS)
    for one in looks:
        first = {"next_run_time": datetime.now(UTC)} if one.at_once else {}
        scheduler.add_job(_until_stopped, "interval", [one.look], seconds=one.seconds, id=one.name, **first)
    scheduler.start()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        scheduler.shutdown(wait=False)


async def _until_stopped(look: Callable[[], Awaitable[object]]) -> None:
    """A look that the end of the bridge may cut short: APScheduler would log that as a failure."""
    with contextlib.suppress(asyncio.CancelledError):
        await look()
