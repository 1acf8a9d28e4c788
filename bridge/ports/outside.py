"""The outside: time, channels, models, cities, words, files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from bridge.vocabulary import (
    Attachment,
    Attribute,
    Classified,
    Developed,
    Discovery,
    Earlier,
    Followed,
    Followings,
    FollowUp,
    Inbound,
    Located,
    Lookup,
    Outbound,
    Pin,
    Place,
    Receipt,
    Sent,
    Service,
    ServiceRequest,
    Submission,
)


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Now, aware, in UTC."""
        ...


Accept = Callable[[Sequence[Inbound]], Awaitable[None]]
"""Stores messages durably. When it returns, the channel may acknowledge; when it raises, it must not:
the channel answers its provider with the temporary error that makes the provider come back."""


class Channel(Protocol):
    """One configured account of one provider: a number, a mailbox, a bot."""

    name: str  # sms, mail, chat
    account_id: str
    alone: (
        bool  # of many processes only one may `run` it at a time, as where a provider hands out its messages once
    )

    def hooks(self, accept: Accept) -> Sequence[Any]:
        """Starlette routes for the provider's webhooks, [] when it has none."""
        ...

    async def run(self, accept: Accept) -> None:
        """Listens or polls until cancelled; returns at once where there is nothing to run."""
        ...

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        """Hands one message to the provider. Where the provider can be asked, what an earlier try, of any process,
        left there is not sent again. Raises Retryable, Permanent or Unsure."""
        ...

    async def fetch(self, attachment: Attachment, raw: bytes) -> bytes:
        """The bytes of an attachment of a message, which came as `raw`. Raises Retryable or Permanent."""
        ...

    async def discard(self, attachment: Attachment) -> None:
        """Has the provider forget a file that is stored here, where the settings say so. Raises as `send` does."""
        ...

    async def close(self) -> None:
        """Frees connections."""
        ...


Develop = Callable[[bytes], Developed]
"""Makes a resident's file safe to keep and show. Slow; raises Permanent for what cannot be shown."""


class Classifier(Protocol):
    """What is it? Bound to one city's service list."""

    def classify(self, text: str, language: str) -> Classified:
        """What a text in a language is about, over the list's service codes. Never raises for any text."""
        ...

    def classify_parts(self, text: str, parts: Sequence[tuple[int, int]], language: str) -> Sequence[Classified]:
        """`classify` of the text, then of each part of it (characters from and to), as it reads within."""
        ...


class Locator(Protocol):
    """Where is it? Bound to one city's gazetteer."""

    def locate(self, text: str, language: str, near: Place | None = None) -> Located:
        """Mentions and at most three candidates; of equal ones that beside `near`, where the sender was last.
        Never raises for any text."""
        ...

    def at(self, pin: Pin) -> Place | None:
        """The place of a pin with the nearest known address; None outside the city's boundary."""
        ...


class City(Protocol):
    """A GeoReport v2 endpoint, seen through its profile."""

    async def services(self) -> tuple[Service, ...]: ...
    async def definition(self, service_code: str) -> tuple[Attribute, ...]: ...
    async def discovery(self) -> Discovery: ...

    async def submit(self, submission: Submission) -> Receipt:
        """POSTs one service request, once. Raises Retryable (certainly not stored), Permanent (refused, with
        the city's words) or Unsure (may be stored)."""
        ...

    async def look_up(self, submission: Submission, since: datetime) -> Lookup:
        """Looks for our own request, posted at or after `since`, by its marker. Never writes."""
        ...

    async def resolve_all(self, tokens: Sequence[str]) -> Mapping[str, str | None]:
        """The service_request_ids of these tokens, None while the city has none yet. A token there was no read
        left for is absent. Raises Retryable when nothing could be read."""
        ...

    async def follow(self, followed: Sequence[Followed]) -> Followings:
        """Reads as many of these due requests as the city's read limit allows now, the most urgent first. Raises
        Retryable or Permanent when nothing could be read."""
        ...

    async def nearby(
        self, service_code: str, lat: float, long: float, metres: float, since: datetime
    ) -> tuple[ServiceRequest, ...]:
        """Open requests of a service that the city lists within that many metres, requested at or after `since`,
        as far as one read shows. Raises Retryable or Permanent."""
        ...

    async def post_update(self, follow_up: FollowUp) -> str:
        """POSTs more words on a request, once; the city's id for them, "" when it gives none. Raises Retryable,
        Permanent or Unsure."""
        ...


class Catalog(Protocol):
    """The words residents read."""

    def text(self, message_id: str, language: str, params: Mapping[str, str]) -> str:
        """The message in that language, falling back to English; only allow-listed %(name)s are filled."""
        ...


class Blobs(Protocol):
    """Content-addressed files and folders: models, gazetteers, photos. The same content has the same id."""

    def put(self, source: Path) -> str:
        """Keeps a copy of a file or a whole folder; its id."""
        ...

    def keep(self, content: bytes) -> str:
        """Keeps bytes as a file; its id."""
        ...

    def drop(self, blob_id: str) -> None:
        """Deletes a file; nothing happens when there is none."""
        ...

    def path(self, blob_id: str) -> Path:
        """Where it is kept, to read. Raises KeyError for an id that is not."""
        ...
