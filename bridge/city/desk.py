"""The city's service desk: requests filed, found and worked on.

Plain calls that block on the database: the HTTP surface makes them from a thread, the command line and the
demo's page make them as they are. Every change is one transaction. A request that does not exist, or a word
that is no status, raises Permanent with a sentence fit to show.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.sql import ColumnElement
from sqlmodel import Session, col, func, select

from bridge.city import records
from bridge.city.catalog import Catalog, CatalogFiles
from bridge.city.database import open_database
from bridge.city.filters import Filter
from bridge.city.photos import FOLDER, Photo, keep
from bridge.city.records import Contact, Note
from bridge.city.settings import CitySettings
from bridge.city.states import STATES
from bridge.city.tables import ContactRow, MediaRow, NoteContactRow, NoteRow, RequestRow
from bridge.city.updates import PostedUpdate, Update, UpdateFilter
from bridge.errors import Permanent
from bridge.ports import Clock
from bridge.vocabulary import Receipt, Service, ServiceRequest, Submission

RECEIVED = "Your request was received."
DATABASE = "city.sqlite"
FIRST_ID = 10001


class Desk:
    """One city's desk. Safe to use from several threads and processes at once."""

    def __init__(self, settings: CitySettings, clock: Clock) -> None:
        self.settings = settings
        self.photo_folder = settings.data / FOLDER
        self._catalog = CatalogFiles(settings.services, settings.definitions)
        self._clock = clock
        self._database = open_database(settings.data / DATABASE)

    def close(self) -> None:
        self._database.close()

    @property
    def catalog(self) -> Catalog:
        return self._catalog.current()

    def now(self) -> datetime:
        """Now in full seconds, as every stored time is: a printed time then equals the stored one, and a
        window whose end was copied from a row holds that row."""
        return self._clock.now().replace(microsecond=0)

    # -------------------------------------------------------------------------------------- for residents

    def file(self, submission: Submission, photos: Sequence[Photo] = ()) -> Receipt:
        """Stores one request for good and says by which id or token it is known. The submission was checked
        before and its service code is in the catalog."""
        service = self.catalog.services[submission.service_code]
        media = self._media(photos, submission.media)
        row = records.new_row(submission, service, self.now(), self._visible_at(service))
        row.agency_responsible = row.agency_responsible or self.settings.agency_responsible
        row.service_notice = row.service_notice or self.settings.service_notice
        row.token = secrets.token_urlsafe(16) if service.type == "batch" else None
        row.media_url = media[0] if media else ""
        with self._database.writing() as session:
            row.service_request_id = _next_id(session)
            number = _added(session, row)
            session.add(ContactRow(request_number=number, **records.person(submission)))
            session.add_all(MediaRow(request_number=number, url=url) for url in media)
        return Receipt(
            service_request_id=row.service_request_id if service.type == "realtime" else None,
            token=row.token,
            service_notice=row.service_notice or (RECEIVED if service.type == "blackbox" else ""),
            account_id=submission.account_id,
        )

    def resolve(self, token: str) -> str | None:
        """The id of a token, None while it has none yet."""
        with self._database.reading() as session:
            row = session.exec(select(RequestRow).where(RequestRow.token == token)).first()
        if row is None:
            raise Permanent(f"token {token} was not found.", code="404")
        return row.service_request_id if row.visible_at and row.visible_at <= self.now() else None

    def request(self, service_request_id: str) -> ServiceRequest | None:
        """A request the public may see."""
        found = self.requests(Filter(ids=(service_request_id,)))
        return found[0] if found else None

    def requests(self, wanted: Filter | None = None, *, public: bool = True) -> list[ServiceRequest]:
        """Requests, newest first; with `public=False` also those no list shows."""
        wanted = wanted or Filter()
        query = select(RequestRow).where(*records.conditions(wanted))
        if public:
            query = query.where(col(RequestRow.visible_at) <= self.now())
        query = query.order_by(col(RequestRow.requested_datetime).desc(), col(RequestRow.number).desc())
        with self._database.reading() as session:
            rows = session.exec(query.limit(wanted.limit).offset(wanted.offset))
            return [records.service_request(row) for row in rows]

    def notes(self, service_request_ids: Sequence[str]) -> dict[str, list[Note]]:
        """The public history of each request, oldest first."""
        query = (
            select(RequestRow.service_request_id, NoteRow)
            .join(NoteRow, _of_request(NoteRow))
            .where(col(RequestRow.service_request_id).in_(service_request_ids))
            .order_by(col(NoteRow.number))
        )
        history: dict[str, list[Note]] = {}
        with self._database.reading() as session:
            for service_request_id, row in session.exec(query):
                history.setdefault(service_request_id, []).append(records.note(row))
        return history

    def media(self, service_request_ids: Sequence[str]) -> dict[str, list[str]]:
        """Every photo and link of each request, those of its updates included."""
        query = (
            select(RequestRow.service_request_id, MediaRow.url)
            .join(MediaRow, _of_request(MediaRow))
            .where(col(RequestRow.service_request_id).in_(service_request_ids))
            .order_by(col(MediaRow.number))
        )
        urls: dict[str, list[str]] = {}
        with self._database.reading() as session:
            for service_request_id, url in session.exec(query):
                urls.setdefault(service_request_id, []).append(url)
        return urls

    def updates(self, wanted: UpdateFilter) -> list[Update]:
        """What happened to requests the public may see, oldest first."""
        query = (
            select(NoteRow, RequestRow.service_request_id)
            .join(RequestRow, _of_request(NoteRow))
            .where(col(RequestRow.visible_at) <= self.now(), col(NoteRow.created_at) >= wanted.start)
            .order_by(col(NoteRow.created_at), col(NoteRow.number))
            .limit(wanted.limit)
        )
        if wanted.end:
            query = query.where(col(NoteRow.created_at) <= wanted.end)
        with self._database.reading() as session:
            found = list(session.exec(query))
            media = _note_media(session, [row.number for row, _ in found])
        return [
            Update(str(row.number), service_request_id, row.status, row.created_at, row.description, urls)
            for row, service_request_id in found
            for urls in [media.get(row.number, ())]
        ]

    def post_update(self, update: PostedUpdate, photos: Sequence[Photo] = ()) -> str:
        """Stores what a client has to say of a request and gives the update's id. A repeated post of the
        same update changes nothing and gets the same id."""
        media = self._media(photos, update.media)
        with self._database.writing() as session:
            row = _find(session, update.service_request_id)
            known = session.exec(
                select(NoteRow.number).where(
                    NoteRow.request_number == row.number, NoteRow.client_update_id == update.update_id
                )
            ).first()
            if known:
                return str(known)
            number = self._noted(session, row, update.description, update)
            session.add(NoteContactRow(note_number=number, **update.who))
            session.add_all(MediaRow(request_number=row.number or 0, note_number=number, url=url) for url in media)
        return str(number)

    # ------------------------------------------------------------------------------------------ for staff

    def change_status(self, service_request_id: str, status: str, note: str = "") -> ServiceRequest:
        """Says where a request stands: `status` is open, closed or one of `states.STATES`; `note` is told to
        the resident as status_notes."""
        state = status.strip().lower()
        if state not in STATES:
            raise Permanent(f"A status is one of {', '.join(STATES)}, not {status!r}.")
        with self._database.writing() as session:
            row = _find(session, service_request_id)
            row.state, row.status, row.status_notes = state, STATES[state], note
            self._noted(session, row, note)
            return records.service_request(row)

    def add_note(self, service_request_id: str, note: str) -> ServiceRequest:
        """Says something of a request without changing its status."""
        with self._database.writing() as session:
            row = _find(session, service_request_id)
            row.status_notes = note
            self._noted(session, row, note)
            return records.service_request(row)

    def add_photo(self, service_request_id: str, photo: Photo, note: str = "") -> ServiceRequest:
        """Shows what was done: the photo becomes the request's own, beside those it came with."""
        keep(photo, self.photo_folder)
        with self._database.writing() as session:
            row = _find(session, service_request_id)
            row.media_url = photo.url
            number = self._noted(session, row, note)
            session.add(MediaRow(request_number=row.number or 0, note_number=number, url=photo.url))
            return records.service_request(row)

    def expect(self, service_request_id: str, when: datetime | None) -> ServiceRequest:
        """Sets when a request should be done."""
        with self._database.writing() as session:
            row = _find(session, service_request_id)
            row.expected_datetime, row.updated_datetime = when, self.now()
            return records.service_request(row)

    def assign(self, service_request_id: str, agency: str) -> ServiceRequest:
        """Names the agency responsible."""
        with self._database.writing() as session:
            row = _find(session, service_request_id)
            row.agency_responsible, row.updated_datetime = agency, self.now()
            return records.service_request(row)

    def contact(self, service_request_id: str) -> Contact:
        """Who made a request."""
        with self._database.reading() as session:
            return records.contact(session.get(ContactRow, _find(session, service_request_id).number))

    def forget(self, service_request_id: str) -> None:
        """Erases who made a request and who wrote its updates; the request itself stays."""
        with self._database.writing() as session:
            number = _find(session, service_request_id).number
            notes = select(NoteRow.number).where(NoteRow.request_number == number)
            session.execute(delete(ContactRow).where(col(ContactRow.request_number) == number))
            session.execute(delete(NoteContactRow).where(col(NoteContactRow.note_number).in_(notes)))

    def answers(self, service_request_id: str) -> dict[str, list[str]]:
        """What was answered to the questions of the service's definition, by attribute code."""
        with self._database.reading() as session:
            return dict(_find(session, service_request_id).answers)

    def take_over(self, requests: Iterable[ServiceRequest]) -> int:
        """Stores requests made elsewhere with their own ids and times; those known already are left alone.
        Gives how many were new."""
        new = 0
        with self._database.writing() as session:
            known = set(session.exec(select(RequestRow.service_request_id)))
            for request in requests:
                if request.service_request_id not in known:
                    known.add(request.service_request_id)
                    session.add(records.old_row(request, self.now()))
                    new += 1
        return new

    # --------------------------------------------------------------------------------------------- inside

    def _visible_at(self, service: Service) -> datetime | None:
        later = self.now() + timedelta(seconds=self.settings.batch_delay_s)
        return {"realtime": self.now(), "batch": later, "blackbox": None}[service.type]

    def _media(self, photos: Sequence[Photo], links: Sequence[str]) -> list[str]:
        for photo in photos:
            keep(photo, self.photo_folder)
        return [*(photo.url for photo in photos), *links]

    def _noted(self, session: Session, row: RequestRow, text: str, update: PostedUpdate | None = None) -> int:
        row.updated_datetime = self.now()
        return _added(
            session,
            NoteRow(
                request_number=row.number or 0,
                created_at=row.updated_datetime,
                status=row.state,
                description=text,
                client_update_id=update.update_id if update else None,
                client_status=update.status if update else "",
            ),
        )


