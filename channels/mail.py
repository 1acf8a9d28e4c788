"""E-mail: aiosmtpd takes it in (SMTP, or LMTP behind another mail server), aiosmtplib sends it to a relay.

A message is acknowledged with 250 only after it was stored. What a mail says is read by mail_mime, mail_text
and mail_kind.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Any, Final, Literal

import aiosmtplib
import httpx
import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bridge.errors import Permanent, Retryable, SettingsError, Unsure
from bridge.ports import Accept, Clock
from bridge.vocabulary import Delivery, Inbound, InboundKind, Outbound, Sent
from channels import mail_bounce, mail_kind, mail_mime, mail_text
from channels.hygiene import clean, one_line, redacted

log = structlog.get_logger()
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs every line of a mail at DEBUG

RAW_TYPE: Final = "message/rfc822"
LARGE: Final = 64 * 1024  # bytes from which a mail is read in a thread
RETRY_CREDENTIALS: Final = 300.0  # seconds
DETAIL_MARK: Final = "+"  # RFC 5233

# Long Message-IDs must not be folded into encoded words.
_POLICY = SMTP_POLICY.clone(max_line_length=998)
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9.-]{1,255}")
_THREAD = re.compile(r"[a-z2-7]{16}")
_SAYS_NOTHING = re.compile(
    r"|(new |my |a )?(report|complaint|problem|issue|question|request|help|hello|hi|hey|test|no subject"
    r"|\(no subject\)|untitled|image|photo|img_?\d*)s?|(reporte|problema|queja|ayuda|hola|sin asunto|foto)s?",
    re.IGNORECASE,
)
_REPLY_MARK = re.compile(r"^\s*((re|fwd?|aw|wg|rv|antw|sv|tr)(\[\d+\])?\s*:\s*)+", re.IGNORECASE)


class Settings(BaseModel):
    """One mailbox of the bridge. The first of `addresses` is the sender of replies; mail to any of them, with or
    without `+token`, is taken. `reply_key` signs reply addresses, so that a reply finds its conversation from
    any sender. `relay_tls` starttls insists on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    addresses: tuple[str, ...] = Field(min_length=1)
    sender_name: str = ""
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(8025, ge=0, le=65535)
    protocol: Literal["smtp", "lmtp"] = "smtp"
    hostname: str = ""  # as the server greets; the first address's domain when empty
    max_bytes: int = Field(25_000_000, gt=0)
    reply_key: SecretStr | None = None
    relay_host: str = "127.0.0.1"
    relay_port: int = Field(25, ge=1, le=65535)
    relay_tls: Literal["none", "starttls", "tls"] = "starttls"
    relay_username: str = ""
    relay_password: SecretStr | None = None
    timeout_seconds: float = Field(30, gt=0)

    def model_post_init(self, context: Any, /) -> None:
        for address in self.addresses:
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"addresses: {address!r} is no mail address")

    @property
    def domain(self) -> str:
        return self.addresses[0].partition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Sealer:
    """Signs and reads what threads a conversation: a token in the reply address and in our Message-IDs.

    A token is the thread's own sixteen characters and a MAC over account and thread, so it can be neither
    guessed nor moved to another mailbox. Without a key nothing is signed and nothing is believed.
    """

    account_id: str
    key: bytes = b""

    def token(self, thread: str) -> str:
        """The token of a thread; "" without a key, or for a thread this channel did not name."""
        if not self.key or not _THREAD.fullmatch(thread):
            return ""
        mac = hmac.new(self.key, f"{self.account_id}\0{thread}".encode(), hashlib.sha256).digest()
        return thread + b32encode(mac).decode().lower()[:16]

    def thread(self, token: str) -> str:
        """The thread of a token; "" when the token was not made with this key for this account."""
        thread = token[:16].lower()
        ours = self.token(thread)
        return thread if ours and hmac.compare_digest(ours, token.lower()) else ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail as the SMTP dialogue gave it: reverse path ("" for a null one), our recipient, the raw bytes."""

    mail_from: str
    recipient: str
    raw: bytes


def parse(delivered: Delivered, account_id: str, received_at: datetime, key: bytes = b"") -> list[Inbound]:
    """What one delivered mail says. Always one Inbound: a delivery report about a mail of ours is a DELIVERY,
    whatever else a machine wrote is flagged automatic."""
    letter = mail_mime.read(delivered.raw)
    kind, _ = mail_kind.judge(letter, delivered.mail_from)
    sender = letter.sender or mail_mime.address(delivered.mail_from)
    message_id = letter.header("message-id")
    inbound = Inbound(
        account_id=account_id,
        channel=Mail.name,
        kind=InboundKind.MESSAGE if sender else InboundKind.UNKNOWN,
        provider_key=_provider_key(delivered, message_id),
        sender=sender,
        thread=_thread(letter, delivered.recipient, sender, Sealer(account_id, key)),
        received_at=received_at,
        text=_with_subject(letter),
        subject=_REPLY_MARK.sub("", letter.subject),
        attachments=letter.attachments,
        provider_id=message_id,
        in_reply_to=next(iter(_message_ids(letter.header("in-reply-to"))), ""),
        sender_name=letter.sender_name,
        automatic=kind != "person",
        raw=delivered.raw,
        raw_type=RAW_TYPE,
    )
    return [_delivery(inbound, letter, delivered.recipient) if kind == "bounce" else inbound]


def create(
    account_id: str, settings: Settings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> Mail:
    """The channel for one mailbox. Mail needs no HTTP: `transport` is not used."""
    return Mail(account_id, settings, clock)


class Mail:
    """bridge.ports.Channel over SMTP."""

    name = "mail"

    def __init__(self, account_id: str, settings: Settings, clock: Clock) -> None:
        self.account_id = account_id
        self._settings = settings
        self._clock = clock
        self._key = settings.reply_key.get_secret_value().encode() if settings.reply_key else b""
        self._sealer = Sealer(account_id, self._key)
        self._listening: asyncio.Event = asyncio.Event()
        self._port = settings.listen_port

    def hooks(self, accept: Accept) -> Sequence[Any]:
        """None: mail comes over SMTP."""
        return []

    async def run(self, accept: Accept) -> None:
        """Serves SMTP or LMTP until cancelled. Raises SettingsError when the port cannot be had."""
        loop = asyncio.get_running_loop()
        host, port = self._settings.listen_host, self._settings.listen_port
        handler = _Handler(self, accept)
        try:
            server = await loop.create_server(lambda: self._protocol(handler, loop), host, port)
        except OSError as error:
            raise SettingsError(
                f"account {self.account_id}: listen_host, listen_port: {host}:{port}: {error.strerror}"
            ) from error
        self._port = server.sockets[0].getsockname()[1]
        self._listening.set()
        async with server:
            await server.serve_forever()

    async def listening(self) -> int:
        """Waits until run() listens; the port it listens on (useful with listen_port 0)."""
        await self._listening.wait()
        return self._port

    async def send(self, message: Outbound) -> Sent:
        """Hands one mail to the relay. Its Message-ID follows from the Outbound's id."""
        letter = self._letter(message)
        client = aiosmtplib.SMTP(
            hostname=self._settings.relay_host,
            port=self._settings.relay_port,
            timeout=self._settings.timeout_seconds,
            use_tls=self._settings.relay_tls == "tls",
            start_tls=self._settings.relay_tls == "starttls",
        )
        try:
            await self._reach(client, message)
            await self._hand_over(client, letter)
        finally:
            client.close()
        return Sent(str(letter["Message-ID"]))

    async def close(self) -> None:
        """Nothing is kept open between mails."""

    def takes(self, recipient: str) -> bool:
        """Whether mail to this address is for this mailbox."""
        local, _, domain = recipient.lower().rpartition("@")
        base = f"{local.partition(DETAIL_MARK)[0]}@{domain}"
        ours = {address.lower() for address in self._settings.addresses}
        # RFC 5321 4.5.1: postmaster is always taken.
        return base in ours or recipient.lower() in (f"postmaster@{self._settings.domain}", "postmaster")

    async def read(self, delivered: Delivered) -> list[Inbound]:
        """parse() for this account, now; off the event loop when the mail is large."""
        now = self._clock.now()
        if len(delivered.raw) < LARGE:
            return parse(delivered, self.account_id, now, self._key)
        return await asyncio.to_thread(parse, delivered, self.account_id, now, self._key)

    def _protocol(self, handler: _Handler, loop: asyncio.AbstractEventLoop) -> SMTP:
        kind = _Lmtp if self._settings.protocol == "lmtp" else _Smtp
        return kind(
            handler,
            data_size_limit=self._settings.max_bytes,
            enable_SMTPUTF8=True,
            hostname=self._settings.hostname or self._settings.domain,
            ident="open311-bridge",
            loop=loop,
        )

    def _letter(self, message: Outbound) -> EmailMessage:
        sender = self._settings.addresses[0]
        token = self._sealer.token(message.thread)
        letter = EmailMessage(policy=_POLICY)
        letter["From"] = Address(one_line(self._settings.sender_name), addr_spec=sender)
        letter["To"] = Address(addr_spec=_sendable(message.to))
        if token:
            letter["Reply-To"] = Address(addr_spec=_tagged(sender, token))
        letter["Subject"] = one_line(message.subject) or "Re:"
        letter["Date"] = format_datetime(self._clock.now())
        letter["Message-ID"] = self._message_id(message, token)
        letter["Auto-Submitted"] = "auto-replied"  # RFC 3834: no responder answers it
        for name, ids in (("In-Reply-To", (message.in_reply_to,)), ("References", _references(message))):
            if value := " ".join(_message_ids(" ".join(ids))):
                letter[name] = value
        letter.set_content(_with_choices(message), charset="utf-8", cte="quoted-printable")
        return letter

    def _message_id(self, message: Outbound, token: str) -> str:
        name = re.sub(r"[^A-Za-z0-9_-]", "", message.id) or hashlib.sha256(message.id.encode()).hexdigest()
        return f"<{name}.{token or 'bridge'}@{self._settings.domain}>"

    async def _reach(self, client: aiosmtplib.SMTP, message: Outbound) -> None:
        """Everything up to the recipient: whatever fails here, nothing was sent."""
        token = self._sealer.token(message.thread)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                await client.connect()
                if self._settings.relay_username:
                    password = self._settings.relay_password
                    await client.login(
                        self._settings.relay_username, password.get_secret_value() if password else ""
                    )
                # The token in the return path lets a bounce find its conversation.
                await client.mail(_tagged(self._settings.addresses[0], token))
                await client.rcpt(message.to)
        except (aiosmtplib.SMTPException, TimeoutError) as error:
            raise _failure(error) or Retryable(f"mail relay not reached: {type(error).__name__}") from None

    async def _hand_over(self, client: aiosmtplib.SMTP, letter: EmailMessage) -> None:
        """The message itself: without an answer it may be on its way."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                await client.data(letter.as_bytes())
        except (aiosmtplib.SMTPException, TimeoutError) as error:
            raise _failure(error) or Unsure(f"mail relay did not answer: {type(error).__name__}") from None


class _Smtp(SMTP):
    line_length_limit = 100_000  # programs that write mail do not all fold at 998 characters


class _Lmtp(LMTP):
    line_length_limit = _Smtp.line_length_limit


class _Handler:
    """aiosmtpd's hooks (https://aiosmtpd.readthedocs.io/en/latest/handlers.html)."""

    def __init__(self, channel: Mail, accept: Accept) -> None:
        self._channel = channel
        self._accept = accept

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if not self._channel.takes(address):
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        # A mail to several of our addresses is one message; the one with a token says most.
        recipient = max(envelope.rcpt_tos, key=lambda address: DETAIL_MARK in address)
        status = await self._store(
            Delivered(envelope.mail_from or "", recipient, envelope.original_content or b"")
        )
        # LMTP answers once for each recipient, and aiosmtpd does not (its issue 517).
        return "\r\n".join([status] * len(envelope.rcpt_tos)) if isinstance(server, LMTP) else status

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail.dialogue_failed", account_id=self._channel.account_id, error=type(error).__name__)
        return "451 4.3.0 Try again later"

    async def _store(self, delivered: Delivered) -> str:
        account_id = self._channel.account_id
        try:
            messages = await self._channel.read(delivered)
            await self._accept(messages)
        except Exception as error:
            log.error("mail.not_stored", account_id=account_id, error=type(error).__name__)
            return "451 4.3.0 Not stored, try again later"
        for message in messages:
            log.info("mail.stored", account_id=account_id, kind=message.kind, sender=redacted(message.sender))
        return "250 2.0.0 Stored"


