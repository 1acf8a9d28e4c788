"""city: the embedded GeoReport v2 server alone, and a look at any endpoint."""

from __future__ import annotations

import asyncio
import os
import secrets
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer
from pydantic import SecretStr

import config
from bridge import logs
from bridge.app import SystemClock
from bridge.city.desk import DATABASE, Desk
from bridge.city.imitation import QUIRKS
from bridge.city.serve import serve
from bridge.city.settings import CitySettings
from bridge.cli.terminal import DEFAULT_CONFIG, ConfigFile, one_line, progress, say
from bridge.errors import BridgeError, SettingsError
from bridge.open311.client import Client
from bridge.open311.probe import Check, probe
from bridge.open311.trial import Written, marked_submission, write_test
from bridge.store.types import new_reference
from bridge.vocabulary import Submission

app = typer.Typer(no_args_is_help=True, help="GeoReport v2 cities: serve the embedded one, check any.")

KEY = "OPEN311_CITY_KEY"
Way: TypeAlias = Literal["no", "parameter", "bearer"]
WAYS: dict[str, Way] = {"no": "no", "parameter": "parameter", "bearer": "bearer"}
ALONE = Path("var/city")
EXAMPLE = Path(config.__file__).with_name("demo") / "services.json"
Services = Annotated[
    Path | None,
    typer.Option(help="A GeoReport service list (JSON); services.json where there is one, else an example."),
]
Data = Annotated[Path, typer.Option(help="Where the embedded city keeps its requests, photos and key.")]


@app.command("serve")
def serve_city(
    services: Services = None,
    port: int = 8312,
    host: str = "127.0.0.1",
    definitions: Annotated[Path | None, typer.Option(help="GeoReport service definitions (JSON).")] = None,
    data: Data = ALONE,
    jurisdiction_id: Annotated[str, typer.Option(help="Any other one is answered with 404.")] = "",
    jurisdiction_required: Annotated[bool, typer.Option(help="Answer 400 where it is missing.")] = False,
    batch_delay: Annotated[int, typer.Option(help="Seconds until a batch request's token has its id.")] = 0,
    imitate: Annotated[
        list[str] | None,
        typer.Option(help="For trying a client: a quirk of real servers, NAME or NAME=ARGUMENT; repeatable."),
    ] = None,
    by_header: Annotated[
        bool, typer.Option("--by-header", help="Let each request choose quirks by its X-Imitate header.")
    ] = False,
) -> None:
    """Runs a GeoReport v2 server for a city that has none. POSTs need the API key in OPEN311_CITY_KEY; where it is
    not set, one is made and kept in the data folder."""
    logs.configure("info")
    with one_line():
        offered = _service_list(services)
        beside = offered.with_name("definitions.json")
        settings = CitySettings(
            services=offered,
            definitions=definitions or (beside if beside.is_file() else None),
            data=data,
            api_keys=(_city_key(data),),
            jurisdiction_id=jurisdiction_id,
            jurisdiction_required=jurisdiction_required,
            batch_delay_s=batch_delay,
            imitate=tuple(imitate or ()) if imitate or by_header else None,
        )
        progress(f"GeoReport v2 at http://{host}:{port}, services of {offered}")
        serve(settings, SystemClock(), host=host, port=port)


@app.command("quirks")
def quirks() -> None:
    """Lists what `city serve --imitate` can imitate."""
    for quirk in QUIRKS.values():
        say(f"{quirk.name:<26} {quirk.about}")


