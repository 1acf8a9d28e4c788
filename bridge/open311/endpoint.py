"""One endpoint as the bridge meets it: reads in whichever format it answers, within its pace, and posts.

What an endpoint is found to answer is remembered by kind of call: uReport's XML definitions fail where its XML
lists work. Reads and posts each have their own circuit, so a broken list does not hold reports back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Literal

import httpx
import structlog

from bridge.errors import BridgeError, Permanent, Retryable, Unsure
from bridge.open311 import answers, exchange, wire
from bridge.open311.answers import Answer
from bridge.open311.circuit import Circuit, Pace, Paced, alone
from bridge.open311.documents import Format, Tree
from bridge.open311.form import Fields
from bridge.open311.profile import Profile
from bridge.open311.shown import File
from bridge.ports import Clock

Kind = Literal["services", "definition", "discovery", "requests", "request", "token", "updates"]
Sleep = Callable[[float], Awaitable[None]]

PATIENCE = 5.0  # seconds a read waits for its turn; callers have deadlines of their own

_log = structlog.get_logger(__name__)


class Unreadable(Retryable):
    """The endpoint answers, in no format anything that can be read."""


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Endpoint:
    """The network side of a `Client`."""

    def __init__(
        self,
        profile: Profile,
        api_key: str | None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        patience: float = PATIENCE,
        paced: Paced | None = None,
    ) -> None:
        self.profile, self.api_key, self.clock = profile, api_key, clock or SystemClock()
        self._sleep, self._patience = sleep, patience
        self._http = exchange.connect(profile, api_key, transport)
        self._paced = paced or alone(Pace(profile.reads_per_minute))
        self._formats: dict[Kind, Format] = {}
        self.reads = self.posts = Circuit(profile.circuit_failures, profile.circuit_seconds)
        self.refused_key = ""  # the city's words, when it refused the last POST for our key

    async def free_reads(self, spare: int = 0) -> int | None:
        """Reads that would go out at once while `spare` are left to others; None when there is no limit."""
        now = self.clock.now()
        return await self._paced(lambda pace: pace.free(now, spare))

    async def get(
        self, kind: Kind, path: str, params: Mapping[str, str] | None = None, *, spare: int = 0
    ) -> Answer:
        """The answer to a read, in the first format that gives a readable one; a refusal is an answer too.

        Raises Retryable when there is no answer, Unreadable for successes that cannot be read in any format;
        Permanent for an unusable URL.
        `spare`: reads of this minute to leave to more urgent calls.
        """
        first: Answer | None = None
        for format in self._order(kind):
            answer = await self._get(self._url(path, format), self._params(params or {}), spare)
            if self._final(answer, kind, format):
                if answer.success:
                    self._formats[kind] = format
                return answer
            first = first or answer
        assert first is not None
        if first.success:
            raise Unreadable(f"no readable answer for {path}: {_words(first, self.api_key)}", after=300)
        return first

    async def tree(
        self, kind: Kind, path: str, params: Mapping[str, str] | None = None, *, spare: int = 0
    ) -> Tree:
        """The tree of a read that succeeded. Raises Retryable or Permanent."""
        answer = await self.get(kind, path, params, spare=spare)
        if not answer.success:
            raise self.error(answer)
        return answer.document.tree

    async def post(self, path: str, fields: Fields, files: Mapping[str, File] | None = None) -> Answer:
        """The answer to a POST, sent once. Raises Retryable (nothing sent) or Unsure."""
        now = self.clock.now()
        if wait := self.posts.wait(now):
            raise Retryable("the city's endpoint is failing; reports are held", after=wait)
        self.posts = self.posts.tried(now)
        url = self._url(path, self._order("requests")[0])
        try:
            answer = await exchange.post(self._http, url, fields, self.profile.submit_seconds, files)
        except (Retryable, Unsure):
            self.posts = self.posts.failed(self.clock.now())
            raise
        self.posts = self._after(self.posts, answer)
        self.refused_key = ""
        if answers.about_key(answer):
            self.refused_key = _words(answer, self.api_key)
            self.posts = self.posts.held(self.clock.now(), answers.KEY_WAIT)
        return answer

    def error(self, answer: Answer) -> BridgeError:
        """The error for a read that was refused, without the key."""
        return self.safe(answers.read_error(answer, self.clock.now()))

    def safe(self, error: BridgeError) -> BridgeError:
        """The same error with the API key blotted out: servers echo what was sent."""
        words = answers.redacted(str(error), self.api_key)
        if isinstance(error, Permanent):
            return Permanent(words, words=answers.redacted(error.words, self.api_key), code=error.code)
        if isinstance(error, Retryable):
            return Retryable(words, after=error.after)
        return type(error)(words)

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(self, url: str, params: Mapping[str, str], spare: int) -> Answer:
        await self._turn(spare)
        try:
            answer = await exchange.get(self._http, url, params, self.profile.read_seconds)
        except Retryable:
            self.reads = self.reads.failed(self.clock.now())
            raise
        self.reads = self._after(self.reads, answer)
        _log.debug("city.read", path=httpx.URL(url).path, status=answer.status, kind=answer.document.kind)
        if answer.status in (429, 503):
            raise self.error(answer)
        return answer

    async def _turn(self, spare: int) -> None:
        """Waits for this read's turn, or raises Retryable when that is further off than `patience`."""
        now = self.clock.now()
        if wait := self.reads.wait(now):
            raise Retryable("the city's endpoint is failing; reads are held", after=wait)
        turn, later = await self._paced(
            lambda pace: (pace.take(now, self._patience, spare), pace.wait(now, spare))
        )
        if turn is None:
            raise Retryable("the city's read limit is used up", after=later)
        self.reads = self.reads.tried(now)
        if turn:
            await self._sleep(turn)

    def _after(self, circuit: Circuit, answer: Answer) -> Circuit:
        now = self.clock.now()
        if answer.status in (429, 503):
            return circuit.held(now, answers.retry_after(answer, now))
        return circuit.failed(now) if answer.status >= 500 else circuit.succeeded()

    def _final(self, answer: Answer, kind: Kind, format: Format) -> bool:
        """Whether another format could not say more: a readable answer, a failure where this format is known to
        work, or a refusal in words from an endpoint that is known to speak it."""
        if answer.success:
            return answer.document.readable
        if self._formats.get(kind) == format:
            return True
        spoken = format in self._formats.values()
        return spoken and answer.status < 500 and bool(wire.errors(answer.document.tree))

    def _order(self, kind: Kind) -> list[Format]:
        """The format known to work for this kind, then the one that works for others, then the profile's."""
        known = [self._formats[kind]] if kind in self._formats else [*self._formats.values()]
        order = list(dict.fromkeys([*known, *self.profile.formats]))
        return order if self.profile.suffix else order[:1]

    def _url(self, path: str, format: Format) -> str:
        base = path if path.startswith("http") else f"{self.profile.endpoint}/{path}"
        return f"{base}.{format}" if self.profile.suffix else base

    def _params(self, params: Mapping[str, str]) -> dict[str, str]:
        fixed = {"jurisdiction_id": self.profile.jurisdiction_id}
        fixed["extensions"] = "true" if self.profile.extensions else ""
        return {name: value for name, value in {**fixed, **params}.items() if value}


def _words(answer: Answer, secret: str | None) -> str:
    return answers.redacted(f"{answer.status} {wire.words(answer.document)}".strip(), secret)
