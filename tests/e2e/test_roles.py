"""Several processes with the real models: the one that takes messages has another read, a worker reads itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.process import serve
from tests.e2e.surroundings import surroundings
from tests.e2e.waiting import until
from tests.postgres import Server, server

STARTING_SECONDS = 120  # both load the models
READS = "classifiers.reader"


@pytest.fixture
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running


def children_of(pid: int) -> list[str]:
    """Command lines of what a process started, by any of its threads."""
    lists = [threads.read_text().split() for threads in Path(f"/proc/{pid}/task").glob("*/children")]
    return [Path(f"/proc/{child}/cmdline").read_text() for children in lists for child in children]


async def test_a_worker_understands_in_its_own_process(tmp_path: Path, models_dir: Path, postgres: Server):
    async with surroundings(
        tmp_path, models_dir, serve, ("texts",), postgres.new_database(), roles=("intake", "worker,tick")
    ) as here:
        intake, worker = here.processes
        for process in here.processes:
            await process.start()
        for process in here.processes:
            await until(process.serves, STARTING_SECONDS)
        await here.providers.twilio.text("+15550001111", "huge pothole at 412 Oak St")
        await until(lambda: here.providers.twilio.texts, STARTING_SECONDS)
        assert "412 Oak St" in here.providers.twilio.texts[0].body
        assert [READS in line for line in children_of(intake.pid)] == [True]
        assert not [line for line in children_of(worker.pid) if READS in line]
        for process in here.processes:
            await process.stop()
