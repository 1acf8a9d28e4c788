"""Mail on its way out: the letter, and the relay that takes it."""

from __future__ import annotations

import asyncio
import hashlib
import html
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Final, Literal

import aiosmtplib
import dkim
import dkim.crypto

from bridge.errors import Permanent, Retryable, Unsure
from bridge.vocabulary import Outbound
from channels.hygiene import clean, one_line, with_choices
from channels.mail_kind import REPLY_MARK
from channels.mail_thread import message_ids, tagged

UNSUBSCRIBE: Final = "STOP"
RETRY_CREDENTIALS: Final = 300.0  # seconds

# Long Message-IDs must not be folded into encoded words.
_POLICY = SMTP_POLICY.clone(max_line_length=998)
ADDRESS: Final = re.compile(r"[^\s\x00-\x20\x7f-\x9f@<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9.-]{1,255}")


@dataclass(frozen=True, slots=True)
class Relay:
    """The mail server that replies are handed to. `timeout` is in seconds, for each half of a delivery."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"]
    username: str
    password: str
    timeout: float


def write_letter(message: Outbound, sender: str, name: str, token: str, now: datetime) -> EmailMessage:
    """The mail for an Outbound: text, and the same as plain HTML. Raises Permanent for an address that cannot be
    written to. Headers are made from parsed values, so nothing in them can begin another header."""
    if not ADDRESS.fullmatch(message.to):
        raise Permanent("the resident's mail address cannot be written to", code="553")
    local, _, domain = message.to.rpartition("@")
    letter = EmailMessage(policy=_POLICY.clone(utf8=not message.to.isascii()))  # RFC 6532
    letter["From"] = Address(one_line(name), addr_spec=sender)
    letter["To"] = Address(username=local, domain=domain)
    if token:
        tokened = tagged(sender, token)
        letter["Reply-To"] = Address(one_line(name), addr_spec=tokened)
        letter["List-Unsubscribe"] = f"<mailto:{tokened}?subject={UNSUBSCRIBE}>"  # RFC 2369
    letter["Subject"] = _subject(message)
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = _message_id(message.id, token, sender.rpartition("@")[2])
    letter["Auto-Submitted"] = "auto-replied"  # RFC 3834: no responder answers it
    answered = message_ids(message.in_reply_to)
    earlier = [found for reference in message.references for found in message_ids(reference)]
    for header, ids in (("In-Reply-To", answered[:1]), ("References", [*earlier, *answered][-10:])):
        if ids:
            letter[header] = " ".join(dict.fromkeys(ids))
    text = clean(with_choices(message))
    letter.set_content(text, charset="utf-8", cte="quoted-printable")
    letter.add_alternative(_page(text, message.language), "html", charset="utf-8", cte="quoted-printable")
    return letter


@dataclass(frozen=True, slots=True)
class Signer:
    """A DKIM key: the selector its public half is published under, and the private half as PEM."""

    selector: str
    domain: str
    key: bytes = field(repr=False)


def signed(letter: EmailMessage, signer: Signer | None) -> bytes:
    """The letter as it goes out, DKIM-signed (RFC 6376) where there is a key. Takes some ten milliseconds."""
    raw = letter.as_bytes()
    if signer is None:
        return raw
    selector, domain = signer.selector.encode("ascii"), signer.domain.encode("idna")
    signature = dkim.sign(raw, selector, domain, signer.key, canonicalize=(b"relaxed", b"relaxed"))
    return bytes(signature) + raw


def check_key(pem: bytes) -> None:
    """Raises ValueError when this is no private key that can sign."""
    try:
        dkim.crypto.parse_pem_private_key(pem)
    except Exception:
        raise ValueError("dkim_key: no RSA private key in PEM") from None


async def hand_over(raw: bytes, relay: Relay, mail_from: str, to: str) -> None:
    """Gives a letter to the relay. Raises Retryable while nothing was sent, Permanent when the relay refuses for
    good, Unsure when its answer to the text is missing."""
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        timeout=relay.timeout,
        use_tls=relay.tls == "tls",
        start_tls=relay.tls == "starttls",
    )
    try:
        await _reach(client, relay, mail_from, to)
        await _give(client, relay, raw)
    finally:
        client.close()


async def _reach(client: aiosmtplib.SMTP, relay: Relay, mail_from: str, to: str) -> None:
    """Everything up to the recipient: whatever fails here, nothing was sent."""
    try:
        async with asyncio.timeout(relay.timeout):
            await client.connect()
            if relay.username:
                await client.login(relay.username, relay.password)
            await client.mail(mail_from, options=[] if to.isascii() else ["SMTPUTF8"])
            await client.rcpt(to)
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _refusal(error) or Retryable(f"mail relay not reached: {type(error).__name__}") from None


async def _give(client: aiosmtplib.SMTP, relay: Relay, raw: bytes) -> None:
    """The text itself: without an answer it may be on its way."""
    try:
        async with asyncio.timeout(relay.timeout):
            await client.data(raw)
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _refusal(error) or Unsure(f"mail relay did not answer: {type(error).__name__}") from None


def _refusal(error: Exception) -> Permanent | Retryable | None:
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


def _subject(message: Outbound) -> str:
    subject = one_line(message.subject)
    if REPLY_MARK.match(subject) or not message.in_reply_to:
        return subject or "311"
    return f"Re: {subject}".strip()


def _message_id(outbound_id: str, token: str, domain: str) -> str:
    """Follows from the Outbound alone, so that a second delivery of it is recognised as the same mail."""
    name = re.sub(r"[^A-Za-z0-9_-]", "", outbound_id) or hashlib.sha256(outbound_id.encode()).hexdigest()[:32]
    return f"<{name}.{token or 'bridge'}@{domain}>"


def _page(text: str, language: str) -> str:
    lines = html.escape(text).replace("\n", "<br>\n")
    return f'<html lang="{html.escape(language)}"><body><p>{lines}</p></body></html>\n'
