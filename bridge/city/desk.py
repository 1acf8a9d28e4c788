"""The city's service desk: requests filed, found and worked on.

Plain calls that block on the database: the HTTP surface makes them from a thread, the command line and the
demo's page make them as they are. Every change is one transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, func
from sqlalchemy.sql import ColumnElement
from sqlmodel import Session, col, select

from bridge.city import catalog as catalogs
from bridge.city.catalog import Catalog
from bridge.city.database import open_database, reading, writing
from bridge.city.filters import Filter
from bridge.city.settings import CitySettings
from bridge.city.tables import ContactRow, NoteRow, RequestRow
from bridge.errors import Permanent
from bridge.ports import Clock
from bridge.vocabulary import Receipt, Service, ServiceRequest, Submission

RECEIVED = "Your request was received."
DATABASE = "city.sqlite"
FIRST_ID = 10001
CONTACT = ("first_name", "last_name", "email", "phone", "device_id", "account_id")


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
    """One entry of a request's public history."""

    status: str
    description: str
    created_at: datetime


class Desk:
    """One city's desk. Safe to use from several threads and processes at once."""

    def __init__(self, settings: CitySettings, clock: Clock) -> None:
        self.settings = settings
        self.catalog: Catalog = catalogs.load(settings.services, settings.definitions)
        self._clock = clock
        self._engine: Engine = open_database(settings.data / DATABASE)

    def close(self) -> None:
        self._engine.dispose()

    def now(self) -> datetime:
        """Now in full seconds, as every stored time is: a printed time then equals the stored one, and a
        window whose end was copied from a row holds that row."""
        return self._clock.now().replace(microsecond=0)

    # ------------------------------------------------------------------------------------------ residents

    def file(self, submission: Submission) -> Receipt:
        """Stores one request for good and says by which id or token it is known. The submission was checked
        and its service code is in the catalog."""
        service = self.catalog.services[submission.service_code]
        now = self.now()
        with writing(self._engine) as session:
            row = self._row(submission, service, now, self._next_id(session))
            session.add(row)
            session.flush()
            session.add(_contact_row(submission, row))
        return self._receipt(row, service, submission)

    def resolve(self, token: str) -> str | None:
        """The id of a token, None while it has none yet. Raises Permanent for a token never given."""
        with reading(self._engine) as session:
            row = session.exec(select(RequestRow).where(RequestRow.token == token)).first()
        if row is None:
            raise Permanent(f"No token {token!r}.", code="404")
        return row.service_request_id if row.visible_at and row.visible_at <= self.now() else None

    def request(self, service_request_id: str) -> ServiceRequest | None:
        """A request the public may see."""
        found = self.requests(Filter(ids=(service_request_id,)))
        return found[0] if found else None

    def requests(self, wanted: Filter | None = None, *, public: bool = True) -> list[ServiceRequest]:
        """Requests, newest first; with `public=False` also those no list shows."""
        wanted = wanted or Filter()
        conditions = _conditions(wanted)
        if public:
            conditions.append(col(RequestRow.visible_at) <= self.now())
        query = (
            select(RequestRow)
            .where(*conditions)
            .order_by(col(RequestRow.requested_datetime).desc(), col(RequestRow.number).desc())
            .limit(wanted.limit)
            .offset(wanted.offset)
        )
        with reading(self._engine) as session:
            return [_service_request(row) for row in session.exec(query)]

    def notes(self, service_request_ids: Sequence[str]) -> dict[str, list[Note]]:
        """The public history of each request, oldest first."""
        query = (
            select(RequestRow.service_request_id, NoteRow)
            .join(NoteRow, col(NoteRow.request_number) == col(RequestRow.number))
            .where(col(RequestRow.service_request_id).in_(service_request_ids))
            .order_by(col(NoteRow.number))
        )
        history: dict[str, list[Note]] = {}
        with reading(self._engine) as session:
            for service_request_id, row in session.exec(query):
                history.setdefault(service_request_id, []).append(
                    Note(row.status, row.description, row.created_at)
                )
        return history

    # ---------------------------------------------------------------------------------------------- staff

    def change_status(self, service_request_id: str, status: str, note: str = "") -> ServiceRequest:
        """Opens or closes a request; `note` becomes its status_notes. Raises Permanent when there is no such
        request or status."""
        if status not in ("open", "closed"):
            raise Permanent(f"A status is open or closed, not {status!r}.")
        with writing(self._engine) as session:
            row = _find(session, service_request_id)
            row.status, row.status_notes = status, note
            return self._touched(session, row, note)

    def add_note(self, service_request_id: str, note: str) -> ServiceRequest:
        """Says something about a request without changing its status."""
        with writing(self._engine) as session:
            row = _find(session, service_request_id)
            row.status_notes = note
            return self._touched(session, row, note)

    def expect(self, service_request_id: str, when: datetime | None) -> ServiceRequest:
        """Sets when a request should be done."""
        with writing(self._engine) as session:
            row = _find(session, service_request_id)
            row.expected_datetime = when
            return self._touched(session, row)

    def assign(self, service_request_id: str, agency: str) -> ServiceRequest:
        """Names the agency responsible."""
        with writing(self._engine) as session:
            row = _find(session, service_request_id)
            row.agency_responsible = agency
            return self._touched(session, row)

    def contact(self, service_request_id: str) -> Contact:
        """Who made a request."""
        with reading(self._engine) as session:
            row = session.get(ContactRow, _find(session, service_request_id).number)
        return Contact(**{name: getattr(row, name) for name in CONTACT}) if row else Contact()

    # --------------------------------------------------------------------------------------------- inside

    def _touched(self, session: Session, row: RequestRow, note: str | None = None) -> ServiceRequest:
        row.updated_datetime = self.now()
        session.add(row)
        if note is not None:
            session.add(
                NoteRow(
                    request_number=row.number or 0,
                    created_at=row.updated_datetime,
                    status=row.status,
                    description=note,
                )
            )
        return _service_request(row)

    def _next_id(self, session: Session) -> str:
        """Ids are counted up, short enough to be read out on a telephone; rows are never deleted."""
        last = session.exec(select(func.max(RequestRow.number))).one()
        return str(FIRST_ID + (last or 0))

    def _row(self, submission: Submission, service: Service, now: datetime, request_id: str) -> RequestRow:
        hours = service.raw.get("expected_hours")
        delay = timedelta(seconds=self.settings.batch_delay_s)
        visible = {"realtime": now, "batch": now + delay, "blackbox": None}
        return RequestRow(
            service_request_id=request_id,
            token=secrets.token_urlsafe(16) if service.type == "batch" else None,
            service_code=service.service_code,
            service_name=service.service_name,
            description=submission.description,
            agency_responsible=service.raw.get("agency_responsible") or self.settings.agency_responsible,
            service_notice=service.raw.get("service_notice") or self.settings.service_notice,
            requested_datetime=now,
            updated_datetime=now,
            expected_datetime=now + timedelta(hours=hours) if hours else None,
            visible_at=visible[service.type],
            address=submission.address_string,
            address_id=submission.address_id,
            lat=submission.lat,
            long=submission.long,
            media_url=submission.media[0] if submission.media else "",
            answers={code: list(values) for code, values in submission.attributes.items()},
        )

    def _receipt(self, row: RequestRow, service: Service, submission: Submission) -> Receipt:
        return Receipt(
            service_request_id=row.service_request_id if service.type == "realtime" else None,
            token=row.token,
            service_notice=row.service_notice or (RECEIVED if service.type == "blackbox" else ""),
            account_id=submission.account_id,
        )


def _contact_row(submission: Submission, row: RequestRow) -> ContactRow:
    said = asdict(Contact(**{name: getattr(submission, name) for name in CONTACT}))
    return ContactRow(request_number=row.number or 0, **said)


def _find(session: Session, service_request_id: str) -> RequestRow:
    query = select(RequestRow).where(RequestRow.service_request_id == service_request_id)
    row = session.exec(query).first()
    if row is None:
        raise Permanent(f"No request {service_request_id!r}.", code="404")
    return row


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
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


def _service_request(row: RequestRow) -> ServiceRequest:
    return ServiceRequest(
        service_request_id=row.service_request_id,
        status="closed" if row.status == "closed" else "open",
        raw_status=row.status,
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
        token=row.token or "",
    )
