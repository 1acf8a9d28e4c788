"""The demo: three residents on three channels, a city that acts, and a transcript of it all.

Everything runs for real over loopback sockets: signed webhooks, SMTP, the Bot API, the GeoReport endpoint.
Only the providers are stand-ins.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import channels
from bridge.app import Bridge, Progress, SystemClock, embedded_path, open_bridge
from bridge.demo.pages import pages
from bridge.demo.phones import ChatPhone, MailPhone, Phone, SmsPhone
from bridge.demo.providers import FOLDER, Providers, providers
from bridge.demo.script import CONVERSATIONS, ChangeStatus, Performance, perform, read
from bridge.web.server import listen
from config.settings import parse

CITY = "fairview"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Town:
    """A running bridge among its providers."""

    bridge: Bridge
    providers: Providers
    url: str

    @property
    def endpoint(self) -> str:
        """The embedded city's GeoReport endpoint."""
        return self.url + embedded_path(CITY)

    def phone(self, channel: str) -> Phone:
        """A resident's phone on that channel; each channel's is always the same resident."""
        match channel:
            case "sms":
                return SmsPhone(self.providers, "+15550143200")
            case "mail":
                return MailPhone(self.providers, "ada.field@residents.example")
            case _:
                return ChatPhone(self.providers, 4711)

    async def change_status(self, service_request_id: str, status: str, note: str) -> None:
        """What a clerk at the city does."""
        await asyncio.to_thread(self.bridge.desks[CITY].change_status, service_request_id, status, note)


@contextlib.asynccontextmanager
async def town(models_dir: Path, web_port: int, progress: Progress) -> AsyncIterator[Town]:
    """A bridge with a fresh database, its embedded city and the providers, ready to be written to."""
    async with providers(web_port) as made:
        with tempfile.TemporaryDirectory(prefix="open311-bridge-") as folder:
            text = made.configuration(Path(folder), models_dir)
            models = {name: kind.settings for name, kind in channels.REGISTRY.items()}
            settings = parse(text, FOLDER, models, made.environ)
            async with open_bridge(settings, SystemClock(), progress) as bridge:
                ready = asyncio.Event()
                listener = listen(settings.server.host, settings.server.port)
                here = Town(bridge, made, f"http://127.0.0.1:{settings.server.port}")
                running = asyncio.create_task(bridge.run(listener, pages(made, bridge.desks[CITY]), ready))
                try:
                    await _ready_or_failed(ready, running)
                    yield here
                finally:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)


async def _ready_or_failed(ready: asyncio.Event, running: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        waiting.cancel()
        await running


async def demo(models_dir: Path, web_port: int, once: bool, say: Say) -> None:
    """Plays the conversations, prints them, and (unless `once`) stays for a person to try."""
    async with town(models_dir, web_port, say) as here:
        say("")
        played = [await _play(here, path, say) for path in sorted(CONVERSATIONS.glob("*.txt"))]
        summary = {"requests": [await _request(here, performance) for performance in played]}
        if not once:
            say(f"Try it yourself: {here.url}   (Ctrl-C ends the demo)")
            await asyncio.get_running_loop().create_future()
        say(json.dumps(summary))


async def _play(here: Town, path: Path, say: Say) -> Performance:
    script = read(path)
    say(f"── {script.channel}: {script.title} " + "─" * max(3, 70 - len(script.channel) - len(script.title)))
    act: ChangeStatus = here.change_status
    performance = await perform(script, here.phone(script.channel), act)
    for line in performance.lines:
        first, *rest = line.text.splitlines()
        say(f"{_MARKS[line.kind]} {first}{_took(line.kind, line.seconds)}")
        for more in rest:
            say(f"            {more}")
    request = await _request(here, performance)
    say(
        f"            [request {request['service_request_id']}, service {request['service_code']}, "
        f"{request['lat']:.5f}, {request['long']:.5f}]"
    )
    say("")
    return performance


_MARKS = {"says": "  resident >", "hears": "    bridge <", "city": "      city *"}


def _took(kind: str, seconds: float) -> str:
    return f"   ({seconds:.2f} s)" if kind == "hears" else ""


async def _request(here: Town, performance: Performance) -> dict[str, Any]:
    """The request as the city itself shows it to anyone who asks."""
    service_request_id = performance.names["id"]
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{here.endpoint}/requests/{service_request_id}.json")
    row = answer.raise_for_status().json()[0]
    heard = [line.text for line in performance.lines if line.kind == "hears"]
    acted = [line.text for line in performance.lines if line.kind == "city"]
    relayed = acted[-1].partition(" ")[0] if acted and service_request_id in heard[-1] else None
    return {
        "channel": performance.script.channel,
        "service_request_id": str(row["service_request_id"]),
        "service_code": str(row["service_code"]),
        "lat": float(row["lat"]),
        "long": float(row["long"]),
        "relayed_status": relayed,
    }
