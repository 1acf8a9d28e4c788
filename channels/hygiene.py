"""What every channel does alike to what strangers send: text made storable, addresses made loggable, bodies
read up to a limit. Knows no provider."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from dataclasses import replace
from typing import Final

from starlette.requests import Request

from bridge.vocabulary import Inbound, InboundKind, Outbound

# C0 and C1 controls but tab and newline; lone surrogates, which no database takes as UTF-8; noncharacters.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


REMEMBERED_NAMES: Final = 10_000


class TooLarge(Exception):
    """A request body went over its limit; the rest of it was not read."""


def clean(text: str) -> str:
    """The text with line ends as newlines and without control characters; everything else unchanged."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """The text cleaned and folded to one line: for names, subjects and header values."""
    return " ".join(clean(text).split())


def redacted(address: str) -> str:
    """An address as it may stand in a log: enough to recognise one's own, not enough to call it."""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:1]}…@{domain}"
    return f"…{address[-3:]}" if len(address) > 5 else "…"


def with_choices(message: Outbound) -> str:
    """The text with its choices as lines to answer by typing: by the choice's own value where that is short, as
    `0) Something else`, otherwise by its number."""
    typed = all(len(choice.value) <= 2 for choice in message.choices)
    lines = [
        f"{choice.value if typed else number}) {choice.label}" for number, choice in enumerate(message.choices, 1)
    ]
    return "\n".join([message.text, *lines])


class RateLimit:
    """At most `most` events of one name within `seconds`; 0 for no limit. Forgets the names longest unheard."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._events: OrderedDict[str, deque[tuple[float, str]]] = OrderedDict()

    def allows(self, name: str, now: float, key: str = "") -> bool:
        """Whether an event at `now` (in seconds) is within the limit; it is counted if so. What has a `key` is
        counted once, however often it comes."""
        if not self._most:
            return True
        events = self._events.setdefault(name, deque())
        self._events.move_to_end(name)
        if len(self._events) > REMEMBERED_NAMES:
            self._events.popitem(last=False)
        while events and not now - self._seconds < events[0][0] <= now + self._seconds:
            events.popleft()  # long ago, or ahead, as the clock was set back
        if key and any(key == known for _, known in events):
            return True
        if len(events) >= self._most:
            return False
        events.append((now, key))
        return True


def answerable(message: Inbound, limit: RateLimit) -> Inbound:
    """The message; flagged automatic (stored, never answered) when its sender is over the limit. Two machines
    would answer each other for ever, and a flood would take the answers of others. One message that its provider
    brings again and again, as it was told *later*, is no flood."""
    if message.automatic or message.kind is not InboundKind.MESSAGE:
        return message
    within = limit.allows(message.sender, message.received_at.timestamp(), message.provider_key)
    return message if within else replace(message, automatic=True)


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body. Raises TooLarge as soon as more than `limit` bytes came."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
    return b"".join(chunks)
