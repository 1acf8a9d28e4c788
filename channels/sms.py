"""SMS, MMS and WhatsApp through Twilio: webhooks in, the Messages resource out.

In:  https://www.twilio.com/docs/messaging/guides/webhook-request
Out: https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar
from urllib.parse import parse_qsl

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException  # type: ignore[import-untyped]
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response as TwilioResponse  # type: ignore[import-untyped]
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from bridge import segments
from bridge.errors import Permanent, Retryable, Unsure
from bridge.ports import Accept, Clock
from bridge.vocabulary import Attachment, Delivery, Inbound, InboundKind, Outbound, Pin, Sent
from channels.hygiene import TooLarge, clean, one_line, read_body, redacted, with_choices

log = structlog.get_logger()

Answer = TypeVar("Answer")

EMPTY_TWIML: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
FORM: Final = "application/x-www-form-urlencoded"
BODY_LIMIT: Final = 512 * 1024  # bytes; 20,000 four-byte characters are 240 KB once percent-encoded
FIELD_LIMIT: Final = 500
REMEMBERED_SENDS: Final = 1000

DeliveryState = Literal["queued", "sent", "delivered", "failed", "opted_out"]
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
OPTED_OUT: Final = "21610"  # https://www.twilio.com/docs/api/errors/21610


class Settings(BaseModel):
    """One Twilio number or messaging service. `public_url` is the bridge as Twilio reaches it, without path:
    signatures cover the URL Twilio called, which behind a proxy is not the one we see."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    auth_token: SecretStr
    previous_auth_token: SecretStr | None = None  # still believed on webhooks while a rotation is under way
    number: str = Field("", pattern=r"^(|(whatsapp:)?\+[1-9][0-9]{6,14}|[0-9]{3,8})$")
    messaging_service_sid: str = Field("", pattern=r"^(|MG[0-9a-fA-F]{32})$")
    public_url: str = Field(pattern=r"^https?://[^/]+/?$")
    api_url: str = "https://api.twilio.com"
    max_segments: int = Field(10, ge=1, le=10)
    timeout_seconds: float = Field(10, gt=0)

    def model_post_init(self, context: Any, /) -> None:
        if not (self.number or self.messaging_service_sid):
            raise ValueError("number or messaging_service_sid must be set")


def parse(body: bytes, account_id: str, received_at: datetime) -> list[Inbound]:
    """What one webhook body says. Always one Inbound; UNKNOWN when it is no message and no delivery report."""
    form = _fields(body)
    status = form.get("MessageStatus", "").lower()
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    if sid and status in STATES:
        return [_delivery(form, body, account_id, received_at, sid, status)]
    if sid and form.get("From") and "MessageStatus" not in form:
        return [_message(form, body, account_id, received_at, sid)]
    key = sid or form.get("CallSid") or hashlib.sha256(body).hexdigest()
    return [_inbound(form, body, account_id, received_at, InboundKind.UNKNOWN, one_line(key))]


