"""A city outside the bridge: a real GeoReport server that outlives a killed bridge and has bad days."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.app import SystemClock
from bridge.city.app import surface
from bridge.city.desk import Desk
from bridge.city.settings import CitySettings
from bridge.demo.loopback import served
from bridge.demo.providers import FOLDER
from bridge.vocabulary import ServiceRequest

Trouble = Literal["none", "busy", "slow", "stored and silent", "stored and failed", "late", "garbled"]
"""busy: refuses before it stores anything (503). slow: does its work, and answers a while later. stored and …:
does its work, and then the answer is cut off or an error (500): whoever asked cannot know what became of it.
late: does its work only when whoever asked has given up waiting. garbled: does its work, and answers nonsense."""

MARKER = "Ref "
SLOW_SECONDS = 0.5
LATE_SECONDS = 2.5  # within submit_seconds and settle_seconds of the profile

PROFILE = """\
endpoint = "{url}"
fresh_requests_listed = true
settle_seconds = 1
submit_seconds = 2
read_seconds = 2
reads_per_minute = 0
circuit_failures = 0
"""


def fine(_method: str) -> Trouble:
    """A city without troubles."""
    return "none"


@dataclass
class City:
    """The city's desk, and the server in front of it. `trouble` says what goes wrong with a request of a method;
    `after_post` is called when a POST was stored, before it is answered."""

    desk: Desk
    key: str
    port: int
    trouble: Callable[[str], Trouble] = fine
    after_post: Callable[[], None] = lambda: None
    _open: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def profile(self) -> str:
        """The profile file of a bridge that reports to this city."""
        return PROFILE.format(url=self.url)

    async def open(self) -> None:
        """Answers from now on."""
        await self._open.enter_async_context(served(self._spoilt(surface(self.desk)), self.port))

    async def close(self) -> None:
        """Refuses connections from now on."""
        await self._open.aclose()

    def requests(self) -> list[ServiceRequest]:
        """All that was ever stored, newest first."""
        return self.desk.requests(public=False)

    def saying(self, words: str) -> int:
        """How many requests say these words."""
        return sum(words in request.description for request in self.requests())

    def copies(self) -> Counter[str]:
        """How often each report is here, by its public reference."""
        return Counter(row.description.rpartition(MARKER)[2] for row in self.requests())

    def _spoilt(self, app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            trouble = self.trouble(scope["method"])
            if trouble == "busy":
                await _fail(send, 503)
                return
            answers: list[Message] = []

            async def keep(message: Message) -> None:
                answers.append(message)

            asked = await receive()  # uvicorn gives a small form whole
            if trouble == "late":
                await asyncio.sleep(LATE_SECONDS)
            await app(scope, lambda: _given(asked), keep)
            if scope["method"] == "POST":
                self.after_post()
            if trouble == "slow":
                await asyncio.sleep(SLOW_SECONDS)
            if trouble == "stored and failed":
                await _fail(send, 500)
            elif trouble == "stored and silent":
                await _cut(send)
            elif trouble == "garbled":
                await _babble(send)
            else:
                for message in answers:
                    await send(message)

        return answer


@contextlib.asynccontextmanager
async def city(folder: Path, port: int) -> AsyncIterator[City]:
    """An open city that offers the demo's services and keeps its requests in `folder`."""
    key = secrets.token_hex(16)
    settings = CitySettings.model_validate(
        {
            "services": FOLDER / "services.json",
            "definitions": FOLDER / "definitions.json",
            "data": folder,
            "api_keys": [key],
        }
    )
    here = City(Desk(settings, SystemClock()), key, port)
    await here.open()
    try:
        yield here
    finally:
        await here.close()
        here.desk.close()


async def _given(message: Message) -> Message:
    return message


async def _fail(send: Send, status: int) -> None:
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"[]"})


async def _cut(send: Send) -> None:
    """Half an answer: uvicorn closes the connection of an application that keeps less than it promised."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"[{"})


async def _babble(send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'<html>\xff\x00{"service_requests": [[[ NaN,,'})
