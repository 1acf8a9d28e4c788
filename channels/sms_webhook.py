"""What Twilio posts to a webhook: whether it is Twilio's, and what it says. Pure.

https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bridge.errors import Fate
from bridge.vocabulary import Attachment, Delivery, DeliveryState, Inbound, InboundKind, Pin
from channels.hygiene import clean, one_line

CHANNEL: Final = "sms"
FORM: Final = "application/x-www-form-urlencoded"
FIELD_LIMIT: Final = 500
MEDIA_LIMIT: Final = 10  # a message's most, says the page above

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
STATES: Final[Mapping[str, DeliveryState]] = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# What an error code says of the resident or of the account, https://www.twilio.com/docs/api/errors. It comes with
# a status, or with a refusal to send at all; a failure of any other code says nothing but that it failed.
FATES: Final[Mapping[str, Fate | Literal["missed"]]] = {
    "21610": "opted_out",
    "21211": "unreachable",  # no phone number
    "21612": "unreachable",  # no route from our number to theirs
    "21614": "unreachable",  # no mobile number
    "30003": "missed",  # switched off, or out of reach
    "30004": "unreachable",  # does not take messages from us
    "30005": "unreachable",  # a number that is no more
    "30006": "unreachable",  # a landline
    "30007": "filtered",
    "30008": "missed",  # unknown
    "30032": "barred",  # toll-free number not verified
    "30034": "barred",  # number not registered (10DLC)
    "63024": "unreachable",  # not on WhatsApp
}
KEYWORDS: Final[Mapping[str, Literal["stop", "start", "help"]]] = {
    "STOP": "stop",
    "START": "start",
    "HELP": "help",
}


def is_signed(url: str, body: bytes, content_type: str, signature: str, tokens: Iterable[str]) -> bool:
    """Whether one of the auth tokens signed this request to `url`, with or without its port. A form's fields
    are signed; any other body by its hash in the query (bodySHA256)."""
    form = content_type.partition(";")[0].strip().lower() in (FORM, "")
    signed = ImmutableMultiDict(pairs(body)) if form else body.decode("utf-8", "replace")
    if not form and "bodySHA256=" not in url:
        return False
    return any(RequestValidator(token).validate(url, signed, signature) for token in tokens)


def fields(body: bytes) -> dict[str, str]:
    """A form's fields; of a repeated one the last. Those of a JSON object by the same names; empty for anything
    else."""
    return _json_fields(body) if body[:1] in (b"{", b"[") else dict(pairs(body))


def _json_fields(body: bytes) -> dict[str, str]:
    """One message's or delivery's fields: as they are in a form, or as in an event of Event Streams, whose names
    begin small (https://www.twilio.com/docs/events/webhook-quickstart)."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    event = told[0] if isinstance(told, list) and told else told
    data = event.get("data", event) if isinstance(event, dict) else {}
    flat = {str(key): value for key, value in data.items()} if isinstance(data, dict) else {}
    return {
        key[:1].upper() + key[1:]: str(value)
        for key, value in flat.items()
        if isinstance(value, str | int | float)
    }


def pairs(body: bytes) -> list[tuple[str, str]]:
    """A form's fields in order."""
    try:
        return parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=FIELD_LIMIT
        )
    except ValueError:
        return []


def parse(body: bytes, account_id: str, received_at: datetime) -> list[Inbound]:
    """What one webhook body says. Always one Inbound; UNKNOWN when it is no message and no delivery report."""
    form = fields(body)
    blank = _blank(form, body, account_id, received_at)
    status = form.get("MessageStatus", "").lower()
    sid = one_line(form.get("MessageSid") or form.get("SmsSid") or "")
    if sid and status in STATES:
        return [_delivery(form, blank, sid, status)]
    if sid and form.get("From") and "MessageStatus" not in form:
        return [_message(form, blank, sid)]
    key = sid or one_line(form.get("CallSid", "")) or hashlib.sha256(body).hexdigest()
    return [replace(blank, provider_key=key)]


def _blank(form: Mapping[str, str], body: bytes, account_id: str, received_at: datetime) -> Inbound:
    sender = one_line(form.get("From", ""))
    return Inbound(
        account_id=account_id,
        channel=CHANNEL,
        kind=InboundKind.UNKNOWN,
        provider_key="",
        sender=sender,
        thread=sender,
        received_at=received_at,
        raw=body,
        raw_type=FORM,
    )


def _message(form: Mapping[str, str], blank: Inbound, sid: str) -> Inbound:
    return replace(
        blank,
        kind=InboundKind.MESSAGE,
        provider_key=sid,
        keyword=KEYWORDS.get(form.get("OptOutType", ""), ""),
        # A WhatsApp button's payload is the Choice's value; its Body is only the label
        # (https://www.twilio.com/docs/whatsapp/buttons).
        text=clean(form.get("ButtonPayload") or form.get("ListId") or form.get("Body", "")),
        pin=_pin(form),
        attachments=_attachments(form),
        provider_id=sid,
        in_reply_to=one_line(form.get("OriginalRepliedMessageSid", "")),
        sender_name=one_line(form.get("ProfileName", "")),
    )


def _delivery(form: Mapping[str, str], blank: Inbound, sid: str, status: str) -> Inbound:
    code = one_line(form.get("ErrorCode", ""))
    resident = one_line(form.get("To", ""))  # of a message of ours the addressee
    currency = one_line(form.get("PriceUnit", "")) if form.get("Price") else ""
    return replace(
        blank,
        kind=InboundKind.DELIVERY,
        provider_key=f"{sid}:{status}{':priced' if form.get('Price') else ''}",
        sender=resident,
        thread=resident,
        delivery=Delivery(sid, _fate(STATES[status], code), code, _micros(form.get("Price", "")), currency),
    )


def _fate(state: DeliveryState, code: str) -> DeliveryState:
    return FATES.get(code, state) if state == "failed" or code in FATES else state


def _micros(price: str) -> int | None:
    """A price as Twilio lists it, "-0.0079" for what was billed."""
    try:
        return round(abs(float(price)) * 1_000_000)
    except (ValueError, OverflowError):
        return None


def _pin(form: Mapping[str, str]) -> Pin | None:
    try:
        lat, long = float(form["Latitude"]), float(form["Longitude"])
    except (KeyError, ValueError):
        return None
    if not (-90 <= lat <= 90 and -180 <= long <= 180):
        return None
    return Pin(lat, long, label=one_line(form.get("Label") or form.get("Address") or ""))


def _attachments(form: Mapping[str, str]) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(one_line(form.get(f"MediaContentType{number}", "")), one_line(form[f"MediaUrl{number}"]))
        for number in range(MEDIA_LIMIT)
        if f"MediaUrl{number}" in form
    )
