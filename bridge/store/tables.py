"""What is stored, as SQLModel tables. Nothing outside `bridge.store` sees these classes.

Every id is made by us (`types.new_id`), every time is UTC, every constraint has a name, money is integer
micros with a currency. A row belongs to an account (where the resident wrote), a city (who is asked), or both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bridge.store.types import Json, Timestamp, new_id

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(SQLModel):
    """The bridge's own metadata, apart from any other SQLModel of the process (the embedded city has its own)."""

    metadata = MetaData(naming_convention=NAMING)


def _id() -> Any:
    return Field(default_factory=new_id, primary_key=True, max_length=32)


def _time(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_type=Timestamp, nullable=nullable, index=index)


def _json() -> Any:
    return Field(default_factory=dict, sa_type=Json, nullable=False)


class Contact(Base, table=True):
    """Someone on a channel, as one city knows them."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("city_id", "channel", "address"),)

    id: str = _id()
    city_id: str
    channel: str
    address: str
    name: str = ""
    language: str = ""
    created_at: datetime = _time()
    last_seen_at: datetime = _time()
    opted_out_at: datetime | None = _time(nullable=True)


class Conversation(Base, table=True):
    """A thread of messages with one resident on one account. `state` is JSON with its own version."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("account_id", "thread"),
        Index("ix_conversation_updated_at", "updated_at", "id"),
    )

    id: str = _id()
    account_id: str
    city_id: str
    channel: str
    thread: str
    address: str
    contact_id: str = Field(foreign_key="contact.id", index=True)
    reply_to: str = ""
    subject: str = ""
    state: dict[str, Any] = _json()
    heard_at: datetime | None = _time(nullable=True)
    created_at: datetime = _time()
    updated_at: datetime = _time()


def _json_list() -> Any:
    return Field(default_factory=list, sa_type=Json, nullable=False)


def _open_rows(name: str) -> tuple[Index, Index, Index]:
    """Partial indexes over open rows alone, so that a million finished rows cost a claim nothing, and over dead
    ones."""
    where, dead = text("state = 'open'"), text("state = 'dead'")
    return (
        Index(f"ix_{name}_dead", "id", sqlite_where=dead, postgresql_where=dead),
        Index(f"ix_{name}_open_lane", "lane", "id", sqlite_where=where, postgresql_where=where),
        Index(f"ix_{name}_open_due", "due_at", "id", sqlite_where=where, postgresql_where=where),
    )


class Work(Base):
    """What inbox and outbox share: whose turn it is (`lane`), when it is due, who holds it, tries so far.

    `state` is open, done or dead. A lease past `lease_until` is nobody's.
    """

    id: str = _id()
    lane: str
    state: str = "open"
    due_at: datetime = _time()
    lease: str | None = None
    lease_until: datetime | None = _time(nullable=True)
    attempts: int = 0
    error: str = ""
    created_at: datetime = _time()
    finished_at: datetime | None = _time(nullable=True)


