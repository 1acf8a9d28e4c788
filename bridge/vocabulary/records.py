"""What is kept of residents: how long, what must not be deleted, what was, and how it is handed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Kept = Literal["raw", "messages", "photos", "reports", "contacts"]
"""raw: what providers sent, byte for byte. messages: what was said, both ways. reports: those the city has closed
or refused, with all that belongs to them. photos: their recordings too. contacts: who somebody is."""

HoldScope = Literal["everything", "city", "resident", "report"]


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each kind is kept; what is not named is kept for good."""

    keep: Mapping[Kept, timedelta] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: nothing that it covers is deleted while it stands. `target` is a city's id, a contact's id or
    a report's id, "" for everything."""

    id: str
    scope: HoldScope
    target: str
    reason: str
    set_by: str
    created_at: datetime
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """That something was deleted, without what it was: so many rows of a kind, why and by whom."""

    at: datetime
    kind: str
    rows: int
    cause: str
    by: str
    subject: str = ""  # a contact's id, where it was about one


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a table, in the order of its primary key, which of the last one is `last`."""

    rows: Sequence[Mapping[str, object]]
    last: Sequence[object]


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A resident as one city knows them on one channel."""

    id: str
    city_id: str
    channel: str
    address: str
    name: str
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Query:
    """Which records are wanted; what is not set does not narrow. `word` is looked for in all texts, whatever its
    case; `sender` is a resident's address, `contact_id` one resident as one city knows them on one channel."""

    since: datetime | None = None
    until: datetime | None = None
    word: str = ""
    sender: str = ""
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A resident's photo or recording in the blobs."""

    id: str
    conversation_id: str
    report_id: str
    blob_id: str
    media_type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """One message as it is handed out, to the bridge (`in`) or to a resident (`out`)."""

    id: str
    direction: Literal["in", "out"]
    at: datetime
    account_id: str
    channel: str
    address: str
    conversation_id: str
    subject: str
    text: str
    state: str
    provider_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False)
    raw_type: str = ""
