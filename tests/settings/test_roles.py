"""`serve --role`: which process does what."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app

CITY = '[[city]]\nid = "fairview"\nname = "Fairview"\ngazetteer = "g.db"\nendpoint = "https://city.example/v2"\n'


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--role", "worker"], "several processes need PostgreSQL"),
        (["--role", "baker"], "--role is one of intake, worker, tick"),
        (["--port", "0"], "intake takes messages over HTTP"),
    ],
)
def test_a_role_that_cannot_be_is_refused_in_one_line(tmp_path: Path, options: list[str], fault: str) -> None:
    (tmp_path / "bridge.toml").write_text(CITY)
    ended = CliRunner().invoke(app, ["serve", "--config", str(tmp_path / "bridge.toml"), *options])
    assert ended.exit_code == 2
    assert fault in ended.output
    assert len(ended.output.strip().splitlines()) == 1