class Inbox(Work, table=True):
    """A message as it came, raw bytes included, and whether it was handled."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("account_id", "kind", "provider_key"), *_open_rows("inbox"))

    account_id: str
    channel: str
    kind: str
    provider_key: str
    message: dict[str, Any] = _json()
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    conversation_id: str | None = Field(default=None, foreign_key="conversation.id", index=True)


class Outbox(Work, table=True):
    """Something to send: a reply (`message`), a report's submission (`report_id`), or an update of it (`words`).

    `tried_at` is when it was first claimed: whatever the provider has of it, it has since then. `author` is the
    person of the staff whose words or deed it is, `delivery` what the provider said of it since it was sent.
    A reply that is a `question` may be withdrawn while nobody has claimed it; one sent `again`, since its resident
    could not be reached, is not sent a third time.
    """

    __tablename__ = "outbox"
    __table_args__ = _open_rows("outbox")

    kind: str
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    report_id: str | None = Field(default=None, foreign_key="report.id", index=True)
    message: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    question: bool = False
    words: str = ""
    trace: str = ""
    author: str = ""
    photos: list[str] = _json_list()
    again: bool = False
    tried_at: datetime | None = _time(nullable=True)
    provider_id: str = Field(default="", index=True)
    delivery: str = ""
    segments: int = 0
    price_micros: int | None = None
    currency: str = ""


class Timer(Work, table=True):
    """A time at which a conversation wants to be woken; of one name it has one open at most."""

    __tablename__ = "timer"
    __table_args__ = _open_rows("timer")

    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    name: str
    trace: str = ""


class Report(Base, table=True):
    """A complete report, what became of sending it, and what the city last said of it.

    `endpoint_id` names the GeoReport endpoint it went to; ids and tokens are unique there. `certainty` is the best
    guess's at its service, `mark` what its resident gave the city, 1 to 5.
    """

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("reference"),
        UniqueConstraint("endpoint_id", "service_request_id"),
        UniqueConstraint("endpoint_id", "token"),
        Index("ix_report_city_id_lat_long", "city_id", "lat", "long"),
        Index("ix_report_created_at", "created_at", "id"),
        Index("ix_report_lat_long_status", "lat", "long", "status"),
    )

    id: str = _id()
    reference: str
    city_id: str
    endpoint_id: str
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    contact_id: str = Field(foreign_key="contact.id", index=True)
    service_code: str
    service_name: str
    description: str
    place: dict[str, Any] = _json()
    lat: float | None = None
    long: float | None = None
    attributes: dict[str, Any] = _json()
    contact: dict[str, Any] = _json()
    cites: str = ""
    photos: list[str] = _json_list()
    certainty: float | None = None
    answerable: bool = True
    mark: int | None = None
    state: str = "queued"
    service_request_id: str | None = None
    token: str | None = None
    status: str = ""
    raw_status: str = ""
    status_notes: str = ""
    fingerprint: str = ""
    poll_at: datetime | None = _time(nullable=True, index=True)
    trace: str = ""
    created_at: datetime = _time()
    updated_at: datetime = _time()


class Media(Base, table=True):
    """A photo or recording of a resident's in the blobs. `token` is its public name, good until `revoked_at`."""

    __tablename__ = "media"
    __table_args__ = (UniqueConstraint("token"),)

    id: str = _id()
    token: str
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    report_id: str | None = Field(default=None, foreign_key="report.id", index=True)
    blob_id: str = Field(index=True)
    media_type: str
    lat: float | None = None
    long: float | None = None
    accuracy_m: float | None = None
    created_at: datetime = _time()
    revoked_at: datetime | None = _time(nullable=True)


class Part(Base, table=True):
    """One message at a provider (a long reply leaves as several), and what became of it."""

    __tablename__ = "part"

    account_id: str = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    outbox_id: str = Field(foreign_key="outbox.id", index=True, ondelete="CASCADE")
    state: str = "queued"
    code: str = ""
    price_micros: int | None = Field(default=None, sa_type=BigInteger)
    currency: str = ""
    updated_at: datetime = _time()


class Usage(Base, table=True):
    """What an account sent in a month (YYYY-MM, UTC), as its provider counts."""

    __tablename__ = "usage"

    account_id: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    messages: int = 0
    segments: int = 0
    price_micros: int = Field(default=0, sa_type=BigInteger)
    currency: str = ""


class AccountTrouble(Base, table=True):
    """An account that does not work as it should: `red` when it may not send, `amber` to be looked at."""

    __tablename__ = "account_trouble"

    account_id: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    colour: str
    code: str = ""
    since: datetime = _time()


class CityOddity(Base, table=True):
    """Something odd about a city's service list or definitions, for as long as it is so: `bad` when a person must
    act, `odd` when the bridge copes."""

    __tablename__ = "city_oddity"

    city_id: str = Field(primary_key=True)
    words: str = Field(primary_key=True)
    level: str
    since: datetime = _time()


class CityReads(Base, table=True):
    """When a city was read from lately: its limit is for all processes together."""

    __tablename__ = "city_reads"

    city_id: str = Field(primary_key=True)
    taken: list[str] = _json_list()


