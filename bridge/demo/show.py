"""The demo: three residents on three channels, a city that acts, and a transcript of it all.

Everything runs for real over loopback sockets: signed webhooks, SMTP, the Bot API, the GeoReport endpoint.
Only the providers are stand-ins.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

import channels
from bridge import learning
from bridge.app import Bridge, Progress, SystemClock, embedded_path, open_bridge
from bridge.demo.pages import pages
from bridge.demo.phones import ChatPhone, MailPhone, Phone, SmsPhone
from bridge.demo.providers import FOLDER, Providers, providers
from bridge.demo.script import CONVERSATIONS, Performance, perform, read
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

    def phone(self, channel: str, resident: int = 0) -> Phone:
        """A resident on that channel; another number is another resident."""
        match channel:
            case "sms":
                return SmsPhone(self.providers, f"+155501{43200 + resident}")
            case "mail":
                return MailPhone(self.providers, f"resident{resident}@residents.example")
            case "chat":
                return ChatPhone(self.providers, 4711 + resident)
            case _:
                raise ValueError(f"no such channel: {channel}")

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
            teach = partial(learning.teach, settings)
            async with open_bridge(settings, SystemClock(), progress, teach=teach) as bridge:
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
    """Plays the conversations, prints them, and (unless `once`) stays for a person to try.

    Raises Departure or TimeoutError when a resident does not hear what they should.
    """
    async with town(models_dir, web_port, say) as here:
        requests = []
        for path in sorted(CONVERSATIONS.glob("*.txt")):
            performance = await perform(read(path), here.phone(read(path).channel), here.change_status)
            requests.append(await _request(here, performance))
            for line in ("", *transcript(performance, requests[-1])):
                say(line)
        say("")
        if not once:
            say(f"Try it yourself: {here.url}   (Ctrl-C ends the demo)")
            await asyncio.get_running_loop().create_future()
        say(json.dumps({"requests": requests}))


def transcript(performance: Performance, request: dict[str, Any], *, timings: bool = True) -> Iterator[str]:
    """The lines a person reads of one conversation and what it became."""
    script = performance.script
    yield f"── {script.channel}: {script.title} ".ljust(WIDTH, "─")
    for line in performance.lines:
        took = f"   ({line.seconds:.2f} s)" if timings and line.kind == "hears" else ""
        yield from textwrap.wrap(
            " ".join(line.text.split()) + took, WIDTH, initial_indent=_MARKS[line.kind], subsequent_indent=" " * 11
        )
    at = f"{request['lat']:.5f}, {request['long']:.5f}"
    yield f"           [request {request['service_request_id']}, service {request['service_code']}, {at}]"


WIDTH = 100
_MARKS = {"says": "resident > ", "hears": "  bridge < ", "city": "    city * "}


async def markdown(models_dir: Path) -> str:
    """The transcripts of all conversations, without timings, as a block for a Markdown file."""
    lines: list[str] = []
    async with town(models_dir, 0, lambda _: None) as here:
        for path in sorted(CONVERSATIONS.glob("*.txt")):
            performance = await perform(read(path), here.phone(read(path).channel), here.change_status)
            lines += [*transcript(performance, await _request(here, performance), timings=False), ""]
    return "\n".join(["```text", *lines[:-1], "```"])


BEGIN, END = "<!-- transcript -->", "<!-- end -->"


def put_between_marks(text: str, block: str) -> str:
    """The text with `block` between its marks, in place of what was there."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{block}\n{END}{rest.partition(END)[2]}"


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
