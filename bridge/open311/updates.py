"""mySociety's service request updates: read instead of statuses where a city offers them, posted for follow-ups.

The extension is described in the Open311 wiki ("Open311-FMS: Proposed differences to Open311") and implemented
by mysociety/open311-adapter. Statuses are lower case in answers and upper case in forms. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bridge.errors import Unsure
from bridge.open311 import answers, wire
from bridge.open311.answers import Answer
from bridge.open311.documents import Tree
from bridge.open311.form import Fields, storable
from bridge.open311.instants import write_instant
from bridge.open311.profile import Profile
from bridge.open311.shapes import Row, rows, text
from bridge.vocabulary import FollowUp, ServiceRequest

PATH = "servicerequestupdates"
_WRAPPINGS = ("service_request_updates", "service_request_update", "request_updates", "request_update", "updates")


@dataclass(frozen=True, slots=True)
class RequestUpdate:
    """One update of a request, as a city tells it. `status` is folded, `raw_status` the city's word."""

    update_id: str
    service_request_id: str
    status: Literal["open", "closed"]
    raw_status: str
    description: str = ""
    updated_datetime: datetime | None = None
    media_url: str = ""
    external_status_code: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def updates(tree: Tree, reading: wire.Reading = wire.PLAIN) -> tuple[RequestUpdate, ...]:
    """The updates of an answer that name a request."""
    found = (_update(row, reading) for row in rows(tree, _WRAPPINGS, ("update_id", "service_request_id")))
    return tuple(update for update in found if update.service_request_id)


def latest(told: Iterable[RequestUpdate]) -> Mapping[str, ServiceRequest]:
    """The last word on each request, as a row: its status, and the update's text as status_notes."""
    newest: dict[str, RequestUpdate] = {}
    for update in sorted(told, key=lambda u: u.updated_datetime.timestamp() if u.updated_datetime else 0.0):
        newest[update.service_request_id] = _carried(update, newest.get(update.service_request_id))
    return {id: _row(update) for id, update in newest.items()}


def form(follow_up: FollowUp, profile: Profile, api_key: str | None) -> Fields:
    """The form of POST service request update."""
    form: Fields = [
        ("jurisdiction_id", profile.jurisdiction_id),
        ("api_key", api_key or ""),
        ("service_request_id", follow_up.service_request_id),
        ("update_id", follow_up.update_id),
        ("status", follow_up.status.upper()),
        ("updated_datetime", write_instant(follow_up.updated_at)),
        ("description", storable(follow_up.description, profile)),
        ("email", follow_up.email or profile.fallback.get("email", "")),
        ("first_name", follow_up.first_name),
        ("last_name", follow_up.last_name),
        ("media_url", follow_up.media_url),
    ]
    return [(name, value) for name, value in form if value]


def posted(answer: Answer, now: datetime) -> str:
    """The city's id or token for a posted update, "" where it gives none (simple-crm). Raises like a POST of a
    request: Retryable, Permanent or Unsure."""
    if not answer.success:
        raise answers.refusal(answer, now)
    found = rows(answer.document.tree, _WRAPPINGS, ("update_id", "token"))
    if len(found) != 1:
        raise Unsure(f"the city answered {answer.status} with {len(found)} updates")
    return text(found[0].get("update_id")) or text(found[0].get("token"))


def _update(row: Row, reading: wire.Reading) -> RequestUpdate:
    raw_status = text(row.get("status"))
    return RequestUpdate(
        update_id=text(row.get("update_id")),
        service_request_id=text(row.get("service_request_id")),
        status=wire.fold_status(raw_status, reading.status_words),
        raw_status=raw_status,
        description=text(row.get("description")),
        updated_datetime=reading.instant(row.get("updated_datetime")),
        media_url=wire.media_url(row.get("media_url")),
        external_status_code=text(row.get("external_status_code")),
        raw=row,
    )


def _carried(update: RequestUpdate, earlier: RequestUpdate | None) -> RequestUpdate:
    """UNCHANGED, or no status at all, means the status of before with a new text."""
    if earlier is None or update.raw_status.lower() not in ("", "unchanged"):
        return update
    return RequestUpdate(
        update.update_id,
        update.service_request_id,
        earlier.status,
        earlier.raw_status,
        update.description or earlier.description,
        update.updated_datetime,
        update.media_url,
        raw=update.raw,
    )


def _row(update: RequestUpdate) -> ServiceRequest:
    return ServiceRequest(
        service_request_id=update.service_request_id,
        status=update.status,
        raw_status=update.raw_status,
        status_notes=update.description,
        updated_datetime=update.updated_datetime,
        media_url=update.media_url,
        raw=update.raw,
    )
