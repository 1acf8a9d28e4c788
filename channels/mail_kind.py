"""Tells mail written by a person from mail written by a machine: a table of small named rules. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from channels.mail_mime import Letter

Rule = Callable[[Letter, str], bool]


def null_return_path(letter: Letter, mail_from: str) -> bool:
    """Delivery reports and well-behaved responders leave the return path empty (RFC 5321 4.5.5)."""
    return mail_from.strip() in ("", "<>") or letter.header("return-path").strip() == "<>"


def auto_submitted(letter: Letter, mail_from: str) -> bool:
    """RFC 3834, section 5."""
    value = letter.header("auto-submitted").lower()
    return value != "" and not value.startswith("no")


def precedence(letter: Letter, mail_from: str) -> bool:
    """Not standard, but older than the standard and still set by responders and lists."""
    return letter.header("precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply")


def mailing_list(letter: Letter, mail_from: str) -> bool:
    """RFC 2369 and RFC 2919."""
    return any(letter.header(name) for name in ("list-id", "list-post", "list-unsubscribe"))


def auto_response_header(letter: Letter, mail_from: str) -> bool:
    """Headers that responders set in place of Auto-Submitted."""
    if letter.header("x-auto-response-suppress"):
        return letter.header("x-auto-response-suppress").lower() != "none"
    return any(letter.header(name) for name in ("x-autoreply", "x-autorespond", "x-autoresponder"))


def machine_sender(letter: Letter, mail_from: str) -> bool:
    """Addresses nobody reads."""
    name = (letter.sender or mail_from).partition("@")[0]
    return name in ("mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "donotreply")


def delivery_report(letter: Letter, mail_from: str) -> bool:
    """RFC 3464 and RFC 3798 reports."""
    return letter.content_type == "multipart/report"


RULES: Final[tuple[Rule, ...]] = (
    null_return_path,
    auto_submitted,
    precedence,
    mailing_list,
    auto_response_header,
    machine_sender,
    delivery_report,
)


def automatic(letter: Letter, mail_from: str) -> str:
    """The name of the first rule that says a machine wrote this; "" for a person's mail."""
    return next((rule.__name__ for rule in RULES if rule(letter, mail_from)), "")
