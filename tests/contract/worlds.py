"""One world per way into the bridge: a provider's stand-in, a resident, and the channel under contract.

A new channel adds its world to WORLDS; the suite fails while it has none.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, Self

import aiosmtplib
import httpx
from starlette.applications import Starlette

from bridge.demo.loopback import served
from bridge.demo.mail_sink import MailSink, deliver, letter
from bridge.demo.telegram_twin import TelegramTwin
from bridge.demo.twilio_twin import TwilioTwin
from bridge.ports import Channel
from bridge.vocabulary import Inbound
from channels import REGISTRY, chat, mail, sms
from channels.mail_server import Delivered
from channels.trust import trusted

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Trouble = Literal["busy", "refused", "gone", "silent"]


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOON


class Intake:
    """What the flow does with messages: keeps them, or fails as often as told."""

    def __init__(self) -> None:
        self.failures = 0
        self.tries: list[list[Inbound]] = []
        self.kept: list[Inbound] = []

    async def accept(self, messages: Sequence[Inbound]) -> None:
        self.tries.append(list(messages))
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.kept.extend(messages)


class World(Protocol):
    """A channel between its provider and an intake. `secrets` must never be seen in logs or errors."""

    channel: Channel
    intake: Intake
    secrets: tuple[str, ...]
    resident: str

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...

    async def write(self, text: str) -> bool:
        """The resident writes. Whether the provider was told that the message is taken, at this first try."""
        ...

    async def redeliver(self) -> bool:
        """The provider delivers the last message once more."""
        ...

    async def throw(self, raw: bytes) -> int:
        """The provider itself hands over any bytes; the status code it gets."""
        ...

    async def forge(self) -> bool:
        """A stranger tries to hand over a message past the provider. Whether they were refused."""
        ...

    async def hear(self) -> str:
        """The text of the next message that reaches the resident."""
        ...

    def trouble(self, trouble: Trouble) -> None:
        """Spoils the next send: try later, refused for good, opted out, no answer after taking it."""
        ...

    def parse(self, raw: bytes) -> list[Inbound]:
        """The channel's own parse of a recorded payload."""
        ...


class SmsWorld:
    """Twilio."""

    resident = "+15550100001"
    secrets = ("auth-token-7c1f", "old-token-11aa")

    def __init__(self, timeout: float = 10) -> None:
        self.intake = Intake()
        self._timeout = timeout
        self._stack = AsyncExitStack()
        self.twin = TwilioTwin(
            "AC" + "1" * 32, self.secrets[0], "+15550100311", public_url="https://bridge.example"
        )

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.twin)
        settings = sms.Settings.model_validate(
            {
                "account_sid": self.twin.account_sid,
                "auth_token": self.secrets[0],
                "previous_auth_token": self.secrets[1],
                "number": self.twin.number,
                "public_url": self.twin.public_url,
                "api_url": self.twin.url,
                "timeout_seconds": self._timeout,
            }
        )
        self.channel = REGISTRY["sms"].create("main-number", settings, Noon(), None)
        self._stack.push_async_callback(self.channel.close)
        app = Starlette(routes=list(self.channel.hooks(self.intake.accept)))
        self.url = await self._stack.enter_async_context(served(app))
        self.twin.webhook = f"{self.url}/hooks/sms/main-number"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def write(self, text: str) -> bool:
        self._last = text
        self._sid = f"SM{len(self.intake.tries):032x}"
        return (await self.twin.text(self.resident, text, sid=self._sid)).status_code == 200

    async def redeliver(self) -> bool:
        return (await self.twin.text(self.resident, self._last, sid=self._sid)).status_code == 200

    async def throw(self, raw: bytes) -> int:
        form = {"AccountSid": self.twin.account_sid, "Junk": raw.decode("latin-1")}
        return (await self.twin.post(form)).status_code

    async def forge(self) -> bool:
        form = {"AccountSid": self.twin.account_sid, "MessageSid": "SM1", "From": "+15550100666", "Body": "hi"}
        async with httpx.AsyncClient(verify=trusted()) as stranger:
            unsigned = await stranger.post(self.twin.webhook, data=form)
            guessed = await stranger.post(
                self.twin.webhook, data=form, headers={"X-Twilio-Signature": "ñAAAA".encode()}
            )
        return unsigned.status_code == guessed.status_code == 403

    async def hear(self) -> str:
        return (await self.twin.next_text()).body

    def trouble(self, trouble: Trouble) -> None:
        match trouble:
            case "busy":
                self.twin.refuse(429, 20429, "Too Many Requests")
            case "refused":
                self.twin.refuse(400, 21211, "Invalid 'To' Phone Number")
            case "gone":
                self.twin.opted_out.add(self.resident)
            case "silent":
                self.twin.stall(self._timeout * 3)

    def parse(self, raw: bytes) -> list[Inbound]:
        return sms.parse(raw, "main-number", NOON)


