"""A city that answers from a script, a clock that only moves when told, and a client between the two."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx

from bridge.open311 import Client, Profile
from bridge.vocabulary import Submission

ENDPOINT = "http://city.test/open311/v2"
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
KEY = "s3cret-key-9f"
SERVICES = [
    {"service_code": "4", "service_name": "Pothole", "type": "realtime", "metadata": "false"},
    {"service_code": "lamp", "service_name": "Street lamp", "type": "batch", "metadata": "true"},
    {"service_code": "tip", "service_name": "Anonymous tip", "type": "blackbox", "metadata": False},
]
POTHOLE = Submission("K7QM2F9P", "4", "A deep pothole by the school gate", lat=39.17, long=-86.53)

Reply = tuple[int, Any] | httpx.Response | Exception


class ManualClock:
    """Time that moves by `sleep` and by hand."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class ScriptedCity:
    """Answers `METHOD path` (beneath the endpoint) with a reply, the next of a list, or what a function gives."""

    def __init__(self, **replies: Any) -> None:
        self.replies: dict[str, Any] = {"GET services.json": (200, SERVICES)}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        name = f"{request.method} {request.url.path.removeprefix('/open311/v2/')}"
        reply = self.replies.get(name, (404, "<html><body>Not found</body></html>"))
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        return response(reply(request) if callable(reply) else reply)

    def calls(self, name: str) -> list[httpx.Request]:
        return [r for r in self.asked if f"{r.method} {r.url.path.rpartition('/v2/')[2]}" == name]

    def form(self) -> list[tuple[str, str]]:
        """The fields of the last POST."""
        post = next(r for r in reversed(self.asked) if r.method == "POST")
        return parse_qsl(post.content.decode(), keep_blank_values=True)


def response(reply: Reply) -> httpx.Response:
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, httpx.Response):
        return reply
    status, body = reply
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return httpx.Response(status, content=content)


def client_of(
    city: Callable[[httpx.Request], httpx.Response],
    clock: ManualClock | None = None,
    key: str | None = KEY,
    **quirks: Any,
) -> Client:
    clock = clock or ManualClock()
    profile = Profile(endpoint=ENDPOINT, **{"settle_seconds": 0, "reads_per_minute": 0, **quirks})
    return Client(profile, key, httpx.MockTransport(city), clock, clock.sleep)


def row(**fields: Any) -> Mapping[str, Any]:
    """A request row as a city lists it."""
    return {
        "service_request_id": "101",
        "status": "open",
        "service_code": "4",
        "description": "A deep pothole by the school gate\nRef K7QM2F9P",
        "requested_datetime": "2026-06-01T12:00:05Z",
        "lat": 39.17,
        "long": -86.53,
        **fields,
    }
