"""The city run alone, and filled from a file."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from bridge.city.serve import seed
from bridge.cli import app
from bridge.errors import SettingsError

COMMAND = [sys.executable, "-c", "from bridge.cli import app; app()", "city"]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """`city serve` in an empty folder, with nothing set; its address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPEN311_CITY_KEY", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([*COMMAND, "serve", "--port", str(port)]) as process:
        _first_answer(f"http://127.0.0.1:{port}/services.json", process)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGINT)
        process.wait(10)


def test_a_city_runs_alone_in_an_empty_folder_and_staff_close_a_request(alone: str) -> None:
    key = Path("var/city/api_key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    [service, *_] = [
        row for row in httpx.get(f"{alone}/services.json", timeout=60).json() if row["type"] == "realtime"
    ]
    form = {"api_key": key.read_text(), "service_code": service["service_code"], "address_string": "12 Main St"}
    [receipt] = httpx.post(f"{alone}/requests.json", data=form, timeout=60).raise_for_status().json()
    number = receipt["service_request_id"]
    closed = CliRunner().invoke(app, ["city", "status", number, "closed", "--note", "Filled."])
    assert closed.stdout == f"{number}: closed\n"
    [row] = httpx.get(f"{alone}/requests/{number}.json", timeout=60).json()
    assert (row["status"], row["status_notes"]) == ("closed", "Filled.")


def test_the_embedded_city_of_the_bridge_in_this_folder_is_found(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = city.file()
    home = tmp_path / "home"
    home.mkdir()
    (home / "kept" / "cities").mkdir(parents=True)
    (tmp_path / "data").rename(home / "kept" / "cities" / "fairview")
    settings = 'data_dir = "kept"\n[[city]]\nid = "fairview"\nembedded = true\napi_key = { env = "NOT_SET" }\n'
    (home / "open311-bridge.toml").write_text(settings)
    monkeypatch.chdir(home)
    closed = CliRunner().invoke(app, ["city", "status", number, "closed"])
    assert closed.stdout == f"{number}: closed\n", closed.output
    (home / "open311-bridge.toml").write_text(settings + '[[city]]\nid = "riverton"\nembedded = true\n')
    assert "2 embedded cities" in CliRunner().invoke(app, ["city", "status", number, "closed"]).stderr


def test_a_status_that_cannot_be_set_is_told_in_one_line(city: Any, tmp_path: Path) -> None:
    number, data = city.file(), ["--data", str(tmp_path / "data")]
    for asked, words in (
        (["77", "closed", *data], "service_request_id 77 was not found."),
        ([number, "gone", *data], "A status is one of open, "),
        ([number, "closed", "--data", str(tmp_path / "none")], "no embedded city has kept anything there"),
    ):
        done = CliRunner().invoke(app, ["city", "status", *asked])
        assert done.exit_code == 2
        assert words in done.stderr
        assert "Traceback" not in done.output


def _first_answer(url: str, process: subprocess.Popen[bytes]) -> httpx.Response:
    while True:
        try:
            return httpx.get(url, timeout=60)
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
