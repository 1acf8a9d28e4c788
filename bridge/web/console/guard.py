"""What stands before every page: who asks, may they, is the form theirs; and the headers of every answer."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.errors import BridgeError
from bridge.flow.staffing import Conflict, Unknown
from bridge.vocabulary.console import Account, Role, SignedIn
from bridge.web.console.look import context
from bridge.web.console.parts import MOUNT, Console
from bridge.web.console.visit import Visit, address_of

log = logging.getLogger(__name__)

COOKIE = "console_session"
RANKS: dict[Role, int] = {"viewer": 0, "agent": 1, "admin": 2}
SEEN_EVERY = timedelta(minutes=1)
LARGEST_FORM = 200_000  # of one field; a file has its own limit

Page = Callable[[Visit], Awaitable[Response]]
Handler = Callable[[Request], Awaitable[Response]]


def hashed(token: str) -> str:
    """What is stored of a secret that a browser holds: of no use to who reads the database."""
    return hashlib.sha256(token.encode()).hexdigest()


class Headers:
    """Middleware: every answer, errors included, says what a browser may do with it."""

    def __init__(self, app: ASGIApp, tile_host: str = "") -> None:
        self._app = app
        images = f"img-src 'self' data: {tile_host}".strip()
        self._policy = "; ".join(
            (
                "default-src 'self'",
                images,
                "script-src 'self'",
                "style-src 'self'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


def tile_host(url: str) -> str:
    """Where a map may fetch its pictures from."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".replace("{s}", "*") if url else ""


class Gate:
    """Makes handlers of pages: each says which role may ask for it."""

    def __init__(self, console: Console, templates: Environment) -> None:
        self._console = console
        self._templates = templates

    def __call__(self, page: Page, role: Role = "viewer") -> Handler:
        async def handler(request: Request) -> Response:
            session = await self.session(request)
            if session is None:
                return self._sign_in(request)
            if RANKS[session.account.role] < RANKS[role]:
                return self.problem(403, "That is not for your role", f"It takes an account with the role {role}.")
            async with request.form(max_files=4, max_fields=200, max_part_size=LARGEST_FORM) as form:
                visit = Visit(request, self._console, session, self._templates, form)
                if request.method == "POST" and not self._is_their_own(visit):
                    return self.problem(
                        403, "That form was not yours", "Open the page again and repeat it. Nothing was changed."
                    )
                return await self._answered(page, visit)

        return handler

    async def _answered(self, page: Page, visit: Visit) -> Response:
        """The page, or one that says what kept it."""
        try:
            return await page(visit)
        except Unknown:
            return self.problem(404, "There is no such page", "It may have been closed, or it never was.")
        except Conflict as error:
            return self.problem(409, "Somebody was faster", str(error))
        except BridgeError as error:
            return self.problem(400, "That did not work", str(error))
        except ClientDisconnect:
            return Response(status_code=400)

    async def session(self, request: Request) -> SignedIn | None:
        """The live session of a request's cookie."""
        token = request.cookies.get(COOKIE, "")
        if not token:
            return None
        store, now = self._console.handling.store, self._console.handling.clock.now()
        found = await store.read(lambda tx: tx.console.session(hashed(token), now))
        if found and now - found.seen_at > SEEN_EVERY:
            await store.write(lambda tx: tx.console.touch_session(found.session_id, now))
        return found

    def problem(self, status: int, title: str, text: str) -> Response:
        words = self._templates.get_template("problem.html").render(context(title=title, text=text))
        return HTMLResponse(words, status)

    @staticmethod
    def _is_their_own(visit: Visit) -> bool:
        """The session's token, in the form or (from a script of ours) in a header; and no foreign origin."""
        given = str(visit.form.get("csrf", "")) or visit.request.headers.get("x-csrf", "")
        site = visit.request.headers.get("sec-fetch-site", "same-origin")
        return hmac.compare_digest(given.encode(), visit.session.csrf.encode()) and site in ("same-origin", "none")

    @staticmethod
    def _sign_in(request: Request) -> Response:
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": f"{MOUNT}/login"})
        wanted = request.url.path if request.method == "GET" else MOUNT
        return RedirectResponse(f"{MOUNT}/login?next={wanted}", 303)


async def begin_session(console: Console, request: Request, account: Account, response: Response) -> Response:
    """Signs the account in: a fresh session, and the cookie that names it."""
    token, now = secrets.token_urlsafe(32), console.handling.clock.now()
    lasts = timedelta(hours=console.settings.session_hours)
    session = SignedIn(hashed(token), account, secrets.token_urlsafe(24), now, now, now + lasts)
    address = address_of(request)
    await console.handling.store.write(lambda tx: tx.console.open_session(session, address))
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(lasts.total_seconds()),
        path=MOUNT,
        secure=console.secure,
        httponly=True,
        samesite="lax",
    )
    return response
