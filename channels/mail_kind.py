"""Tells what a mail is: a person's, a machine's, a delivery report, a list's. Tables of small named rules. Pure.

A rule asks one yes/no question of a Case; the first table with a rule that says yes names the kind. None of the
kinds but `person` is ever answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from channels import mail_machines as phrases
from channels.mail_mime import Letter

Kind = Literal["bounce", "automatic", "list", "person"]
SPAM_SCORE: Final = 6.0  # rspamd adds its header from there; SpamAssassin flags from 5
EXCHANGE_SPAM_LEVEL: Final = 5  # "spam", by Exchange's documentation of SCL
START: Final = 1_500  # characters of a body that set phrases are looked for in

_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s{0,5}=\s{0,5}([a-z]{2,10})", re.IGNORECASE)
DAEMONS: Final = frozenset(("mailer-daemon", "mail-daemon", "maildaemon", "mdaemon", "mail.delivery.system"))
UNREAD: Final = re.compile(r"(no|do-?not|donot)[-._]?reply|bounces?|auto-?(reply|responder|mailer)|notifications?")
REPLY_MARK: Final = re.compile(r"(re|fwd?|aw|wg|rv|antw|sv|vs|tr|rif|odp)(\[\d+\])?\s?:", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """A mail to be told apart. `mail_from` is its reverse path: "" for a null one, None when nobody knows."""

    letter: Letter
    mail_from: str | None

    @cached_property
    def local(self) -> str:
        """The sender's name before the @."""
        return (self.letter.sender or self.mail_from or "").partition("@")[0].lower()

    @cached_property
    def start(self) -> str:
        return self.letter.body[:START]

    @cached_property
    def subject(self) -> str:
        """The subject, "" where it is another mail's (Re:, Fwd:)."""
        return "" if REPLY_MARK.match(self.letter.subject) else self.letter.subject

    @property
    def null_path(self) -> bool:
        return self.mail_from == "" or self.letter.header("return-path") == "<>"

    @property
    def part_types(self) -> set[str]:
        return {part.content_type for part in self.letter.parts}


Rule = Callable[[Case], bool]

# ------------------------------------------------------------------------------------------------- bounces


def delivery_status(case: Case) -> bool:
    """A machine-readable report (RFC 3464)."""
    return "message/delivery-status" in case.part_types


def failed_recipients(case: Case) -> bool:
    """Exim and Gmail name whom they could not reach."""
    return bool(case.letter.header("x-failed-recipients"))


def delivery_daemon(case: Case) -> bool:
    """Mail servers' own names; nobody else writes under them."""
    return case.local in DAEMONS


def delivery_words(case: Case) -> bool:
    """A subject about delivery, from a server's address, or with a body that tells of it with an address or a
    code. (A resident may well complain that the mail was not delivered.)"""
    if not phrases.DELIVERY_SUBJECT.search(case.letter.subject):
        return False
    if case.null_path or case.local == "postmaster":
        return True
    if not phrases.DELIVERY_BODY.search(case.start):
        return False
    banner = "*****" in case.start  # gateways frame their notices
    return banner or (bool(case.subject) and bool(phrases.TECHNICAL.search(case.start)))


def report_of_a_server(case: Case) -> bool:
    """A null reverse path or a postmaster, and a body about delivery under any subject."""
    official = case.null_path or case.local == "postmaster" or not case.letter.sender
    reported = case.letter.content_type == "multipart/report" or bool(phrases.DELIVERY_BODY.search(case.start))
    return official and reported and not receipt(case)


# ----------------------------------------------------------------------------------------------- automatic


def auto_submitted(case: Case) -> bool:
    """RFC 3834, section 5."""
    value = case.letter.header("auto-submitted").lower()
    return value != "" and not value.startswith("no")


def responder_header(case: Case) -> bool:
    """Headers that responders set in place of Auto-Submitted."""
    names = (
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-autoreply-from",
        "x-mail-autoreply",
        "auto-reply",
    )
    generated = case.letter.header("x-ms-exchange-generated-message-source")
    suppressed = case.letter.header("x-auto-response-suppress").lower()
    return bool(
        generated
        or suppressed not in ("", "none")
        or any(case.letter.header(name).lower() not in ("", "no") for name in names)
    )


def responder_precedence(case: Case) -> bool:
    """Older than the standard, and still set by responders."""
    return case.letter.header("precedence").lower() in ("auto_reply", "junk")


