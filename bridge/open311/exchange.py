"""One HTTP exchange with an endpoint: deadline, size bound, and which failure came before anything was sent.

No connection is kept for a second call: a POST on one that the server has just closed fails in a way that
cannot be told from a request that landed. Cookies are not kept either (PHP servers set them). The key of
reads is added beneath httpx's own logging, so that no log line holds it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlencode

import httpx

from bridge import trace
from bridge.errors import Permanent, Retryable, Unsure
from bridge.open311 import shown
from bridge.open311.answers import Answer
from bridge.open311.documents import read
from bridge.open311.profile import Profile
from bridge.open311.shown import File

_LARGEST = 32 * 1024 * 1024  # bytes of an answer; 1,000 rows are about one megabyte
_CONNECT_SHARE = 0.4  # of the deadline: so a connection that never opens is known to have sent nothing

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_NOT_SENDABLE = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)


class KeyedTransport(httpx.AsyncBaseTransport):
    """Adds the API key to every GET, as the profile says, below the layer that logs URLs."""

    def __init__(self, inner: httpx.AsyncBaseTransport, profile: Profile, api_key: str) -> None:
        self._inner, self._how, self._key = inner, profile.key_on_reads, api_key
        self._host = httpx.URL(profile.endpoint).netloc

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and request.url.netloc == self._host:
            request = self._keyed(request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _keyed(self, request: httpx.Request) -> httpx.Request:
        headers, url = request.headers.copy(), request.url
        if self._how == "bearer":
            headers["Authorization"] = f"Bearer {self._key}"
        if self._how == "parameter":
            url = url.copy_merge_params({"api_key": self._key})
        return httpx.Request("GET", url, headers=headers, extensions=request.extensions)


def connect(
    profile: Profile, api_key: str | None, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """The HTTP client of one endpoint, over `transport` or the network."""
    headers = {"User-Agent": "open311-bridge"}
    if profile.accept_encoding:
        headers["Accept-Encoding"] = profile.accept_encoding
    inner = transport or httpx.AsyncHTTPTransport(
        verify=_tls(), limits=httpx.Limits(max_keepalive_connections=0), proxy=profile.proxy or None
    )
    if api_key and profile.key_on_reads != "no":
        inner = KeyedTransport(inner, profile, api_key)
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(transport=inner, headers=headers, cookies=no_cookies, max_redirects=3)


@cache
def _tls() -> ssl.SSLContext:
    """One for all endpoints: reading the certificates takes tens of milliseconds."""
    return httpx.create_ssl_context()


async def get(http: httpx.AsyncClient, url: str, params: Mapping[str, str], seconds: float) -> Answer:
    """GETs, following redirects. Raises Retryable, or Permanent for a URL that cannot be asked at all."""
    try:
        async with asyncio.timeout(seconds):
            request = http.build_request("GET", url, params=params, timeout=_timeouts(seconds))
            return (await _whole(http, request, True))[0]
    except _NOT_SENDABLE as error:
        raise Permanent(f"the city cannot be asked: {_named(error)}") from None
    except (httpx.HTTPError, TimeoutError) as error:
        raise Retryable(f"the city did not answer: {_named(error)}") from None


async def post(
    http: httpx.AsyncClient,
    url: str,
    fields: list[tuple[str, str]],
    seconds: float,
    files: Mapping[str, File] | None = None,
) -> Answer:
    """POSTs a form once, following no redirect. Raises Retryable when certainly nothing was sent, else Unsure."""
    crossing, key = trace.crossed(), dict(fields).get("api_key", "")
    try:
        request = _form(http, url, fields, seconds, files or {})
        crossing.request, crossing.answer = shown.request(request, fields, files or {}), ""
        async with asyncio.timeout(seconds):
            answer, text = await _whole(http, request, False)
        crossing.answer = text.replace(key, shown.MASK) if key else text
        return answer
    except _NOT_SENT as error:
        raise Retryable(f"the city cannot be reached: {_named(error)}") from None
    except _NOT_SENDABLE as error:
        raise Permanent(f"the city cannot be posted to: {_named(error)}") from None
    except (httpx.HTTPError, TimeoutError) as error:
        raise Unsure(f"the city did not answer: {_named(error)}") from None


def _form(
    http: httpx.AsyncClient, url: str, fields: list[tuple[str, str]], seconds: float, files: Mapping[str, File]
) -> httpx.Request:
    if files:
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        parts = {field: (file.name, file.content, file.content_type) for field, file in files.items()}
        return http.build_request("POST", url, data=data, files=parts, timeout=_timeouts(seconds))
    return http.build_request(
        "POST",
        url,
        content=urlencode(fields).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        timeout=_timeouts(seconds),
    )


async def _whole(http: httpx.AsyncClient, request: httpx.Request, follow: bool) -> tuple[Answer, str]:
    """The answer, and how it is shown to staff."""
    response = await http.send(request, stream=True, follow_redirects=follow)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LARGEST:
                raise httpx.ReadError("the answer is too large")
    finally:
        await response.aclose()
    headers = {name.lower(): value for name, value in response.headers.items()}
    answer = Answer(response.status_code, headers, read(bytes(body)), str(response.url.copy_with(query=None)))
    return answer, shown.answer(response, bytes(body))


def _timeouts(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=seconds * _CONNECT_SHARE, pool=seconds * _CONNECT_SHARE)


def _named(error: Exception) -> str:
    """An error's kind and words; none of httpx's network errors quotes the URL, and so the key."""
    return f"{type(error).__name__} {error}".strip()
