"""serve, check-config, demo."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bridge import learning, logs
from bridge.app import ROLES, Role, SystemClock, city_profile, open_bridge
from bridge.app.console import welcome
from bridge.cli.terminal import (
    DEFAULT_CONFIG,
    MODELS,
    ConfigFile,
    ModelsDir,
    one_line,
    progress,
    say,
    settings_of,
)
from bridge.demo.script import Departure
from bridge.demo.show import demo as run_demo
from bridge.demo.show import markdown, put_between_marks
from bridge.errors import BridgeError, SettingsError
from bridge.open311.client import Client
from bridge.web.server import listen
from config.settings import Settings

app = typer.Typer()


@app.command()
def serve(
    config: ConfigFile = DEFAULT_CONFIG,
    log_level: str = "info",
    log_json: Annotated[bool, typer.Option("--log-json", help="One JSON object a line.")] = False,
    role: Annotated[
        list[str] | None, typer.Option(help="intake, worker or tick; all when left out. Fewer need PostgreSQL.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Instead of the setting's; 0: no HTTP.", min=0)] = None,
) -> None:
    """Serves the configured accounts and cities until interrupted."""
    logs.configure(log_level, json=log_json)
    with one_line():
        settings = settings_of(config)
        roles = _roles(settings, role or [])
        asyncio.run(_serve(settings, roles, settings.server.port if port is None else port))


def _look_for_files(settings: Settings) -> None:
    """Raises SettingsError for files that are not there, before models are trained."""
    missing = [f"{setting}: {path} is not there" for city in settings.city for setting, path in city.missing]
    if missing:
        raise SettingsError("; ".join(missing))


def _roles(settings: Settings, named: Sequence[str]) -> Collection[Role]:
    chosen = [role for role in ROLES if role in named]
    if len(chosen) != len(set(named)):
        raise SettingsError(f"--role is one of {', '.join(ROLES)}")
    if chosen and set(chosen) != set(ROLES) and not settings.postgresql_url:
        raise SettingsError(
            "database.url: several processes need PostgreSQL; on SQLite one process does everything"
        )
    return chosen or ROLES


async def _serve(settings: Settings, roles: Collection[Role], port: int) -> None:
    if "intake" in roles and not port:
        raise SettingsError("--port: intake takes messages over HTTP, so it needs a port")
    _look_for_files(settings)
    listener = listen(settings.server.host, port) if port else None
    teach = partial(learning.teach, settings)
    async with open_bridge(settings, SystemClock(), progress, teach=teach) as bridge:
        link = await welcome(settings, bridge.handling)
        if link:
            progress(f"The staff console has no account yet. Set up the first: {link}")
        running = asyncio.ensure_future(bridge.run(listener, roles=roles))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running


@app.command("check-config")
def check_config(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Checks every setting, secret and endpoint without serving."""
    logs.configure("error")
    with one_line():
        settings = settings_of(config)
        _look_for_files(settings)
        for city in settings.city:
            city.policy  # noqa: B018 - reads the city's answers
        asyncio.run(_ask_cities(settings))
        for account in settings.account:
            typer.echo(f"account {account.id}: {account.channel} for {', '.join(account.cities)}")
    typer.echo("The settings are fine.")


async def _ask_cities(settings: Settings) -> None:
    for city in settings.city:
        if city.embedded:
            typer.echo(f"city {city.id}: embedded")
            continue
        key = city.api_key.get_secret_value() if city.api_key else None
        client = Client(city_profile(city), key, clock=SystemClock())
        try:
            offered = await client.services()
        except BridgeError as error:
            raise SettingsError(f"city.{city.id}.endpoint: cannot be reached ({error})") from None
        finally:
            await client.close()
        typer.echo(f"city {city.id}: {len(offered)} services")
        for finding in client.oddities:
            typer.echo(f"  {finding.level}: {finding}")


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the transcript.")] = False,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 8311,
    models: ModelsDir = MODELS,
    write: Annotated[Path | None, typer.Option(help="Put the transcript into this Markdown file.")] = None,
) -> None:
    """Shows the whole way on this machine: three residents, a city, and what each of them sees."""
    logs.configure("error")
    ends = once or bool(os.environ.get("ONCE")) or not sys.stdout.isatty()
    with one_line(), contextlib.suppress(KeyboardInterrupt):
        try:
            if write:
                block = asyncio.run(markdown(models.absolute()))
                write.write_text(put_between_marks(write.read_text(encoding="utf-8"), block), encoding="utf-8")
            else:
                asyncio.run(run_demo(models.absolute(), 0 if ends else port, ends, say))
        except (Departure, TimeoutError) as error:
            typer.echo(f"open311-bridge: the demo went wrong: {error or 'an answer did not come'}", err=True)
            raise typer.Exit(1) from None
