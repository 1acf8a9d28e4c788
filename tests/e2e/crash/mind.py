"""A bridge with a cheap mind: all that must survive a kill is the real thing, and only understanding is a twin.

Loading what reads English takes seconds of every start, and tells nothing of what survives a kill; without it
a bridge is up in a fraction of a second, and is killed ten times as often while it works.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import channels
from bridge import logs
from bridge.app import ROLES, Progress, SystemClock, open_bridge
from bridge.flow.jurisdiction import Jurisdiction
from bridge.open311.client import Client
from bridge.ports import Blobs, Clock, Store
from bridge.vocabulary import Classified, Guess, Located, Mention, Pin, Place, Service
from bridge.web.server import listen
from config.settings import CitySettings, Settings, load
from tests.e2e.process import prepare

KEYWORDS = {"pothole": "pothole", "light": "street-light", "graffiti": "graffiti", "dumped": "illegal-dumping"}
HOUSE = re.compile(r"(\d+) (\w+) St\b")


class Keywords:
    """Implements `bridge.ports.Classifier` with a word a service."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._codes = {service.service_code for service in services}

    def classify(self, text: str, language: str) -> Classified:
        found = [code for word, code in KEYWORDS.items() if word in text and code in self._codes]
        return Classified(tuple(Guess(code, 0.9) for code in found[:1]), float(bool(found)))

    def classify_parts(self, text: str, parts: Sequence[tuple[int, int]], language: str) -> list[Classified]:
        return [self.classify(said, language) for said in (text, *(text[start:end] for start, end in parts))]


class Houses:
    """Implements `bridge.ports.Locator` for house numbers, each a kilometre from the next."""

    def locate(self, text: str, language: str, near: Place | None = None) -> Located:
        found = HOUSE.search(text)
        if not found:
            return Located()
        street = sum(found[2].encode()) / 1000
        place = Place(found[0], 40 + int(found[1]) / 100, -99 - street)
        return Located((Mention(found.start(), found.end(), "address", found[0]),), (place,), ask=False)

    def at(self, pin: Pin) -> Place | None:
        return Place("here", pin.lat, pin.long)


async def make_jurisdiction(
    city: CitySettings, client: Client, store: Store, blobs: Blobs, models: Any, reading: Any, progress: Progress
) -> Jurisdiction:
    """A city whose residents are understood by the twins."""
    return Jurisdiction(
        id=city.id,
        name=city.name,
        endpoint=client,
        locator=Houses(),
        bind_classifier=Keywords,
        detect=lambda text, current: "en",
        policy=city.policy,
        poll_every=timedelta(seconds=city.poll_seconds),
        settle_after=timedelta(seconds=city.settle_seconds),
    )


def serve(settings: Path, environ: Mapping[str, str], orders: Path, log: Path) -> None:
    """What the process runs."""
    prepare(environ, orders, log)
    logs.configure(json=True)
    kinds = {name: kind.settings for name, kind in channels.REGISTRY.items()}
    asyncio.run(run(load(settings, kinds), SystemClock()))


async def run(settings: Settings, clock: Clock) -> None:
    """Serves until SIGTERM."""
    roles = [role for role in ROLES if role in (os.environ.get("ROLES") or ROLES)]
    port = settings.server.port if "intake" in roles else 0
    async with open_bridge(settings, clock, lambda line: None, make_jurisdiction) as bridge:
        listener = listen(settings.server.host, port) if port else None
        running = asyncio.ensure_future(bridge.run(listener, roles=roles))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running
