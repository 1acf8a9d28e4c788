"""Sign-in through the city's own OpenID Connect provider: code flow with PKCE, a nonce, a checked ID token.

OpenID Connect Core 1.0, sections 3.1.2 (the request) and 3.1.3.7 (what of an ID token must be checked).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from config.settings import ConsoleSettings

SECONDS = 10.0
ALGORITHMS = ["RS256", "PS256", "ES256"]


class Refused(Exception):
    """The provider did not say who this is; the message is fit to show."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where the browser goes, and what has to come back with it."""

    url: str
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who came in."""

    email: str
    name: str


class Provider:
    """The provider the settings name."""

    def __init__(self, settings: ConsoleSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport

    async def begin(self, callback: str) -> Begun:
        endpoints = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": callback,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return Begun(f"{endpoints['authorization_endpoint']}?{urlencode(query)}", state, nonce, verifier)

    async def identity(self, code: str, nonce: str, verifier: str, callback: str) -> Identity:
        """Who the code stands for. Raises Refused."""
        endpoints = await self._discovered()
        secret = self._settings.oidc_client_secret
        assert secret
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": verifier,
            "client_id": self._settings.oidc_client_id,
            "client_secret": secret.get_secret_value(),
        }
        answer = await self._asked("POST", endpoints["token_endpoint"], grant)
        keys = await self._asked("GET", endpoints["jwks_uri"])
        try:
            token = jwt.decode(str(answer.get("id_token", "")), KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]  # a JWKS as the provider gave it
            claims = jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self._settings.oidc_issuer},
                aud={"essential": True, "value": self._settings.oidc_client_id},
                exp={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            claims.validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError):
            raise Refused("The city's login gave an answer that does not hold.") from None
        return _identity(token.claims)

    async def _discovered(self) -> dict[str, Any]:
        issuer = self._settings.oidc_issuer.rstrip("/")
        found = await self._asked("GET", f"{issuer}/.well-known/openid-configuration")
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer", "").rstrip("/") != issuer or any(not found.get(name) for name in wanted):
            raise Refused("The city's login is not set up as its settings say.")
        return found

    async def _asked(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=SECONDS, transport=self._transport) as client:
                answer = await client.request(method, url, data=form)
                answer.raise_for_status()
                found = answer.json()
        except (httpx.HTTPError, ValueError):
            raise Refused("The city's login does not answer. Please try again later.") from None
        if not isinstance(found, dict):
            raise Refused("The city's login gave an answer that does not hold.")
        return found


def _identity(claims: dict[str, Any]) -> Identity:
    """An address counts only where the provider says that it is really the person's."""
    email = str(claims.get("email", "")).lower()
    if "@" not in email or claims.get("email_verified") is not True:
        raise Refused("The city's login does not vouch for your e-mail address.")
    return Identity(email, str(claims.get("name") or email)[:80])
