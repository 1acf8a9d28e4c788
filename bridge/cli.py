"""The command line. Errors of settings are one line that names the setting, and exit 2."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

import channels
from bridge import logs
from bridge.app import SystemClock, build_models, city_profile, open_bridge
from bridge.city.desk import Desk
from bridge.city.serve import serve as serve_city
from bridge.city.settings import CitySettings as EmbeddedSettings
from bridge.demo.script import Departure
from bridge.demo.show import demo as run_demo
from bridge.demo.show import markdown, put_between_marks
from bridge.errors import BridgeError, SettingsError
from bridge.open311.client import Client
from bridge.web.server import listen
from config.settings import Settings, load

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A multi-channel Open311 intake bridge.",
)
city_app = typer.Typer(no_args_is_help=True, help="The embedded GeoReport v2 city, alone.")
models_app = typer.Typer(no_args_is_help=True, help="The built-in models.")
app.add_typer(city_app, name="city")
app.add_typer(models_app, name="models")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
DEFAULT_CONFIG = Path("open311-bridge.toml")
MODELS = Path(".cache/models")


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Ends the command with one clear line instead of a traceback."""
    try:
        yield
    except SettingsError as error:
        typer.echo(f"open311-bridge: {error}", err=True)
        raise typer.Exit(2) from None


def _settings(path: Path) -> Settings:
    return load(path, {name: kind.settings for name, kind in channels.REGISTRY.items()})


def _say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


@app.command()
def serve(
    config: ConfigFile = DEFAULT_CONFIG,
    log_level: str = "info",
    log_json: Annotated[bool, typer.Option("--log-json", help="One JSON object a line.")] = False,
) -> None:
    """Serves the configured accounts and cities until interrupted."""
    logs.configure(log_level, json=log_json)
    with _one_line():
        asyncio.run(_serve(_settings(config)))


async def _serve(settings: Settings) -> None:
    listener = listen(settings.server.host, settings.server.port)
    async with open_bridge(settings, SystemClock(), lambda line: typer.echo(line, err=True)) as bridge:
        running = asyncio.ensure_future(bridge.run(listener))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running


@app.command("check-config")
def check_config(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Checks every setting, secret and endpoint without serving."""
    logs.configure("error")
    with _one_line():
        settings = _settings(config)
        for city in settings.city:
            missing = next((path for path in (city.gazetteer, city.services) if path and not path.is_file()), None)
            if missing:
                raise SettingsError(f"city.{city.id}: {missing} is not there")
        asyncio.run(_ask_cities(settings))
        for account in settings.account:
            typer.echo(f"account {account.id}: {account.channel} for {', '.join(account.cities)}")
    typer.echo("The settings are fine.")


async def _ask_cities(settings: Settings) -> None:
    for city in settings.city:
        if city.embedded:
            typer.echo(f"city {city.id}: embedded")
            continue
        client = Client(city_profile(city), None, clock=SystemClock())
        try:
            offered = await client.services()
        except BridgeError as error:
            raise SettingsError(f"city.{city.id}.endpoint: cannot be reached ({error})") from None
        finally:
            await client.close()
        typer.echo(f"city {city.id}: {len(offered)} services")


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the transcript.")] = False,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 8311,
    models: Annotated[Path, typer.Option(help="Where the built-in models are kept.")] = MODELS,
    write: Annotated[Path | None, typer.Option(help="Put the transcript into this Markdown file.")] = None,
) -> None:
    """Shows the whole way on this machine: three residents, a city, and what each of them sees."""
    logs.configure("error")
    ends = once or bool(os.environ.get("ONCE")) or not sys.stdout.isatty()
    with _one_line(), contextlib.suppress(KeyboardInterrupt):
        try:
            if write:
                block = asyncio.run(markdown(models.absolute()))
                write.write_text(put_between_marks(write.read_text(encoding="utf-8"), block), encoding="utf-8")
            else:
                asyncio.run(run_demo(models.absolute(), 0 if ends else port, ends, _say))
        except (Departure, TimeoutError) as error:
            typer.echo(f"open311-bridge: the demo went wrong: {error or 'an answer did not come'}", err=True)
            raise typer.Exit(1) from None


@models_app.command("build")
def models_build(directory: Annotated[Path, typer.Option("--dir")] = MODELS) -> None:
    """Trains the built-in models from the corpus, where that has not been done."""
    build_models(directory, _say)


@city_app.command("serve")
def city_serve(
    services: Annotated[Path, typer.Option(help="A GeoReport service list (JSON).")],
    port: int = 8312,
    host: str = "127.0.0.1",
    definitions: Annotated[Path | None, typer.Option(help="GeoReport service definitions (JSON).")] = None,
    data: Annotated[Path, typer.Option(help="Where requests are kept.")] = Path("var/city"),
) -> None:
    """Runs a GeoReport v2 server for a city that has none. The key is in OPEN311_CITY_KEY."""
    logs.configure("info")
    with _one_line():
        key = os.environ.get("OPEN311_CITY_KEY")
        if not key:
            raise SettingsError("the environment variable OPEN311_CITY_KEY is not set: no POST could be accepted")
        made = EmbeddedSettings(services=services, definitions=definitions, data=data, api_keys=(key,))
        serve_city(made, SystemClock(), host=host, port=port)


@city_app.command("status")
def city_status(
    service_request_id: str,
    status: str,
    note: str = "",
    services: Annotated[Path, typer.Option(help="The city's service list (JSON).")] = Path("services.json"),
    data: Annotated[Path, typer.Option(help="Where requests are kept.")] = Path("var/city"),
) -> None:
    """Changes the status of a request in the embedded city."""
    with _one_line():
        desk = Desk(EmbeddedSettings(services=services, data=data), SystemClock())
        try:
            changed = desk.change_status(service_request_id, status, note)
        except BridgeError as error:
            raise SettingsError(str(error)) from None
        typer.echo(f"{changed.service_request_id}: {changed.status}")
