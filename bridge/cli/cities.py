"""city: the embedded GeoReport v2 server alone, and a look at any endpoint."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from bridge import logs
from bridge.app import SystemClock
from bridge.city.desk import Desk
from bridge.city.serve import serve
from bridge.city.settings import CitySettings
from bridge.cli.terminal import one_line, progress, say
from bridge.errors import BridgeError, SettingsError
from bridge.open311.probe import probe

app = typer.Typer(no_args_is_help=True, help="GeoReport v2 cities: serve the embedded one, check any.")

KEY = "OPEN311_CITY_KEY"
Services = Annotated[Path, typer.Option(help="A GeoReport service list (JSON).")]
Data = Annotated[Path, typer.Option(help="Where the embedded city keeps its requests.")]


@app.command("serve")
def serve_city(
    services: Services = Path("services.json"),
    port: int = 8312,
    host: str = "127.0.0.1",
    definitions: Annotated[Path | None, typer.Option(help="GeoReport service definitions (JSON).")] = None,
    data: Data = Path("var/city"),
) -> None:
    """Runs a GeoReport v2 server for a city that has none. The API key is taken from OPEN311_CITY_KEY."""
    logs.configure("info")
    with one_line():
        key = os.environ.get(KEY)
        if not key:
            raise SettingsError(f"the environment variable {KEY} is not set: no request could be accepted")
        beside = services.with_name("definitions.json")
        found = definitions or (beside if beside.is_file() else None)
        settings = CitySettings(services=services, definitions=found, data=data, api_keys=(SecretStr(key),))
        serve(settings, SystemClock(), host=host, port=port)


@app.command("status")
def status(
    service_request_id: str,
    status: str,
    note: Annotated[str, typer.Option(help="What the resident is told.")] = "",
    services: Services = Path("services.json"),
    data: Data = Path("var/city"),
) -> None:
    """Changes the status of a request in the embedded city."""
    with one_line():
        desk = Desk(CitySettings(services=services, data=data), SystemClock())
        try:
            changed = desk.change_status(service_request_id, status, note)
        except BridgeError as error:
            raise SettingsError(str(error)) from None
        finally:
            desk.close()
        say(f"{changed.service_request_id}: {changed.raw_status or changed.status}")


@app.command("check")
def check(
    url: str,
    jurisdiction_id: str = "",
    reads_per_minute: Annotated[int, typer.Option(help="0: as fast as it answers.")] = 10,
) -> None:
    """Reads an endpoint without writing, says what is odd about it, and suggests a profile."""
    logs.configure("error")
    with one_line():
        try:
            found = asyncio.run(
                probe(url, jurisdiction_id=jurisdiction_id, reads_per_minute=reads_per_minute, progress=progress)
            )
        except BridgeError as error:
            raise SettingsError(str(error)) from None
        say(f"# {found.verdict}: {len(found.services)} services, {found.reads} reads")
        say(found.suggestion())
