"""Residents whose provider does not give up: what is not acknowledged is delivered again, as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from email import policy
from email.message import EmailMessage
from functools import partial
from typing import Protocol

import aiosmtplib
import httpx

from bridge.demo.mail_sink import deliver, letter
from bridge.demo.providers import MAILBOX, Providers
from tests.e2e.waiting import PATIENCE_SECONDS, again_until, until

Json = dict[str, object]


class Resident(Protocol):
    """Someone on a channel. `address` is theirs, as the bridge knows it."""

    channel: str
    address: str

    async def say(self, text: str) -> None:
        """Sends a message, again and again until it is acknowledged."""
        ...

    def heard(self) -> Sequence[str]:
        """All that came back, oldest first, repeats included."""
        ...


class Texter:
    """Texts; Twilio posts the same message until it is answered 200."""

    channel = "sms"

    def __init__(self, providers: Providers, number: int) -> None:
        self.address = f"+1555010{number:04}"
        self._twilio = providers.twilio
        self._sent = 0

    async def say(self, text: str) -> None:
        self._sent += 1
        sid = f"SM{int(self.address[1:]):016x}{self._sent:016x}"
        await again_until(partial(self._taken, text, sid))

    async def _taken(self, text: str, sid: str) -> bool:
        try:
            return (await self._twilio.text(self.address, text, sid=sid)).is_success
        except httpx.TransportError:
            return False

    def heard(self) -> Sequence[str]:
        return [text.body for text in self._twilio.texts if text.to == self.address]


class Writer:
    """Writes mail, and answers the newest letter; its server keeps a letter until it is taken."""

    channel = "mail"

    def __init__(self, providers: Providers, number: int) -> None:
        self.address = f"resident{number}@home.example"
        self._sink = providers.mail
        self._port = providers.smtp_port

    async def say(self, text: str) -> None:
        raw = self._letter(text).as_bytes(policy=policy.SMTP)
        await again_until(partial(self._taken, raw))

    def _letter(self, text: str) -> EmailMessage:
        letters = [mail for mail in self._sink.mails if self.address in mail.recipients]
        if not letters:
            return letter(self.address, MAILBOX, "", text)
        to = str(letters[-1].message["Reply-To"])
        return letter(self.address, to, f"Re: {letters[-1].message['Subject']}", text, letters[-1])

    async def _taken(self, raw: bytes) -> bool:
        try:
            return (await deliver("127.0.0.1", self._port, raw)).code == 250
        except (aiosmtplib.SMTPException, OSError):
            return False

    def heard(self) -> Sequence[str]:
        return [mail.text for mail in self._sink.mails if self.address in mail.recipients]


class Chatter:
    """Chats; Telegram keeps an update until a poll confirms it."""

    channel = "chat"

    def __init__(self, providers: Providers, number: int) -> None:
        self.address = str(700_000 + number)
        self._telegram = providers.telegram

    async def say(self, text: str) -> None:
        update = await self._telegram.text(int(self.address), text)
        await again_until(partial(self._confirmed, update))

    async def _confirmed(self, update: Json) -> bool:
        return update not in self._telegram.pending

    def heard(self) -> Sequence[str]:
        return [said.text for said in self._telegram.said if said.chat_id == int(self.address)]


RESIDENTS: tuple[Callable[[Providers, int], Resident], ...] = (Texter, Writer, Chatter)


class Silence(AssertionError):
    """The bridge did not say what it should have."""


async def hears(resident: Resident, pattern: str, seconds: float = PATIENCE_SECONDS) -> re.Match[str]:
    """Waits until anything the resident ever heard matches. Raises Silence."""

    def match() -> re.Match[str] | None:
        return next(filter(None, (re.search(pattern, text) for text in resident.heard())), None)

    try:
        found = await until(match, seconds)
    except TimeoutError:
        heard = resident.heard()
        raise Silence(f"{resident.channel} {resident.address}: no {pattern!r} among {heard}") from None
    assert found
    return found
