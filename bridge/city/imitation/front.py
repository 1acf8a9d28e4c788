"""The ASGI front: reads the request, asks the city behind it in JSON, spoils the answer, writes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.city.answers import FORMATS, Format, to_json, to_xml
from bridge.city.imitation.exchange import ROOTS, Asked, Choose, Chosen, Reply, Resource, parse
from bridge.city.rows import ATTRIBUTE, REQUEST
from bridge.errors import SettingsError
from bridge.ports import Clock

HEADER = "x-imitate"
ABORT = "city.abort"  # ASGI extension: cuts the connection without a word
BODY_LIMIT = 32 * 1024 * 1024
_SINGLE: dict[str, Resource] = {
    "services": "service",
    "requests": "request",
    "request": "request",
    "tokens": "token",
}
_LISTS: dict[str, Resource] = {
    "services": "services",
    "requests": "requests",
    "discovery": "discovery",
    "servicerequestupdates": "updates",
}
_PATHS: dict[Resource, str] = {resource: word for word, resource in (*_SINGLE.items(), *_LISTS.items())}


def by_header(always: Sequence[str] = ()) -> Choose:
    """Imitates what is named for every request, then what the request's own header names."""

    def choose(asked: Asked) -> Sequence[str]:
        wishes = asked.headers.get(HEADER, "").split(",")
        return [*always, *(wish for wish in wishes if wish.strip())]

    return choose


def droppable(application: ASGIApp) -> ASGIApp:
    """For the outermost place under uvicorn: lends the application a way to cut the connection. ASGI has
    none, and uvicorn's `send` is a method of the object that holds the transport."""

    async def lend(scope: Scope, receive: Receive, send: Send) -> None:
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if scope["type"] == "http" and transport is not None:
            scope = {**scope, "extensions": {**scope.get("extensions", {}), ABORT: transport.abort}}
        await application(scope, receive, send)

    return lend


class Imitation:
    """Stands in front of `app`. `choose` says for each request what to imitate."""

    def __init__(self, app: ASGIApp, choose: Choose, clock: Clock) -> None:
        self._app, self._choose, self._clock = app, choose, clock
        self._memory: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = await _asked(scope, receive, self._clock, self._memory)
        try:
            chosen = parse(self._choose(asked))
        except SettingsError as error:
            problem = Reply(400, "errors", [{"code": 400, "description": str(error)}])
            await _send(asked, problem, (), scope, send)
            return
        if chosen and asked.resource != "other":
            await _send(asked, await self._spoiled(scope, asked, chosen), chosen, scope, send)
        else:
            await self._app(scope, _replay(asked.body, receive), send)

    async def _spoiled(self, scope: Scope, asked: Asked, chosen: Chosen) -> Reply:
        reply: Reply | None = None
        for quirk, argument in chosen:
            if quirk.ask and reply is None:
                outcome = quirk.ask(asked, argument)
                asked, reply = (asked, outcome) if isinstance(outcome, Reply) else (outcome, None)
        if reply is None:
            reply = await _inner(self._app, scope, asked)
        for quirk, argument in chosen:
            if quirk.reply:
                reply = quirk.reply(asked, reply, argument)
        return reply


# ------------------------------------------------------------------------------------------------- reading


async def _asked(scope: Scope, receive: Receive, clock: Clock, memory: dict[str, Any]) -> Asked:
    prefix = scope.get("root_path", "")
    path = scope["path"].removeprefix(prefix)
    resource, name, form = _parts(path)
    return Asked(
        method=scope["method"],
        path=path,
        prefix=prefix,
        resource=resource,
        name=name,
        format=form,
        query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        body=await _body(receive),
        headers=Headers(scope=scope),
        now=clock.now(),
        memory=memory,
    )


def _parts(path: str) -> tuple[Resource, str, Format | None]:
    words = path.strip("/").split("/")
    stem, dot, suffix = words[-1].rpartition(".")
    form = next((known for known in FORMATS if dot and known == suffix.lower()), None)
    last = stem if form else words[-1]
    if len(words) == 1:
        return _LISTS.get(last.lower(), "other"), "", form
    return (_SINGLE.get(words[0].lower(), "other") if len(words) == 2 else "other"), last, form


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if sum(map(len, chunks)) > BODY_LIMIT or not message.get("more_body"):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _inner(app: ASGIApp, scope: Scope, asked: Asked) -> Reply:
    """The right answer, asked for in JSON whatever the client wants."""
    path = "/".join(("", _PATHS[asked.resource], *filter(None, [asked.name])))
    inner = {
        **scope,
        "method": asked.method,
        "path": f"{scope.get('root_path', '')}{path}.json",
        "raw_path": quote(f"{path}.json").encode(),
        "query_string": urlencode(asked.query).encode(),
    }
    answer: dict[str, Any] = {"status": 500, "body": b""}

    async def gather(message: Message) -> None:
        answer["status"] = message.get("status", answer["status"])
        answer["body"] += message.get("body", b"")

    await app(inner, _replay(asked.body, _disconnected), gather)
    if answer["status"] >= 400:
        return Reply(answer["status"], "errors", json.loads(answer["body"]))
    return Reply(answer["status"], ROOTS[asked.resource], _with_nulls(asked, json.loads(answer["body"])))


def _with_nulls(asked: Asked, value: Any) -> Any:
    """Other servers show what they have no value for; ours leaves it out of JSON."""
    if asked.method == "GET" and asked.resource in ("requests", "request"):
        return [dict.fromkeys(REQUEST) | row for row in value]
    if asked.resource == "service":
        return {**value, "attributes": [dict.fromkeys(ATTRIBUTE) | row for row in value["attributes"]]}
    return value


async def _disconnected() -> Message:
    return {"type": "http.disconnect"}


# ------------------------------------------------------------------------------------------------- writing


async def _send(asked: Asked, reply: Reply, chosen: Chosen, scope: Scope, send: Send) -> None:
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.then == "drop" and await _cut(scope):
        return
    body = _written(asked, reply, chosen)
    kind = reply.content_type or f"{FORMATS[asked.format or 'xml']}; charset=utf-8"
    length = len(body) + (1 if reply.then != "answer" else 0)  # one byte promised and never sent
    headers = {"content-type": kind, "content-length": str(length)} | dict(reply.headers)
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    sent = body[: len(body) // 2] if reply.then != "answer" else body
    await send({"type": "http.response.body", "body": sent, "more_body": reply.then != "answer"})


def _written(asked: Asked, reply: Reply, chosen: Chosen) -> bytes:
    if reply.content is not None:
        return reply.content
    body = to_json(reply.value) if asked.format == "json" else to_xml(reply.root, reply.value)
    for quirk, argument in chosen:
        if quirk.write and reply.status < 300:
            body = quirk.write(asked, body, argument)
    return body


async def _cut(scope: Scope) -> bool:
    abort = scope.get("extensions", {}).get(ABORT)
    if abort is None:
        return False
    abort()
    await asyncio.sleep(0.01)  # let the server notice, or it would try to say 500
    return True
