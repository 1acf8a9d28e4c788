"""All wiring, in one place: settings in, a bridge that runs out.

Nothing else constructs an adapter. `open_bridge` makes every part; `Bridge.run` serves until told to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal, get_args

from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

import channels
from bridge import photos
from bridge.app.console import MOUNT, console_of, vigil_of
from bridge.app.database import open_database
from bridge.app.looks import Look, scheduled
from bridge.app.meters import Meters
from bridge.app.parts import (
    MakeJurisdiction,
    Progress,
    build_models,
    city_profile,
    client_of,
    embedded_desk,
    embedded_path,
    file_of,
    history_mark,
    make_jurisdiction,
    models_cache,
    submit_from,
    with_geocoder,
)
from bridge.city.app import surface
from bridge.city.desk import Desk
from bridge.errors import BridgeError
from bridge.flow import dispatch, handling, learning, media, retention, tracking, vigil
from bridge.flow.intake import accepting
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.learning import Teach
from bridge.flow.media import Files
from bridge.flow.settling import Handling
from bridge.open311.client import Client
from bridge.ports import Accept, Blobs, Channel, Clock, Store, Transaction, Wake
from bridge.store.blobs import FolderBlobs
from bridge.vocabulary import SERVICE_MODEL, Artifact, Oddity, Service
from bridge.web.console.app import console_app
from bridge.web.console.figures import SPANS
from bridge.web.console.parts import Console
from bridge.web.console.setup import take_up
from bridge.web.health import health
from bridge.web.media import media_route
from bridge.web.notices import notices
from bridge.web.server import serving
from bridge.web.site import site
from classifiers import minilm
from classifiers.apart import Apart, DistantClassifier
from config.catalog import EditedCatalog, load_catalog
from config.settings import Settings

log = logging.getLogger(__name__)

SERVICES = TypeAdapter(tuple[Service, ...])
SERVICES_AGAIN = timedelta(hours=1)
SERVICES_RETRY_SECONDS = 5.0
NEW_MODELS_SECONDS = 30.0
ODDITIES_SECONDS = 60.0
RELEARN_SECONDS = 3600.0
LEARN_SECONDS = 2.0
DAY_SECONDS = 86_400.0
READY_SECONDS = 2.0
COUNTING_SECONDS = 600.0
RETENTION_SECONDS = 3600.0
LONGEST_TRACKING_SECONDS = 60.0  # a city's limit of reads is one of a minute
DUTY_SECONDS = 30.0
MEDIA_SECONDS = 86_400.0

Role = Literal["intake", "worker", "tick"]
ROLES: tuple[Role, ...] = get_args(Role)
"""intake takes messages, worker handles and sends, tick looks for what time brings. One process may do all."""


class SystemClock:
    """Implements `bridge.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Bridge:
    """Every part, wired. `desks` are the desks of embedded cities, by city id. `teach` does a learning run."""

    settings: Settings
    store: Store
    wake: Wake
    handling: Handling
    dispatch: dispatch.Dispatch
    channels: Sequence[Channel]
    accept: Accept
    clients: Mapping[str, Client]
    blobs: Blobs
    console: Console
    reading: Apart
    desks: Mapping[str, Desk] = field(default_factory=dict)
    teach: Teach | None = None
    meters: Meters = field(default_factory=Meters)
    _noted: dict[str, tuple[Oddity, ...]] = field(default_factory=dict)

    def application(self, pages: Sequence[BaseRoute] = ()) -> ASGIApp:
        """What is served over HTTP. `pages` come after the bridge's own routes."""
        mounts: dict[str, ASGIApp] = {
            embedded_path(city_id): surface(desk) for city_id, desk in self.desks.items()
        }
        mounts[MOUNT] = console_app(self.console)
        own = [media_route(self.store, self.blobs), *notices(self.settings), *health(self.unready, self.metrics)]
        return site(self.channels, self.accept, mounts, [*own, *pages])

    def health_alone(self) -> ASGIApp:
        """What a process that takes no messages serves."""
        return Starlette(routes=list(health(self.unready, self.metrics)))

    async def unready(self) -> str:
        """What keeps the bridge from its work, "" when nothing does."""
        silent = [city.id for city in self.handling.jurisdictions.values() if not city.services]
        if silent:
            return f"no service list yet of {', '.join(silent)}"
        try:
            await asyncio.wait_for(self.store.read(lambda tx: tx.holds()), READY_SECONDS)
        except Exception as error:  # whatever it is, the database does not answer
            log.warning("not ready", extra={"error": repr(error)})
            return "the database does not answer"
        return ""

    async def metrics(self) -> bytes:
        """For Prometheus."""
        now = self.handling.clock.now()
        return self.meters.exposition(await self.store.read(lambda tx: tx.backlog(now)))

    async def run(
        self,
        listener: socket.socket | None,
        pages: Sequence[BaseRoute] = (),
        ready: asyncio.Event | None = None,
        roles: Collection[Role] = ROLES,
    ) -> None:
        """Does its roles until cancelled. Messages are stored from the first moment, on every channel; they are
        handled once every city has shown its services."""
        async with contextlib.AsyncExitStack() as stack:
            if listener:
                served = self.application(pages) if "intake" in roles else self.health_alone()
                await stack.enter_async_context(serving(served, listener))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            if "intake" in roles:
                self._take_up("intake", group)
            await self.learn_services()
            await take_up(self.handling, self.handling.catalog)
            for role in ROLES:
                if role in roles and role != "intake":
                    self._take_up(role, group)
            gc.collect()
            gc.freeze()  # what the start made stays: looking through it now and then would stop all for 0.2 s
            if ready:
                ready.set()
            log.info("serving", extra={"accounts": len(self.channels), "roles": sorted(roles)})
            await asyncio.get_running_loop().create_future()

    def _take_up(self, role: Role, group: asyncio.TaskGroup) -> None:
        """Starts what a role does."""
        match role:
            case "intake":
                counting = partial(self.console.taken.ahead, self.handling, SPANS)
                group.create_task(scheduled((Look("counting", COUNTING_SECONDS, counting, at_once=True),)))
                for channel in self.channels:
                    listening = partial(channel.run, self.accept)
                    alone = partial(self.store.lead, f"account {channel.account_id}", listening)
                    group.create_task(alone() if channel.alone else listening())
            case "worker":
                group.create_task(self.wake.run("inbox", partial(handling.look, self.handling)))
                group.create_task(self.wake.run("timers", partial(handling.look_at_timers, self.handling)))
                group.create_task(self.wake.run("outbox", partial(dispatch.look, self.dispatch)))
                group.create_task(scheduled(self._freshening()))
            case "tick":
                group.create_task(self.store.lead("tick", partial(scheduled, self._ticking())))

    def _freshening(self) -> Sequence[Look]:
        """What each process that understands messages looks for now and then."""
        return (
            Look("services", SERVICES_AGAIN.total_seconds(), self._offer_again),
            Look("models", NEW_MODELS_SECONDS, self._take_new_models),
            Look("oddities", ODDITIES_SECONDS, self.note_oddities),
            Look("set-up", NEW_MODELS_SECONDS, partial(take_up, self.handling, self.handling.catalog)),
        )

    def _ticking(self) -> Sequence[Look]:
        """What one process of all looks for now and then."""
        rules, clock = self.settings.retention.rules, self.handling.clock
        return (
            *(self._tracking(city) for city in self.handling.jurisdictions.values()),
            Look("learn again", RELEARN_SECONDS, self._learn_again),
            *self._teaching(),
            Look("retention", RETENTION_SECONDS, partial(retention.look, self.store, clock, rules), at_once=True),
            Look("media", MEDIA_SECONDS, self._sweep_media, at_once=True),
            Look("duty", DUTY_SECONDS, partial(vigil.look, vigil_of(self.settings, self.handling, self.clients))),
        )

    def _teaching(self) -> Sequence[Look]:
        if self.teach is None:
            return ()
        look = partial(learning.look, self.store, self.handling.clock, self.teach)
        return (Look("learn", LEARN_SECONDS, look),)

    def _tracking(self, city: Jurisdiction) -> Look:
        seconds = max(0.5, min(LONGEST_TRACKING_SECONDS, city.poll_every.total_seconds() / 5))
        return Look(f"track {city.id}", seconds, partial(tracking.look, self.handling, city))

    async def _learn_again(self) -> None:
        """Each city whose history was last read longer ago than its settings say."""
        now = self.handling.clock.now().timestamp()
        for city in self.settings.city:
            mark = history_mark(self.settings.data_dir, city.id)
            age = now - mark.stat().st_mtime if mark.is_file() else None
            if city.relearn_days and age is not None and age > city.relearn_days * DAY_SECONDS:
                await self.store.write(partial(_ask_learning, city.id))

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
            written = kept.with_suffix(f".{secrets.token_hex(4)}.part")  # processes may share the folder
            written.write_bytes(SERVICES.dump_json(offered))
            written.replace(kept)  # whole or not at all, whenever the process is killed
        except BridgeError as error:
            log.warning("service list not read", extra={"city_id": jurisdiction.id, "error": str(error)})
            if not kept.exists():
                return False
            offered = SERVICES.validate_json(kept.read_bytes())
        if jurisdiction.classifier is None or tuple(offered) != tuple(jurisdiction.services.values()):
            await asyncio.to_thread(jurisdiction.offer, offered)  # a long list takes seconds to bind
        return True

    async def _offer_again(self) -> None:
        for jurisdiction in self.handling.jurisdictions.values():
            await self._offer(jurisdiction)

    async def note_oddities(self) -> None:
        """Shows staff what is odd about what a city offers, whenever it is something else than before."""
        for city_id, client in self.clients.items():
            found = tuple(Oddity("bad" if f.level == "bad" else "odd", str(f)) for f in client.oddities)
            if self._noted.get(city_id, ()) != found:
                await self.store.write(partial(_note, city_id, found))
                self._noted[city_id] = found

    async def _take_new_models(self) -> None:
        """Loads a model that was promoted or restored since, without a restart."""
        for city in self.settings.city:
            jurisdiction = self.handling.jurisdictions[city.id]
            active = await self.store.read(partial(_active_model, city.id))
            if active and active.blob_id != jurisdiction.model_id:
                model = self.blobs.path(active.blob_id)
                submit = await asyncio.to_thread(submit_from, city, self.reading, model)
                jurisdiction.bind_classifier = partial(DistantClassifier, self.reading, city.id, model)
                await asyncio.to_thread(jurisdiction.offer, list(jurisdiction.services.values()))
                jurisdiction.policy = replace(jurisdiction.policy, submit=submit)
                jurisdiction.model_id = active.blob_id
                log.info("model taken into use", extra={"city_id": jurisdiction.id, "model": active.blob_id[:12]})

    async def _sweep_media(self) -> None:
        await media.sweep(self.store, self.blobs, self.handling.clock.now())

    async def close(self) -> None:
        """Frees what was opened; work in hand is committed first."""
        for channel in self.channels:
            await channel.close()
        for client in self.clients.values():
            await client.close()
        await self.store.close()
        self.reading.close()
        for desk in self.desks.values():
            desk.close()


@contextlib.asynccontextmanager
async def open_bridge(
    settings: Settings,
    clock: Clock,
    progress: Progress,
    make: MakeJurisdiction = make_jurisdiction,
    teach: Teach | None = None,
) -> AsyncIterator[Bridge]:
    """Builds what is missing (models, gazetteers), opens every part and closes it at the end of the block.

    `make` makes a city with all that understands its residents; `teach` does the learning runs that are asked for.
    """
    models = build_models(settings.models_path, progress)
    minilm.load.cache_clear()  # read to see whether they fit; only the process that reads texts needs the weights
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    blobs = FolderBlobs(settings.data_dir / "blobs")
    store, wake = open_database(settings, clock)
    desks = {city.id: embedded_desk(settings, city, clock) for city in settings.city if city.embedded}
    photo = file_of(store, blobs)
    clients = {
        city.id: client_of(settings, city, desks.get(city.id), clock, photo, store=store) for city in settings.city
    }
    reading = Apart()
    jurisdictions = {
        city.id: with_geocoder(
            settings, city, await make(city, clients[city.id], store, blobs, models, reading, progress)
        )
        for city in settings.city
    }
    made = [
        channels.REGISTRY[account.channel].create(account.id, account.settings, clock, None)
        for account in settings.account
    ]
    by_account = {channel.account_id: channel for channel in made}
    work = Handling(
        store,
        clock,
        EditedCatalog(load_catalog()),
        jurisdictions,
        {account.id: account.cities for account in settings.account},
        files=Files(by_account, photos.develop, blobs),
        budgets={account.id: getattr(account.settings, "monthly_segments", 0) for account in settings.account},
        mailboxes=[account.id for account in settings.account if account.channel == "mail"],
    )
    bridge = Bridge(
        settings=settings,
        store=store,
        wake=wake,
        handling=work,
        dispatch=dispatch.Dispatch(work, by_account, settings.public_url),
        channels=made,
        accept=accepting(work),
        clients=clients,
        blobs=blobs,
        console=console_of(settings, work, desks, clients, by_account, blobs, learns=teach is not None),
        reading=reading,
        desks=desks,
        teach=teach,
    )
    bridge.meters.watch()
    try:
        yield bridge
    finally:
        bridge.meters.close()
        await bridge.close()


def _note(city_id: str, found: Sequence[Oddity], tx: Transaction) -> None:
    tx.note_oddities(city_id, found)


def _ask_learning(city_id: str, tx: Transaction) -> None:
    tx.ask_learning(city_id, "", take=True)


def _active_model(city_id: str, tx: Transaction) -> Artifact | None:
    return tx.active_artifact(city_id, SERVICE_MODEL)


__all__ = [
    "ROLES",
    "Bridge",
    "MakeJurisdiction",
    "Progress",
    "Role",
    "SystemClock",
    "build_models",
    "city_profile",
    "client_of",
    "embedded_path",
    "models_cache",
    "open_bridge",
]
