"""A stand-in of the Telegram Bot API on loopback, with simulated residents who chat with one bot.

Speaks what Telegram documents (https://core.telegram.org/bots/api): updates wait until a getUpdates offset
confirms them, or go to the webhook; tests hold it to the recorded payloads.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge.demo.loopback import served
from channels.trust import trusted

Json = dict[str, Any]
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """One message the bot sent."""

    message_id: int
    chat_id: int
    text: str
    markup: Mapping[str, Any] = field(default_factory=dict)
    params: Params = field(default_factory=dict)

    @property
    def buttons(self) -> dict[str, str]:
        """Inline buttons: label to callback data."""
        rows = self.markup.get("inline_keyboard", [])
        return {key["text"]: key["callback_data"] for row in rows for key in row}


class TelegramTwin:
    """One bot. `said` holds what the bot sent and `next_said()` waits for the next one; `answered` holds the
    callback queries it settled. `refuse` and `stall` spoil the next message.

    The bot reaches it at `url` (a Bot API server's base, without `/bot`).
    """

    def __init__(self, token: str, username: str = "fairview_bot", *, port: int = 0) -> None:
        self.token = token
        self.username = username
        self.bot_id = int(token.partition(":")[0])
        self.url = ""
        self.webhook_host = ""  # where the bridge listens, in place of the host of the registered webhook
        self.webhook: Json = {}
        self.said: list[Said] = []
        self.answered: list[str] = []
        self.unbuttoned: asyncio.Queue[int] = asyncio.Queue()  # messages whose buttons the bot took away
        self.away = False  # answers every call with 502
        self.babbles = False  # answers every call with what no client can read
        self.commands: dict[str, Any] = {}
        self.blocked: set[int] = set()
        self.files: dict[str, bytes] = {}
        self.pending: list[Json] = []
        self.polled: asyncio.Queue[int] = asyncio.Queue()  # the offset of each getUpdates, as it comes
        self._port = port
        self._new: asyncio.Queue[Said] = asyncio.Queue()
        self._arrived = asyncio.Event()
        self._refusals: deque[Response] = deque()
        self._stalls: deque[float] = deque()
        self._update_ids = itertools.count(secrets.randbelow(10**8) + 1)
        self._message_ids = itertools.count(1)
        self._running = contextlib.AsyncExitStack()
        self._methods: dict[str, Callable[[Params], Awaitable[Response]]] = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "sendmessage": self._send_message,
            "answercallbackquery": self._answer_callback_query,
            "editmessagereplymarkup": self._edit_message_reply_markup,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "setmycommands": self._set_my_commands,
            "getfile": self._get_file,
        }

    async def __aenter__(self) -> Self:
        app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self._download, methods=["GET"]),
            ]
        )
        self.url = await self._running.enter_async_context(served(app, self._port))
        self._phone = await self._running.enter_async_context(httpx.AsyncClient(timeout=30, verify=trusted()))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._arrived.set()
        await self._running.aclose()

    # -------------------------------------------------------------------------------- the residents' phones

    async def text(self, user: int, text: str, **more: Any) -> Json:
        """Writes to the bot; returns the update. `more` is added to the message (chat, entities, venue …)."""
        return await self.push(message=self.message(user, text=text, **more))

    async def pin(self, user: int, lat: float, long: float, **more: Any) -> Json:
        """Shares a location; `more` is added to it (horizontal_accuracy, live_period …)."""
        return await self.push(message=self.message(user, location={"latitude": lat, "longitude": long, **more}))

    async def photo(self, user: int, content: bytes, caption: str = "") -> Json:
        """Sends a photo, offered in two sizes as Telegram does."""
        sizes = [self._file(content[:90], 90, 67), self._file(content, 1280, 960)]
        return await self.push(message=self.message(user, photo=sizes, caption=caption))

    async def edit(self, update: Json, text: str) -> Json:
        """Edits an earlier message."""
        message = {**update["message"], "text": text, "edit_date": int(time.time())}
        return await self.push(edited_message=message)

    async def press(self, user: int, said: Said, data: str) -> Json:
        """Presses an inline button under a message of the bot."""
        message = {
            "message_id": said.message_id,
            "from": self._me(),
            "chat": {"id": said.chat_id, "first_name": "Ada", "type": "private"},
            "date": int(time.time()),
            "text": said.text,
            "reply_markup": dict(said.markup),
        }
        query = {"id": secrets.token_hex(9), "from": person(user), "chat_instance": "1", "data": data}
        return await self.push(callback_query={**query, "message": message})

    async def push(self, **kind: Any) -> Json:
        """Makes an update of one kind: waits for getUpdates, or posts it to the webhook. A webhook that does
        not answer 200 gets it again with the next one."""
        update = {"update_id": next(self._update_ids), **kind}
        self.pending.append(update)
        self._arrived.set()
        if self.webhook:
            await self.deliver()
        return update

    def again(self, update: Json) -> None:
        """Makes an update pending once more, as if its confirmation had been lost."""
        if update not in self.pending:
            self.pending.insert(0, update)
        self._arrived.set()

    async def deliver(self) -> None:
        """Posts what is pending to the registered webhook, oldest first, until one is not taken."""
        while self.pending and (await self._post(self.pending[0])).status_code == 200:
            self.pending.pop(0)

    def message(self, user: int, **content: Any) -> Json:
        """A message object of a private chat; `content` overrides or adds fields."""
        return {
            "message_id": next(self._message_ids),
            "from": person(user),
            "chat": {"id": user, "first_name": "Ada", "type": "private"},
            "date": int(time.time()),
            **content,
        }

    async def next_said(self, timeout: float = 10) -> Said:  # noqa: ASYNC109 reads better at the caller
        """The next message the bot sent that was not yet returned here."""
        return await asyncio.wait_for(self._new.get(), timeout)

    # ------------------------------------------------------------------------------------------ bad days

    def refuse(self, code: int, description: str, **parameters: Any) -> None:
        """Answers the next sendMessage with an error (`parameters`: retry_after, migrate_to_chat_id)."""
        self._refusals.append(_error(code, description, parameters))

    def stall(self, seconds: float = 60) -> None:
        """Takes the next sendMessage, and answers only after `seconds`."""
        self._stalls.append(seconds)

    # ------------------------------------------------------------------------------------------- the API

    async def _call(self, request: Request) -> Response:
        if self.away:
            return Response(status_code=502)
        if self.babbles:
            return Response(b"<html>\xff\x00{", media_type="application/json")
        if request.path_params["token"] != self.token:
            return _error(401, "Unauthorized")
        # "All methods in the Bot API are case-insensitive."
        method = self._methods.get(request.path_params["method"].lower())
        if method is None:
            return _error(404, "Not Found")
        return await method(await _params(request))

    async def _get_me(self, params: Params) -> Response:
        extra = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return _ok(self._me() | extra)

    async def _get_updates(self, params: Params) -> Response:
        if self.webhook:
            return _error(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook")
        offset = int(params.get("offset", 0))
        self.polled.put_nowait(offset)
        self.pending = [update for update in self.pending if update["update_id"] >= offset]
        if not self.pending:
            await self._wait(float(params.get("timeout", 0)))
        return _ok(self.pending[: int(params.get("limit", 100))])

    async def _wait(self, seconds: float) -> None:
        self._arrived.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), seconds)

    async def _send_message(self, params: Params) -> Response:
        if self._refusals:
            return self._refusals.popleft()
        chat_id, text = int(params["chat_id"]), str(params.get("text", ""))
        if chat_id in self.blocked:
            return _error(403, "Forbidden: bot was blocked by the user")
        if not text.strip():
            return _error(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) > 2 * 4096:
            return _error(400, "Bad Request: message is too long")
        said = Said(next(self._message_ids), chat_id, text, params.get("reply_markup", {}), params)
        self.said.append(said)
        self._new.put_nowait(said)
        if self._stalls:
            await asyncio.sleep(self._stalls.popleft())
        return _ok(self._sent(said))

    async def _answer_callback_query(self, params: Params) -> Response:
        self.answered.append(str(params["callback_query_id"]))
        return _ok(True)

    async def _edit_message_reply_markup(self, params: Params) -> Response:
        message_id = int(params["message_id"])
        self.unbuttoned.put_nowait(message_id)
        said = next((said for said in self.said if said.message_id == message_id), None)
        return _ok(self._sent(said)) if said else _error(400, "Bad Request: message to edit not found")

    async def _set_webhook(self, params: Params) -> Response:
        self.webhook = dict(params)
        return _ok(True)

    async def _delete_webhook(self, params: Params) -> Response:
        self.webhook = {}
        return _ok(True)

    async def _set_my_commands(self, params: Params) -> Response:
        self.commands[str(params.get("language_code", ""))] = params["commands"]
        return _ok(True)

    async def _get_file(self, params: Params) -> Response:
        file_id = str(params["file_id"])
        if file_id not in self.files:
            return _error(400, "Bad Request: invalid file_id")
        size = len(self.files[file_id])
        path = f"photos/{file_id}.jpg"
        return _ok({"file_id": file_id, "file_unique_id": file_id, "file_size": size, "file_path": path})

    async def _download(self, request: Request) -> Response:
        content = self.files.get(request.path_params["path"].removeprefix("photos/").removesuffix(".jpg"))
        if content is None or request.path_params["token"] != self.token:
            return _error(404, "Not Found")
        return Response(content, media_type="image/jpeg")

    async def _post(self, update: Json) -> httpx.Response:
        url = httpx.URL(self.webhook["url"])
        if self.webhook_host:
            url = httpx.URL(self.webhook_host).join(url.raw_path.decode())
        secret = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.get("secret_token", "")}
        return await self._phone.post(url, json=update, headers=secret)

    def _me(self) -> Json:
        return {"id": self.bot_id, "is_bot": True, "first_name": "Fairview 311", "username": self.username}

    def _sent(self, said: Said) -> Json:
        chat = {"id": said.chat_id, "first_name": "Ada", "type": "private"}
        sent = {"message_id": said.message_id, "from": self._me(), "chat": chat, "date": int(time.time())}
        markup = {"reply_markup": said.markup} if "inline_keyboard" in said.markup else {}
        return {**sent, "text": said.text, **markup}

    def _file(self, content: bytes, width: int, height: int) -> Json:
        file_id = secrets.token_hex(12)
        self.files[file_id] = content
        names = {"file_id": file_id, "file_unique_id": file_id[:8]}
        return {**names, "file_size": len(content), "width": width, "height": height}


def person(user: int, first_name: str = "Ada", language: str = "en") -> Json:
    """A User object."""
    return {"id": user, "is_bot": False, "first_name": first_name, "language_code": language}


async def _params(request: Request) -> Params:
    """Parameters of a call, with the JSON-serialized ones read."""
    if request.headers.get("Content-Type", "").startswith("application/json"):
        return dict(await request.json())
    form = {**request.query_params, **{key: str(value) for key, value in (await request.form()).items()}}
    serialized = ("reply_markup", "reply_parameters", "allowed_updates", "commands")
    return {key: json.loads(value) if key in serialized else value for key, value in form.items()}


def _ok(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _error(code: int, description: str, parameters: Params | None = None) -> Response:
    document: Json = {"ok": False, "error_code": code, "description": description}
    return JSONResponse(document | ({"parameters": dict(parameters)} if parameters else {}), code)
