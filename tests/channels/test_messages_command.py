"""What carriers ask for, and what texting cost, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.store.migrate import upgrade
from bridge.store.sqlite import engine

DEMO = Path(__file__).parents[2] / "config/demo"
TEXT = f"""
data_dir = "data"
[[city]]
id = "fairview"
name = "City of Fairview"
endpoint = "https://city.example"
gazetteer = "{DEMO / "fairview.geojson"}"
[[account]]
id = "texts"
channel = "sms"
city = "fairview"
account_sid = "AC{"1" * 32}"
auth_token = {{ env = "TOKEN_OF_TEST" }}
number = "+15550100311"
public_url = "https://311.fairview.example"
monthly_segments = 1000
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.toml"
    path.write_text(TEXT)
    return path


def run(config: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--config", str(config)], env={"TOKEN_OF_TEST": "a-secret"})
    assert result.exit_code == 0, result.output
    assert "a-secret" not in result.output
    return result.output


def test_registration_gets_what_it_asks_for(config: Path) -> None:
    printed = run(config, "messages", "samples")
    for words in (
        "Msg & data rates may apply. Reply HELP for help, STOP to stop.",
        "Opt-out keywords: ",
        "https://311.fairview.example/privacy",
        "https://311.fairview.example/terms",
        "Its number is 1048.",
    ):
        assert words in printed
    assert "%(" not in printed
    assert "$" not in printed


def test_what_was_sent_is_shown_beside_the_budget(config: Path) -> None:
    (config.parent / "data").mkdir()
    made = engine(config.parent / "data/bridge.db", "BEGIN IMMEDIATE")
    upgrade(made)
    with made.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO usage (account_id, month, messages, segments, price_micros, currency)"
            " VALUES ('texts', '2026-10', 300, 450, 3555000, 'USD')"
        )
    made.dispose()
    line = run(config, "messages", "use", "--month", "2026-10").splitlines()[-1]
    assert line.split() == ["texts", "300", "450", "45%", "3.5550", "USD", "green"]
