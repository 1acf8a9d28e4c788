"""Passwords: argon2id hashes, made and checked off the event loop."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 200  # length is what counts (NIST SP 800-63B); the limit spares the hasher
_COMMON = {"password", "qwerty", "letmein", "welcome", "administrator", "contraseña", "123456"}
_hasher = PasswordHasher()


def fault(password: str, email: str = "") -> str:
    """What is wrong with a new password, "" when nothing is."""
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters. A few words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    low = password.lower()
    too_plain = len(set(low)) < 5 or any(low.startswith(word) and len(low) - len(word) < 6 for word in _COMMON)
    if too_plain or (email and low in (email.lower(), email.lower().partition("@")[0])):
        return "That password is among the first that others try."
    return ""


async def make_hash(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def fits(password: str, kept: str) -> bool:
    """Whether the password is the one; as slow where there is no account, so that nobody learns of one."""
    try:
        await asyncio.to_thread(_hasher.verify, kept or _nobody(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
