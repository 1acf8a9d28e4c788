"""E-mail: aiosmtpd takes it in (SMTP, or LMTP behind another mail server), aiosmtplib sends it to a relay.

The ways in and out are mail_server and mail_out; what a mail says is read by mail_mime, mail_text, mail_kind and
mail_bounce; which conversation it belongs to, by mail_thread.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bridge.errors import Permanent, SettingsError
from bridge.ports import Accept, Clock
from bridge.vocabulary import Attachment, Delivery, Earlier, Inbound, InboundKind, Outbound, Sent
from channels import mail_auth, mail_bounce, mail_kind, mail_mime, mail_out, mail_server, mail_text
from channels.hygiene import RateLimit, answerable, redacted
from channels.mail_server import Delivered
from channels.mail_thread import DETAIL_MARK, Sealer, message_ids, tagged, thread_of

log = structlog.get_logger()

RAW_TYPE: Final = "message/rfc822"
LARGE: Final = 64 * 1024  # bytes from which a mail is read in a thread
JUDGES: Final = 8  # mails whose sender is looked up at a time
HOUR: Final = 3600.0  # seconds

_SAYS_NOTHING = re.compile(
    r"|(new |my |a )?(report|complaint|problem|issue|question|request|help|hello|hi|hey|test|no subject"
    r"|\(no subject\)|untitled|image|photo|img_?\d*)s?|(reporte|problema|queja|ayuda|hola|sin asunto|foto)s?",
    re.IGNORECASE,
)
_REPLY_MARKS = re.compile(rf"({mail_kind.REPLY_MARK.pattern}\s*)+", re.IGNORECASE)


class Settings(BaseModel):
    """One mailbox of the bridge. The first of `addresses` is the sender of replies; mail to any of them, with or
    without `+token`, is taken. `reply_key` signs reply addresses, so that a reply finds its conversation from
    any sender. `relay_tls` starttls insists on it. `trusted_relays` are the names (authserv-id) under which your
    own mail servers note SPF, DKIM and DMARC results; `sender_checks` own judges them from the DNS where no such
    server did, within `dns_seconds`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    addresses: tuple[str, ...] = Field(min_length=1)
    sender_name: str = ""
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(8025, ge=0, le=65535)
    protocol: Literal["smtp", "lmtp"] = "smtp"
    hostname: str = ""  # as the server greets; the first address's domain when empty
    max_bytes: int = Field(25_000_000, gt=0)
    tls: Literal["none", "starttls", "required", "implicit"] = "none"
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    per_minute: int = Field(0, ge=0)  # mails of one peer address; 0 for no limit
    per_sender_hour: int = Field(0, ge=0)
    greylist_minutes: float = Field(0, ge=0)
    answers_per_hour: int = Field(30, gt=0)  # mails of one sender that are answered
    trusted_relays: tuple[str, ...] = ()
    sender_checks: Literal["relay", "own"] = "relay"
    dns_seconds: float = Field(8, gt=0)
    reply_key: SecretStr | None = None
    relay_host: str = "127.0.0.1"
    relay_port: int = Field(25, ge=1, le=65535)
    relay_tls: Literal["none", "starttls", "tls"] = "starttls"
    relay_username: str = ""
    relay_password: SecretStr | None = None
    timeout_seconds: float = Field(30, gt=0)
    dkim_selector: str = Field("", pattern=r"^[A-Za-z0-9._-]*$")
    dkim_key: SecretStr | None = None  # PEM

    def model_post_init(self, context: Any, /) -> None:
        for address in self.addresses:
            if not mail_out.ADDRESS.fullmatch(address):
                raise ValueError(f"addresses: {address!r} is no mail address")
        if (self.tls != "none") != (self.tls_certificate is not None):
            raise ValueError("tls and tls_certificate go together")
        if bool(self.dkim_selector) != (self.dkim_key is not None):
            raise ValueError("dkim_selector and dkim_key go together")
        if self.dkim_key is not None:
            mail_out.check_key(self.dkim_key.get_secret_value().encode())

    @property
    def domain(self) -> str:
        return self.addresses[0].rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What reading a mail needs to know of the mailbox it came to."""

    account_id: str
    addresses: frozenset[str] = frozenset()
    key: bytes = b""
    trusted_relays: frozenset[str] = frozenset()


def parse(
    delivered: Delivered, mailbox: Mailbox, received_at: datetime, verdicts: Mapping[str, str] | None = None
) -> list[Inbound]:
    """What one delivered mail says; `verdicts` as mail_auth.judge gives them, unless a trusted relay noted its
    own. Always one Inbound: a delivery report about a mail of ours is a DELIVERY; what a machine wrote, or we, or
    anyone to postmaster, is flagged automatic."""
    letter = mail_mime.read(delivered.raw)
    leaves = _unsubscribes(letter, delivered.recipient, mailbox)
    kind = "person" if leaves else mail_kind.judge(letter, delivered.mail_from)[0]
    sender = letter.sender or mail_mime.address(delivered.mail_from)
    written = mail_text.read(letter.body)
    unanswered = kind != "person" or sender in mailbox.addresses or delivered.recipient.startswith("postmaster")
    inbound = Inbound(
        account_id=mailbox.account_id,
        channel=Mail.name,
        kind=InboundKind.MESSAGE if sender else InboundKind.UNKNOWN,
        provider_key=_provider_key(delivered, letter),
        sender=sender,
        thread=_thread(letter, delivered.recipient, sender, mailbox, verdicts or {}),
        received_at=received_at,
        text=letter.subject if leaves else _with_subject(letter, written.words),
        subject=_REPLY_MARKS.sub("", letter.subject, count=1),
        attachments=letter.attachments,
        provider_id=letter.header("message-id"),
        in_reply_to=next(iter(message_ids(letter.header("in-reply-to"))), ""),
        sender_name=letter.sender_name,
        signature=written.signature,
        automatic=unanswered,
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
    alone = False

    def __init__(
        self,
        account_id: str,
        settings: Settings,
        clock: Clock,
        lookups: Callable[[float], mail_auth.Lookup] = mail_auth.lookup_within,
    ) -> None:
        self.account_id = account_id
        self._settings = settings
        self._clock = clock
        key = settings.reply_key.get_secret_value().encode() if settings.reply_key else b""
        addresses = frozenset(address.lower() for address in settings.addresses)
        self._mailbox = Mailbox(account_id, addresses, key, frozenset(map(str.lower, settings.trusted_relays)))
        self._sealer = Sealer(account_id, key)
        self._answers = RateLimit(settings.answers_per_hour, HOUR)
        self._signer = _signer(settings)
        self._lookups = lookups
        self._judges = ThreadPoolExecutor(JUDGES, thread_name_prefix="mail-auth")
        self._listening = asyncio.Event()
        self._port = settings.listen_port

    def hooks(self, accept: Accept) -> Sequence[Any]:
        """None: mail comes over SMTP."""
        return []

    async def run(self, accept: Accept) -> None:
        """Serves SMTP or LMTP until cancelled. Raises SettingsError when the port or the certificate cannot be
        had."""

        async def store(delivered: Delivered) -> None:
            await self._store(delivered, accept)

        host, port = self._settings.listen_host, self._settings.listen_port
        try:
            async with mail_server.listening(self._door(), host, port, store) as self._port:
                self._listening.set()
                await asyncio.Event().wait()
        except OSError as error:
            raise SettingsError(f"account {self.account_id}: listening on {host}:{port}: {error}") from error

    async def listening(self) -> int:
        """Waits until run() listens; the port it listens on (useful with listen_port 0)."""
        await self._listening.wait()
        return self._port

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        """Hands one mail to the relay. A relay cannot be asked what it took; the Message-ID follows from the
        Outbound's id, so that a mail that comes twice can be known for the same one."""
        sender = self._settings.addresses[0]
        token = self._sealer.token(message.thread)
        letter = mail_out.write_letter(message, sender, self._settings.sender_name, token, self._clock.now())
        # The token in the return path lets a bounce find its conversation.
        raw = await asyncio.to_thread(mail_out.signed, letter, self._signer)
        await mail_out.hand_over(raw, self._relay(), tagged(sender, token), message.to)
        return Sent(str(letter["Message-ID"]))

    async def fetch(self, attachment: Attachment, raw: bytes) -> bytes:
        """The bytes of an attachment of a mail. Raises Permanent when the mail does not hold it."""
        content = await asyncio.to_thread(mail_mime.part_content, raw, attachment.reference)
        if content is None:
            raise Permanent("the mail holds no such part", code="gone")
        return content

    async def discard(self, attachment: Attachment) -> None:
        """Nothing: the mail itself is here."""

    async def close(self) -> None:
        self._judges.shutdown(wait=False, cancel_futures=True)

    async def _store(self, delivered: Delivered, accept: Accept) -> None:
        now, verdicts = self._clock.now(), await self._judged(delivered)
        if len(delivered.raw) < LARGE:
            messages = parse(delivered, self._mailbox, now, verdicts)
        else:
            messages = await asyncio.to_thread(parse, delivered, self._mailbox, now, verdicts)
        messages = [self._bounded(message) for message in messages]
        await accept(messages)
        for message in messages:
            log.info("mail.stored", account_id=self.account_id, kind=message.kind, sender=redacted(message.sender))

    async def _judged(self, delivered: Delivered) -> Mapping[str, str]:
        """In threads of its own: a stranger's slow DNS must hold up nobody else's work."""
        if self._settings.sender_checks != "own":
            return {}
        lookup = self._lookups(self._settings.dns_seconds)
        peer = delivered.peer or mail_auth.Peer("")
        asked = (delivered.raw, delivered.mail_from, peer, lookup)
        return await asyncio.get_running_loop().run_in_executor(self._judges, mail_auth.judge, *asked)

    def _bounded(self, message: Inbound) -> Inbound:
        bounded = answerable(message, self._answers)
        if bounded is not message:
            log.warning("mail.loop", account_id=self.account_id, sender=redacted(message.sender))
        return bounded

    def _door(self) -> mail_server.Door:
        settings = self._settings
        return mail_server.Door(
            account_id=self.account_id,
            addresses=self._mailbox.addresses,
            protocol=settings.protocol,
            hostname=settings.hostname or settings.domain,
            max_bytes=settings.max_bytes,
            per_minute=settings.per_minute,
            per_sender_hour=settings.per_sender_hour,
            greylist_minutes=settings.greylist_minutes,
            certificate=settings.tls_certificate,
            key=settings.tls_key,
            tls=settings.tls,
        )

    def _relay(self) -> mail_out.Relay:
        settings = self._settings
        password = settings.relay_password.get_secret_value() if settings.relay_password else ""
        return mail_out.Relay(
            settings.relay_host,
            settings.relay_port,
            settings.relay_tls,
            settings.relay_username,
            password,
            settings.timeout_seconds,
        )