class Follower(Base, table=True):
    """A conversation that hears of another's report."""

    __tablename__ = "follower"

    report_id: str = Field(foreign_key="report.id", primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", primary_key=True)


class Attempt(Base, table=True):
    """One POST to a city: opened and committed before it is made, closed with what became of it. `request` and
    `answer` are what went over the wire, without the key and without who wrote."""

    __tablename__ = "attempt"

    id: str = _id()
    outbox_id: str = Field(foreign_key="outbox.id", index=True)
    report_id: str = Field(foreign_key="report.id", index=True)
    submission: dict[str, Any] = _json()
    opened_at: datetime = _time()
    deadline: datetime = _time()
    closed_at: datetime | None = _time(nullable=True)
    outcome: str | None = None
    detail: str = ""
    request: str = ""
    answer: str = ""


class StatusHistory(Base, table=True):
    """Each status the city was seen to show for a report, with its row as it came."""

    __tablename__ = "status_history"

    id: str = _id()
    report_id: str = Field(foreign_key="report.id", index=True)
    seen_at: datetime = _time()
    status: str
    raw_status: str = ""
    status_notes: str = ""
    row: dict[str, Any] = _json()


_OPEN_TASK = text("closed_at IS NULL")


class StaffTask(Base, table=True):
    """Something a person must look at, why, by when, and what was understood by then (`draft`)."""

    __tablename__ = "staff_task"
    __table_args__ = (
        Index("ix_staff_task_open", "due_at", "id", sqlite_where=_OPEN_TASK, postgresql_where=_OPEN_TASK),
    )

    id: str = _id()
    city_id: str = Field(index=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    report_id: str | None = Field(default=None, foreign_key="report.id")
    reason: str
    note: str = ""
    draft: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    due_at: datetime = _time()
    created_at: datetime = _time()
    held_by: str = ""
    held_name: str = ""
    held_at: datetime | None = _time(nullable=True)
    closed_at: datetime | None = _time(nullable=True)
    closed_by: str = ""
    outcome: str = ""
    alerted_at: datetime | None = _time(nullable=True)


class Artifact(Base, table=True):
    """A model, gazetteer or photo in the blobs, with the manifest that says how it was made."""

    __tablename__ = "artifact"
    __table_args__ = (UniqueConstraint("city_id", "kind", "blob_id"),)

    id: str = _id()
    city_id: str
    kind: str
    blob_id: str
    manifest: dict[str, Any] = _json()
    created_at: datetime = _time()


class ActiveArtifact(Base, table=True):
    """Which model or gazetteer of a city is in use."""

    __tablename__ = "active_artifact"

    city_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    artifact_id: str = Field(foreign_key="artifact.id")
    since: datetime = _time()


class LearningRun(Base, table=True):
    """A run of learning from a city's history: asked for, under way, ended, and with what result."""

    __tablename__ = "learning_run"

    id: str = _id()
    city_id: str = Field(index=True)
    asked_by: str = ""
    take: bool = False
    state: str = "queued"
    progress: str = ""
    error: str = ""
    result: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    asked_at: datetime = _time()
    started_at: datetime | None = _time(nullable=True)
    seen_at: datetime | None = _time(nullable=True)
    ended_at: datetime | None = _time(nullable=True)


class Threshold(Base, table=True):
    """A city's own certainty thresholds for a service, where they differ from its policy."""

    __tablename__ = "threshold"

    city_id: str = Field(primary_key=True)
    service_code: str = Field(primary_key=True)
    submit: float
    ask: float


# --------------------------------------------------------------------------------------------- the console


class StaffAccount(Base, table=True):
    """Someone of the staff. The password is an argon2 hash, "" where they come in by the city's own login."""

    __tablename__ = "staff_account"
    __table_args__ = (UniqueConstraint("email"),)

    id: str = _id()
    email: str
    name: str
    role: str
    cities: list[str] = Field(default_factory=list, sa_type=Json, nullable=False)
    password_hash: str = ""
    active: bool = True
    shortcuts: bool = True
    theme: str = "auto"
    created_at: datetime = _time()
    last_seen_at: datetime | None = _time(nullable=True)


class StaffSession(Base, table=True):
    """A browser that is signed in. `id` is the hash of what its cookie holds."""

    __tablename__ = "staff_session"

    id: str = Field(primary_key=True, max_length=64)
    account_id: str = Field(foreign_key="staff_account.id", index=True)
    csrf: str
    address: str = ""
    created_at: datetime = _time()
    seen_at: datetime = _time()
    expires_at: datetime = _time()


class StaffInvitation(Base, table=True):
    """A link that makes an account or a new password, once. `id` is the hash of its token."""

    __tablename__ = "staff_invitation"

    id: str = Field(primary_key=True, max_length=64)
    email: str = ""
    role: str
    cities: list[str] = Field(default_factory=list, sa_type=Json, nullable=False)
    account_id: str = ""
    expires_at: datetime = _time()
    used_at: datetime | None = _time(nullable=True)


class AuditEntry(Base, table=True):
    """Who did or looked at what, and when. Only ever added to."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_action_at", "action", "at"),)

    id: str = _id()
    at: datetime = _time()
    account_id: str = Field(default="", index=True)
    who: str = ""
    action: str
    subject: str = ""
    subject_id: str = ""
    detail: dict[str, Any] = _json()
    address: str = ""


class StaffNote(Base, table=True):
    """A word among the staff about a conversation; no resident ever sees it."""

    __tablename__ = "staff_note"

    id: str = _id()
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    account_id: str
    who: str
    text: str
    created_at: datetime = _time()


class StaffDeed(Base, table=True):
    """What a person did to a queue item, and the outbox rows it made: while none has left it can be undone."""

    __tablename__ = "staff_deed"

    id: str = _id()
    task_id: str = Field(default="", index=True)
    conversation_id: str
    report_id: str = ""
    account_id: str
    kind: str
    outbox_ids: list[str] = Field(default_factory=list, sa_type=Json, nullable=False)
    at: datetime = _time(index=True)
    undone_at: datetime | None = _time(nullable=True)


class ReplyTemplate(Base, table=True):
    """A reply that staff write often; `city_id` empty: for every city."""

    __tablename__ = "reply_template"

    id: str = _id()
    city_id: str = ""
    title: str
    text: str
    language: str = "en"


class TrainingExample(Base, table=True):
    """A text and the service a person says it is about; `guessed` is what the model had said."""

    __tablename__ = "training_example"

    id: str = _id()
    city_id: str = Field(index=True)
    text: str
    language: str
    service_code: str
    guessed: str = ""
    at: datetime = _time()


class Wording(Base, table=True):
    """A text to residents in the city's own words, in the place of the catalogue's."""

    __tablename__ = "wording"

    language: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    text: str


class Said(Base, table=True):
    """The words of messages and notes, to be searched. `row_id` is the inbox, outbox or note row's."""

    __tablename__ = "said"
    __table_args__ = (UniqueConstraint("row_id"),)

    id: int | None = Field(default=None, primary_key=True)
    row_id: str
    conversation_id: str = Field(index=True)
    at: datetime = _time()
    text: str


# ------------------------------------------------------------------------------------------------ records


class LegalHold(Base, table=True):
    """Nothing it covers is deleted while it stands: everything, a city, a contact (`resident`) or a report."""

    __tablename__ = "legal_hold"

    id: str = _id()
    scope: str
    target: str = ""
    reason: str
    set_by: str
    created_at: datetime = _time()
    lifted_at: datetime | None = _time(nullable=True)


class RetentionAge(Base, table=True):
    """For how many days a kind of record is kept, 0 for good, where staff said so after the settings file did."""

    __tablename__ = "retention_age"

    kind: str = Field(primary_key=True)
    days: int


class Deletion(Base, table=True):
    """That something was deleted, without what it was."""

    __tablename__ = "deletion"

    id: str = _id()
    at: datetime = _time()
    kind: str
    rows: int
    cause: str
    by: str
    subject: str = ""
