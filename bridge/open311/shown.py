"""A POST and its answer as text for staff: as on the wire, but for what is secret or says who wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx

MASK = "•••"
MASKED = frozenset(("api_key", "first_name", "last_name", "email", "phone", "device_id", "account_id"))
MOST = 8000  # characters of a body
HEADERS = ("host", "user-agent", "accept", "accept-encoding", "content-type", "content-length", "location")


@dataclass(frozen=True, slots=True)
class File:
    """A file part of a multipart form."""

    name: str
    content_type: str
    content: bytes


def request(made: httpx.Request, fields: Sequence[tuple[str, str]], files: Mapping[str, File]) -> str:
    """The request line, the headers and the form; of a file, its name and size."""
    kept = [(name, MASK if name in MASKED and value else value) for name, value in fields]
    if files:
        parts = [f"{name}={value}" for name, value in kept]
        parts += [
            f"{name}: {file.name}, {file.content_type}, {len(file.content)} bytes" for name, file in files.items()
        ]
        body = "\n".join(parts)
    else:
        body = urlencode(kept).replace(quote(MASK), MASK)
    return _text(f"{made.method} {made.url.raw_path.decode()} HTTP/1.1", made.headers, body)


def answer(got: httpx.Response, body: bytes) -> str:
    """The status line, the headers that say what it is, and the body, cut where it is long."""
    return _text(
        f"HTTP/1.1 {got.status_code} {got.reason_phrase}", got.headers, body[: 4 * MOST].decode("utf-8", "replace")
    )


def _text(first: str, headers: httpx.Headers, body: str) -> str:
    lines = [f"{name}: {headers[name]}" for name in HEADERS if name in headers]
    cut = body if len(body) <= MOST else f"{body[:MOST]}\n[{len(body) - MOST} characters more]"
    return "\n".join([first, *lines, "", cut]).replace("\x00", "")
