"""SMS, MMS and WhatsApp through Twilio: webhooks in (sms_webhook), the Messages resource out (sms_rest)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]

from bridge import segments
from bridge.errors import BridgeError, Permanent, Retryable, SettingsError
from bridge.ports import Accept, Clock
from bridge.vocabulary import Attachment, Earlier, Inbound, Outbound, Sent
from channels.hygiene import RateLimit, TooLarge, answerable, read_body, redacted, with_choices
from channels.sms_rest import Login, Rest
from channels.sms_webhook import CHANNEL, fields, is_signed, parse

log = structlog.get_logger()

EMPTY_TWIML: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
BODY_LIMIT: Final = 512 * 1024  # bytes; 20,000 four-byte characters are 240 KB once percent-encoded
MINUTE: Final = 60.0  # seconds
# https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window
WHATSAPP_WINDOW: Final = timedelta(hours=24)
WHATSAPP: Final = "whatsapp:"
LABEL_LIMIT: Final = 20  # of a button, https://www.twilio.com/docs/content/twilio-quick-reply; a list takes 24
OUTSIDE_WINDOW: Final = "63016"  # https://www.twilio.com/docs/api/errors/63016


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
    api_url: str = Field("https://api.twilio.com", pattern=r"^https?://[^/]+$")
    whatsapp_template_sid: str = Field("", pattern=r"^(|HX[0-9a-fA-F]{32})$")
    whatsapp_choices_sids: Mapping[int, str] = Field(default_factory=dict)
    sms_number: str = Field("", pattern=r"^(|\+[1-9][0-9]{6,14})$")
    callback_overrides: str = Field("rc=3&rp=all", pattern=r"^[a-z0-9=&,]*$")
    voice_sentence: str = (
        "This number takes text messages only. Please send a text message. In an emergency, call 9 1 1."
    )
    voice_language: str = Field("en-US", pattern=r"^[a-z]{2,3}-[A-Z]{2}$")
    monthly_segments: int = Field(0, ge=0)
    sends_per_minute: int = Field(0, ge=0)
    max_segments: int = Field(10, ge=1, le=10)
    media_max_bytes: int = Field(10_000_000, gt=0)
    delete_media: bool = False
    reconcile_seconds: float = Field(300, ge=0)
    answers_per_minute: int = Field(20, ge=0)
    timeout_seconds: float = Field(10, gt=0)

    def model_post_init(self, context: Any, /) -> None:
        if not (self.number or self.messaging_service_sid):
            raise ValueError("number or messaging_service_sid must be set")

    @property
    def tokens(self) -> list[str]:
        tokens = (self.auth_token, self.previous_auth_token)
        return [token.get_secret_value() for token in tokens if token is not None]


def create(
    account_id: str, settings: Settings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> Sms:
    """The channel for one configured account."""
    return Sms(account_id, settings, clock, transport)


class Sms:
    """bridge.ports.Channel over Twilio."""

    name = CHANNEL
    alone = False

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
        login = Login(
            settings.account_sid,
            tuple(settings.tokens),
            settings.api_url,
            settings.timeout_seconds,
        )
        self._rest = Rest(login, transport)
        self._answers = RateLimit(settings.answers_per_minute, MINUTE)
        self._sends = RateLimit(settings.sends_per_minute, MINUTE)

    @property
    def hook_path(self) -> str:
        """Where Twilio posts messages and delivery reports."""
        return f"/hooks/sms/{self.account_id}"

    def hooks(self, accept: Accept) -> Sequence[Route]:
        async def receive(request: Request) -> Response:
            return await self._receive(request, accept)

        return [
            Route(self.hook_path, receive, methods=["POST"]),
            Route(f"{self.hook_path}/voice", self._answer_call, methods=["POST"]),
        ]

    async def run(self, accept: Accept) -> None:
        """Every so often asks Twilio for messages whose webhook never arrived: Twilio tries a webhook once or
        twice only. Returns at once where there is no number to ask for, or reconciling is off."""
        if not (self._settings.number and self._settings.reconcile_seconds):
            return
        since = self._clock.now() - timedelta(days=1)
        while True:
            now = self._clock.now()
            try:
                await self.reconcile(accept, since)
                since = now - timedelta(seconds=2 * self._settings.reconcile_seconds)
            except Exception as error:
                log.warning("sms.not_reconciled", account_id=self.account_id, error=type(error).__name__)
            await asyncio.sleep(self._settings.reconcile_seconds)

    async def reconcile(self, accept: Accept, since: datetime) -> int:
        """Stores all messages Twilio lists for the number since then, and what it says became of ours; those
        already stored have the same key. Returns how many messages Twilio listed."""
        heard = await self._rest.heard(self._settings.number, since)
        told = await self._rest.told(self._settings.number, since)
        for form in (*heard, *told):
            await accept(parse(urlencode(form).encode(), self.account_id, self._clock.now()))
        return len(heard)

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        """Sends the text, numbered in parts when one message cannot hold it: those that Twilio does not have of
        an earlier try. The id returned is the last part's."""
        if not self._sends.allows("", self._clock.now().timestamp()):
            raise Retryable("more messages than sends_per_minute", after=MINUTE / 4)
        made = await self._made(message.to, earlier) if earlier else {}
        if buttons := await self._buttons(message, made):
            return buttons
        parts = segments.split(with_choices(message), self._settings.max_segments)
        sids = [_taken(part, made) or await self._post(message.to, part) for part in parts]
        counted = 0 if message.to.startswith(WHATSAPP) else sum(map(segments.count, parts))
        return Sent(sids[-1], segments=counted, parts=tuple(sids))

    async def fetch(self, attachment: Attachment, raw: bytes = b"") -> bytes:
        """The bytes of a picture of an MMS. Raises Permanent when it is not at Twilio or too large."""
        return await self._rest.fetch_media(attachment.reference, self._settings.media_max_bytes)

    async def discard(self, attachment: Attachment) -> None:
        """Has Twilio delete a picture that was stored here, where the settings say so."""
        if self._settings.delete_media:
            await self._rest.delete_media(attachment.reference)

    async def check(self) -> None:
        """Raises SettingsError, naming the setting, when Twilio cannot be reached or does not know us."""
        try:
            await self._rest.check()
        except BridgeError as error:
            raise SettingsError(f"account {self.account_id}: account_sid, auth_token, api_url: {error}") from None

    async def close(self) -> None:
        await self._rest.close()

    async def _made(self, to: str, earlier: Earlier) -> dict[str, str]:
        """What an earlier try may have left at Twilio, on either way there is to the resident: SIDs and bodies."""
        made = await self._rest.made(to, self._sender(to).get("from_", ""), earlier.since)
        if to.startswith(WHATSAPP) and self._settings.sms_number:
            made |= await self._rest.made(to.removeprefix(WHATSAPP), self._settings.sms_number, earlier.since)
        return {sid: body for sid, body in made.items() if sid not in earlier.others}

    async def _post(self, to: str, text: str) -> str:
        if not to.startswith(WHATSAPP) or await self._in_window(to):
            return await self._rest.send(to, self._sender(to), text, self._callback)
        template = self._settings.whatsapp_template_sid
        try:
            if template:
                filled = {"1": text}
                return await self._rest.send_template(to, self._sender(to), template, filled, self._callback)
        except Permanent:
            if not self._settings.sms_number:
                raise
        return await self._by_sms(to, text)

    async def _by_sms(self, to: str, text: str) -> str:
        """A text to the same phone, for what WhatsApp does not take any more."""
        if not self._settings.sms_number:
            raise Permanent(
                "24 hours after a resident's last message WhatsApp takes templates only",
                code=OUTSIDE_WINDOW,
                fate="unreachable",
            )
        sender = {"from_": self._settings.sms_number}
        return await self._rest.send(to.removeprefix(WHATSAPP), sender, text, self._callback)

    @property
    def _callback(self) -> str:
        """Where Twilio tells what became of a message. What is after # tells Twilio how to try again, and is not
        sent (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides)."""
        overrides = f"#{self._settings.callback_overrides}" if self._settings.callback_overrides else ""
        return self._settings.public_url.rstrip("/") + self.hook_path + overrides

    async def _buttons(self, message: Outbound, made: dict[str, str]) -> Sent | None:
        """The choices as WhatsApp buttons or a list, where a content template for so many is set and they fit."""
        content = self._settings.whatsapp_choices_sids.get(len(message.choices))
        fits = all(0 < len(choice.label) <= LABEL_LIMIT for choice in message.choices)
        window = content and fits and message.to.startswith(WHATSAPP) and await self._in_window(message.to)
        if not (content and window):
            return None
        if taken := _taken(message.text, made):
            return Sent(taken, segments=0)
        named = (part for choice in message.choices for part in (choice.label, choice.value))
        filled = {str(number): word for number, word in enumerate([message.text, *named], 1)}
        sid = await self._rest.send_template(message.to, self._sender(message.to), content, filled, self._callback)
        return Sent(sid, segments=0)

    async def _in_window(self, resident: str) -> bool:
        """Whether a resident wrote within WhatsApp's 24 hours."""
        number = self._sender(resident).get("from_", "")
        since = self._clock.now() - WHATSAPP_WINDOW
        return not number or bool(await self._rest.heard(number, since, resident))

    def _sender(self, to: str) -> dict[str, str]:
        if self._settings.messaging_service_sid:
            return {"messaging_service_sid": self._settings.messaging_service_sid}
        number = self._settings.number
        if to.startswith(WHATSAPP) and not number.startswith(WHATSAPP):
            number = f"{WHATSAPP}{number}"
        return {"from_": number}

    async def _receive(self, request: Request, accept: Accept) -> Response:
        body = await self._believed(request)
        if isinstance(body, Response):
            return body
        form = fields(body)
        if not self._is_ours(form):
            log.error("sms.other_number", account_id=self.account_id, number=redacted(form.get("To", "")))
            return Response(status_code=403)
        messages = [self._bounded(message) for message in parse(body, self.account_id, self._clock.now())]
        try:
            await accept(messages)
        except Exception as error:
            log.error("sms.not_stored", account_id=self.account_id, error=type(error).__name__)
            return Response(status_code=503)
        for message in messages:
            log.info("sms.stored", account_id=self.account_id, kind=message.kind, sender=redacted(message.sender))
        return Response(EMPTY_TWIML, media_type="text/xml")

    async def _answer_call(self, request: Request) -> Response:
        """A spoken sentence for whoever calls the number."""
        body = await self._believed(request)
        if isinstance(body, Response):
            return body
        spoken = VoiceResponse()
        spoken.say(self._settings.voice_sentence, language=self._settings.voice_language)
        return Response(str(spoken), media_type="text/xml")

    async def _believed(self, request: Request) -> bytes | Response:
        """The body of a request that Twilio signed for our account; the refusal of any other."""
        try:
            body = await read_body(request, BODY_LIMIT)
        except TooLarge:
            return Response(status_code=413)
        query = f"?{request.url.query}" if request.url.query else ""
        url = self._settings.public_url.rstrip("/") + request.url.path + query
        content_type = request.headers.get("Content-Type", "")
        signature = request.headers.get("X-Twilio-Signature", "")
        # Its page does not say whether what is after # is signed.
        urls = (url, f"{url}#{self._settings.callback_overrides}")
        signed = any(is_signed(one, body, content_type, signature, self._settings.tokens) for one in urls)
        if not signed or fields(body).get("AccountSid", self._settings.account_sid) != self._settings.account_sid:
            log.warning("sms.refused", account_id=self.account_id, size=len(body))
            return Response(status_code=403)
        return body

    def _is_ours(self, form: Mapping[str, str]) -> bool:
        """Whether a message came to this account's number or messaging service: a webhook set up for another
        number would put its residents into the wrong city."""
        if form.get("SmsStatus") != "received" and "Body" not in form:
            return True
        settings, to = self._settings, form.get("To", "").removeprefix(WHATSAPP)
        if settings.messaging_service_sid and form.get("MessagingServiceSid"):
            return form["MessagingServiceSid"] == settings.messaging_service_sid
        return not settings.number or to in (settings.number.removeprefix(WHATSAPP), settings.sms_number, "")

    def _bounded(self, message: Inbound) -> Inbound:
        bounded = answerable(message, self._answers)
        if bounded is not message:
            log.warning("sms.flood", account_id=self.account_id, sender=redacted(message.sender))
        return bounded


def _taken(part: str, made: dict[str, str]) -> str:
    """The SID of a message that says this, taken out of those there are; "" when none does. A template or a trial
    account puts words of its own around ours."""
    found = next((sid for sid, body in made.items() if part in body), "")
    made.pop(found, None)
    return found
