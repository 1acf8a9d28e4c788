"""The outside world of mail on loopback: a relay that keeps what it is given, and a resident who writes."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections import deque
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Self

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Mailed:
    """One mail the relay took."""

    mail_from: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def text(self) -> str:
        """The plain text part, with newlines, without the newline a mail ends with."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n").removesuffix("\n") if body else ""


class MailSink:
    """A relay on `port` of 127.0.0.1. `mails` holds what came and `next_mail()` waits for the next one;
    `refuse` and `stall` spoil the next mail."""

    def __init__(self, *, port: int = 0) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.mails: list[Mailed] = []
        self._new: asyncio.Queue[Mailed] = asyncio.Queue()
        self._refusals: deque[tuple[str, str]] = deque()
        self._stalls: deque[float] = deque()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="sink.example", enable_SMTPUTF8=True, loop=loop), self.host, self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def next_mail(self, timeout: float = 10) -> Mailed:  # noqa: ASYNC109 reads better at the caller
        """The next mail that came and was not yet returned here."""
        return await asyncio.wait_for(self._new.get(), timeout)

    def refuse(self, status: str, stage: str = "RCPT") -> None:
        """Answers the next RCPT or DATA with a status line such as `450 4.2.1 Mailbox busy`."""
        self._refusals.append((stage, status))

    def stall(self, seconds: float = 60) -> None:
        """Takes the next mail, and answers only after `seconds`."""
        self._stalls.append(seconds)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if self._refusals and self._refusals[0][0] == "RCPT":
            return self._refusals.popleft()[1]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._refusals and self._refusals[0][0] == "DATA":
            return self._refusals.popleft()[1]
        mailed = Mailed(
            (envelope.mail_from or "").strip("<>"), tuple(envelope.rcpt_tos), envelope.original_content or b""
        )
        self.mails.append(mailed)
        self._new.put_nowait(mailed)
        if self._stalls:
            await asyncio.sleep(self._stalls.popleft())
        return "250 2.0.0 Taken"


def letter(sender: str, to: str, subject: str, text: str, answers: Mailed | None = None) -> EmailMessage:
    """A resident's mail; `answers` makes it a reply to one of ours, quoting it as mail programs do."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain=sender.partition("@")[2].strip(">"))
    if answers is not None:
        ours = answers.message
        message["In-Reply-To"] = message["References"] = ours["Message-ID"]
        quoted = "".join(f"\n> {line}" for line in answers.text.splitlines())
        text = f"{text}\n\nOn Mon, 23 Nov 2026 at 10:00, {ours['From']} wrote:\n{quoted}\n"
    message.set_content(text)
    return message


async def deliver(
    host: str, port: int, raw: bytes | EmailMessage, *, mail_from: str | None = None, to: str | None = None
) -> aiosmtplib.SMTPResponse:
    """Delivers a mail as another mail server would; returns the answer to its data. Raises aiosmtplib's
    SMTPException when it is refused. Sender and recipient are the headers' unless given ("" for a null
    return path)."""
    content = raw if isinstance(raw, bytes) else raw.as_bytes(policy=email.policy.SMTP)
    headers = email.message_from_bytes(content, policy=email.policy.compat32)
    reverse_path = str(headers["From"]) if mail_from is None else mail_from
    async with aiosmtplib.SMTP(hostname=host, port=port, start_tls=False, timeout=30) as client:
        await client.mail(_bare(reverse_path))
        await client.rcpt(_bare(str(headers["To"]) if to is None else to))
        return await client.data(content)


def _bare(address: str) -> str:
    return address.rpartition("<")[2].strip("> ")
