"""doctor, backup, restore, db move: what keeps a bridge running."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge import logs
from bridge.app import SystemClock, archive
from bridge.app.doctor import Finding, examine
from bridge.cli.terminal import DEFAULT_CONFIG, ConfigFile, one_line, say, settings_of
from bridge.errors import SettingsError
from bridge.store.moving import file_engine, move, shared_engine
from bridge.store.sqlite import held_alone

app = typer.Typer()
db = typer.Typer(no_args_is_help=True, help="The database: move a city from SQLite to PostgreSQL.")

MARKS = {"fine": " ", "worry": "?", "wrong": "!"}


@app.command("doctor")
def doctor(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Looks at everything a night operator would; exit 1 when something is wrong."""
    logs.configure("error")
    with one_line():
        found = asyncio.run(_examine(config))
    if any(finding.verdict == "wrong" for finding in found):
        raise typer.Exit(1)


async def _examine(config: Path) -> list[Finding]:
    found = []
    async for finding in examine(settings_of(config), SystemClock()):
        say(f"{MARKS[finding.verdict]} {finding.what:<18} {finding.says}")
        found.append(finding)
    return found


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write: backup-2026-01-31.tar.gz")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Writes everything that cannot be made again into one archive, beside a running bridge."""
    logs.configure("error")
    with one_line():
        counts = archive.backup(settings_of(config), file.absolute(), datetime.now(UTC))
        say(f"{file}: {sum(counts.values())} rows, {file.stat().st_size / 1e6:.1f} MB")


@app.command("restore")
def restore(file: Path, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Fills an empty database and data folder from an archive."""
    logs.configure("error")
    with one_line():
        counts = archive.restore(settings_of(config), file)
        say(f"{sum(counts.values())} rows are back; start with open311-bridge serve")


@db.command("move")
def move_database(
    source: Annotated[Path, typer.Argument(help="The SQLite file of a bridge that is stopped: data/bridge.db")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Copies a city's SQLite database into the PostgreSQL that the settings name, which must be empty."""
    logs.configure("error")
    with one_line():
        settings = settings_of(config)
        if not settings.postgresql_url:
            raise SettingsError("database.url: name the PostgreSQL database to move to")
        if not source.is_file():
            raise SettingsError(f"{source} is not there")
        with held_alone(source):
            target = shared_engine(settings.postgresql_url)
            for name, count in move(file_engine(source), target).items():
                if count:
                    say(f"{count:>9} {name}")
            target.dispose()
        say(f"All is moved. {source} is as it was; keep it until the first backup of the new database.")
