"""`open311-bridge demo --once` as a person runs it: what it prints last, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.demo.phones import SmsPhone
from bridge.demo.providers import FOLDER
from bridge.demo.script import Departure, parse, perform
from tests.e2e.surroundings import Surroundings

COMMAND = Path(sys.executable).with_name("open311-bridge")
NEVER_SURE = {
    "id": "fairview",
    "name": "City of Fairview",
    "embedded": True,
    "services": str(FOLDER / "services.json"),
    "gazetteer": str(FOLDER / "fairview.geojson"),
    "submit": 1.0,
    "hold_seconds": 0.3,
}


def demo(models_dir: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [str(COMMAND), "demo", "--once", "--models", str(models_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, env={**os.environ, **environ})


@pytest.fixture(scope="module")
def shown(models_dir: Path) -> subprocess.CompletedProcess[str]:
    return demo(models_dir)


def test_it_ends_well(shown: subprocess.CompletedProcess[str]) -> None:
    assert (shown.returncode, shown.stderr) == (0, "")


def test_its_last_line_is_what_the_city_has_of_the_three_requests(shown: subprocess.CompletedProcess[str]) -> None:
    requests = json.loads(shown.stdout.splitlines()[-1])["requests"]
    assert [(row["channel"], row["service_code"], row["relayed_status"]) for row in requests] == [
        ("sms", "pothole", "closed"),
        ("mail", "street-light", "closed"),
        ("chat", "illegal-dumping", "closed"),
    ]
    assert len({row["service_request_id"] for row in requests}) == 3
    for row in requests:
        assert set(row) == {
            "channel",
            "service_request_id",
            "service_code",
            "lat",
            "long",
            "relayed_status",
        }
        assert (round(row["lat"]), round(row["long"])) == (40, -100)


def test_the_transcript_shows_every_request_with_its_code_and_timings(
    shown: subprocess.CompletedProcess[str],
) -> None:
    for row in json.loads(shown.stdout.splitlines()[-1])["requests"]:
        assert f"[request {row['service_request_id']}, service {row['service_code']}, " in shown.stdout
    assert shown.stdout.count(" s)\n") >= 6


def test_it_ends_badly_where_the_bridge_says_something_else(models_dir: Path) -> None:
    asked = demo(models_dir, OPEN311_BRIDGE_CITY=json.dumps([NEVER_SURE]))
    assert asked.returncode != 0
    assert '"requests"' not in asked.stdout


@pytest.mark.asyncio(loop_scope="session")
async def test_a_script_fails_where_the_news_is_other_than_written(here: Surroundings) -> None:
    async def change_status(request_id: str, status: str, note: str) -> None:
        here.city.desk.change_status(request_id, status, note)

    script = parse(
        "channel: sms\n"
        "> huge pothole at 708 Oak St\n"
        "< Thank you! {words}: Pothole, {place}. Its number is {id}. {more}\n"
        "city: closed Not ours.\n"
        "< Report {id} is closed: Pothole, {place}. The city says: Filled."
    )
    with pytest.raises(Departure, match="Not ours"):
        await perform(script, SmsPhone(here.providers, "+15550100600"), change_status)
