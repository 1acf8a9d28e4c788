"""A stand-in of Twilio on loopback: the Messages resource, media, and signed webhooks from a simulated phone.

Speaks what Twilio documents (https://www.twilio.com/docs/messaging/api/message-resource and
https://www.twilio.com/docs/messaging/guides/webhook-request); tests hold it to the recorded payloads.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bridge import segments
from bridge.demo.loopback import served
from channels.trust import trusted

VERSION = "2010-04-01"
NONSENSE = b"<html>\xff\x00{"


@dataclass(slots=True)
class Text:
    """One message: that Twilio was asked to send, or (direction inbound) that came from a phone."""

    sid: str
    to: str
    sender: str
    body: str
    created: datetime
    status: str = "queued"
    status_callback: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    direction: str = "outbound-api"
    price: str | None = None  # once Twilio knows it


@dataclass(frozen=True, slots=True)
class Media:
    """A file of an inbound MMS."""

    content_type: str
    content: bytes


class TwilioTwin:
    """One Twilio account with one number. `webhook` is where the bridge listens, `public_url` the URL Twilio
    believes it calls (signatures cover that one; the same as `webhook` when empty).

    `texts` holds what was sent; `next_text()` waits for the next one. `refuse` and `stall` spoil the next
    request.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        number: str,
        *,
        webhook: str = "",
        public_url: str = "",
        port: int = 0,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.number = number
        self.webhook = webhook
        self.public_url = public_url
        self.url = ""
        self.texts: list[Text] = []
        self.received: list[Text] = []
        self.opted_out: set[str] = set()
        self.media: dict[str, Media] = {}
        self._port = port
        self._new: asyncio.Queue[Text] = asyncio.Queue()
        self._refusals: deque[Response] = deque()
        self._stalls: deque[float] = deque()
        self._garbled = 0
        self._salt = secrets.token_hex(8)  # two runs of a twin never give one sid twice
        self._numbers = itertools.count(1)
        self._running = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.url = await self._running.enter_async_context(served(self._app(), self._port))
        self._phone = await self._running.enter_async_context(httpx.AsyncClient(timeout=30, verify=trusted()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    # ------------------------------------------------------------------------------- the resident's phone

    async def text(
        self, sender: str, body: str, *, media: tuple[Media, ...] = (), sid: str = "", **fields: str
    ) -> httpx.Response:
        """Texts the number: posts the signed webhook and returns the bridge's answer. Giving a `sid` again is
        a redelivery. `fields` are added to the form or replace its own."""
        return await self.post(self.lose(sender, body, media=media, sid=sid, **fields))

    def lose(
        self, sender: str, body: str, *, media: tuple[Media, ...] = (), sid: str = "", **fields: str
    ) -> dict[str, str]:
        """A text whose webhook is never posted: Twilio only lists it. Returns the form that is lost."""
        message_sid = sid or self._sid("MM" if media else "SM")
        form = self._inbound_form(message_sid, sender, body) | self._media_fields(message_sid, media) | fields
        if message_sid not in {text.sid for text in self.received}:
            now = datetime.now(UTC)
            self.received.append(
                Text(message_sid, form["To"], sender, body, now, "received", form=form, direction="inbound")
            )
        return form

    async def report(self, text: Text, status: str, error_code: str = "") -> httpx.Response:
        """Posts a signed status callback for a message that was sent."""
        text.status = status
        form = {
            "MessageSid": text.sid,
            "SmsSid": text.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "To": text.to,
            "From": text.sender,
            "AccountSid": self.account_sid,
            "ApiVersion": VERSION,
        }
        return await self.post(form | ({"ErrorCode": error_code} if error_code else {}))

    async def post(self, form: Mapping[str, str]) -> httpx.Response:
        """Posts any form to the webhook, signed as Twilio signs."""
        signed_url = self.webhook
        if self.public_url:
            signed_url = self.public_url.rstrip("/") + urlsplit(self.webhook).path
        signature = RequestValidator(self.auth_token).compute_signature(signed_url, dict(form))
        return await self._phone.post(
            self.webhook,
            data=dict(form),
            headers={"X-Twilio-Signature": signature, "User-Agent": "TwilioProxy/1.1"},
        )

    async def next_text(self, timeout: float = 10) -> Text:  # noqa: ASYNC109 reads better at the caller
        """The next message that was sent and not yet returned here."""
        return await asyncio.wait_for(self._new.get(), timeout)

    # -------------------------------------------------------------------------------------- bad days

    def refuse(self, status: int, code: int, message: str = "refused") -> None:
        """Answers the next message with Twilio's error document."""
        self._refusals.append(JSONResponse(_error(status, code, message), status))

    def stall(self, seconds: float = 60) -> None:
        """Takes the next message, and answers only after `seconds`."""
        self._stalls.append(seconds)

    def garble(self) -> None:
        """Takes the next message, and answers what no client can read."""
        self._garbled += 1

    # ------------------------------------------------------------------------------------- the REST API

    def _app(self) -> Starlette:
        messages = f"/{VERSION}/Accounts/{{account}}/Messages"
        return Starlette(
            routes=[
                Route(f"{messages}.json", self._create, methods=["POST"]),
                Route(f"{messages}.json", self._list, methods=["GET"]),
                Route(f"/{VERSION}/Accounts/{{account}}.json", self._account, methods=["GET"]),
                Route(f"{messages}/{{message}}/Media.json", self._list_media, methods=["GET"]),
                Route(f"{messages}/{{message}}/Media/{{media}}", self._redirect, methods=["GET"]),
                Route(f"{messages}/{{message}}/Media/{{media}}.json", self._delete, methods=["DELETE"]),
                Route("/cdn/{media}", self._download, methods=["GET"]),
            ]
        )

    async def _create(self, request: Request) -> Response:
        if not self._knows(request):
            return JSONResponse(_error(401, 20003, "Authenticate"), 401)
        form = {key: str(value) for key, value in (await request.form()).items()}
        if self._refusals:
            return self._refusals.popleft()
        if problem := self._problem(form):
            return problem
        text = self._take(form)
        if self._stalls:
            await asyncio.sleep(self._stalls.popleft())
        if self._garbled:
            self._garbled -= 1
            return Response(NONSENSE, 201, media_type="application/json")
        return JSONResponse(self._resource(text), 201)

    async def _list(self, request: Request) -> Response:
        if not self._knows(request):
            return JSONResponse(_error(401, 20003, "Authenticate"), 401)
        wanted = (request.query_params.get("To"), request.query_params.get("From"))
        texts = sorted([*self.texts, *self.received], key=lambda text: text.created, reverse=True)
        rows = [
            self._resource(text)
            for text in texts
            if wanted[0] in (None, text.to) and wanted[1] in (None, text.sender)
        ]
        return JSONResponse({"messages": rows, "page": 0, "page_size": 50, "next_page_uri": None, "start": 0})

    async def _account(self, request: Request) -> Response:
        if not self._knows(request):
            return JSONResponse(_error(401, 20003, "Authenticate"), 401)
        return JSONResponse(
            {"sid": self.account_sid, "friendly_name": "Fairview", "status": "active", "type": "Full"}
        )

    async def _list_media(self, request: Request) -> Response:
        if not self._knows(request):
            return JSONResponse(_error(401, 20003, "Authenticate"), 401)
        form = next((text.form for text in self.received if text.sid == request.path_params["message"]), {})
        rows = [
            {
                "sid": form[f"MediaUrl{number}"].rpartition("/")[2],
                "content_type": form[f"MediaContentType{number}"],
                "uri": urlsplit(form[f"MediaUrl{number}"]).path + ".json",
            }
            for number in range(int(form.get("NumMedia", "0")))
        ]
        return JSONResponse({"media_list": rows, "page": 0, "page_size": 50, "next_page_uri": None, "start": 0})

    async def _redirect(self, request: Request) -> Response:
        if not self._knows(request):
            return JSONResponse(_error(401, 20003, "Authenticate"), 401)
        return RedirectResponse(f"{self.url}/cdn/{request.path_params['media']}", 307)

    async def _download(self, request: Request) -> Response:
        media = self.media.get(request.path_params["media"])
        if media is None:
            return Response(status_code=404)
        return Response(media.content, media_type=media.content_type)

    async def _delete(self, request: Request) -> Response:
        if not self._knows(request):
            return JSONResponse(_error(401, 20003, "Authenticate"), 401)
        known = self.media.pop(request.path_params["media"], None)
        return Response(status_code=204 if known else 404)

    def _knows(self, request: Request) -> bool:
        pair = f"{self.account_sid}:{self.auth_token}".encode()
        basic = f"Basic {base64.b64encode(pair).decode()}"
        ours = request.path_params["account"] == self.account_sid
        return ours and secrets.compare_digest(request.headers.get("Authorization", ""), basic)

    def _problem(self, form: Mapping[str, str]) -> Response | None:
        to = form.get("To", "")
        if to in self.opted_out:
            return JSONResponse(_error(400, 21610, "Attempt to send to unsubscribed recipient"), 400)
        if not to.removeprefix("whatsapp:").startswith("+"):
            return JSONResponse(_error(400, 21211, f"Invalid 'To' Phone Number: {to}"), 400)
        if not (form.get("Body") or form.get("ContentSid")):
            return JSONResponse(_error(400, 21602, "Message body is required."), 400)
        if len(form.get("Body", "").encode("utf-16-le")) // 2 > 1600:
            return JSONResponse(
                _error(400, 21617, "The concatenated message body exceeds the 1600 character limit."), 400
            )
        return None

    def _take(self, form: Mapping[str, str]) -> Text:
        sender = form.get("From") or self.number
        callback = form.get("StatusCallback", "")
        body = form.get("Body") or json.loads(form.get("ContentVariables", "{}")).get("1", "")
        text = Text(self._sid("SM"), form["To"], sender, body, datetime.now(UTC), "queued", callback, form)
        self.texts.append(text)
        self._new.put_nowait(text)
        return text

    def _resource(self, text: Text) -> dict[str, Any]:
        path = f"/{VERSION}/Accounts/{self.account_sid}/Messages/{text.sid}"
        service = text.form.get("MessagingServiceSid")
        return {
            "account_sid": self.account_sid,
            "api_version": VERSION,
            "body": text.body,
            "date_created": format_datetime(text.created),
            "date_sent": None if text.status == "queued" else format_datetime(text.created),
            "date_updated": format_datetime(text.created),
            "direction": text.direction,
            "error_code": None,
            "error_message": None,
            "from": text.sender,
            "messaging_service_sid": service,
            "num_media": text.form.get("NumMedia", "0"),
            # Zero while a messaging service has not yet chosen a sender, says the resource's page.
            "num_segments": "0" if service else str(segments.count(text.body)),
            "price": text.price,
            "price_unit": "USD",
            "sid": text.sid,
            "status": text.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": text.to,
            "uri": f"{path}.json",
        }

    def _inbound_form(self, sid: str, sender: str, body: str) -> dict[str, str]:
        prefix = "whatsapp:" if sender.startswith("whatsapp:") else ""
        return {
            "ToCountry": "US",
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "SmsSid": sid,
            "SmsStatus": "received",
            "Body": body,
            "FromCountry": "US",
            "To": prefix + self.number.removeprefix("whatsapp:"),
            "NumSegments": str(segments.count(body)),
            "MessageSid": sid,
            "AccountSid": self.account_sid,
            "From": sender,
            "ApiVersion": VERSION,
        }

    def _media_fields(self, sid: str, files: tuple[Media, ...]) -> dict[str, str]:
        fields = {"NumMedia": str(len(files))}
        for number, file in enumerate(files):
            media_sid = self._sid("ME")
            self.media[media_sid] = file
            path = f"/{VERSION}/Accounts/{self.account_sid}/Messages/{sid}/Media/{media_sid}"
            fields[f"MediaUrl{number}"] = self.url + path
            fields[f"MediaContentType{number}"] = file.content_type
        return fields

    def _sid(self, prefix: str) -> str:
        return f"{prefix}{self._salt}{next(self._numbers):016x}"


def _error(status: int, code: int, message: str) -> dict[str, Any]:
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": message, "more_info": more_info, "status": status}