def _failure(error: Exception) -> Permanent | Retryable | None:
    """What the caller does next about the relay's answer, by its code (RFC 5321 4.2.1); None without one."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if not isinstance(error, aiosmtplib.SMTPResponseException) or not 400 <= error.code < 600:
        return None
    reason = f"mail relay answered {error.code}"
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Retryable(f"{reason}: relay_username, relay_password", after=RETRY_CREDENTIALS)
    if error.code < 500:
        return Retryable(reason)
    return Permanent(reason, words=one_line(error.message), code=str(error.code))


# ------------------------------------------------------------------------------------------------- in


def _delivery(inbound: Inbound, letter: mail_mime.Letter, recipient: str) -> Inbound:
    """A bounce as a report about the mail of ours that it returns; left as it is when it returns none."""
    report = mail_bounce.read_report(letter)
    domain = recipient.rpartition("@")[2].lower()
    ours = next((found for found in report.message_ids if found.lower().endswith(f"@{domain}>")), "")
    if not ours:
        return inbound
    delivery = Delivery(ours, report.state, report.code)
    resident = report.recipient or inbound.sender
    return replace(inbound, kind=InboundKind.DELIVERY, sender=resident, delivery=delivery, attachments=())


def _provider_key(delivered: Delivered, message_id: str) -> str:
    """A sender chooses Message-ID, so it alone proves no redelivery: the bytes and the recipient must agree."""
    digest = hashlib.sha256(delivered.raw).hexdigest()
    return hashlib.sha256(f"{delivered.recipient.lower()}\0{message_id}\0{digest}".encode()).hexdigest()


def _thread(letter: mail_mime.Letter, recipient: str, sender: str, sealer: Sealer) -> str:
    """The conversation: by the token the mail was sent to, by the mail of ours it answers, by its sender."""
    answered = _message_ids(letter.header("in-reply-to")) + _message_ids(letter.header("references"))[::-1]
    tokens = [recipient.rpartition("@")[0].partition(DETAIL_MARK)[2]]
    tokens += [message_id.rpartition("@")[0].rpartition(".")[2] for message_id in answered]
    threads = (sealer.thread(token) for token in tokens)
    return next(filter(None, threads), "") or _thread_of(sealer.account_id, sender or letter.header("message-id"))


def _thread_of(account_id: str, sender: str) -> str:
    digest = hashlib.sha256(f"{account_id}\0{sender}".encode()).digest()
    return b32encode(digest).decode().lower()[:16]


def _with_subject(letter: mail_mime.Letter) -> str:
    """The writer's own words, led by the subject of a first mail where that says something the body does not."""
    words = mail_text.own_words(letter.body)
    subject = letter.subject
    if _REPLY_MARK.match(subject) or _SAYS_NOTHING.fullmatch(subject.strip(" .!?:-")):
        return words
    return words if subject.lower() in words.lower() else f"{subject}\n{words}".strip()


def _message_ids(value: str) -> list[str]:
    return re.findall(r"<[^<>\s]{1,250}>", clean(value))[:50]


# ------------------------------------------------------------------------------------------------ out


def _references(message: Outbound) -> tuple[str, ...]:
    ids = [*message.references, message.in_reply_to]
    return tuple(dict.fromkeys(ids))[-10:]


def _sendable(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise Permanent("the resident's mail address cannot be written to", code="553")
    return address


def _tagged(address: str, token: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}{DETAIL_MARK}{token}@{domain}" if token else address


def _with_choices(message: Outbound) -> str:
    lines = [f"{number}) {choice.label}" for number, choice in enumerate(message.choices, 1)]
    return clean("\n".join([message.text, *lines]))
