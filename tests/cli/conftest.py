"""A city whose bridge has run, for the commands of its operator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from bridge.demo.providers import FOLDER
from bridge.ports import Transaction
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from tests.store.made import FakeClock

T = TypeVar("T")

SETTINGS = f"""\
data_dir = "data"

[server]
port = 1

[[city]]
id = "fairview"
name = "City of Fairview"
embedded = true
gazetteer = "{FOLDER / "fairview.geojson"}"
services = "{FOLDER / "services.json"}"

[retention]
raw_days = 90
"""


class Operator:
    """Someone at a terminal, beside a SQLite city."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "bridge.toml"
        self.config.write_text(SETTINGS)
        (folder / "data" / "models" / "services").mkdir(parents=True)
        self.clock = FakeClock()
        self.does(lambda tx: None)

    def runs(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self.config)])

    def says(self, *words: str) -> str:
        """What a command prints that ends well."""
        ended = self.runs(*words)
        assert ended.exit_code == 0, ended.output
        return ended.output

    def does(self, work: Callable[[Transaction], T]) -> T:
        """Something that the bridge did."""

        async def run() -> T:
            store = SqliteStore(self.folder / "data" / "bridge.db", self.clock, EmbeddedWake())
            try:
                return await store.write(work)
            finally:
                await store.close()

        return asyncio.run(run())


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)
