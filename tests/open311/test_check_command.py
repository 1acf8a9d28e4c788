"""`city check` on the command line: what it prints, and that it writes only after a yes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from tests.open311.embedded import EmbeddedCity, RunEmbedded
from tests.open311.scripted import KEY

FAST = ("--reads-per-minute", "0")
PLACE = ("--at", "39.17,-86.53")


def check(city: EmbeddedCity, *options: str, typed: str = "") -> Result:
    city.clock.at = datetime.now(UTC)
    return CliRunner().invoke(app, ["city", "check", city.endpoint, *FAST, *options], input=typed)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", KEY)


def test_nothing_is_written_unasked(run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        done = check(city)
        assert done.exit_code == 0
        assert f'endpoint = "{city.endpoint}"' in done.stdout
        assert city.stored() == []


@pytest.mark.parametrize(("options", "typed", "posted"), [((), "n\n", 0), ((), "y\n", 1), (("--yes",), "", 1)])
def test_a_test_request_is_posted_after_a_yes(
    options: tuple[str, ...], typed: str, posted: int, run_embedded: RunEmbedded
) -> None:
    with run_embedded() as city:
        done = check(city, "--write-test", "--api-key-env", "THE_KEY", *PLACE, *options, typed=typed)
        assert done.exit_code == 0, done.output
        assert len(city.stored()) == posted
        assert ("fresh_requests_listed = true  # a test request was listed" in done.stdout) == bool(posted)
        assert KEY not in done.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--api-key-env", "NO_SUCH_KEY"), "the environment variable NO_SUCH_KEY is not set"),
        (("--time-zone", "Mars/Olympus"), "is no time zone"),
        (("--write-test",), "the city lists no place: name one with --at LAT,LONG"),
        (("--write-test", "--at", "here"), "--at is LAT,LONG"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    options: tuple[str, ...], words: str, run_embedded: RunEmbedded
) -> None:
    with run_embedded() as city:
        done = check(city, *options)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output
