"""Coming in and going out: password, invitation, the city's own login."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bridge.ports import ConsoleOf, Store
from bridge.vocabulary.console import Account, Invitation, Role, Trace
from bridge.web.bounds import small_form
from bridge.web.console import passwords
from bridge.web.console.guard import COOKIE, Gate, begin_session, hashed
from bridge.web.console.look import context
from bridge.web.console.oidc import Identity, Provider, Refused
from bridge.web.console.parts import MOUNT, Console
from bridge.web.console.visit import Visit, address_of

WINDOW = timedelta(minutes=15)
MOST_FAILURES, MOST_FROM_ONE_ADDRESS = 5, 20
FORM_SECONDS = 3600
INVITED_FOR = timedelta(days=3)
STATE_COOKIE = "console_oidc"


class SignIn:
    """The pages before an account is known."""

    def __init__(self, console: Console, templates: Environment, gate: Gate) -> None:
        self._console = console
        self._templates = templates
        self._gate = gate
        self._forms = URLSafeTimedSerializer(console.secret, salt="console sign-in")
        self._provider = Provider(console.settings) if console.settings.oidc_issuer else None

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/login", self.login_page),
            Route("/login", self.login, methods=["POST"]),
            Route("/logout", self._gate(self.logout), methods=["POST"]),
            Route("/welcome/{token}", self.setup_page),
            Route("/welcome/{token}", self.setup, methods=["POST"]),
            Route("/oidc", self.oidc_begin),
            Route("/oidc/answer", self.oidc_answer),
        ]

    async def login_page(self, request: Request) -> Response:
        if await self._gate.session(request):
            return RedirectResponse(MOUNT, 303)
        return self._login_page(request)

    async def login(self, request: Request) -> Response:
        form = await small_form(request)
        email, password = str(form.get("email", "")).strip().lower()[:200], str(form.get("password", ""))
        if not self._form_is_ours(str(form.get("token", ""))):
            return self._login_page(request, "The page had been open too long. Please try again.", email, 403)
        if await self._tried_too_often(email, address_of(request)):
            return self._login_page(
                request, "Too many failed tries. Please wait a quarter of an hour.", email, 429
            )
        account = await self._store.read(lambda tx: tx.console.account_by_email(email))
        kept = account.password_hash if account and account.active else ""
        if not await passwords.fits(password, kept) or account is None:
            await self._failed(email, request)
            return self._login_page(request, "E-mail and password do not fit together.", email, 401)
        return await self._in(request, account, "password", str(form.get("next", "")))

    async def logout(self, visit: Visit) -> Response:
        session = visit.session
        await self._store.write(lambda tx: tx.console.end_sessions(session_id=session.session_id))
        await visit.trace("logout")
        response = RedirectResponse(f"{MOUNT}/login", 303)
        response.delete_cookie(COOKIE, path=MOUNT)
        return response

    async def setup_page(self, request: Request) -> Response:
        invitation = await self._invitation(request)
        if invitation is None:
            return self._gate.problem(404, "This link is used up", "Ask an administrator for a new one.")
        return self._setup_page(request, invitation)

    async def setup(self, request: Request) -> Response:
        """Makes the account, or the new password, and signs in."""
        invitation = await self._invitation(request)
        form = await small_form(request)
        if invitation is None or not self._form_is_ours(str(form.get("token", ""))):
            return self._gate.problem(403, "This link is used up", "Ask an administrator for a new one.")
        email = invitation.email or str(form.get("email", "")).strip().lower()[:200]
        name, password = str(form.get("name", "")).strip()[:80], str(form.get("password", ""))
        wrong = passwords.fault(password, email)
        if "@" not in email or email.startswith("@") or (not invitation.account_id and not name):
            wrong = "Please give your name and e-mail address."
        if password != str(form.get("again", "")):
            wrong = "The two passwords differ."
        if wrong:
            return self._setup_page(request, invitation, wrong, email, name, 400)
        kept = await passwords.make_hash(password)
        token_hash = hashed(str(request.path_params["token"]))
        account = await self._store.write(
            lambda tx: _accept(tx.console, token_hash, invitation, email, name, kept)
        )
        if account is None:
            return self._setup_page(request, invitation, "There is an account with that e-mail.", email, name, 409)
        return await self._in(request, account, "invitation", "")

    # ------------------------------------------------------------------------- the city's own login

    async def oidc_begin(self, request: Request) -> Response:
        if self._provider is None:
            return self._gate.problem(404, "There is no such page", "This city has no login of its own here.")
        try:
            begun = await self._provider.begin(self._callback)
        except Refused as error:
            return self._login_page(request, str(error), status=502)
        response = RedirectResponse(begun.url, 303)
        response.set_cookie(
            STATE_COOKIE,
            self._forms.dumps([begun.state, begun.nonce, begun.verifier]),
            max_age=600,
            path=MOUNT,
            secure=self._console.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def oidc_answer(self, request: Request) -> Response:
        if self._provider is None:
            return self._gate.problem(404, "There is no such page", "This city has no login of its own here.")
        try:
            state, nonce, verifier = self._forms.loads(request.cookies.get(STATE_COOKIE, ""), max_age=600)
            if not secrets.compare_digest(state, request.query_params.get("state", "")):
                raise Refused("This sign-in was not begun here.")
            code = request.query_params.get("code", "")
            identity = await self._provider.identity(code, nonce, verifier, self._callback)
        except BadData:
            return self._login_page(request, "This sign-in took too long. Please try again.", status=403)
        except Refused as error:
            return self._login_page(request, str(error), status=403)
        account = await self._store.write(lambda tx: self._known(tx.console, identity))
        if account is None or not account.active:
            return self._login_page(request, "You have no account here. Ask an administrator.", status=403)
        response = await self._in(request, account, "oidc", "")
        response.delete_cookie(STATE_COOKIE, path=MOUNT)
        return response

    @property
    def _callback(self) -> str:
        return f"{self._console.public_url}{MOUNT}/oidc/answer"

    def _known(self, console: ConsoleOf, identity: Identity) -> Account | None:
        found: Account | None = console.account_by_email(identity.email)
        role = self._console.settings.oidc_newcomers
        if found or not role:
            return found
        made: Account = console.add_account(Account("", identity.email, identity.name, role))
        console.audit(Trace("account.made", "account", made.id, {"by": "oidc"}, made.id, made.name))
        return made

    # ------------------------------------------------------------------------------------- inside

    @property
    def _store(self) -> Store:
        return self._console.handling.store

    def _login_page(self, request: Request, wrong: str = "", email: str = "", status: int = 200) -> Response:
        return self._show(
            "login.html",
            status,
            wrong=wrong,
            email=email,
            next=request.query_params.get("next", ""),
            oidc=bool(self._provider),
        )

    def _setup_page(
        self,
        request: Request,
        invitation: Invitation,
        wrong: str = "",
        email: str = "",
        name: str = "",
        status: int = 200,
    ) -> Response:
        return self._show("welcome.html", status, invitation=invitation, wrong=wrong, email=email, name=name)

    def _show(self, template: str, status: int, **values: Any) -> Response:
        token = self._forms.dumps(secrets.token_hex(8))
        return HTMLResponse(self._templates.get_template(template).render(context(token=token, **values)), status)

    def _form_is_ours(self, token: str) -> bool:
        try:
            self._forms.loads(token, max_age=FORM_SECONDS)
        except BadData:
            return False
        return True

    async def _invitation(self, request: Request) -> Invitation | None:
        token, now = str(request.path_params["token"]), self._console.handling.clock.now()
        return await self._store.read(lambda tx: tx.console.invitation(hashed(token), now))

    async def _tried_too_often(self, email: str, address: str) -> bool:
        since = self._console.handling.clock.now() - WINDOW
        named, from_there = await self._store.read(lambda tx: tx.console.failed_logins(email, address, since))
        return named >= MOST_FAILURES or from_there >= MOST_FROM_ONE_ADDRESS

    async def _failed(self, email: str, request: Request) -> None:
        trace = Trace("login.failed", who=email, address=address_of(request))
        await self._store.write(lambda tx: tx.console.audit(trace))

    async def _in(self, request: Request, account: Account, by: str, wanted: str) -> Response:
        trace = Trace("login", "account", account.id, {"by": by}, account.id, account.name, address_of(request))
        await self._store.write(lambda tx: tx.console.audit(trace))
        inside = wanted if wanted.startswith(f"{MOUNT}/") and "//" not in wanted else MOUNT
        return await begin_session(self._console, request, account, RedirectResponse(inside, 303))


def _accept(
    console: ConsoleOf, token_hash: str, invitation: Invitation, email: str, name: str, kept: str
) -> Account | None:
    """The account that the invitation makes or whose password it changes; None when the address is taken."""
    account: Account | None
    if invitation.account_id:
        console.change_account(invitation.account_id, {"password_hash": kept})
        console.end_sessions(account_id=invitation.account_id)
        account = console.account(invitation.account_id)
    elif console.account_by_email(email):
        return None
    else:
        new = Account("", email, name, invitation.role, invitation.cities, password_hash=kept)
        account = console.add_account(new)
    console.use_invitation(token_hash)
    assert account
    made = "account.password" if invitation.account_id else "account.made"
    console.audit(Trace(made, "account", account.id, {"by": "invitation"}, account.id, account.name))
    return account


async def invite(store: Store, invitation: Invitation) -> str:
    """The path of a fresh link for the invitation."""
    token = secrets.token_urlsafe(24)
    await store.write(lambda tx: tx.console.invite(hashed(token), invitation))
    return f"{MOUNT}/welcome/{token}"


async def first_link(store: Store, now: datetime, role: Role = "admin") -> str | None:
    """The path of a setup link for the first administrator; None when there is an account already."""
    if await store.read(lambda tx: tx.console.accounts()):
        return None
    return await invite(store, Invitation("", role, now + INVITED_FOR))
