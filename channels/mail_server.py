"""Mail on its way in: an SMTP or LMTP server inside the running event loop.

https://aiosmtpd.readthedocs.io/en/latest/handlers.html. It answers 250 only after a mail was stored.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from weakref import WeakSet

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.hygiene import REMEMBERED_NAMES, RateLimit
from channels.mail_auth import Peer
from channels.mail_thread import DETAIL_MARK

log = structlog.get_logger()
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs every line of a mail at DEBUG

LINE_LIMIT: Final = 100_000  # bytes; programs that write mail do not all fold at 998
GRACE: Final = 10.0  # seconds that mails being stored get when the server closes


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail as the dialogue gave it: reverse path ("" for a null one), our recipient, the raw bytes."""

    mail_from: str
    recipient: str
    raw: bytes
    peer: Peer | None = None


Store = Callable[[Delivered], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Door:
    """How the server is set up. `addresses` are lower-case, without details. `per_minute` limits the mails of one
    peer address (0: no limit); a relay in front of the bridge is one peer. `per_sender_hour` limits those of one
    return path."""

    account_id: str
    addresses: Collection[str]
    protocol: Literal["smtp", "lmtp"]
    hostname: str
    max_bytes: int
    per_minute: int = 0
    per_sender_hour: int = 0
    greylist_minutes: float = 0
    certificate: Path | None = None
    key: Path | None = None
    tls: Literal["none", "starttls", "required", "implicit"] = "none"

    def takes(self, recipient: str) -> bool:
        """Whether mail to this address is for this mailbox, with or without a detail; postmaster always is
        (RFC 5321 4.5.1)."""
        local, _, domain = recipient.lower().rpartition("@")
        if not domain or not local:
            return recipient.lower() == "postmaster"
        domains = {address.rpartition("@")[2] for address in self.addresses}
        base = f"{local.partition(DETAIL_MARK)[0]}@{domain}"
        return base in self.addresses or (local == "postmaster" and domain in domains)


@asynccontextmanager
async def listening(door: Door, host: str, port: int, store: Store) -> AsyncIterator[int]:
    """Listens until the block is left; gives the port. At its end mails being stored still get their answer:
    cut off before it, the other server would deliver them once more. Raises OSError when the port or the
    certificate cannot be had."""
    handler = _Handler(door, store)
    sessions: WeakSet[SMTP] = WeakSet()
    server = await _listen(door, host, port, handler, sessions)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()  # and no wait_closed(), which waits for idle peers from Python 3.12 on
        await handler.settle()
        for session in sessions:
            if session.transport is not None:
                session.transport.close()


async def _listen(door: Door, host: str, port: int, handler: _Handler, sessions: WeakSet[SMTP]) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    certificate = _Certificate(door.certificate, door.key) if door.certificate else None

    def protocol() -> SMTP:
        context = certificate.context() if certificate else None
        session = (_Lmtp if door.protocol == "lmtp" else _Smtp)(
            handler,
            data_size_limit=door.max_bytes,
            enable_SMTPUTF8=True,
            hostname=door.hostname,
            ident="open311-bridge",
            tls_context=None if door.tls == "implicit" else context,
            require_starttls=door.tls == "required",
            loop=loop,
        )
        sessions.add(session)
        return session

    implicit = certificate.context() if certificate and door.tls == "implicit" else None
    return await loop.create_server(protocol, host, port, ssl=implicit)


class _Smtp(SMTP):
    line_length_limit = LINE_LIMIT


class _Lmtp(LMTP):
    line_length_limit = LINE_LIMIT


class _Certificate:
    """A certificate that is read again when its file changes: one context, so open listeners follow too."""

    def __init__(self, certificate: Path, key: Path | None) -> None:
        self._files = (certificate, key)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(*self._files)
        self._stamp = self._changed()

    def context(self) -> ssl.SSLContext:
        stamp = self._changed()
        if stamp != self._stamp and self._fits():
            self._context.load_cert_chain(*self._files)
            self._stamp = stamp
        return self._context

    def _changed(self) -> tuple[int, ...]:
        try:
            return tuple(path.stat().st_mtime_ns for path in self._files if path)
        except OSError:  # between two files of a renewal
            return self._stamp

    def _fits(self) -> bool:
        """Whether the files belong together: in the midst of a renewal they may not, and the old one serves on."""
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*self._files)
        except OSError:
            log.warning("mail.certificate_unfit")
            return False
        return True


class Greylist:
    """Who was seen before. A server of spam seldom comes back; the first mail of an honest one comes late."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def knows(self, peer: str, sender: str, recipient: str, now: float) -> bool:
        """Whether this combination was first seen long enough ago; servers of one network count as one."""
        if not self._seconds:
            return True
        network = peer.rpartition(":" if ":" in peer else ".")[0]
        seen = (network, sender.lower(), recipient.lower())
        first = self._first.setdefault(seen, now)
        self._first.move_to_end(seen)
        if len(self._first) > REMEMBERED_NAMES:
            self._first.popitem(last=False)
        return now - first >= self._seconds


class _Handler:
    """aiosmtpd's hooks."""

    def __init__(self, door: Door, store: Store) -> None:
        self._door = door
        self._store = store
        self._peers = RateLimit(door.per_minute, 60)
        self._senders = RateLimit(door.per_sender_hour, 3600)
        self._greylist = Greylist(door.greylist_minutes * 60)
        self._storing = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    async def settle(self) -> None:
        """Takes no more mail, and waits a while until what is being stored has been answered."""
        self._closing = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), GRACE)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        if self._closing:
            return "421 4.3.2 Closing, try again later"
        peer = str(session.peer[0]) if session.peer else ""
        now = server.loop.time()
        within = self._peers.allows(peer, now) and (
            not address.strip("<>") or self._senders.allows(address.lower(), now)
        )
        if not within:
            log.warning("mail.too_many", account_id=self._door.account_id)
            return "450 4.7.0 Too many mails, try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if not self._door.takes(address):
            return "550 5.1.1 No such mailbox here"
        peer = _peer(server, session)
        if peer and not self._greylist.knows(peer.address, envelope.mail_from or "", address, server.loop.time()):
            return "451 4.7.1 Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        # A mail to several of our addresses is one message; the one with a token says most.
        recipient = max(envelope.rcpt_tos, key=lambda address: DETAIL_MARK in address)
        reverse_path = (envelope.mail_from or "").strip("<>")  # aiosmtpd gives a null one as "<>"
        delivered = Delivered(reverse_path, recipient, envelope.original_content or b"", _peer(server, session))
        with self._busy():
            status = await self._stored(delivered)
        # LMTP answers once for each recipient, and aiosmtpd does not (its issue 517).
        return "\r\n".join([status] * len(envelope.rcpt_tos)) if isinstance(server, LMTP) else status

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail.dialogue_failed", account_id=self._door.account_id, error=type(error).__name__)
        return "451 4.3.0 Try again later"

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self._storing += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._storing -= 1
            if not self._storing:
                self._idle.set()  # wakes settle() after this task has written its answer

    async def _stored(self, delivered: Delivered) -> str:
        try:
            await self._store(delivered)
        except Exception as error:
            log.error("mail.not_stored", account_id=self._door.account_id, error=type(error).__name__)
            return "451 4.3.0 Not stored, try again later"
        return "250 2.0.0 Stored"


def _peer(server: SMTP, session: Session) -> Peer | None:
    """Who delivers. Over LMTP it is always a relay of one's own."""
    if isinstance(server, LMTP) or not session.peer:
        return None
    return Peer(str(session.peer[0]), str(session.host_name or ""))
