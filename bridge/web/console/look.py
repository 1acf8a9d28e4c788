"""How pages look: the templates, and the words for times, numbers and places in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from bridge.vocabulary import StaffReason
from bridge.web.console.parts import MOUNT

STATIC = files("bridge.web.console").joinpath("static")
REASONS: Mapping[StaffReason, tuple[str, str]] = {
    "emergency": ("Emergency", "Words of an emergency were heard. The resident was told whom to call."),
    "threat": ("Threat", "The message holds a threat."),
    "human": ("Wants a person", "The resident asked for a person."),
    "question": ("Question", "The resident asks something the bridge has no answer to."),
    "no_place": ("Place missing", "Where it is was asked for and is still not clear."),
    "no_service": ("Service unclear", "What it is about is not certain enough to send."),
    "no_answer": ("Answers missing", "The city needs more than the resident told."),
    "refused": ("City refused", "The city did not accept the report."),
    "unsure": ("May have arrived", "Sending ended without an answer, and the city cannot say whether it has it."),
    "undelivered": ("Not delivered", "A message to the resident could not be delivered."),
    "correction": ("Correction", "The resident corrected a report after it was sent."),
    "unfinished": ("Left unfinished", "The resident did not answer any more."),
    "not_fixed": ("Not fixed", "The city closed the request; the resident says it is not fixed."),
    "forget": ("Erase data", "The resident wants their data erased."),
    "dissatisfied": ("Dissatisfied", "The resident gave the city a bad mark."),
    "recording": ("Recording", "The resident sent a recording; nobody has heard it yet."),
    "flood": ("Flood", "More messages in an hour than a person writes."),
}
CHANNELS = {"sms": "Text", "mail": "Mail", "chat": "Telegram"}
STATES = {
    "queued": "Being sent",
    "accepted": "Sent",
    "refused": "Refused",
    "unsure": "Unsure",
    "cancelled": "Cancelled",
    "open": "Open",
    "closed": "Closed",
}
MINUTE, HOUR, DAY = 60, 3600, 86400


@cache
def environment() -> Environment:
    """The templates; everything in them is escaped unless a template says otherwise, and none does."""
    made = Environment(
        loader=PackageLoader("bridge.web.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"ago": ago, "when": when, "percent": percent, "number": number, "lasting": lasting}
    made.globals |= {
        "static": static,
        "mount": MOUNT,
        "reasons": REASONS,
        "channels": CHANNELS,
        "states": STATES,
    }
    return made


def static(name: str) -> str:
    """The address of a static file, changed whenever the file is: it may be kept for ever."""
    if name not in _digests:
        content = STATIC.joinpath(name).read_bytes()
        _digests[name] = hashlib.sha256(content).hexdigest()[:12]
    return f"{MOUNT}/static/{name}?v={_digests[name]}"


_digests: dict[str, str] = {}


def ago(at: datetime | None, now: datetime) -> str:
    """ "4 min ago", "in 2 h": a time beside now."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    words = lasting(abs(seconds))
    if abs(seconds) < MINUTE:
        return "just now"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def lasting(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def when(at: datetime | None, zone: str = "UTC") -> str:
    """Date and time in a city's zone."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%b} {local.day}, {local:%H:%M}" if _recent(at) else f"{local:%Y-%m-%d %H:%M}"


def _recent(at: datetime) -> bool:
    return datetime.now(UTC) - at < timedelta(days=300)


def percent(share: float) -> str:
    return f"{share:.0%}"


def number(value: float) -> str:
    return f"{value:,.0f}"


def context(**values: Any) -> dict[str, Any]:
    """What a template gets, with `now`."""
    return {"now": datetime.now(UTC), **values}
