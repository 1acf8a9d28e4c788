"""Twilio's REST API through the twilio library on httpx: messages out, messages found again, media fetched.

https://www.twilio.com/docs/messaging/api/message-resource and
https://www.twilio.com/docs/messaging/api/media-resource
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import httpx
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response as TwilioResponse  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from bridge.errors import Fate, Permanent, Retryable, Unsure
from channels.hygiene import one_line
from channels.sms_webhook import FATES
from channels.trust import trusted

Answer = TypeVar("Answer")

RETRY_CREDENTIALS: Final = 300.0  # seconds
CLOCK_SKEW: Final = timedelta(minutes=2)
DAY: Final = timedelta(days=1)
PAGE: Final = 500  # messages looked at
REDIRECTS: Final = 3
ENDED: Final = ("delivered", "read", "undelivered", "failed")
# Media are served from Twilio's own storage after a redirect.
MEDIA_HOSTS: Final = (".twilio.com", ".twiliocdn.com")


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are at Twilio, and where Twilio is. `auth_tokens` are those that may be right while one is rotated,
    the likeliest first; `timeout` is in seconds, for a whole call."""

    account_sid: str
    auth_tokens: tuple[str, ...]
    api_url: str
    timeout: float


class Rest:
    """The calls the channel makes. Each raises Retryable, Permanent or Unsure."""

    def __init__(self, login: Login, transport: httpx.AsyncBaseTransport | None) -> None:
        self._login = login
        self._http = httpx.AsyncClient(transport=transport, timeout=login.timeout, verify=trusted())
        self._twilio = Client(
            login.account_sid,
            login.auth_tokens[0],
            http_client=_HttpxClient(self._http, login),
            environment={"TWILIO_REGION": ""},  # an empty mapping would make the library read os.environ
        )
        self._twilio.api.base_url = login.api_url

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, to: str, sender: Mapping[str, str], body: str, callback: str) -> str:
        """Has a text sent; its SID."""
        created = await self._call(
            self._twilio.messages.create_async(to=to, body=body, status_callback=callback, **sender)
        )
        return str(created.sid)

    async def send_template(
        self, to: str, sender: Mapping[str, str], content_sid: str, variables: Mapping[str, str], callback: str
    ) -> str:
        """Has a template sent, its variables filled; its SID."""
        created = await self._call(
            self._twilio.messages.create_async(
                to=to,
                content_sid=content_sid,
                content_variables=json.dumps(variables),
                status_callback=callback,
                **sender,
            )
        )
        return str(created.sid)

    async def made(self, to: str, sender: str, since: datetime) -> dict[str, str]:
        """What was sent to a resident at or after `since`, give or take the clocks, oldest first: SIDs and bodies.
        Of one sender alone, where it is given."""
        # DateSent filters by day.
        listed = await self._call(self._twilio.messages.list_async(to=to, date_sent_after=since - DAY, limit=PAGE))
        return {
            str(row.sid): str(row.body or "")
            for row in reversed(listed)
            if row.direction != "inbound" and row.from_ in (sender or row.from_,)
            if row.date_created and row.date_created >= since - CLOCK_SKEW
        }

    async def heard(self, number: str, since: datetime, sender: str = "") -> list[dict[str, str]]:
        """Messages that came to `number` since then, oldest first, as the webhook would have posted them."""
        listed = await self._call(
            self._twilio.messages.list_async(
                to=number, date_sent_after=since - DAY, limit=PAGE, **({"from_": sender} if sender else {})
            )
        )
        inbound = [row for row in listed if row.direction == "inbound" and row.date_created >= since]
        return [await self._as_posted(row) for row in reversed(inbound)]

    async def told(self, number: str, since: datetime) -> list[dict[str, str]]:
        """What became of messages that `number` sent since then, as a status callback would have told, and what
        they cost. Those under way are left out."""
        listed = await self._call(
            self._twilio.messages.list_async(from_=number, date_sent_after=since - DAY, limit=PAGE)
        )
        ended = [row for row in listed if str(row.status) in ENDED and row.date_created >= since]
        return [_as_told(row) for row in reversed(ended)]

    async def check(self) -> None:
        """Reads the account: proves the address and the credentials."""
        await self._call(self._twilio.api.accounts(self._login.account_sid).fetch_async())

    async def media(self, url: str, limit: int) -> bytes:
        """A media file, at most `limit` bytes of it. Only Twilio's own hosts are asked, redirects included, and
        the credentials go to the API alone. Raises Permanent for any other host and for what is too large."""
        for _ in range(REDIRECTS):
            target = httpx.URL(url)
            if not self._is_twilio(target):
                raise Permanent("media is not on a host of Twilio's", code="foreign_host")
            async with self._http.stream("GET", target, auth=self._auth(target)) as answer:
                if answer.is_redirect:
                    url = str(target.join(answer.headers.get("location", "")))
                    continue
                if answer.status_code != 200:
                    raise _refused(answer.status_code, "", f"media: HTTP {answer.status_code}")
                return await _bounded(answer, limit)
        raise Permanent("media is redirected in circles", code="redirects")

    async def fetch_media(self, url: str, limit: int) -> bytes:
        """media() within the time of a call. Reading changes nothing: a lost answer is only tried again."""
        try:
            async with asyncio.timeout(self._login.timeout):
                return await self.media(url, limit)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Retryable(f"media not read: {type(error).__name__}") from error

    async def delete_media(self, url: str) -> None:
        """Has Twilio forget a media file."""
        message, _, media = httpx.URL(url).path.rpartition("/Media/")
        await self._call(self._twilio.messages(message.rpartition("/")[2]).media(media).delete_async())

    async def _as_posted(self, row: Any) -> dict[str, str]:
        form = {
            "MessageSid": row.sid,
            "AccountSid": row.account_sid,
            "From": row.from_,
            "To": row.to,
            "Body": row.body,
        }
        if row.num_media not in (None, "0"):
            files = await self._call(self._twilio.messages(row.sid).media.list_async(limit=10))
            for number, file in enumerate(files):
                form[f"MediaUrl{number}"] = f"{self._login.api_url}{file.uri.removesuffix('.json')}"
                form[f"MediaContentType{number}"] = file.content_type
        return {name: str(value or "") for name, value in form.items()}

    def _is_api(self, url: httpx.URL) -> bool:
        api = httpx.URL(self._login.api_url)
        return (url.scheme, url.host, url.port) == (api.scheme, api.host, api.port)

    def _is_twilio(self, url: httpx.URL) -> bool:
        return self._is_api(url) or (url.scheme == "https" and url.host.endswith(MEDIA_HOSTS) and url.port is None)

    def _auth(self, url: httpx.URL) -> tuple[str, str] | None:
        return (self._login.account_sid, self._login.auth_tokens[0]) if self._is_api(url) else None

    async def _call(self, request: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._login.timeout):
                return await request
        except (TwilioException, httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError) as error:
            raise _failure(error) from error