def _signer(settings: Settings) -> mail_out.Signer | None:
    if settings.dkim_key is None:
        return None
    return mail_out.Signer(settings.dkim_selector, settings.domain, settings.dkim_key.get_secret_value().encode())


def _provider_key(delivered: Delivered, letter: mail_mime.Letter) -> str:
    """A sender chooses Message-ID, so it alone proves no redelivery: the bytes and the recipient must agree."""
    digest = hashlib.sha256(delivered.raw).hexdigest()
    parts = (delivered.recipient.lower(), letter.header("message-id"), digest)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _thread(
    letter: mail_mime.Letter, recipient: str, sender: str, mailbox: Mailbox, verdicts: Mapping[str, str]
) -> str:
    """A mail whose sender is forged, says a relay of ours or the DNS, holds a conversation of its own: it may
    report, and is not taken for the earlier sender. A signed token proves more than the sender's domain does."""
    forged = mail_auth.is_forged(mail_kind.authentication(letter, mailbox.trusted_relays) or verdicts)
    claimed = f"{sender}\0{letter.header('message-id')}" if forged else sender
    return thread_of(letter, recipient, claimed, Sealer(mailbox.account_id, mailbox.key))


def _unsubscribes(letter: mail_mime.Letter, recipient: str, mailbox: Mailbox) -> bool:
    """Whether a mail is what List-Unsubscribe asks for. Mail programs write it unasked, with a text of their own
    that says that a machine wrote it."""
    token = recipient.rpartition("@")[0].partition(DETAIL_MARK)[2]
    signed = Sealer(mailbox.account_id, mailbox.key).thread(token)
    return bool(signed) and letter.subject.strip().upper() == mail_out.UNSUBSCRIBE


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


def _with_subject(letter: mail_mime.Letter, words: str) -> str:
    """The writer's own words, led by the subject of a first mail where that says something the body does not."""
    subject = letter.subject
    if mail_kind.REPLY_MARK.match(subject) or _SAYS_NOTHING.fullmatch(subject.strip(" .!?:-")):
        return words
    return words if subject.lower() in words.lower() else f"{subject}\n{words}".strip()