class ChatWorld:
    """Telegram by long polling."""

    mode = "polling"
    resident = "70001"
    secrets = ("4242:AAE-bot-secret-09", "hook-secret-55")

    def __init__(self, timeout: float = 10) -> None:
        self.intake = Intake()
        self._timeout = timeout
        self._stack = AsyncExitStack()
        self._tried = asyncio.Event()
        self.twin = TelegramTwin(self.secrets[0])

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.twin)
        settings = chat.Settings.model_validate(
            {
                "bot_token": self.secrets[0],
                "mode": self.mode,
                "public_url": "https://bridge.example",
                "webhook_secret": self.secrets[1],
                "api_url": self.twin.url,
                "poll_seconds": 1,
                "timeout_seconds": self._timeout,
            }
        )
        self.channel = REGISTRY["chat"].create("city-bot", settings, Noon(), None)
        self._stack.push_async_callback(self.channel.close)
        app = Starlette(routes=list(self.channel.hooks(self.intake.accept)))
        self.url = await self._stack.enter_async_context(served(app))
        self.twin.webhook_host = self.url
        self.running = asyncio.create_task(self.channel.run(self._accept))
        self._stack.push_async_callback(self._stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _stop(self) -> None:
        self.running.cancel()
        await asyncio.wait([self.running])

    async def write(self, text: str) -> bool:
        self._tried.clear()
        self._last = await self.twin.text(int(self.resident), text)
        return await self._taken()

    async def redeliver(self) -> bool:
        if self._last in self.twin.pending:
            return await self._taken()
        self._tried.clear()
        self.twin.again(self._last)
        return await self._taken()

    async def _accept(self, messages: Sequence[Inbound]) -> None:
        while not self.twin.polled.empty():
            self.twin.polled.get_nowait()
        self._tried.set()
        await self.intake.accept(messages)

    async def _taken(self) -> bool:
        """Whether the poll that follows the next try confirms the last update."""
        await self._tried.wait()
        offset = await self.twin.polled.get()
        self._tried.clear()
        return offset > self._last["update_id"]

    async def throw(self, raw: bytes) -> int:
        self._tried.clear()
        self._last = await self.twin.push(message=raw.decode("latin-1"))
        return 200 if await self._taken() else 503

    async def forge(self) -> bool:
        async with httpx.AsyncClient(verify=trusted()) as stranger:
            answer = await stranger.post(f"{self.url}/hooks/chat/city-bot", json={"update_id": 1})
        return answer.status_code == 404

    async def hear(self) -> str:
        return (await self.twin.next_said()).text

    def trouble(self, trouble: Trouble) -> None:
        match trouble:
            case "busy":
                self.twin.refuse(429, "Too Many Requests: retry after 7", retry_after=7)
            case "refused":
                self.twin.refuse(400, "Bad Request: chat not found")
            case "gone":
                self.twin.blocked.add(int(self.resident))
            case "silent":
                self.twin.stall(self._timeout * 3)

    def parse(self, raw: bytes) -> list[Inbound]:
        return chat.parse(raw, "city-bot", NOON, bot_id=4242, bot_name="fairview_bot")


class ChatHookWorld(ChatWorld):
    """Telegram by webhook."""

    mode = "webhook"

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.running
        return self

    async def redeliver(self) -> bool:
        self.twin.again(self._last)
        await self.twin.deliver()
        return self._last not in self.twin.pending

    async def write(self, text: str) -> bool:
        self._last = await self.twin.text(int(self.resident), text)
        return self._last not in self.twin.pending

    async def throw(self, raw: bytes) -> int:
        return await self._post(raw, self.secrets[1])

    async def forge(self) -> bool:
        update = json.dumps({"update_id": 1, "message": self.twin.message(666, text="hi")}).encode()
        return [await self._post(update, secret) for secret in ("", "ñ", "guess")] == [403, 403, 403]

    async def _post(self, raw: bytes, secret: str) -> int:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
        async with httpx.AsyncClient(timeout=30, verify=trusted()) as client:
            answer = await client.post(f"{self.url}/hooks/chat/city-bot", content=raw, headers=headers)
        return answer.status_code


class MailWorld:
    """A relay on either side."""

    resident = "ada@home.example"
    secrets = ("relay-password-3e", "reply-key-8d")

    def __init__(self, timeout: float = 10) -> None:
        self.intake = Intake()
        self._timeout = timeout
        self._stack = AsyncExitStack()
        self.sink = MailSink()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.sink)
        settings = mail.Settings.model_validate(
            {
                "addresses": ["report@city.example"],
                "listen_port": 0,
                "relay_port": self.sink.port,
                "relay_tls": "none",
                "relay_password": self.secrets[0],
                "reply_key": self.secrets[1],
                "timeout_seconds": self._timeout,
            }
        )
        self.channel = channel = mail.create("mailbox", settings, Noon())
        self._running = asyncio.create_task(channel.run(self.intake.accept))
        self._stack.push_async_callback(self._stop)
        self.port = await channel.listening()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _stop(self) -> None:
        self._running.cancel()
        await asyncio.wait([self._running])

    async def write(self, text: str) -> bool:
        self._last = letter(self.resident, "report@city.example", "", text).as_bytes()
        return await self.redeliver()

    async def redeliver(self) -> bool:
        return await self._deliver(self._last, "report@city.example") == 250

    async def throw(self, raw: bytes) -> int:
        return await self._deliver(raw, "report@city.example")

    async def forge(self) -> bool:
        return await self._deliver(b"Subject: hi\r\n\r\nhi", "someone.else@city.example") == 550

    async def _deliver(self, raw: bytes, to: str) -> int:
        try:
            answer = await deliver("127.0.0.1", self.port, raw, mail_from=self.resident, to=to)
        except aiosmtplib.SMTPResponseException as refused:
            return refused.code
        return answer.code

    async def hear(self) -> str:
        return (await self.sink.next_mail()).text

    def trouble(self, trouble: Trouble) -> None:
        match trouble:
            case "busy":
                self.sink.refuse("450 4.2.1 Mailbox busy")
            case "refused":
                self.sink.refuse("554 5.7.1 Not wanted", stage="DATA")
            case "gone":
                self.sink.refuse("550 5.1.1 No such user")
            case "silent":
                self.sink.stall(self._timeout * 3)

    def parse(self, raw: bytes) -> list[Inbound]:
        found = re.search(rb"^Return-Path: *<(.*)>", raw, re.MULTILINE)
        mail_from = found[1].decode() if found else self.resident
        return mail.parse(Delivered(mail_from, "report@city.example", raw), mail.Mailbox("mailbox"), NOON)


WORLDS: dict[str, dict[str, Callable[..., Any]]] = {
    "sms": {"webhook": SmsWorld},
    "chat": {"polling": ChatWorld, "webhook": ChatHookWorld},
    "mail": {"smtp": MailWorld},
}
