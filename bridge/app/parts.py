"""What a bridge is made of: models, gazetteers and cities, from the settings."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from bridge.city.desk import Desk
from bridge.city.filters import ROW_LIMIT
from bridge.city.settings import CitySettings as EmbeddedSettings
from bridge.errors import Permanent, SettingsError
from bridge.flow import alarms
from bridge.flow.duty import Duty
from bridge.flow.jurisdiction import Jurisdiction
from bridge.open311 import profile as profiles
from bridge.open311.boundary import read_boundary
from bridge.open311.circuit import Pace, Paced
from bridge.open311.client import Client, Photo
from bridge.open311.endpoint import PATIENCE
from bridge.open311.profile import Profile
from bridge.open311.shown import File
from bridge.ports import Blobs, Clock, Store, Transaction
from bridge.store.blobs import digest
from bridge.vocabulary import GAZETTEER, SERVICE_MODEL, Artifact
from classifiers import addresses, gazetteer, training
from classifiers.apart import Apart, DistantClassifier, DistantLanguage, DistantLocator
from classifiers.naming import usual_names
from classifiers.places import online
from config.settings import WEEKDAYS, CitySettings, Settings

T = TypeVar("T")

Progress = Callable[[str], None]
CONTACT_FIELDS = ("first_name", "last_name", "email", "phone")
LEARNED = "learned"  # the source of a model that `learn` made: no start replaces it by the built-in one


def embedded_path(city_id: str) -> str:
    """Where an embedded city's GeoReport endpoint is mounted."""
    return f"/open311/{city_id}/v2"


@dataclass(frozen=True, slots=True)
class Models:
    """The built-in models, as folders."""

    services: Path
    places: Path


def history_file(data_dir: Path, city_id: str) -> Path:
    """Where `learn` keeps what it read of a city's history."""
    return data_dir / f"history-{city_id}.jsonl"


def history_mark(data_dir: Path, city_id: str) -> Path:
    """Beside it: until when it was read. Its age says when the city was last learned from."""
    return history_file(data_dir, city_id).with_suffix(".jsonl.until")


MakeJurisdiction = Callable[[CitySettings, Client, Store, Blobs, Models, Apart, Progress], Awaitable[Jurisdiction]]


def models_cache() -> Path:
    """Where commands keep the built-in models: the user's cache, so that every checkout and folder shares them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "open311-bridge" / "models"


def build_models(directory: Path, progress: Progress) -> Models:
    """Trains the built-in models, or finds them trained. Raises SettingsError where they are neither there nor
    can be kept."""
    try:
        return Models(
            training.build(directory / "services", progress), addresses.build(directory / "places", progress)
        )
    except OSError as error:
        raise SettingsError(
            f"models_dir: {directory} has no models of this version, and none can be kept there "
            f"({error.strerror or error}): whoever may write there runs `open311-bridge models build` first"
        ) from None


async def artifact(
    store: Store, blobs: Blobs, city_id: str, kind: str, source: str, make: Callable[[], Path]
) -> Path:
    """The city's active artifact of a kind; made and activated when there is none from this `source`."""
    active = await store.read(lambda tx: tx.active_artifact(city_id, kind))
    if active is None or active.manifest.get("source") not in (source, LEARNED):
        active = Artifact(blobs.put(make()), {"source": source})
        made = active
        await store.write(lambda tx: tx.activate(city_id, kind, made))
    return blobs.path(active.blob_id)


async def make_jurisdiction(
    city: CitySettings,
    client: Client,
    store: Store,
    blobs: Blobs,
    models: Models,
    reading: Apart,
    progress: Progress,
) -> Jurisdiction:
    built_in = partial(artifact, store, blobs, city.id)
    service_model = await built_in(SERVICE_MODEL, f"built-in {models.services.name}", lambda: models.services)
    places_source = f"built-in {digest(models.places)[:12]}"
    place_model = await built_in("place model", places_source, lambda: models.places)
    gazetteer_file = await _gazetteer(city, built_in, progress)
    language = DistantLanguage(reading, city.id, city.languages)
    return Jurisdiction(
        id=city.id,
        name=city.name,
        endpoint=client,
        locator=DistantLocator(reading, city.id, place_model, gazetteer_file),
        bind_classifier=partial(DistantClassifier, reading, city.id, service_model),
        model_id=service_model.name,
        detect=language,
        written=language.written,
        service_names=city.service_names,
        usual_names=usual_names(),
        languages=city.languages,
        time_zone=city.time_zone,
        contact_needed=_contact_needed(client.profile),
        policy=replace(city.policy, submit=submit_from(city, reading, service_model)),
        alarms=alarms.load(city.emergency_files),
        duty=_duty(city),
        poll_every=timedelta(seconds=city.poll_seconds),
        settle_after=timedelta(seconds=city.settle_seconds),
        holds=read_boundary(city.boundary.read_text(encoding="utf-8")).holds if city.boundary else None,
    )


