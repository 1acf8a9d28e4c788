"""Rows turned into the words every part speaks, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.sql import ColumnElement
from sqlmodel import col

from bridge.city.filters import Filter
from bridge.city.states import STATES
from bridge.city.tables import NoteRow, Person, RequestRow
from bridge.vocabulary import Service, ServiceRequest, Submission


@dataclass(frozen=True, slots=True)
class Contact:
    """Who made a request, as far as they said. For staff only."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    device_id: str = ""
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of a request's public history. `status` is the city's word for the request after it;
    `from_client` when a client posted it, else it is the staff's."""

    status: str
    description: str
    created_at: datetime
    from_client: bool = False


PERSON = ("first_name", "last_name", "email", "phone", "device_id", "account_id")


def person(source: Any) -> dict[str, str]:
    """The contact fields of a submission or row."""
    return {name: getattr(source, name) for name in PERSON}


def contact(row: Person | None) -> Contact:
    return Contact(**person(row)) if row else Contact()


def note(row: NoteRow) -> Note:
    return Note(row.status, row.description, row.created_at, row.client_update_id is not None)


def new_row(submission: Submission, service: Service, now: datetime, visible_at: datetime | None) -> RequestRow:
    """The row of a request just made; its id, token and photos are still to come."""
    hours = service.raw.get("expected_hours")
    return RequestRow(
        service_request_id="",
        service_code=service.service_code,
        service_name=service.service_name,
        description=submission.description,
        agency_responsible=service.raw.get("agency_responsible") or "",
        service_notice=service.raw.get("service_notice") or "",
        requested_datetime=now,
        updated_datetime=now,
        expected_datetime=now + timedelta(hours=hours) if hours else None,
        visible_at=visible_at,
        address=submission.address_string,
        address_id=submission.address_id,
        lat=submission.lat,
        long=submission.long,
        answers={code: list(values) for code, values in submission.attributes.items()},
    )


def old_row(request: ServiceRequest, now: datetime) -> RequestRow:
    """The row of a request that was made elsewhere, with its own id and times."""
    state = request.raw_status if request.raw_status in STATES else request.status
    requested = request.requested_datetime or now
    return RequestRow(
        service_request_id=request.service_request_id,
        service_code=request.service_code,
        service_name=request.service_name,
        status=STATES[state],
        state=state,
        status_notes=request.status_notes,
        description=request.description,
        agency_responsible=request.agency_responsible,
        service_notice=request.service_notice,
        requested_datetime=requested,
        updated_datetime=request.updated_datetime or requested,
        expected_datetime=request.expected_datetime,
        visible_at=requested,
        address=request.address,
        address_id=request.address_id,
        zipcode=request.zipcode,
        lat=request.lat,
        long=request.long,
        media_url=request.media_url,
    )


def service_request(row: RequestRow) -> ServiceRequest:
    """What the public may know of a request. `media_url` of a photo of ours is relative to the endpoint."""
    return ServiceRequest(
        service_request_id=row.service_request_id,
        status=STATES[row.state],
        raw_status=row.state,
        status_notes=row.status_notes,
        service_name=row.service_name,
        service_code=row.service_code,
        description=row.description,
        agency_responsible=row.agency_responsible,
        service_notice=row.service_notice,
        requested_datetime=row.requested_datetime,
        updated_datetime=row.updated_datetime,
        expected_datetime=row.expected_datetime,
        address=row.address,
        address_id=row.address_id,
        zipcode=row.zipcode,
        lat=row.lat,
        long=row.long,
        media_url=row.media_url,
    )


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    several = (
        (RequestRow.service_request_id, wanted.ids),
        (RequestRow.service_code, wanted.service_codes),
        (RequestRow.status, wanted.statuses),
    )
    earliest = (
        (RequestRow.requested_datetime, wanted.start),
        (RequestRow.updated_datetime, wanted.updated_after),
    )
    latest = (
        (RequestRow.requested_datetime, wanted.end),
        (RequestRow.updated_datetime, wanted.updated_before),
    )
    return [
        *(col(column).in_(values) for column, values in several if values),
        *(col(column) >= at for column, at in earliest if at),
        *(col(column) <= at for column, at in latest if at),
    ]
