"""init: from a city's URL to a running configuration."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from bridge import learning, logs
from bridge.app import SystemClock, build_models
from bridge.app.database import open_database
from bridge.app.parts import history_file
from bridge.cli.cities import known_way, named_key
from bridge.cli.terminal import MODELS, ModelsDir, one_line, progress, say
from bridge.errors import BridgeError, SettingsError
from bridge.open311.client import Client
from bridge.open311.probe import Check, probe
from bridge.store.blobs import FolderBlobs
from classifiers import gazetteer
from config.settings import Settings, parse

app = typer.Typer()

CONFIGURATION = Template(
    """# Made from $endpoint on $today.
# Add an [[account]] for each number, mailbox or bot (README.md shows one of each), then:
# open311-bridge check-config && open311-bridge serve
data_dir = "data"
models_dir = "$models"

[[city]]
id = "$id"
name = $name
time_zone = "$time_zone"
languages = ["en", "es"]
profile = "$id.profile.toml"     # how this city's server differs
gazetteer = "$id.gazetteer.db"   # better with a map of the city: open311-bridge gazetteer build
takes_updates = $takes_updates           # whether what residents add later is posted, or goes to staff
$api_key
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
    jurisdiction_id: Annotated[str, typer.Option(help="Where one endpoint serves several.")] = "",
    api_key_env: Annotated[str, typer.Option(help="The environment variable that holds the API key.")] = "",
    key_on_reads: Annotated[
        str, typer.Option(help="Where reads need the key too: no, parameter or bearer.")
    ] = "no",
    models: ModelsDir = MODELS,
) -> None:
    """Writes a running configuration for a city: its profile, a gazetteer, and a model if there is history."""
    logs.configure("error")
    with one_line():
        if (folder / "open311-bridge.toml").exists():
            raise SettingsError(f"{folder / 'open311-bridge.toml'} is there already; choose another --dir")
        key = named_key(api_key_env)
        folder.mkdir(parents=True, exist_ok=True)
        work = Beginning(name, time_zone, folder, models, api_key_env, key)
        try:
            asyncio.run(
                _init(
                    work,
                    probe(
                        url,
                        api_key=key,
                        jurisdiction_id=jurisdiction_id,
                        time_zone=time_zone,
                        reads_per_minute=reads_per_minute,
                        key_on_reads=known_way(key_on_reads),
                        progress=progress,
                    ),
                    sources or [],
                    days,
                )
            )
        except BridgeError as error:
            raise SettingsError(str(error)) from None


@dataclass(frozen=True)
class Beginning:
    """What is to be made, and where. `key` is only ever written down as the name of its variable."""

    name: str
    time_zone: str
    folder: Path
    models: Path
    key_env: str
    key: str | None = field(repr=False)

    @property
    def city_id(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40] or "city"

    def file(self, ending: str) -> Path:
        return self.folder / f"{self.city_id}.{ending}"


async def _init(work: Beginning, probing: Awaitable[Check], sources: list[Path], days: int) -> None:
    check = await probing
    _write(work.file("profile.toml"), check.suggestion())
    configuration = _configuration(work, check)
    settings = parse(configuration, work.folder, {}, os.environ)
    history = history_file(settings.data_dir, work.city_id)
    await _history(work, check, history, days)
    places = [*sources, *([history] if _has_places(history) else [])]
    if not places:
        say("No place is known yet: without a map (--map) or a history, residents are asked where it is.")
    say(str(gazetteer.build(places, work.file("gazetteer.db"), progress)))
    _write(work.folder / "open311-bridge.toml", configuration)
    await _learn(settings, work.city_id, check, history)


def _configuration(work: Beginning, check: Check) -> str:
    """The settings file; the key's variable is named in it where there is one."""
    named = f'api_key = {{ env = "{work.key_env or "CITY_API_KEY"}" }}'
    return CONFIGURATION.substitute(
        endpoint=check.profile.endpoint,
        today=datetime.now(UTC).date(),
        models=work.models,
        id=work.city_id,
        name=json.dumps(work.name, ensure_ascii=False),
        time_zone=work.time_zone,
        takes_updates="true" if check.profile.updates else "false",
        api_key=named if work.key_env else f"# {named}  # needed to file requests; the city gives it out",
    )


def _has_places(history: Path) -> bool:
    """Whether the city's history tells of any place."""
    if not history.is_file():
        return False
    with history.open(encoding="utf-8") as lines:
        return any(json.loads(line).get("lat") is not None for line in lines)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    say(str(path))


async def _history(work: Beginning, check: Check, file: Path, days: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    client = Client(check.profile, work.key, clock=SystemClock(), patience=learning.PATIENCE)
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
        blobs = FolderBlobs(settings.data_dir / "blobs")
        await learning.keep(lesson, city_id, store, blobs, take=True)
    finally:
        await store.close()
    right = f"{lesson.new['top1']:.0%} right at once"
    say(f"A model learned from {lesson.trained_on} reports of the city is used: {right}.")