def _added(session: Session, row: RequestRow | NoteRow) -> int:
    session.add(row)
    session.flush()
    assert row.number is not None  # the database numbered it in the flush
    return row.number


def _next_id(session: Session) -> str:
    """Ids are counted up, short enough to be read out on a telephone. Rows are never deleted; an id taken
    over from elsewhere is stepped over."""
    last: int | None = session.exec(select(func.max(RequestRow.number))).one()
    candidate = FIRST_ID + (last or 0)
    while session.exec(select(RequestRow).where(RequestRow.service_request_id == str(candidate))).first():
        candidate += 1
    return str(candidate)


def _find(session: Session, service_request_id: str) -> RequestRow:
    query = select(RequestRow).where(RequestRow.service_request_id == service_request_id)
    row = session.exec(query).first()
    if row is None:
        raise Permanent(f"service_request_id {service_request_id} was not found.", code="404")
    return row


def _of_request(table: type[NoteRow] | type[MediaRow]) -> ColumnElement[bool]:
    return col(table.request_number) == col(RequestRow.number)


def _note_media(session: Session, numbers: Sequence[int | None]) -> dict[int | None, tuple[str, ...]]:
    query = select(MediaRow).where(col(MediaRow.note_number).in_(numbers)).order_by(col(MediaRow.number))
    urls: dict[int | None, tuple[str, ...]] = {}
    for row in session.exec(query):
        urls[row.note_number] = (*urls.get(row.note_number, ()), row.url)
    return urls
