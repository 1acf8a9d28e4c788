"""The city run alone, and filled from a file."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.city.serve import seed
from bridge.errors import SettingsError
from tests.city.conftest import settings_for

PROGRAM = """
import sys
from datetime import UTC, datetime
from bridge.city.serve import serve
from bridge.city.settings import CitySettings
class Now:
    def now(self):
        return datetime.now(UTC)
serve(CitySettings.model_validate_json(sys.argv[1]), Now(), port=int(sys.argv[2]))
"""


def test_a_city_runs_alone_until_interrupted(tmp_path: Path) -> None:
    settings = settings_for(tmp_path).model_dump_json(exclude={"api_keys"})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-c", PROGRAM, settings, str(port)]) as process:
        answer = _first_answer(f"http://127.0.0.1:{port}/services.json", process)
        process.send_signal(signal.SIGINT)
        process.wait(10)
    assert len(answer.json()) == 4


def _first_answer(url: str, process: subprocess.Popen[bytes]) -> httpx.Response:
    while True:
        try:
            return httpx.get(url)
        except httpx.ConnectError:
            assert process.poll() is None, "the city did not start"
            time.sleep(0.05)


def test_what_one_city_lists_another_takes_over(city: Any, tmp_path: Path) -> None:
    city.file(address_string="12 Main St")
    closed = {"service_request_id": "old-7", "service_code": "001", "status": "closed"}
    rows = [*city.json("/requests.json"), closed]
    file = tmp_path / "history.json"
    file.write_text(json.dumps(rows))
    assert (seed(city.desk, file), seed(city.desk, file)) == (1, 0)
    assert city.json("/requests/old-7.json")[0]["status"] == "closed"


@pytest.mark.parametrize("content", ["", "{}", '["x"]', '[{"service_code": "001"}]'])
def test_a_file_that_is_no_list_of_requests_is_named(city: Any, tmp_path: Path, content: str) -> None:
    file = tmp_path / "history.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match=r"history\.json: no list of service requests"):
        seed(city.desk, file)
