"""Reports a second from a text to the city and back: one process on SQLite, one worker and two on PostgreSQL.

python -m tests.bench.load [reports]      all in one run, with acknowledgements and first replies at half that load

Every process reads with the real models, on one BLAS thread. The provider and the city answer from this process.
What each part costs of a processor tells how it would go on more cores than the machine has.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bridge.app import models_cache
from tests.bench.processes import family_seconds_of, seconds_of
from tests.e2e.process import serve
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import until
from tests.postgres import server

REPORTS = 200
HOUSES = 200  # on Oak St: a number that the gazetteer lacks would be asked about
PATIENCE = 1800
POLL_SECONDS = 60  # the default is 900; at half a second, as in tests, much of the load would be polling
WORDS = (
    "Hi, there is a huge pothole at {} Oak St, right in front of our driveway. It has been there for weeks and "
    "my rim is bent again, please fix it"
)
SETUPS = (
    ("SQLite, one process", False, ("",)),
    ("PostgreSQL, one worker", True, ("intake", "worker,tick")),
    ("PostgreSQL, two workers", True, ("intake", "worker,tick", "worker,tick")),
)
INTAKE, WORKERS, DATABASE, STAND_INS = "intake", "workers", "database", "stand-ins"


@dataclass
class Measured:
    """Seconds until each message was acknowledged and first answered, and reports a second over the whole."""

    acknowledged: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    rate: float = 0


async def texts(here: Surroundings, count: int, every: float, first: int) -> Measured:
    """Sends so many texts, one each `every` seconds, and waits until all are at the city and answered."""
    before = accepted(here)
    measured = Measured()
    sent: dict[str, datetime] = {}

    async def text(number: int) -> None:
        sender = f"+1555{first + number:07d}"
        sent[sender] = datetime.now(UTC)
        began = time.perf_counter()
        answer = await here.providers.twilio.text(sender, WORDS.format(100 + 2 * (number % HOUSES)))
        answer.raise_for_status()
        measured.acknowledged.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(text(number))
            await asyncio.sleep(every)
    await until(lambda: accepted(here) - before >= count, PATIENCE, 0.2)
    measured.rate = count / (time.perf_counter() - began)
    await until(lambda: sent.keys() <= {text.to for text in here.providers.twilio.texts}, PATIENCE, 0.2)
    for said in here.providers.twilio.texts:
        if at := sent.pop(said.to, None):
            measured.answered.append((said.created - at).total_seconds())
    return measured


def accepted(here: Surroundings) -> int:
    """How many reports the city has taken."""
    return int(here.rows("SELECT count(*) FROM report WHERE state = 'accepted'")[0][0])


async def measure(name: str, database: str, postgres: int | None, roles: Sequence[str], count: int) -> float:
    """One setup, printed in a line. Returns its reports a second."""
    with tempfile.TemporaryDirectory() as folder:
        async with surroundings(
            Path(folder), models_cache(), serve, ("texts",), database, roles, POLL_SECONDS
        ) as here:
            for process in here.processes:
                await process.start()
            for process in here.processes:
                await until(process.serves, PATIENCE)
            await texts(here, 10, 0, 9_000_000)  # every process has read something
            parts = _parts(here, postgres)
            before = {part: used() for part, used in parts.items()}
            full = await texts(here, count, 0, 0)
            cost = {part: 1000 * (used() - before[part]) / count for part, used in parts.items()}
            half = await texts(here, count // 2, 2 / full.rate, count)
            print(_line(name, full, half, cost), flush=True)
            for process in here.processes:
                await process.stop()
    return full.rate


def _parts(here: Surroundings, postgres: int | None) -> Mapping[str, Callable[[], float]]:
    """Tells each part's processor seconds so far. A bridge of one process is a worker."""
    pids = [process.pid for process in here.processes]
    stand_ins = partial(seconds_of, [os.getpid()])

    def of_all(bridges: Sequence[int]) -> float:
        return sum(family_seconds_of(pid) for pid in bridges)

    if postgres is None:
        return {WORKERS: partial(of_all, pids), STAND_INS: stand_ins}
    return {
        INTAKE: partial(of_all, pids[:1]),
        WORKERS: partial(of_all, pids[1:]),
        DATABASE: partial(family_seconds_of, postgres),
        STAND_INS: stand_ins,
    }


def _line(name: str, full: Measured, half: Measured, cost: Mapping[str, float]) -> str:
    costs = [f"{cost[part]:>10.0f}" if part in cost else f"{'':>10}" for part in _COSTS]
    times = [f"{milliseconds(half.acknowledged, percent):>8.0f}" for percent in (50, 99)]
    times += [f"{milliseconds(half.answered, percent):>8.0f}" for percent in (50, 99)]
    return f"{name:<26}{full.rate:>10.1f}{''.join(costs)}{''.join(times)}"


def milliseconds(seconds: Iterable[float], percent: int) -> float:
    """Milliseconds within which so many of a hundred were done."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


_COSTS = (INTAKE, WORKERS, DATABASE, STAND_INS)


def main() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # inherited by every process started here
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REPORTS
    print(f"{'':<36}{'processor ms a report':>40}{'ack, ms':>16}{'first reply, ms':>16}")
    print(f"{'':<26}{'reports/s':>10}{''.join(f'{part:>10}' for part in _COSTS)}{'p50     p99' * 2:>32}")
    rates = []
    with server() as postgres:
        for name, shared, roles in SETUPS:
            database, pid = (postgres.new_database(), postgres.pid) if shared else ("", None)
            rates.append(asyncio.run(measure(name, database, pid, roles, count)))
    print(f"two workers beside one: {rates[2] / rates[1]:.2f} (to reach: 1.40)")


if __name__ == "__main__":
    main()