def _as_told(row: Any) -> dict[str, str]:
    told = {
        "MessageSid": row.sid,
        "MessageStatus": row.status,
        "AccountSid": row.account_sid,
        "From": row.from_,
        "To": row.to,
        "ErrorCode": row.error_code,
        "Price": row.price,
        "PriceUnit": row.price_unit,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


class _HttpxClient(AsyncHttpClient):  # type: ignore[misc]
    """Lets the twilio library speak through httpx. A token that is refused gives way to the other one: nothing was
    done at Twilio then."""

    def __init__(self, client: httpx.AsyncClient, login: Login) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), True)
        self._client = client
        self._login = login

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
        for token in self._login.auth_tokens:
            answer = await self._client.request(
                method,
                uri,
                params=params,
                data=data,
                headers=headers,
                auth=(self._login.account_sid, token),
                follow_redirects=allow_redirects,
            )
            if answer.status_code != httpx.codes.UNAUTHORIZED:
                break
        return TwilioResponse(answer.status_code, answer.text, answer.headers)


async def _bounded(answer: httpx.Response, limit: int) -> bytes:
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > limit:
            raise Permanent(f"media is larger than {limit} bytes", code="too_large")
    return bytes(content)


def _failure(error: Exception) -> Permanent | Retryable | Unsure:
    """What the caller does next about an error of the twilio library or of httpx."""
    match error:
        case TwilioRestException(status=status, code=code, msg=words):
            return _refused(int(status), str(code or ""), str(words))
        case TwilioServiceException(status=status, code=code, title=words):
            return _refused(int(status), str(code or ""), str(words))
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Retryable(f"twilio not reached: {type(error).__name__}")
        case _:
            return Unsure(f"twilio's answer is missing or unreadable: {type(error).__name__}")


def _refused(status: int, code: str, words: str) -> Permanent | Retryable | Unsure:
    reason = f"twilio answered {status}" + (f", error {code}" if code else "")
    if status == 401:  # a token that is being rotated; nothing was sent
        return Retryable(f"{reason}: auth_token was refused", after=RETRY_CREDENTIALS)
    if status in (429, 503):
        return Retryable(reason)
    if status >= 500:
        return Unsure(reason)
    said = FATES.get(code)
    fate: Fate | None = "unreachable" if said == "missed" else said
    return Permanent(reason, words=one_line(words), code=code or str(status), fate=fate)
