"""The staff console, wired: its parts from the bridge's, its key, its first link."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bridge.app.mailer import RelayMailer
from bridge.city.desk import Desk
from bridge.flow.settling import Handling
from bridge.flow.vigil import Vigil
from bridge.open311.client import Client
from bridge.ports import Blobs, Channel, Store
from bridge.store.types import new_id
from bridge.vocabulary import GAZETTEER, Outbound
from bridge.web.console.parts import MOUNT, AccountInfo, Console
from bridge.web.console.signin import first_link
from classifiers.places.drawing import Box, Drawing, drawing
from config.settings import CitySettings, Settings

SECRET_BYTES = 32
SHOWN_OF_AN_ACCOUNT = ("number", "addresses", "bot_name")


def console_of(
    settings: Settings,
    work: Handling,
    desks: Mapping[str, Desk],
    clients: Mapping[str, Client],
    accounts: Mapping[str, Channel],
    blobs: Blobs,
    *,
    learns: bool = False,
) -> Console:
    """The console's parts. Its key is made once and kept beside the database. `learns`: the bridge does what is
    asked for of learning."""
    return Console(
        handling=work,
        settings=settings.console,
        secret=_secret(settings.data_dir / "console.key"),
        catalog=work.catalog,
        public_url=settings.public_url,
        desks=desks,
        accounts=[
            AccountInfo(account.id, account.channel, account.cities, _shown(account.settings))
            for account in settings.account
        ],
        city_settings={city.id: _plain(city) for city in settings.city},
        circuits=partial(_circuits, clients),
        test=partial(_send_test, accounts),
        retention=settings.retention.rules,
        learns=learns,
        blobs=blobs,
        drawing=partial(_drawing, work.store, blobs),
    )


def vigil_of(settings: Settings, work: Handling, clients: Mapping[str, Client]) -> Vigil:
    """Who is told of what is left lying, by the settings."""
    console = settings.console
    can_write = bool(console.mail_from)
    return Vigil(
        handling=work,
        mailer=RelayMailer(console),
        addresses=console.duty_addresses,
        fallbacks={
            city.id: city.fallback_address for city in settings.city if city.fallback_address and can_write
        },
        circuits=partial(_circuits, clients),
        refused_keys=partial(_refused_keys, clients),
        link=f"{settings.public_url}{MOUNT}",
        digest=timedelta(minutes=console.digest_minutes),
    )


async def welcome(settings: Settings, work: Handling) -> str | None:
    """Where the first administrator sets up an account; None once there is one."""
    path = await first_link(work.store, work.clock.now())
    return f"{settings.public_url}{path}" if path else None


TEST = "This is a test of the city's report service. It works."


async def _send_test(accounts: Mapping[str, Channel], account_id: str, address: str) -> None:
    """One message outside any conversation. Raises as the channel does."""
    channel = accounts[account_id]
    said = Outbound(f"test{new_id()}", account_id, channel.name, address, address, TEST, subject="Test")
    await channel.send(said)


async def _drawing(store: Store, blobs: Blobs, city_id: str, box: Box) -> Drawing:
    """The streets of the gazetteer in use."""
    active = await store.read(lambda tx: tx.active_artifact(city_id, GAZETTEER))
    return await asyncio.to_thread(drawing, blobs.path(active.blob_id), box) if active else Drawing()


def _circuits(clients: Mapping[str, Client]) -> dict[str, tuple[datetime | None, ...]]:
    """Until when the posts and the reads of each city are held back; None: they are not."""
    return {
        city_id: (client.endpoint.posts.until, client.endpoint.reads.until) for city_id, client in clients.items()
    }


def _refused_keys(clients: Mapping[str, Client]) -> dict[str, str]:
    """What the cities say that refuse our key."""
    return {
        city_id: client.endpoint.refused_key for city_id, client in clients.items() if client.endpoint.refused_key
    }


def _secret(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        written = path.with_suffix(f".{os.getpid()}")
        handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
        written.replace(path)
    return path.read_bytes()


def _shown(settings: Any) -> str:
    """What names an account to a person: its number, its addresses."""
    for name in SHOWN_OF_AN_ACCOUNT:
        value = getattr(settings, name, None)
        if value:
            return ", ".join(value) if isinstance(value, tuple | list) else str(value)
    return ""


def _plain(city: CitySettings) -> dict[str, Any]:
    """A city's settings to be shown: no secrets, no folders."""
    hidden = {
        "api_key",
        "gazetteer",
        "boundary",
        "services",
        "definitions",
        "profile",
        "answers",
        "emergency_rules",
    }
    return {name: value for name, value in city.model_dump(mode="json").items() if name not in hidden}


__all__ = ["MOUNT", "console_of", "welcome"]
