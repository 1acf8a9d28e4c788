"""All wiring, in one place: settings in, a bridge that runs out.

Nothing else constructs an adapter. `open_bridge` makes every part; `Bridge.run` serves until told to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from pydantic import SecretStr, TypeAdapter
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

import channels
from bridge.city.app import surface
from bridge.city.desk import Desk
from bridge.city.settings import CitySettings as EmbeddedSettings
from bridge.errors import BridgeError
from bridge.flow import dispatch, handling, tracking
from bridge.flow.intake import accepting
from bridge.flow.jurisdiction import Jurisdiction
from bridge.open311 import profile as profiles
from bridge.open311.client import Client
from bridge.open311.profile import Profile
from bridge.ports import Accept, Blobs, Channel, Clock, Locator
from bridge.store.blobs import FolderBlobs
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import Artifact, Policy, Service
from bridge.web.server import serving
from bridge.web.site import site
from classifiers import addresses, gazetteer, services, training
from classifiers.geocode import PlaceLocator
from classifiers.language import LanguageDetector
from config.catalog import load_catalog
from config.settings import CitySettings, Settings

log = logging.getLogger(__name__)

Progress = Callable[[str], None]
SERVICES = TypeAdapter(tuple[Service, ...])
CONTACT_FIELDS = ("first_name", "last_name", "email", "phone")
SERVICES_AGAIN = timedelta(hours=1)
SERVICES_RETRY_SECONDS = 5.0


class SystemClock:
    """Implements `bridge.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Bridge:
    """Every part, wired. `desks` are the desks of embedded cities, by city id."""

    settings: Settings
    store: SqliteStore
    wake: EmbeddedWake
    handling: handling.Handling
    dispatch: dispatch.Dispatch
    channels: Sequence[Channel]
    accept: Accept
    clients: Mapping[str, Client]
    desks: Mapping[str, Desk] = field(default_factory=dict)

    def application(self, pages: Sequence[BaseRoute] = ()) -> ASGIApp:
        """What is served over HTTP. `pages` come after the bridge's own routes."""
        mounts: dict[str, ASGIApp] = {
            embedded_path(city_id): surface(desk) for city_id, desk in self.desks.items()
        }
        return site(self.channels, self.accept, mounts, pages)

    async def run(
        self, listener: socket.socket, pages: Sequence[BaseRoute] = (), ready: asyncio.Event | None = None
    ) -> None:
        """Serves until cancelled. Messages are stored from the first moment; they are handled once every city
        has shown its services."""
        async with serving(self.application(pages), listener), asyncio.TaskGroup() as group:
            await self.learn_services()
            scheduler = self._schedule()
            group.create_task(self.wake.run("inbox", partial(handling.look, self.handling)))
            group.create_task(self.wake.run("outbox", partial(dispatch.look, self.dispatch)))
            for channel in self.channels:
                group.create_task(channel.run(self.accept))
            if ready:
                ready.set()
            log.info("serving", extra={"accounts": len(self.channels)})
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                scheduler.shutdown(wait=False)

    async def learn_services(self) -> None:
        """Takes every city's service list; returns once each has one."""
        async with asyncio.TaskGroup() as group:
            for jurisdiction in self.handling.jurisdictions.values():
                group.create_task(self._offer_until(jurisdiction))

    async def _offer_until(self, jurisdiction: Jurisdiction) -> None:
        offered = await self._offer(jurisdiction)
        while not offered:
            await asyncio.sleep(SERVICES_RETRY_SECONDS)
            offered = await self._offer(jurisdiction)

    async def _offer(self, jurisdiction: Jurisdiction) -> bool:
        """The service list as the city shows it, else as it was last seen; False when there is neither."""
        kept = self.settings.data_dir / f"services-{jurisdiction.id}.json"
        try:
            offered = await jurisdiction.endpoint.services()
            kept.write_bytes(SERVICES.dump_json(offered))
        except BridgeError as error:
            log.warning("service list not read", extra={"city_id": jurisdiction.id, "error": str(error)})
            if not kept.exists():
                return False
            offered = SERVICES.validate_json(kept.read_bytes())
        await asyncio.to_thread(jurisdiction.offer, offered)
        return True

    async def _offer_again(self) -> None:
        for jurisdiction in self.handling.jurisdictions.values():
            await self._offer(jurisdiction)

    def _schedule(self) -> AsyncIOScheduler:
        """APScheduler says when to look; what is due is a row. One process, so its jobs live in memory."""
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1})
        seconds = max(0.5, min(city.poll_seconds for city in self.settings.city) / 5)
        scheduler.add_job(tracking.look, "interval", [self.handling], seconds=seconds, id="track")
        scheduler.add_job(self._offer_again, "interval", seconds=SERVICES_AGAIN.total_seconds(), id="services")
        scheduler.start()
        return scheduler

    async def close(self) -> None:
        """Frees what was opened; work in hand is committed first."""
        for channel in self.channels:
            await channel.close()
        for client in self.clients.values():
            await client.close()
        await self.store.close()
        for desk in self.desks.values():
            desk.close()


def embedded_path(city_id: str) -> str:
    """Where an embedded city's GeoReport endpoint is mounted."""
    return f"/open311/{city_id}/v2"


@contextlib.asynccontextmanager
async def open_bridge(settings: Settings, clock: Clock, progress: Progress) -> AsyncIterator[Bridge]:
    """Builds what is missing (models, gazetteers), opens every part and closes it at the end of the block."""
    models = build_models(settings.models_path, progress)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    blobs = FolderBlobs(settings.data_dir / "blobs")
    wake = EmbeddedWake()
    store = SqliteStore(settings.database_path, clock, wake)
    desks = {city.id: _desk(settings, city, clock) for city in settings.city if city.embedded}
    clients = {city.id: _client(settings, city, desks.get(city.id), clock) for city in settings.city}
    jurisdictions = {
        city.id: await _jurisdiction(city, clients[city.id], store, blobs, models, progress)
        for city in settings.city
    }
    work = handling.Handling(
        store, clock, load_catalog(), jurisdictions, {account.id: account.cities for account in settings.account}
    )
    made = [
        channels.REGISTRY[account.channel].create(account.id, account.settings, clock, None)
        for account in settings.account
    ]
    bridge = Bridge(
        settings=settings,
        store=store,
        wake=wake,
        handling=work,
        dispatch=dispatch.Dispatch(
            work,
            {channel.account_id: channel for channel in made},
        ),
        channels=made,
        accept=accepting(store),
        clients=clients,
        desks=desks,
    )
    try:
        yield bridge
    finally:
        await bridge.close()


# ----------------------------------------------------------------------------------------- what is built


@dataclass(frozen=True, slots=True)
class Models:
    """The built-in models, as folders."""

    services: Path
    places: Path


def models_cache() -> Path:
    """Where commands keep the built-in models: the user's cache, so that every checkout and folder shares them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "open311-bridge" / "models"


def build_models(directory: Path, progress: Progress) -> Models:
    """Trains the built-in models, or finds them trained."""
    return Models(
        training.build(directory / "services", progress), addresses.build(directory / "places", progress)
    )


async def _artifact(
    store: SqliteStore, blobs: Blobs, city_id: str, kind: str, source: str, make: Callable[[], Path]
) -> Path:
    """The city's active artifact of a kind; made and activated when there is none from this `source`."""
    active = await store.read(lambda tx: tx.active_artifact(city_id, kind))
    if active is None or active.manifest.get("source") not in (source, "learned"):
        active = Artifact(blobs.put(make()), {"source": source})
        made = active
        await store.write(lambda tx: tx.activate(city_id, kind, made))
    return blobs.path(active.blob_id)


async def _jurisdiction(
    city: CitySettings, client: Client, store: SqliteStore, blobs: Blobs, models: Models, progress: Progress
) -> Jurisdiction:
    built_in = partial(_artifact, store, blobs, city.id)
    service_model = services.load(
        await built_in("service model", f"built-in {models.services.name}", lambda: models.services)
    )
    place_model = addresses.load(await built_in("place model", "built-in", lambda: models.places))
    return Jurisdiction(
        id=city.id,
        name=city.name,
        endpoint=client,
        locator=await _locator(city, built_in, place_model, progress),
        bind_classifier=partial(services.ServiceClassifier, service_model),
        detect=LanguageDetector(city.languages),
        languages=city.languages,
        time_zone=city.time_zone,
        contact_needed=_contact_needed(client.profile),
        policy=Policy(city.submit, city.ask, city.most_questions, city.emergency_number),
        poll_every=timedelta(seconds=city.poll_seconds),
        settle_after=timedelta(seconds=city.settle_seconds),
    )


async def _locator(
    city: CitySettings,
    artifact: Callable[[str, str, Callable[[], Path]], Awaitable[Path]],
    extractor: addresses.Extractor,
    progress: Progress,
) -> Locator:
    with tempfile.TemporaryDirectory() as folder:

        def make() -> Path:
            progress(f"gazetteer of {city.name}: building")
            return gazetteer.build([city.gazetteer], Path(folder) / "gazetteer.db", progress)

        stat = city.gazetteer.stat()
        path = await artifact("gazetteer", f"{city.gazetteer.name} {stat.st_size} {stat.st_mtime_ns}", make)
    return PlaceLocator(gazetteer.open_gazetteer(path), extractor)


def _desk(settings: Settings, city: CitySettings, clock: Clock) -> Desk:
    """The embedded city's desk. Its key is made anew at every start: the bridge is its own only client, unless
    the operator sets one for others."""
    assert city.services
    keys = [city.api_key] if city.api_key else []
    return Desk(
        EmbeddedSettings(
            services=city.services,
            definitions=city.definitions,
            data=settings.data_dir / "cities" / city.id,
            api_keys=(*keys, SecretStr(secrets.token_urlsafe(24))),
            jurisdiction_id=city.jurisdiction_id,
        ),
        clock,
    )


def _contact_needed(profile: Profile) -> tuple[str, ...]:
    """What must be asked: required by the city, and not given for everyone by its profile."""
    return tuple(name for name in CONTACT_FIELDS if name in profile.required and name not in profile.fallback)


def _client(settings: Settings, city: CitySettings, desk: Desk | None, clock: Clock) -> Client:
    if desk:
        host = "127.0.0.1" if settings.server.host in ("0.0.0.0", "::", "") else settings.server.host  # noqa: S104
        profile = Profile(
            endpoint=f"http://{host}:{settings.server.port}{embedded_path(city.id)}",
            jurisdiction_id=city.jurisdiction_id,
            fresh_requests_listed=True,
            settle_seconds=0,
            reads_per_minute=0,
        )
        return Client(profile, desk.settings.api_keys[-1].get_secret_value(), clock=clock)
    key = city.api_key.get_secret_value() if city.api_key else None
    return Client(city_profile(city), key, clock=clock)


def city_profile(city: CitySettings) -> Profile:
    """The profile an operator wrote, or the plain one of an endpoint."""
    if city.profile:
        return profiles.load(city.profile.read_text(encoding="utf-8"))
    return Profile(endpoint=city.endpoint, jurisdiction_id=city.jurisdiction_id, time_zone=city.time_zone)
