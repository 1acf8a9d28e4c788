"""init: from a city's URL to a running configuration."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from bridge import learning, logs
from bridge.app import SystemClock, build_models
from bridge.app.database import open_database
from bridge.cli.terminal import MODELS, ModelsDir, one_line, progress, say, settings_of
from bridge.errors import BridgeError, SettingsError
from bridge.open311.client import Client
from bridge.open311.probe import Check, probe
from bridge.store.blobs import FolderBlobs
from classifiers import gazetteer
from config.settings import Settings

app = typer.Typer()

CONFIGURATION = Template(
    """# Made from $endpoint on $today. Add an [[account]] for each number, mailbox or bot (README.md shows one of
# each), then: open311-bridge check-config && open311-bridge serve
data_dir = "data"
models_dir = "$models"

[[city]]
id = "$id"
name = "$name"
time_zone = "$time_zone"
languages = ["en", "es"]
profile = "$id.profile.toml"
gazetteer = "$id.gazetteer.db"
# api_key = { env = "CITY_API_KEY" }     # needed to file requests; the city gives it out
"""
)


@app.command("init")
def init(
    url: Annotated[str, typer.Argument(help="The city's GeoReport v2 endpoint, or any URL of it.")],
    name: Annotated[str, typer.Option(help="The city's name, as residents know it.")] = "Our city",
    time_zone: Annotated[str, typer.Option(help="IANA name, such as America/Chicago.")] = "UTC",
    folder: Annotated[Path, typer.Option("--dir", help="Where the files are written.")] = Path(),
    sources: Annotated[list[Path] | None, typer.Option("--map", help="Map extracts or address lists.")] = None,
    days: Annotated[int, typer.Option(help="Days of the city's history to read.", min=1)] = 365,
    reads_per_minute: Annotated[int, typer.Option(help="0: as fast as it answers.")] = 10,
    models: ModelsDir = MODELS,
) -> None:
    """Writes a running configuration for a city: its profile, a gazetteer, and a model if there is history."""
    logs.configure("error")
    with one_line():
        if (folder / "open311-bridge.toml").exists():
            raise SettingsError(f"{folder / 'open311-bridge.toml'} is there already; choose another --dir")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            asyncio.run(_init(url, name, time_zone, folder, sources or [], days, reads_per_minute, models))
        except BridgeError as error:
            raise SettingsError(str(error)) from None


async def _init(
    url: str,
    name: str,
    time_zone: str,
    folder: Path,
    sources: list[Path],
    days: int,
    reads_per_minute: int,
    models: Path,
) -> None:
    check = await probe(url, reads_per_minute=reads_per_minute, progress=progress)
    city_id = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "city"
    _write(folder / f"{city_id}.profile.toml", check.suggestion())
    _write(
        folder / "open311-bridge.toml",
        CONFIGURATION.substitute(
            endpoint=check.profile.endpoint,
            today=datetime.now(UTC).date(),
            models=models,
            id=city_id,
            name=name,
            time_zone=time_zone,
        ),
    )
    history = folder / "data" / f"history-{city_id}.jsonl"
    await _history(check, history, days)
    gazetteer.build(
        [*sources, *([history] if history.is_file() else [])], folder / f"{city_id}.gazetteer.db", progress
    )
    say(f"{folder / f'{city_id}.gazetteer.db'}")
    await _learn(settings_of(folder / "open311-bridge.toml"), city_id, check, history)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    say(str(path))


async def _history(check: Check, file: Path, days: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    client = Client(check.profile, clock=SystemClock())
    now = datetime.now(UTC)
    try:
        await learning.fetch_history(client, file, now - timedelta(days=days), now, progress)
    finally:
        await client.close()


async def _learn(settings: Settings, city_id: str, check: Check, history: Path) -> None:
    """A model of the city's own, where its history is long enough and it is better for it."""
    built_in = build_models(settings.models_path, progress).services
    try:
        lesson = learning.learn(history, built_in, built_in, check.services, progress)
    except ValueError as error:
        say(f"The built-in model is used: {error}")
        return
    if not lesson.better:
        say("The built-in model is used: what the city's history teaches is not better.")
        return
    store = open_database(settings, SystemClock())[0]
    try:
        await learning.promote(lesson, city_id, store, FolderBlobs(settings.data_dir / "blobs"))
    finally:
        await store.close()
    right = f"{lesson.new['top1']:.0%} right at once"
    say(f"A model learned from {lesson.trained_on} reports of the city is used: {right}.")
