"""Telegram chat through python-telegram-bot: long polling (default) or a webhook in, the Bot API out.

https://core.telegram.org/bots/api. The library's own Application confirms an update before it is handled, so
getUpdates and the webhook route are driven here: an update is confirmed only after it was stored.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, Literal, TypeVar

import httpx
import structlog
import telegram
import telegram.error
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.request import HTTPXRequest

from bridge.errors import BridgeError, Permanent, Retryable, SettingsError, Unsure
from bridge.ports import Accept, Clock
from bridge.vocabulary import Attachment, Earlier, Inbound, Outbound, Sent
from channels.chat_update import CHANNEL, parse
from channels.hygiene import RateLimit, TooLarge, answerable, one_line, read_body, redacted, with_choices
from channels.trust import trusted

log = structlog.get_logger()

# httpx logs every URL at INFO, and the Bot API has the token in its URLs; the library logs texts at DEBUG.
for chatty in ("httpx", "telegram"):
    logging.getLogger(chatty).setLevel(logging.WARNING)

Answer = TypeVar("Answer")

BODY_LIMIT: Final = 1024 * 1024  # bytes
TEXT_LIMIT: Final = 4096  # UTF-16 units, https://core.telegram.org/bots/api#sendmessage
CALLBACK_LIMIT: Final = 64  # bytes, https://core.telegram.org/bots/api#inlinekeyboardbutton
MINUTE: Final = 60.0  # seconds
RETRY_CREDENTIALS: Final = 300.0  # seconds
UPDATES: Final = ["message", "edited_message", "callback_query", "my_chat_member"]
COMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    "": {
        "report": "Report a problem",
        "status": "Ask about a report",
        "language": "Choose a language",
        "stop": "Stop all messages",
        "help": "How this works",
    },
    "es": {
        "report": "Reportar un problema",
        "status": "Consultar un reporte",
        "language": "Elegir idioma",
        "stop": "Dejar de recibir mensajes",
        "help": "Cómo funciona",
    },
}


class Settings(BaseModel):
    """One Telegram bot. `mode` webhook needs `public_url` (the bridge as Telegram reaches it, without path) and
    `webhook_secret`. `commands` is the menu per language ("" for all others)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bot_token: SecretStr
    mode: Literal["polling", "webhook"] = "polling"
    public_url: str = Field("", pattern=r"^(|https?://[^/]+/?)$")
    webhook_secret: SecretStr | None = None
    api_url: str = "https://api.telegram.org"
    poll_seconds: int = Field(30, ge=0, le=50)
    timeout_seconds: float = Field(10, gt=0)
    media_max_bytes: int = Field(10_000_000, gt=0)
    answers_per_minute: int = Field(20, ge=0)
    commands: Mapping[str, Mapping[str, str]] = COMMANDS

    def model_post_init(self, context: Any, /) -> None:
        if ":" not in self.bot_token.get_secret_value():
            raise ValueError("bot_token must look like 123456:ABC")
        if self.mode == "webhook" and not (self.public_url and self.webhook_secret):
            raise ValueError("webhook mode needs public_url and webhook_secret")


