"""The city's own rows, in its own SQLite file with its own metadata: nothing here is the bridge's.

What the public may read (requests, notes) and who said it (contacts) are different tables, so no public
query can reach a name or a number by accident.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Index, MetaData, TypeDecorator
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

CITY = registry(
    metadata=MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
)


class Utc(TypeDecorator[datetime]):
    """Aware UTC times. SQLite drops the zone, so it is taken off going in and put back coming out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class CityTable(SQLModel, registry=CITY):
    """Base of the city's tables; keeps them out of the bridge's metadata."""


class RequestRow(CityTable, table=True):
    """One service request.

    `state` is the city's own word and `status` what it means in GeoReport's two. `visible_at` is when the
    request may be listed: at once for a realtime service, after the batch delay for one with a token, never
    (None) for a blackbox service.
    """

    __tablename__ = "request"
    __table_args__ = {"sqlite_autoincrement": True}

    number: int | None = Field(default=None, primary_key=True)
    service_request_id: str = Field(unique=True)
    token: str | None = Field(default=None, unique=True)
    service_code: str = Field(index=True)
    service_name: str
    status: str = "open"
    state: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    status_notes: str = ""
    description: str = ""
    agency_responsible: str = ""
    service_notice: str = ""
    requested_datetime: datetime = Field(sa_type=Utc, index=True)
    updated_datetime: datetime = Field(sa_type=Utc, index=True)
    expected_datetime: datetime | None = Field(default=None, sa_type=Utc)
    visible_at: datetime | None = Field(default=None, sa_type=Utc)
    address: str = ""
    address_id: str = ""
    zipcode: str = ""
    lat: float | None = None
    long: float | None = None
    media_url: str = ""
    answers: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # attribute code -> values sent


class NoteRow(CityTable, table=True):
    """One entry of a request's history: a status change, a note of staff, or an update a client posted
    (`client_update_id` is then the client's own id of it, `client_status` the status it proposed)."""

    __tablename__ = "note"
    __table_args__ = (
        Index("ux_note_client_update", "request_number", "client_update_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(default=None, primary_key=True)
    request_number: int = Field(foreign_key="request.number", index=True, ondelete="CASCADE")
    created_at: datetime = Field(sa_type=Utc, index=True)
    status: str
    description: str = ""
    client_update_id: str | None = None
    client_status: str = Field(default="", sa_column_kwargs={"server_default": ""})


class MediaRow(CityTable, table=True):
    """One photo or link of a request, or of one of its notes. `url` is a client's link as it came, or
    `media/NAME` for a file of ours, relative to the endpoint."""

    __tablename__ = "media"
    __table_args__ = {"sqlite_autoincrement": True}

    number: int | None = Field(default=None, primary_key=True)
    request_number: int = Field(foreign_key="request.number", index=True, ondelete="CASCADE")
    note_number: int | None = Field(default=None, foreign_key="note.number", index=True, ondelete="CASCADE")
    url: str


class Person(CityTable):
    """What someone said of themselves. For staff only."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    device_id: str = ""
    account_id: str = ""


class ContactRow(Person, table=True):
    """Who made a request."""

    __tablename__ = "contact"

    request_number: int = Field(primary_key=True, foreign_key="request.number", ondelete="CASCADE")


class NoteContactRow(Person, table=True):
    """Who wrote an update."""

    __tablename__ = "note_contact"

    note_number: int = Field(primary_key=True, foreign_key="note.number", ondelete="CASCADE")
