"""The wake engine of many processes: procrastinate, in the database that holds the rows.

A job is enqueued in the rows' own transaction and says only *look*: no lock, no queueing lock, no retry, since
the rows hold state, lease and attempts. Lost jobs and doubled ones are harmless: every process looks by itself
too, now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import ProcrastinateException

from bridge.ports import Clock, Committing, Queue
from bridge.store.transaction.unit import Unit
from bridge.store.wake import SOON_SECONDS, overlapping

log = logging.getLogger(__name__)

SWEEP_SECONDS = 2.0
AGAIN_SECONDS = 1.0
TASK = "open311_bridge.look"


class ProcrastinateWake:
    """Implements `bridge.ports.Wake` on PostgreSQL."""

    def __init__(self, url: str, clock: Clock, sweep: float = SWEEP_SECONDS) -> None:
        self._url = url
        self._clock = clock
        self._sweep = sweep
        enqueuing = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._task = enqueuing.task(name=TASK, queue="inbox")(_nothing)

    def wake(self, tx: Committing, queue: Queue, after: float = 0) -> None:
        """Enqueues one job in the transaction, however often it is called there. What is far off is left to the
        sweep."""
        if after > SOON_SECONDS or not isinstance(tx, Unit) or not tx.first_call(queue, after):
            return
        at = self._clock.now() + timedelta(seconds=after) if after else None
        self._task.configure(queue=queue, schedule_at=at, connection=tx.driver_connection).defer()

    async def run(self, queue: Queue, look: Callable[[], Awaitable[None]]) -> None:
        """Looks at once, then on every job, and at least every sweep interval."""
        async with overlapping(look) as start, asyncio.TaskGroup() as group:
            group.create_task(self._work(queue, start))
            group.create_task(self._sweeping(start))

    async def _sweeping(self, start: Callable[[], None]) -> None:
        while True:
            start()
            await asyncio.sleep(self._sweep)

    async def _work(self, queue: Queue, start: Callable[[], None]) -> None:
        """A procrastinate worker, started again when the database was gone."""
        while True:
            try:
                await self._worker(queue, start)
            except (ProcrastinateException, psycopg.Error, OSError) as error:
                log.warning("worker lost its database", extra={"queue": queue, "error": type(error).__name__})
            await asyncio.sleep(AGAIN_SECONDS)

    async def _worker(self, queue: Queue, start: Callable[[], None]) -> None:
        connector = procrastinate.PsycopgConnector(conninfo=self._url, min_size=1, max_size=4, timeout=5)
        app = procrastinate.App(connector=connector)

        async def looking() -> None:
            start()

        app.task(name=TASK, queue=queue)(looking)
        async with app.open_async():
            await app.run_worker_async(
                queues=[queue],
                name=f"{queue} worker",
                concurrency=1,
                fetch_job_polling_interval=self._sweep,
                install_signal_handlers=False,
                delete_jobs="always",
                shutdown_graceful_timeout=0,
            )


async def _nothing() -> Any:
    """Never runs: it lends its name to the jobs."""