def create(
    account_id: str, settings: Settings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> Sms:
    """The channel for one configured account."""
    return Sms(account_id, settings, clock, transport)


class Sms:
    """bridge.ports.Channel over Twilio."""

    name = "sms"

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
        self._http = _HttpxClient(httpx.AsyncClient(transport=transport, timeout=settings.timeout_seconds))
        self._twilio = Client(
            settings.account_sid,
            settings.auth_token.get_secret_value(),
            http_client=self._http,
            environment={"TWILIO_REGION": ""},  # an empty mapping would make the library read os.environ
        )
        self._twilio.api.base_url = settings.api_url
        self._progress: OrderedDict[str, _Progress] = OrderedDict()

    @property
    def hook_path(self) -> str:
        """Where Twilio posts messages and delivery reports."""
        return f"/hooks/sms/{self.account_id}"

    def hooks(self, accept: Accept) -> Sequence[Route]:
        async def receive(request: Request) -> Response:
            return await self._receive(request, accept)

        return [Route(self.hook_path, receive, methods=["POST"])]

    async def run(self, accept: Accept) -> None:
        """Returns at once: Twilio comes to us."""

    async def send(self, message: Outbound) -> Sent:
        """Sends the text, numbered in parts when one message cannot hold it.

        A repeated call for the same Outbound goes on after the last part Twilio took, and first looks among
        Twilio's messages for a part whose fate is unknown. The id returned is the last part's.
        """
        parts = segments.split(with_choices(message), self._settings.max_segments)
        progress = self._progress_of(message.id)
        while len(progress.sids) < len(parts):
            progress.sids.append(await self._send_part(message.to, parts[len(progress.sids)], progress))
        del self._progress[message.id]
        return Sent(progress.sids[-1], segments=sum(map(segments.count, parts)))

    async def close(self) -> None:
        await self._http.close()

    async def _receive(self, request: Request, accept: Accept) -> Response:
        try:
            body = await read_body(request, BODY_LIMIT)
        except TooLarge:
            return Response(status_code=413)
        if not (self._is_signed(request, body) and self._is_ours(body)):
            log.warning("sms.refused", account_id=self.account_id, size=len(body))
            return Response(status_code=403)
        messages = parse(body, self.account_id, self._clock.now())
        try:
            await accept(messages)
        except Exception as error:
            log.error("sms.not_stored", account_id=self.account_id, error=type(error).__name__)
            return Response(status_code=503)
        for message in messages:
            log.info("sms.stored", account_id=self.account_id, kind=message.kind, sender=redacted(message.sender))
        return Response(EMPTY_TWIML, media_type="text/xml")

    def _is_signed(self, request: Request, body: bytes) -> bool:
        """Whether Twilio signed this request with the account's auth token, or with the one before it."""
        query = f"?{request.url.query}" if request.url.query else ""
        url = self._settings.public_url.rstrip("/") + request.url.path + query
        signature = request.headers.get("X-Twilio-Signature", "")
        fields = ImmutableMultiDict(_pairs(body))
        tokens = (self._settings.auth_token, self._settings.previous_auth_token)
        return any(
            RequestValidator(token.get_secret_value()).validate(url, fields, signature)
            for token in tokens
            if token is not None
        )

    def _is_ours(self, body: bytes) -> bool:
        return _fields(body).get("AccountSid") == self._settings.account_sid

    def _progress_of(self, outbound_id: str) -> _Progress:
        progress = self._progress.setdefault(outbound_id, _Progress())
        while len(self._progress) > REMEMBERED_SENDS:
            self._progress.popitem(last=False)
        return progress

    async def _send_part(self, to: str, text: str, progress: _Progress) -> str:
        if progress.unsure_since is not None:
            found = await self._call(self._find(to, text, progress.unsure_since))
            progress.unsure_since = None
            if found:
                return found
        started = self._clock.now()
        try:
            return await self._call(self._post(to, text))
        except Unsure:
            progress.unsure_since = started
            raise

    async def _call(self, request: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await request
        except (TwilioException, httpx.HTTPError, TimeoutError, ValueError, KeyError) as error:
            raise _failure(error) from error

    async def _post(self, to: str, text: str) -> str:
        created = await self._twilio.messages.create_async(
            to=to,
            body=text,
            status_callback=self._settings.public_url.rstrip("/") + self.hook_path,
            **self._sender(to),
        )
        return str(created.sid)

    async def _find(self, to: str, text: str, since: datetime) -> str | None:
        # DateSent filters by day and clocks differ, so start a day early; the body tells the messages apart.
        earliest = since - timedelta(days=1)
        listed = await self._twilio.messages.list_async(to=to, date_sent_after=earliest, limit=200)
        sids = [
            str(row.sid)
            for row in listed
            if row.body == text and row.date_created and row.date_created >= since - timedelta(minutes=2)
        ]
        return sids[0] if sids else None

    def _sender(self, to: str) -> dict[str, str]:
        if self._settings.messaging_service_sid:
            return {"messaging_service_sid": self._settings.messaging_service_sid}
        number = self._settings.number
        if to.startswith("whatsapp:") and not number.startswith("whatsapp:"):
            number = f"whatsapp:{number}"
        return {"from_": number}


@dataclass(slots=True)
class _Progress:
    """How far one Outbound got in this process: parts taken, and since when the next one's fate is unknown."""

    sids: list[str] = field(default_factory=list)
    unsure_since: datetime | None = None


class _HttpxClient(AsyncHttpClient):  # type: ignore[misc]
    """Lets the twilio library speak through httpx."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), True)
        self._client = client

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 the library's own signature
        allow_redirects: bool = False,
    ) -> TwilioResponse:
        answer = await self._client.request(
            method, uri, params=params, data=data, headers=headers, auth=auth, follow_redirects=allow_redirects
        )
        return TwilioResponse(answer.status_code, answer.text, answer.headers)

    async def close(self) -> None:
        await self._client.aclose()


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=FIELD_LIMIT
        )
    except ValueError:
        return []


def _fields(body: bytes) -> dict[str, str]:
    return dict(_pairs(body))


def _message(form: Mapping[str, str], body: bytes, account_id: str, received_at: datetime, sid: str) -> Inbound:
    inbound = _inbound(form, body, account_id, received_at, InboundKind.MESSAGE, one_line(sid))
    return replace(
        inbound,
        # A WhatsApp button's payload is the Choice's value; its Body is only the label
        # (https://www.twilio.com/docs/whatsapp/buttons).
        text=clean(form.get("ButtonPayload") or form.get("ListId") or form.get("Body", "")),
        pin=_pin(form),
        attachments=_attachments(form),
        provider_id=one_line(sid),
        in_reply_to=one_line(form.get("OriginalRepliedMessageSid", "")),
        sender_name=one_line(form.get("ProfileName", "")),
    )


def _delivery(
    form: Mapping[str, str], body: bytes, account_id: str, received_at: datetime, sid: str, status: str
) -> Inbound:
    code = one_line(form.get("ErrorCode", ""))
    state: DeliveryState = "opted_out" if code == OPTED_OUT else STATES[status]
    inbound = _inbound(form, body, account_id, received_at, InboundKind.DELIVERY, f"{one_line(sid)}:{status}")
    resident = one_line(form.get("To", ""))  # on a report about our message the resident is its addressee
    return replace(inbound, sender=resident, thread=resident, delivery=Delivery(one_line(sid), state, code))


def _inbound(
    form: Mapping[str, str], body: bytes, account_id: str, received_at: datetime, kind: InboundKind, key: str
) -> Inbound:
    sender = one_line(form.get("From", ""))
    return Inbound(
        account_id=account_id,
        channel=Sms.name,
        kind=kind,
        provider_key=key,
        sender=sender,
        thread=sender,
        received_at=received_at,
        raw=body,
        raw_type=FORM,
    )


def _pin(form: Mapping[str, str]) -> Pin | None:
    try:
        lat, long = float(form["Latitude"]), float(form["Longitude"])
    except (KeyError, ValueError):
        return None
    if not (-90 <= lat <= 90 and -180 <= long <= 180):
        return None
    return Pin(lat, long, label=one_line(form.get("Label") or form.get("Address") or ""))


def _attachments(form: Mapping[str, str]) -> tuple[Attachment, ...]:
    # At most ten, https://www.twilio.com/docs/messaging/guides/webhook-request#media-related-parameters
    return tuple(
        Attachment(one_line(form.get(f"MediaContentType{number}", "")), one_line(form[f"MediaUrl{number}"]))
        for number in range(10)
        if f"MediaUrl{number}" in form
    )


def _failure(error: Exception) -> Permanent | Retryable | Unsure:
    """What the caller does next about an error of the twilio library or of httpx."""
    match error:
        case TwilioRestException(status=status) | TwilioServiceException(status=status):
            return _refusal(error, int(status))
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Retryable(f"twilio not reached: {type(error).__name__}")
        case _:
            return Unsure(f"twilio's answer is missing or unreadable: {type(error).__name__}")


def _refusal(error: TwilioRestException | TwilioServiceException, status: int) -> Permanent | Retryable | Unsure:
    code = str(error.code or "")
    reason = f"twilio answered {status}, error {code}"
    if status in (429, 503):
        return Retryable(reason)
    if status >= 500:
        return Unsure(reason)
    words = error.msg if isinstance(error, TwilioRestException) else error.title
    return Permanent(reason, words=one_line(words), code=code)
