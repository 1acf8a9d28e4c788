"""Simulated residents: each says something over a real provider protocol, and hears what comes back to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from bridge.demo.mail_sink import deliver, letter
from bridge.demo.providers import MAILBOX, Providers

CHECK_SECONDS = 0.02


class Phone(Protocol):
    """A resident on one channel."""

    channel: str

    async def say(self, text: str) -> None:
        """Sends a message; returns when the bridge has acknowledged it, or the provider holds it for it."""
        ...

    async def hear(self, seconds: float = 20) -> str:
        """The next message to this resident. Raises TimeoutError when none comes."""
        ...


class SmsPhone:
    """Texts from a number."""

    channel = "sms"

    def __init__(self, providers: Providers, number: str) -> None:
        self._twilio = providers.twilio
        self.number = number
        self._heard = 0

    async def say(self, text: str) -> None:
        answer = await self._twilio.text(self.number, text)
        answer.raise_for_status()

    async def hear(self, seconds: float = 20) -> str:
        self._heard += 1
        return await _nth(self.messages, self._heard, seconds)

    def messages(self) -> Sequence[str]:
        """All that was sent to this number."""
        return [text.body for text in self._twilio.texts if text.to == self.number]


class MailPhone:
    """Writes mail; answers the newest letter it got. The first line of the first message is the subject."""

    channel = "mail"

    def __init__(self, providers: Providers, address: str) -> None:
        self._sink = providers.mail
        self._port = providers.smtp_port
        self.address = address
        self._heard = 0

    async def say(self, text: str) -> None:
        mine = [mail for mail in self._sink.mails if self.address in mail.recipients]
        answers = mine[-1] if mine else None
        subject, _, body = (
            text.partition("\n") if answers is None else (f"Re: {answers.message['Subject']}", "", text)
        )
        to = str(answers.message["Reply-To"] or answers.message["From"]) if answers else MAILBOX
        await deliver("127.0.0.1", self._port, letter(self.address, to, subject, body.strip() or subject, answers))

    async def hear(self, seconds: float = 20) -> str:
        self._heard += 1
        return await _nth(self.messages, self._heard, seconds)

    def messages(self) -> Sequence[str]:
        """The texts of all letters to this address."""
        return [mail.text for mail in self._sink.mails if self.address in mail.recipients]


class ChatPhone:
    """Chats with the bot."""

    channel = "chat"

    def __init__(self, providers: Providers, user: int) -> None:
        self._telegram = providers.telegram
        self.user = user
        self._heard = 0

    async def say(self, text: str) -> None:
        await self._telegram.text(self.user, text)

    async def pin(self, lat: float, long: float) -> None:
        """Shares a location."""
        await self._telegram.pin(self.user, lat, long)

    async def hear(self, seconds: float = 20) -> str:
        self._heard += 1
        return await _nth(self.messages, self._heard, seconds)

    def messages(self) -> Sequence[str]:
        """All that the bot said to this user."""
        return [said.text for said in self._telegram.said if said.chat_id == self.user]


async def _nth(messages: Callable[[], Sequence[str]], number: int, seconds: float) -> str:
    async with asyncio.timeout(seconds):
        while len(messages()) < number:  # noqa: ASYNC110 the twins keep lists; waiting on them keeps order per resident
            await asyncio.sleep(CHECK_SECONDS)
    return messages()[number - 1]