def submit_from(city: CitySettings, reading: Apart, model: Path) -> float:
    """Has the model loaded. From which probability on a service is taken unasked: as the city set it, else as its
    model learned it."""
    learned = float(reading.ask("load", city.id, model))
    return learned if city.submit is None else city.submit


async def _gazetteer(
    city: CitySettings, built_in: Callable[[str, str, Callable[[], Path]], Awaitable[Path]], progress: Progress
) -> Path:
    with tempfile.TemporaryDirectory() as folder:

        def make() -> Path:
            if city.gazetteer.suffix == ".db":  # `gazetteer build` made it already
                return city.gazetteer
            progress(f"gazetteer of {city.name}: building")
            return gazetteer.build([city.gazetteer], Path(folder) / "gazetteer.db", progress)

        stat = city.gazetteer.stat()
        return await built_in(GAZETTEER, f"{city.gazetteer.name} {stat.st_size} {stat.st_mtime_ns}", make)


def with_geocoder(settings: Settings, city: CitySettings, jurisdiction: Jurisdiction) -> Jurisdiction:
    """The jurisdiction; where its city switched one on, an online geocoder is asked what the gazetteer lacks.

    What was asked is kept in the data folder, since the services want no question twice.
    """
    if wanted := city.geocoder:
        jurisdiction.locator = online.OnlineLocator(
            jurisdiction.locator,
            online.service(wanted.service, wanted.url),
            city=wanted.region or city.name,
            contact=wanted.contact,
            cache=settings.data_dir / f"geocoder-{city.id}.db",
        )
    return jurisdiction


def embedded_desk(settings: Settings, city: CitySettings, clock: Clock) -> Desk:
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


def _duty(city: CitySettings) -> Duty:
    """When the city's staff are in, and by when they have to look at what."""
    return Duty(
        time_zone=city.time_zone,
        hours={WEEKDAYS.index(day): hours for day, hours in city.office_hours.items()},
        holidays=frozenset(city.holidays),
        within={reason: timedelta(hours=hours) for reason, hours in city.deadline_hours.items()},
    )


def _contact_needed(profile: Profile) -> tuple[str, ...]:
    """What must be asked: required by the city, and not given for everyone by its profile."""
    return tuple(name for name in CONTACT_FIELDS if name in profile.required and name not in profile.fallback)


def file_of(store: Store, blobs: Blobs) -> Photo:
    """Reads the file behind one of our own photo links, for cities that take the file itself."""

    async def read(url: str) -> File:
        token = url.rpartition("/")[2]
        media = await store.read(lambda tx: tx.media(token))
        if media is None:
            raise Permanent("the photo was revoked", code="gone")
        content = await asyncio.to_thread(blobs.path(media.blob_id).read_bytes)
        return File(f"{token[:8]}.jpg", media.media_type, content)

    return read


def shared_pace(store: Store, city_id: str, per_minute: int) -> Paced:
    """A city's pace of reads, which all processes keep together, and a restart too."""

    async def paced(work: Callable[[Pace], T], /) -> T:
        def in_turn(tx: Transaction) -> T:
            pace = Pace(per_minute, tx.reads(city_id))
            done = work(pace)
            tx.note_reads(city_id, pace.taken)
            return done

        return await store.write(in_turn) if per_minute else work(Pace(0))

    return paced


def client_of(
    settings: Settings,
    city: CitySettings,
    desk: Desk | None,
    clock: Clock,
    photo: Photo | None = None,
    patience: float = PATIENCE,
    store: Store | None = None,
) -> Client:
    """The client of a city's endpoint; an embedded one is the bridge's own, without its desk for reads only. With
    a store it keeps the city's read limit together with all others that do."""
    if city.embedded:
        host = "127.0.0.1" if settings.server.host in ("0.0.0.0", "::", "") else settings.server.host  # noqa: S104
        profile = Profile(
            endpoint=f"http://{host}:{settings.server.port}{embedded_path(city.id)}",
            jurisdiction_id=city.jurisdiction_id,
            fresh_requests_listed=True,
            settle_seconds=0,
            reads_per_minute=0,
            row_cap=ROW_LIMIT,
        )
        key = desk.settings.api_keys[-1].get_secret_value() if desk else None
        return Client(profile, key, clock=clock, photo=photo)
    key = city.api_key.get_secret_value() if city.api_key else None
    profile = city_profile(city)
    paced = shared_pace(store, city.id, profile.reads_per_minute) if store else None
    return Client(profile, key, clock=clock, photo=photo, patience=patience, paced=paced)


def city_profile(city: CitySettings) -> Profile:
    """The profile an operator wrote, or the plain one of an endpoint."""
    if city.profile:
        return profiles.load(city.profile.read_text(encoding="utf-8"))
    return Profile(endpoint=city.endpoint, jurisdiction_id=city.jurisdiction_id, time_zone=city.time_zone)