def create(
    account_id: str, settings: Settings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> Chat:
    """The channel for one bot."""
    return Chat(account_id, settings, clock, transport)


class Chat:
    """bridge.ports.Channel over the Telegram Bot API."""

    name = CHANNEL
    alone = True  # Telegram hands an update to one poller

    def __init__(
        self,
        account_id: str,
        settings: Settings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.account_id = account_id
        self._settings = settings
        self._clock = clock
        token = settings.bot_token.get_secret_value()
        self._http = _http(settings, transport)
        self._bot = telegram.Bot(
            token,
            base_url=f"{settings.api_url}/bot",
            base_file_url=f"{settings.api_url}/file/bot",
            request=self._http,
            get_updates_request=self._http,
        )
        self._bot_id = int(token.partition(":")[0]) if token.partition(":")[0].isdigit() else 0
        self._bot_name = ""
        self._answers = RateLimit(settings.answers_per_minute, MINUTE)

    @property
    def hook_path(self) -> str:
        """Where Telegram posts updates in webhook mode."""
        return f"/hooks/chat/{self.account_id}"

    def hooks(self, accept: Accept) -> Sequence[Route]:
        async def receive(request: Request) -> Response:
            return await self._receive(request, accept)

        if self._settings.mode == "polling":
            return []
        return [Route(self.hook_path, receive, methods=["POST"])]

    async def run(self, accept: Accept) -> None:
        """Polls until cancelled; in webhook mode registers the webhook and returns."""
        await self._until_done(self._introduce)
        if self._settings.mode == "webhook":
            await self._until_done(self._set_webhook)
            return
        offset = 0
        while True:
            offset = await self._until_done(partial(self._poll, offset, accept))

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        """Sends the text as it is (no markup), with buttons or the share-location key on its last piece. A bot
        cannot read what it sent: after an earlier try without an answer the resident may read it twice."""
        chat_id = int(message.thread.partition("/")[0] or message.to)
        *heads, last = _pieces(_text(message))
        for head in heads:
            await self._call(self._bot.send_message(chat_id, head))
        sent = await self._call(
            self._bot.send_message(
                chat_id,
                last,
                reply_markup=_keyboard(message, chat_id),
                reply_parameters=_reply_to(message, chat_id),
            )
        )
        return Sent(f"{chat_id}:{sent.message_id}")

    async def fetch(self, attachment: Attachment, raw: bytes = b"") -> bytes:
        """The bytes of a photo or document. Raises Permanent when it is too large or gone."""
        file = await self._call(self._bot.get_file(attachment.reference))
        if (file.file_size or 0) > self._settings.media_max_bytes:
            raise Permanent(f"file is larger than {self._settings.media_max_bytes} bytes", code="too_large")
        try:
            return bytes(await self._call(file.download_as_bytearray()))
        except Unsure as error:
            raise Retryable(str(error)) from None  # reading changes nothing

    async def discard(self, attachment: Attachment) -> None:
        """Nothing: Telegram lets no bot delete what a resident sent."""

    async def check(self) -> None:
        """Raises SettingsError, naming the setting, when Telegram cannot be reached or does not know the bot."""
        try:
            await self._call(self._bot.get_me())
        except BridgeError as error:
            raise SettingsError(f"account {self.account_id}: bot_token, api_url: {error}") from None

    async def close(self) -> None:
        await self._http.shutdown()

    async def _introduce(self) -> None:
        me = await self._bot.get_me()
        self._bot_id, self._bot_name = me.id, me.username or ""
        if self._settings.mode == "polling":
            await self._bot.delete_webhook()
        for language, menu in self._settings.commands.items():
            await self._bot.set_my_commands(list(menu.items()), language_code=language or None)

    async def _set_webhook(self) -> None:
        secret = self._settings.webhook_secret
        await self._bot.set_webhook(
            self._settings.public_url.rstrip("/") + self.hook_path,
            allowed_updates=UPDATES,
            secret_token=secret.get_secret_value() if secret else None,
        )

    async def _poll(self, offset: int, accept: Accept) -> int:
        """Stores the updates from `offset` on; returns the offset that confirms them, on the next call."""
        # Bot.get_updates hides the raw JSON and fails whole batches over one odd update. The lower case keeps
        # the library from recommending it (https://core.telegram.org/bots/api#making-requests: any case will do).
        updates: list[dict[str, Any]] = await self._bot.do_api_request(
            "getupdates",
            {"offset": offset, "timeout": self._settings.poll_seconds, "allowed_updates": UPDATES},
            read_timeout=self._settings.poll_seconds + self._settings.timeout_seconds,
        )
        raws = [json.dumps(update, ensure_ascii=False).encode("utf-8", "replace") for update in updates]
        await self._store([inbound for raw in raws for inbound in self._parse(raw)], accept)
        await asyncio.gather(*(self._settle_button(raw) for raw in raws))
        return max([offset, *(int(update["update_id"]) + 1 for update in updates)])

    async def _receive(self, request: Request, accept: Accept) -> Response:
        secret = self._settings.webhook_secret
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not secret or not secrets.compare_digest(given.encode(), secret.get_secret_value().encode()):
            log.warning("chat.refused", account_id=self.account_id)
            return Response(status_code=403)
        try:
            raw = await read_body(request, BODY_LIMIT)
        except TooLarge:
            return Response(status_code=413)
        try:
            await self._store(self._parse(raw), accept)
        except Exception as error:
            log.error("chat.not_stored", account_id=self.account_id, error=type(error).__name__)
            return Response(status_code=503)
        return Response(background=BackgroundTask(self._settle_button, raw))

    def _parse(self, raw: bytes) -> list[Inbound]:
        messages = parse(raw, self.account_id, self._clock.now(), self._bot_id, self._bot_name)
        return [answerable(message, self._answers) for message in messages]

    async def _store(self, messages: Sequence[Inbound], accept: Accept) -> None:
        if messages:
            await accept(messages)
        for message in messages:
            log.info("chat.stored", account_id=self.account_id, kind=message.kind, sender=redacted(message.sender))

    async def _settle_button(self, raw: bytes) -> None:
        """Stops the spinner on a pressed button and takes the buttons away, so that none is pressed twice. Too
        late is no harm: the press is stored."""
        try:
            query = json.loads(raw)["callback_query"]
            chat_id, message_id = query["message"]["chat"]["id"], query["message"]["message_id"]
            await self._call(self._bot.answer_callback_query(query["id"]))
            await self._call(self._bot.edit_message_reply_markup(chat_id, message_id))
        except (ValueError, TypeError, KeyError, Permanent, Retryable, Unsure):
            return

    async def _until_done(self, step: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeats a step, ever more slowly, until it neither fails at Telegram nor at storing."""
        pause = 0.2
        while True:
            try:
                return await step()
            except Exception as error:
                failure = _failure(error) if isinstance(error, telegram.error.TelegramError) else error
                log.warning("chat.retrying", account_id=self.account_id, error=str(failure)[:200])
                after = failure.after if isinstance(failure, Retryable) else None
            await asyncio.sleep(after or pause)
            pause = min(2 * pause, 30.0)

    async def _call(self, request: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await request
        except (telegram.error.TelegramError, TimeoutError) as error:
            raise _failure(error) from None  # the library's own words may hold the token


def _http(settings: Settings, transport: httpx.AsyncBaseTransport | None) -> HTTPXRequest:
    seconds = settings.timeout_seconds
    return HTTPXRequest(
        read_timeout=seconds,
        write_timeout=seconds,
        connect_timeout=seconds,
        pool_timeout=seconds,
        httpx_kwargs={"verify": trusted(), **({"transport": transport} if transport else {})},
    )


# --------------------------------------------------------------------------------------------- replies


def _fits_buttons(message: Outbound) -> bool:
    return all(0 < len(choice.value.encode()) <= CALLBACK_LIMIT for choice in message.choices)


def _text(message: Outbound) -> str:
    """The text, with the choices as numbered lines where their values are too long for buttons."""
    return message.text if _fits_buttons(message) else with_choices(message)


def _pieces(text: str) -> list[str]:
    """The text in pieces Telegram takes, cut at white space where there is any."""
    pieces = []
    while len(encoded := text.encode("utf-16-le", "replace")) > 2 * TEXT_LIMIT:
        head = encoded[: 2 * TEXT_LIMIT].decode("utf-16-le", "ignore")
        cut = max(head.rfind("\n"), head.rfind(" ")) + 1 or len(head)
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text]


def _keyboard(
    message: Outbound, chat_id: int
) -> telegram.InlineKeyboardMarkup | telegram.ReplyKeyboardMarkup | telegram.ReplyKeyboardRemove | None:
    if message.choices and _fits_buttons(message):
        buttons = [
            [telegram.InlineKeyboardButton(choice.label, callback_data=choice.value)] for choice in message.choices
        ]
        return telegram.InlineKeyboardMarkup(buttons)
    if chat_id < 0:  # groups have negative ids, and may not be asked for a location
        return None
    if message.ask_location:
        share = telegram.KeyboardButton("📍", request_location=True)
        return telegram.ReplyKeyboardMarkup([[share]], resize_keyboard=True, one_time_keyboard=True)
    return telegram.ReplyKeyboardRemove()


def _reply_to(message: Outbound, chat_id: int) -> telegram.ReplyParameters | None:
    """Quotes the resident's message in a group, where others talk too."""
    message_id = message.in_reply_to.partition(":")[2]
    if chat_id > 0 or not message_id.isdigit():
        return None
    return telegram.ReplyParameters(int(message_id), allow_sending_without_reply=True)


def _failure(error: Exception) -> Permanent | Retryable | Unsure:
    """What the caller does next about an error of the library. Its words are passed on only where Telegram
    wrote them: the library's own may hold the token."""
    reason = f"telegram: {type(error).__name__}"
    match error:
        case telegram.error.RetryAfter(retry_after=timedelta() as wait):
            return Retryable(reason, after=wait.total_seconds())
        case telegram.error.Forbidden():
            return Permanent(reason, words=one_line(error.message), code="opted_out", fate="opted_out")
        case telegram.error.BadRequest() | telegram.error.ChatMigrated():
            return Permanent(reason, words=one_line(error.message), code="400")
        case telegram.error.InvalidToken():
            return Retryable(f"{reason}: bot_token was refused", after=RETRY_CREDENTIALS)
        case telegram.error.Conflict():
            return Retryable(reason)
    if isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Retryable(f"{reason}: not reached")
    return Unsure(f"{reason}: no readable answer")
