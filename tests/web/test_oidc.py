"""The city's own login: who it vouches for comes in, whatever does not hold does not."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from bridge.web.console.oidc import Identity, Provider, Refused
from config.settings import ConsoleSettings

ISSUER, CALLBACK = "https://login.city.example", "https://bridge.example/console/oidc/answer"
KEY, OTHER_KEY = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
SETTINGS = ConsoleSettings(oidc_issuer=ISSUER, oidc_client_id="bridge", oidc_client_secret=SecretStr("s"))


@dataclass
class Login:
    """A provider on an injected transport; `changes` are made to the claims of its token."""

    changes: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: KEY)
    nonce: str = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/.well-known/openid-configuration":
                ends = {"authorization_endpoint": "/a", "token_endpoint": "/t", "jwks_uri": "/k"}
                return httpx.Response(200, json={"issuer": ISSUER, **{n: ISSUER + p for n, p in ends.items()}})
            case "/k":
                return httpx.Response(200, json={"keys": [KEY.as_dict(private=False)]})
            case _:
                claims = {"iss": ISSUER, "aud": "bridge", "exp": int(time.time()) + 60, "nonce": self.nonce}
                claims |= {"email": "Ana@city.example", "email_verified": True, "name": "Ana", **self.changes}
                return httpx.Response(200, json={"id_token": jwt.encode({"alg": "RS256"}, claims, self.key)})


async def sign_in(login: Login) -> Identity:
    provider = Provider(SETTINGS, httpx.MockTransport(login))
    begun = await provider.begin(CALLBACK)
    asked = parse_qs(urlsplit(begun.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    login.nonce = login.changes.pop("nonce", begun.nonce)
    return await provider.identity("code", begun.nonce, begun.verifier, CALLBACK)


async def test_a_verified_address_is_who_it_says():
    assert await sign_in(Login()) == Identity("ana@city.example", "Ana")


@pytest.mark.parametrize(
    "login",
    [
        Login({"email_verified": False}),
        Login({"aud": "somebody else"}),
        Login({"iss": "https://evil.example"}),
        Login({"exp": 1}),
        Login({"nonce": "of another sign-in"}),
        Login(key=OTHER_KEY),
    ],
    ids=["not verified", "for another", "from another", "expired", "replayed", "signed by another"],
)
async def test_what_does_not_hold_is_refused(login: Login):
    with pytest.raises(Refused):
        await sign_in(login)