@app.command("status")
def status(
    service_request_id: str,
    status: str,
    note: Annotated[str, typer.Option(help="What the resident is told.")] = "",
    data: Annotated[Path | None, typer.Option(help="Where the embedded city keeps its requests.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Changes the status of a request in the embedded city: of `city serve`, or of the bridge in this folder."""
    with one_line():
        kept = data or _kept(config)
        if not (kept / DATABASE).is_file():
            raise SettingsError(f"{kept}: no embedded city has kept anything there; name its folder with --data")
        desk = Desk(CitySettings(services=EXAMPLE, data=kept), SystemClock())
        try:
            changed = desk.change_status(service_request_id, status, note)
        except BridgeError as error:
            raise SettingsError(str(error)) from None
        finally:
            desk.close()
        say(f"{changed.service_request_id}: {changed.raw_status or changed.status}")


def _kept(config: Path) -> Path:
    """Where `city serve` keeps its requests, else where the one embedded city of a bridge does. The settings are
    read as they are written: their secrets are of no use here."""
    if (ALONE / DATABASE).is_file() or not config.is_file():
        return ALONE
    written = tomllib.loads(config.read_text(encoding="utf-8"))
    folder = config.parent / str(written.get("data_dir", "var")) / "cities"
    embedded = [folder / str(city.get("id")) for city in written.get("city", ()) if city.get("embedded")]
    if len(embedded) > 1:
        raise SettingsError(f"{config} has {len(embedded)} embedded cities: name the folder of one with --data")
    return embedded[0] if embedded else ALONE


def _service_list(named: Path | None) -> Path:
    """The file that was named, else the one that lies here, else the example."""
    here = Path("services.json")
    return named or (here if here.is_file() else EXAMPLE)


def _city_key(data: Path) -> SecretStr:
    """The key clients must send: from the environment, else the city's own, made at its first start."""
    if given := os.environ.get(KEY):
        return SecretStr(given)
    kept = data / "api_key"
    if not kept.is_file():
        data.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    progress(f"{KEY} is not set: the API key is in {kept}")
    return SecretStr(kept.read_text(encoding="utf-8").strip())


@app.command("check")
def check(
    url: str,
    jurisdiction_id: str = "",
    time_zone: Annotated[str, typer.Option(help="The city's, for times without one: America/Chicago.")] = "UTC",
    reads_per_minute: Annotated[int, typer.Option(help="0: as fast as it answers.")] = 10,
    api_key_env: Annotated[str, typer.Option(help="The environment variable that holds the API key.")] = "",
    key_on_reads: Annotated[str, typer.Option(help="Where reads need it too: no, parameter or bearer.")] = "no",
    write: Annotated[bool, typer.Option("--write-test", help="Post a marked test request, after a yes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before the test request.")] = False,
    service: Annotated[str, typer.Option(help="The test request's service code.")] = "",
    at: Annotated[str, typer.Option(help="The test request's place: LAT,LONG.")] = "",
) -> None:
    """Reads an endpoint, says what is odd about it, and suggests a profile. Writes only with --write-test."""
    logs.configure("error")
    with one_line():
        key = named_key(api_key_env)
        try:
            found = asyncio.run(
                probe(
                    url,
                    api_key=key,
                    jurisdiction_id=jurisdiction_id,
                    time_zone=time_zone,
                    reads_per_minute=reads_per_minute,
                    key_on_reads=known_way(key_on_reads),
                    progress=progress,
                )
            )
        except BridgeError as error:
            raise SettingsError(str(error)) from None
        say(f"# {found.verdict}: {len(found.services)} services, {found.reads} reads")
        if write:
            found = _tried(found, key, _test_request(found, service, at), yes)
        say(found.suggestion())


def known_way(word: str) -> Way:
    """How a key goes with reads. Raises SettingsError for another word."""
    if word not in WAYS:
        raise SettingsError(f"--key-on-reads is no, parameter or bearer, not {word!r}")
    return WAYS[word]


def named_key(name: str) -> str | None:
    if name and not os.environ.get(name):
        raise SettingsError(f"the environment variable {name} is not set")
    return os.environ[name] if name else None


def _test_request(found: Check, service: str, at: str) -> Submission:
    """What would be posted: for a service without questions, where the newest listed request is."""
    plain = [known.service_code for known in found.services if known.type == "realtime" and not known.metadata]
    code = service or next(iter(plain), "")
    if not code:
        raise SettingsError("every service has questions of its own: name one with --service")
    places = ((row.lat, row.long) for row in found.recent if row.lat is not None and row.long is not None)
    lat, long = _point(at) if at else next(places, (None, None))
    if lat is None or long is None:
        raise SettingsError("the city lists no place: name one with --at LAT,LONG")
    return marked_submission(new_reference(), code, lat, long)


def _point(at: str) -> tuple[float, float]:
    try:
        lat, long = (float(part) for part in at.split(","))
    except ValueError:
        raise SettingsError(f"--at is LAT,LONG, such as 39.1653,-86.5264: {at!r}") from None
    return lat, long


def _tried(found: Check, key: str | None, submission: Submission, yes: bool) -> Check:
    """The check with what one test request adds to it."""
    where = f"service {submission.service_code} at {submission.lat}, {submission.long}"
    if not yes and not typer.confirm(f"Post one test request to {found.profile.endpoint}, {where}?", err=True):
        say("# no test request was posted")
        return found
    written = asyncio.run(_written(Client(found.profile, key), submission))
    for finding in written.findings:
        say(f"# {finding.level}: {finding}")
    learnt = f"a test request was {'' if written.profile.fresh_requests_listed else 'not '}listed"
    return replace(found, profile=written.profile, why={**found.why, "fresh_requests_listed": learnt})


async def _written(client: Client, submission: Submission) -> Written:
    try:
        return await write_test(client, submission)
    finally:
        await client.close()
