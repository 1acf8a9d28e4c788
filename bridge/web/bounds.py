"""Bodies of requests under a limit, whoever sends them: nobody fills memory or disk before being known."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST: Final = (
    32 * 1024 * 1024
)  # bytes; channels, the city's desk and the console have tighter ones of their own
SMALL_FORM: Final = 64 * 1024


class Bounded:
    """Middleware: a body of more than LARGEST bytes is refused (413) when it gets there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, bounded(receive, LARGEST) if scope["type"] == "http" else receive, send)


def bounded(receive: Receive, limit: int) -> Receive:
    """The same messages. Raises HTTPException (413) once they hold more than `limit` bytes."""
    seen = 0

    async def next_message() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413)
        return message

    return next_message


async def small_form(request: Request) -> FormData:
    """The fields of a form that a stranger may send: no files, and few."""
    form = await Request(request.scope, bounded(request.receive, SMALL_FORM)).form(max_files=0, max_fields=20)
    return FormData(form)
