"""What every channel does alike to what strangers send: text made storable, addresses made loggable, bodies
read up to a limit. Knows no provider."""

from __future__ import annotations

import re

from starlette.requests import Request

# C0 and C1 controls but tab and newline; lone surrogates, which no database takes as UTF-8; noncharacters.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


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
