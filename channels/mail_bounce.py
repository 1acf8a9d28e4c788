"""Reads delivery reports: which mail of ours, to whom, and what became of it. Pure.

RFC 3464 where the report has a machine-readable part, otherwise the codes, addresses and returned headers that
older reports hold in plain text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from channels.mail_mime import Letter, text_in

SCANNED: Final = 100_000  # bytes of each part
RETURNED: Final = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")

_ACTION = re.compile(r"^action:\s{0,5}([a-z]{5,9})", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"^status:\s{0,5}([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(
    r"^(?:final|original)-recipient:[^;\n]{0,40};\s{0,5}<?([^\s<>]{3,254})", re.IGNORECASE | re.MULTILINE
)
_MESSAGE_ID = re.compile(r"^message-id:\s{0,20}(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_ENHANCED = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?:^|[^\d.])([45]\d\d)[ -]", re.MULTILINE)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+=-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}")
_DELAY = re.compile(r"delay|still being retried|will (continue|keep)|not yet (been )?delivered", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery report says. `message_ids` are those of the mails it returns; `code` is an enhanced status
    code (5.1.1), else a reply code (550), else empty."""

    message_ids: tuple[str, ...]
    recipient: str
    state: Literal["queued", "sent", "delivered", "failed"]
    code: str


def read_report(letter: Letter) -> Report:
    """The report a bounce is."""
    status = "\n".join(_texts(letter, ("message/delivery-status", "message/global-delivery-status")))
    returned = "\n".join(_texts(letter, RETURNED))
    body = letter.body[:SCANNED]
    ids = _MESSAGE_ID.findall(returned) or _MESSAGE_ID.findall(body)
    return Report(
        message_ids=tuple(dict.fromkeys(ids))[:10],
        recipient=_recipient(letter, status, body),
        state=_state(letter, status),
        code=_code(status, body),
    )


def _texts(letter: Letter, types: Sequence[str]) -> list[str]:
    return [text_in(part.content[:SCANNED], None) for part in letter.parts if part.content_type in types]


def _recipient(letter: Letter, status: str, body: str) -> str:
    named = _RECIPIENT.findall(status) or _ADDRESS.findall(letter.header("x-failed-recipients"))
    others = (address.lower() for address in _ADDRESS.findall(body[:5_000]))
    found = named or [other for other in others if other != letter.sender and not other.startswith("postmaster@")]
    return found[0].lower() if found else ""


def _state(letter: Letter, status: str) -> Literal["queued", "sent", "delivered", "failed"]:
    actions = {action.lower() for action in _ACTION.findall(status)}
    if "failed" in actions:
        return "failed"
    if "delayed" in actions:
        return "queued"
    if actions & {"delivered", "expanded"}:
        return "delivered"
    if "relayed" in actions:
        return "sent"
    return "queued" if _DELAY.search(letter.subject) else "failed"


def _code(status: str, body: str) -> str:
    for pattern, text in ((_STATUS, status), (_ENHANCED, body[:5_000]), (_REPLY_CODE, body[:5_000])):
        if found := pattern.search(text):
            return found[1]
    return ""
