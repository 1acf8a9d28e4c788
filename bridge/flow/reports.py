"""A report as it goes to the city, and how a change at the city is told from no change."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bridge.flow.jurisdiction import Jurisdiction
from bridge.vocabulary import FollowUp, OutboxRow, Place, Report, ServiceRequest, Submission

SILENT = ("", "unchanged")  # status words that say nothing of the status (mySociety's updates)
APPROXIMATE = "Location as described by the resident: "


def submission(report: Report, media_at: str = "") -> Submission:
    """The report as a POST Service Request. A place without coordinates goes as words, marked as such. `media_at`
    is where photos are shown."""
    place = report.place
    located = place.lat is not None and place.long is not None
    return Submission(
        reference=report.reference,
        service_code=report.service_code,
        description=report.description if located else f"{report.description}\n{APPROXIMATE}{place.address}",
        lat=place.lat,
        long=place.long,
        address_string=place.address,
        attributes=report.attributes,
        first_name=report.contact.get("first_name", ""),
        last_name=report.contact.get("last_name", ""),
        email=report.contact.get("email", ""),
        phone=report.contact.get("phone", ""),
        media=tuple(media_url(media_at, token) for token in report.photos) if media_at else (),
    )


def media_url(media_at: str, token: str) -> str:
    """Where a photo is shown to whoever has its token."""
    return f"{media_at.rstrip('/')}/media/{token}"


def follow_up(report: Report, row: OutboxRow, now: datetime, media_at: str = "") -> FollowUp:
    """More words on a report that the city has, under an id of ours that is the same at each try."""
    return FollowUp(
        update_id=f"{report.reference}-{row.id[-8:]}",
        service_request_id=report.service_request_id or "",
        description=row.words,
        updated_at=now,
        email=report.contact.get("email", ""),
        first_name=report.contact.get("first_name", ""),
        last_name=report.contact.get("last_name", ""),
        media_url=media_url(media_at, row.photos[0]) if media_at and row.photos else "",
    )


def known(row: ServiceRequest, service_code: str, here: Jurisdiction) -> Report:
    """A request that the city lists and nobody told us of, as a report without an id of ours. What it shows now is
    no news to who follows it."""
    service = here.services.get(service_code)
    return Report(
        id="",
        reference="",
        city_id=here.id,
        conversation_id="",
        service_code=service_code,
        service_name=service.service_name if service else row.service_name,
        description=row.description,
        place=Place(row.address, row.lat, row.long, why="the city's own"),
        state="accepted",
        service_request_id=row.service_request_id,
        status=row.status,
        raw_status=row.raw_status,
        fingerprint=fingerprint("", row),
        created_at=row.requested_datetime,
    )


def fingerprint(before: str, seen: ServiceRequest) -> str:
    """What of a city's row is worth telling, after what its fingerprint was `before`. Never updated_datetime: on
    several servers it stands still when the status moves, or moves when nothing did. What a row leaves out is as
    it was: some lists show less than single requests do, and an update shows only what was updated."""
    old = standing(before)
    status: str = seen.status
    raw_status = seen.raw_status
    if old and raw_status.lower() in SILENT and status == "open":
        status, raw_status = old.status, old.raw_status
    moved_on = old is None or (old.status, old.raw_status) != (status, raw_status)
    notes = seen.status_notes.strip() or ("" if old is None or moved_on else old.notes)
    code = seen.service_code or (old.service_code if old else "")
    expected = seen.expected_datetime.isoformat() if seen.expected_datetime else (old.expected if old else "")
    return json.dumps([status, raw_status, notes, code, expected])


@dataclass(frozen=True, slots=True)
class Standing:
    """What a fingerprint says: where a request stood at the city."""

    status: str
    raw_status: str
    notes: str
    service_code: str
    expected: str


def standing(fingerprint: str) -> Standing | None:
    """None before the first look."""
    return Standing(*json.loads(fingerprint)) if fingerprint.startswith("[") else None


def shown(report: Report, seen: ServiceRequest) -> Report:
    """The report as the city shows it now. A note that was told before is left out."""
    old, new = standing(report.fingerprint), standing(fingerprint(report.fingerprint, seen))
    assert new
    notes = "" if old and old.notes == new.notes else new.notes
    return replace(report, status=new.status, raw_status=new.raw_status, status_notes=notes)


def change(report: Report, seen: ServiceRequest) -> Literal["status", "service", "date"]:
    """What a change is about, where it is one: another date or another service only when nothing else is new."""
    old, new = standing(report.fingerprint), standing(fingerprint(report.fingerprint, seen))
    assert new
    if old is None or (old.status, old.raw_status, old.notes) != (new.status, new.raw_status, new.notes):
        return "status"
    if old.service_code and old.service_code != new.service_code:
        return "service"
    return "date" if new.expected and old.expected != new.expected else "status"


def is_news(report: Report, seen: ServiceRequest) -> bool:
    """Whether the resident should hear of it. The first look at a fresh open request is no news, nor is a new
    date for one that is closed."""
    old, new = standing(report.fingerprint), standing(fingerprint(report.fingerprint, seen))
    assert new
    if old is None:
        return new.status == "closed" or bool(new.notes)
    if old.status == new.status == "closed":
        return (old.raw_status, old.notes) != (new.raw_status, new.notes)
    return old != new
