"""How commands speak: errors as one line and exit 2, results on standard output, progress on the other."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import channels
from bridge.app import models_cache
from bridge.errors import SettingsError
from config.settings import Settings, load

MODELS = models_cache()
DEFAULT_CONFIG = Path("open311-bridge.toml")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
ModelsDir = Annotated[Path, typer.Option("--models", help="Where the built-in models are kept.")]


@contextlib.contextmanager
def one_line() -> Iterator[None]:
    """Ends the command with one clear line instead of a traceback."""
    try:
        yield
    except (SettingsError, FileNotFoundError, ValueError) as error:
        typer.echo(f"open311-bridge: {error}", err=True)
        raise typer.Exit(2) from None


def settings_of(path: Path) -> Settings:
    """The checked settings of a file."""
    return load(path, {name: kind.settings for name, kind in channels.REGISTRY.items()})


def say(line: str) -> None:
    """A line of the result."""
    typer.echo(line)
    sys.stdout.flush()


def progress(line: str) -> None:
    """A line about how far the work is, kept out of the result."""
    typer.echo(line, err=True)


def say_json(rows: Iterable[dict[str, Any]]) -> None:
    """One JSON object a line, in ASCII: some characters of a text would end a line, or fit no encoding."""
    for row in rows:
        say(json.dumps(row))


def say_table(values: dict[str, float | None]) -> None:
    """Names and numbers, for a person."""
    for name, value in values.items():
        say(f"{name:<20} {'-' if value is None else f'{value:.4g}'}")
