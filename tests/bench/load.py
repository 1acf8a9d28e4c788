"""Reports a second from a text to the city and back: one process on SQLite, one worker and two on PostgreSQL.

python -m tests.bench.load [reports]      all in one run, with acknowledgements at half of that load and in a burst

Every process reads with the real models, on one BLAS thread. The provider and the city answer from this process.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.app import models_cache
from tests.e2e.process import serve
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import until
from tests.postgres import server

REPORTS = 200
PATIENCE = 1800
SETUPS = (
    ("SQLite, one process", False, ("",)),
    ("PostgreSQL, one worker", True, ("intake", "worker,tick")),
    ("PostgreSQL, two workers", True, ("intake", "worker,tick", "worker,tick")),
)


@dataclass
class Measured:
    """Seconds until each message was acknowledged, and reports a second over the whole."""

    acknowledged: list[float]
    rate: float


async def burst(here: Surroundings, count: int, every: float, first: int) -> Measured:
    """Sends so many texts, one each `every` seconds, and waits until all are at the city."""
    before = len(here.city.requests())
    acknowledged: list[float] = []

    async def text(number: int) -> None:
        began = time.perf_counter()
        sender = f"+1555{first + number:07d}"
        answer = await here.providers.twilio.text(sender, f"huge pothole at {100 + 2 * number} Oak St")
        answer.raise_for_status()
        acknowledged.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(text(number))
            await asyncio.sleep(every)
    await until(lambda: len(here.city.requests()) - before >= count, PATIENCE)
    return Measured(acknowledged, count / (time.perf_counter() - began))


async def measure(name: str, database: str, roles: Sequence[str], count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with surroundings(
            Path(folder), models_cache(), serve, ("texts",), database=database, roles=roles
        ) as here:
            for process in here.processes:
                await process.start()
            for process in here.processes:
                await until(process.serves, PATIENCE)
            full = await burst(here, count, 0, 0)
            half = await burst(here, count // 2, 2 / full.rate, count)
            print(f"{name:<26}{full.rate:>10.1f}{_at(half, 50):>12.0f}{_at(half, 99):>8.0f}{_at(full, 99):>12.0f}")
            for process in here.processes:
                await process.stop()


def _at(measured: Measured, percent: int) -> float:
    """Milliseconds within which so many of a hundred messages were acknowledged."""
    ordered = sorted(measured.acknowledged)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def main() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # inherited by every process started here
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REPORTS
    print(f"{'':<26}{'reports/s':>10}{'ack at half load, ms':>20}{'burst':>12}")
    print(f"{'':<26}{'':>10}{'p50':>12}{'p99':>8}{'p99':>12}")
    with server() as postgres:
        for name, shared, roles in SETUPS:
            asyncio.run(measure(name, postgres.new_database() if shared else "", roles, count))


if __name__ == "__main__":
    main()
