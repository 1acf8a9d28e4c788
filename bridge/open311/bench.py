"""Where a probe does its work: single reads in a chosen format, slowly, with what they show written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from bridge.errors import Retryable
from bridge.open311 import answers, exchange
from bridge.open311.answers import Answer
from bridge.open311.circuit import Pace
from bridge.open311.documents import Format
from bridge.open311.endpoint import Sleep, SystemClock
from bridge.open311.profile import Profile, checked
from bridge.open311.survey import Finding, Level
from bridge.ports import Clock
from bridge.vocabulary import Service, ServiceRequest

_PATIENCE = 61.0  # seconds: a probe waits for its turn, however long
_LONGEST_PAUSE = 120.0  # seconds of Retry-After that a probe obeys before it goes on without the answer


@dataclass
class Bench:
    """One probe: the endpoint, what was found so far, and the profile it adds up to."""

    http: httpx.AsyncClient
    profile: Profile
    api_key: str | None
    clock: Clock
    sleep: Sleep
    progress: Callable[[str], None]
    pace: Pace
    findings: list[Finding] = field(default_factory=list)
    why: dict[str, str] = field(default_factory=dict)
    services: tuple[Service, ...] = ()
    recent: tuple[ServiceRequest, ...] = ()
    reads: int = 0

    def note(self, level: Level, subject: str, words: str) -> None:
        """Writes a finding down."""
        safe = answers.redacted(words, self.api_key)
        self.findings.append(Finding(level, subject, safe))
        self.progress(f"{level:<4}  {subject}: {safe}")

    def quirk(self, subject: str, words: str, **switches: Any) -> None:
        """Writes an oddity down and sets the switches that cope with it."""
        self.note("odd", subject, words)
        self.set(words, **switches)

    def gain(self, subject: str, words: str, **switches: Any) -> None:
        """Writes something useful down and sets the switches that make use of it."""
        self.note("fine", subject, words)
        self.set(words, **switches)

    def set(self, words: str, **switches: Any) -> None:
        """Sets switches of the profile."""
        self.profile = checked({**self.profile.model_dump(), **switches})
        self.why |= dict.fromkeys(switches, words)

    async def ask(
        self, path: str, params: Mapping[str, str] | None = None, format: Format | None = None
    ) -> Answer | None:
        """The answer to one read in one format (the profile's first), None when there is none. A pause that the
        city asks for is kept once."""
        url = path if path.startswith("http") else f"{self.profile.endpoint}/{path}"
        url += f".{format or self.profile.formats[0]}" if self.profile.suffix else ""
        answer = await self._get(url, params or {})
        if answer and answer.status == 429:
            pause = answers.retry_after(answer, self.clock.now())
            self.note("odd", "pace", f"the city asks for a pause of {pause:.0f} seconds")
            await self.sleep(min(pause, _LONGEST_PAUSE))
            answer = await self._get(url, params or {})
        return answer

    async def _get(self, url: str, params: Mapping[str, str]) -> Answer | None:
        if wait := self.pace.take(self.clock.now(), _PATIENCE):
            await self.sleep(wait)
        self.reads += 1
        fixed = {"jurisdiction_id": self.profile.jurisdiction_id} if self.profile.jurisdiction_id else {}
        try:
            return await exchange.get(self.http, url, {**fixed, **params}, self.profile.read_seconds)
        except Retryable as error:
            self.note("bad", "connection", str(error))
            return None


def bench(
    profile: Profile,
    api_key: str | None,
    transport: httpx.AsyncBaseTransport | None,
    clock: Clock | None,
    sleep: Sleep = asyncio.sleep,
    progress: Callable[[str], None] = lambda _: None,
) -> Bench:
    """A bench for one endpoint."""
    http = exchange.connect(profile, api_key, transport)
    pace = Pace(profile.reads_per_minute)
    return Bench(http, profile, api_key, clock or SystemClock(), sleep, progress, pace)