def flagged_spam(case: Case) -> bool:
    """An upstream filter's verdict: SpamAssassin's, rspamd's or Exchange's, or its score."""
    flags = (case.letter.header(name) for name in ("x-spam-flag", "x-spam-status", "x-spam"))
    if any(flag.lower().startswith("yes") for flag in flags):
        return True
    scores = [case.letter.header(name) for name in ("x-spam-score", "x-rspamd-score")]
    level = case.letter.header("x-spam-level").strip()
    high = (
        any(_number(score) >= SPAM_SCORE for score in scores) or len(level) - len(level.strip("*+")) >= SPAM_SCORE
    )
    confident = _number(case.letter.header("x-ms-exchange-organization-scl")) >= EXCHANGE_SPAM_LEVEL
    return high or confident


def _number(value: str) -> float:
    found = re.match(r"\s{0,3}(-?\d{1,4}(\.\d{1,4})?)", value)
    return float(found[1]) if found else 0.0


def receipt(case: Case) -> bool:
    """Read receipts and feedback reports (RFC 8098, RFC 5965)."""
    return bool(case.part_types & {"message/disposition-notification", "message/feedback-report"})


def null_reverse_path(case: Case) -> bool:
    """Well-behaved responders leave the reverse path empty (RFC 5321 4.5.5)."""
    return case.null_path


def unread_sender(case: Case) -> bool:
    """Addresses nobody reads."""
    return bool(UNREAD.match(case.local))


def away_subject(case: Case) -> bool:
    """`Automatic reply: …` and its kin in other languages."""
    return bool(phrases.AWAY_SUBJECT.match(case.subject))


def read_notice(case: Case) -> bool:
    """`Read: …` and an answer to an invitation, as mail programs write them."""
    subject = case.letter.subject
    if phrases.READ_SUBJECT.match(subject) and phrases.READ_BODY.search(case.start):
        return True
    return "text/calendar" in case.part_types and bool(phrases.CALENDAR_ANSWER.match(subject))


def machine_words(case: Case) -> bool:
    """A short body that says of itself that a machine wrote it."""
    return len(case.letter.body) < START and bool(phrases.MACHINE_BODY.search(case.start))


def away_words(case: Case) -> bool:
    """An answer that begins with its writer's absence, and says for how long or whom to turn to."""
    answers = bool(REPLY_MARK.match(case.letter.subject) or case.letter.header("in-reply-to"))
    start = case.start[:500]
    return (
        answers
        and len(case.letter.body) < START
        and bool(phrases.AWAY_BODY.match(start) and phrases.BACK_BODY.search(start))
    )


# --------------------------------------------------------------------------------------------------- lists


def list_header(case: Case) -> bool:
    """RFC 2369 and RFC 2919, and what lists set before them."""
    names = ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailing-list", "x-list")
    return any(case.letter.header(name) for name in names)


def list_precedence(case: Case) -> bool:
    """Set by lists and by other senders of the same to many."""
    return case.letter.header("precedence").lower() in ("bulk", "list")


RULES: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    "bounce": (delivery_status, failed_recipients, delivery_daemon, delivery_words, report_of_a_server),
    "automatic": (
        auto_submitted,
        responder_header,
        responder_precedence,
        receipt,
        flagged_spam,
        null_reverse_path,
        away_subject,
        read_notice,
        machine_words,
        away_words,
    ),
    "list": (list_header, list_precedence),
}


def authentication(letter: Letter, trusted: Collection[str]) -> dict[str, str]:
    """SPF, DKIM and DMARC results as the first Authentication-Results header of a trusted relay gives them
    (RFC 8601: a stranger can write that header too)."""
    for value in letter.headers.get("authentication-results", ()):
        if value.partition(";")[0].split()[:1] and value.partition(";")[0].split()[0].lower() in trusted:
            found = _RESULT.findall(value)
            return {method.lower(): result.lower() for method, result in reversed(found)}
    return {}


def judge(letter: Letter, mail_from: str | None) -> tuple[Kind, str]:
    """The kind of a mail and the name of the rule that told it ("" for a person's)."""
    case = Case(letter, mail_from)
    for kind, rules in RULES.items():
        for rule in rules:
            if rule(case):
                return kind, rule.__name__
    return ("automatic", unread_sender.__name__) if unread_sender(case) else ("person", "")
