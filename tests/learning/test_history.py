"""A city's history is read window by window, politely, and goes on where a killed process left it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.app import SystemClock
from bridge.errors import Retryable
from bridge.learning import WINDOW, fetch_history
from bridge.open311.client import Client
from bridge.open311.profile import Profile
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake

COMMAND = Path(sys.executable).with_name("open311-bridge")
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


class Records:
    """A GeoReport server with a request every other day for a year; `holds` is how many lists it answers
    before it makes callers wait for good, `busy` how often it says "later" first."""

    def __init__(self, *, holds: int = 10**6, busy: int = 0) -> None:
        self.holds, self.busy = holds, busy
        self.asked: list[datetime] = []
        self.now = datetime.now(UTC)

    def rows(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        days = [self.now - timedelta(days=2 * n, hours=3) for n in range(180)] + [
            START + timedelta(days=2 * n, hours=3) for n in range(70)
        ]
        return [_row(day) for day in sorted(days) if start <= day < end]


def _row(day: datetime) -> dict[str, Any]:
    number = f"{day:%Y%m%d%H%M%S}"
    return {
        "service_request_id": number,
        "service_code": "hole",
        "service_name": "Pothole",
        "status": "open",
        "description": f"report {number}\x85 deep\u2028hole",
        "requested_datetime": day.isoformat(),
    }


@contextmanager
def serving(records: Records) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/services.json":
                self.answer(200, [{"service_code": "hole", "service_name": "Pothole", "metadata": False}])
            elif records.busy:
                records.busy -= 1
                self.answer(429, [{"code": 429, "description": "later"}])
            else:
                asked = {name: datetime.fromisoformat(values[0]) for name, values in parse_qs(url.query).items()}
                records.asked.append(asked["start_date"])
                if len(records.asked) > records.holds:
                    time.sleep(3600)
                self.answer(200, records.rows(asked["start_date"], asked["end_date"]))

        def answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """The test says what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def client(url: str, **profile: Any) -> Client:
    return Client(Profile(endpoint=url, formats=("json",), **({"reads_per_minute": 0} | profile)))


def numbers(file: Path) -> list[str]:
    """What the file tells of, by the number in each text."""
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"].split()[1].strip("\x85") for line in lines]


def listed(records: Records, start: datetime = START, end: datetime = END) -> list[str]:
    return [row["service_request_id"] for row in records.rows(start, end)]


async def test_the_history_is_whole_in_time_and_shown_as_it_comes(tmp_path: Path) -> None:
    records, said = Records(), list[str]()
    with serving(records) as url:
        city = client(url)
        added = await fetch_history(city, tmp_path / "h.jsonl", START, END, said.append)
        assert await fetch_history(city, tmp_path / "h.jsonl", START, END, said.append) == 0
        await city.close()
    assert numbers(tmp_path / "h.jsonl") == listed(records)
    assert added == len(listed(records))
    assert said[-1].startswith(f"[{'#' * 24}] 100% 2026-06-01")
    assert len(said) == len(records.asked) == -(-(END - START) // WINDOW)


async def test_what_a_killed_process_left_of_a_window_is_read_again(tmp_path: Path) -> None:
    records, file = Records(), tmp_path / "h.jsonl"
    half = START + 3 * WINDOW
    with serving(records) as url:
        city = client(url)
        await fetch_history(city, file, START, half, lambda line: None)
        with file.open("a") as torn:
            torn.write(json.dumps({"text": "report twice"}) + '\n{"text": "rep')
        await fetch_history(city, file, START, END, lambda line: None)
        await city.close()
    assert numbers(file) == listed(records)


async def test_a_city_that_says_later_is_asked_later(tmp_path: Path) -> None:
    records, rested = Records(busy=2), list[float]()

    async def rest(seconds: float) -> None:
        rested.append(seconds)

    with serving(records) as url:
        city = client(url, circuit_failures=0)
        city.endpoint.clock = _Fast(rested)
        await fetch_history(city, tmp_path / "h.jsonl", START, END, lambda line: None, rest)
        await city.close()
    assert rested == [60.0, 60.0]
    assert numbers(tmp_path / "h.jsonl") == listed(records)


async def test_a_city_that_goes_on_saying_later_is_left_alone(tmp_path: Path) -> None:
    rested = list[float]()

    async def rest(seconds: float) -> None:
        rested.append(seconds)

    with serving(Records(busy=100)) as url:
        city = client(url)
        city.endpoint.clock = _Fast(rested)
        with pytest.raises(Retryable):
            await fetch_history(city, tmp_path / "h.jsonl", START, END, lambda line: None, rest)
        await city.close()
    assert len(rested) == 3


class _Fast:
    """A clock on which what was rested has passed."""

    def __init__(self, rested: list[float]) -> None:
        self._rested = rested

    def now(self) -> datetime:
        return END + timedelta(seconds=sum(self._rested))


async def test_half_of_a_citys_limit_is_left_to_the_bridge(tmp_path: Path) -> None:
    records, waits = Records(), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with serving(records) as url:
        profile = Profile(endpoint=url, formats=("json",), reads_per_minute=8)
        city = Client(profile, sleep=sleep, patience=10_000.0)
        await fetch_history(city, tmp_path / "h.jsonl", START, END, lambda line: None)
        await city.close()
    assert len(records.asked) - len(waits) == 4


async def _lay_database(path: Path) -> None:
    await SqliteStore(path, SystemClock(), EmbeddedWake()).close()


def test_a_learn_that_was_killed_goes_on(models_dir: Path, tmp_path: Path) -> None:
    records, file = Records(holds=12), tmp_path / "history-town.jsonl"
    asyncio.run(_lay_database(tmp_path / "bridge.db"))
    with serving(records) as url:
        (tmp_path / "town.toml").write_text(f'endpoint = "{url}"\nreads_per_minute = 0\n')
        settings = tmp_path / "bridge.toml"
        settings.write_text(
            f'data_dir = "{tmp_path}"\nmodels_dir = "{models_dir}"\n'
            f'[[city]]\nid = "town"\nname = "Town"\nprofile = "town.toml"\ngazetteer = "none.geojson"\n'
        )
        command = [COMMAND, "learn", "--config", settings, "--days", "360"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as learning:
            while len(records.asked) <= records.holds:
                assert learning.poll() is None
                time.sleep(0.05)
            learning.send_signal(signal.SIGKILL)
        before = numbers(file)
        records.holds = 10**6
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "at least 200" in done.stderr
    found = numbers(file)
    assert found[: len(before)] == before
    assert 0 < len(before) < len(found)
    assert sorted(set(found)) == found
    assert set(listed(records, records.now - timedelta(days=359), records.now)) <= set(found)
