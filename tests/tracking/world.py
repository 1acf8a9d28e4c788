"""Tracking and dispatch on a real store, with a clock that moves when told, and a scripted city beside it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from sqlmodel import Session, col, select

from bridge.errors import Permanent, Retryable
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.settling import Handling
from bridge.ports import City, Clock
from bridge.store import tables as t
from bridge.store import values
from bridge.store.sqlite import SqliteStore, engine
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import (
    Attribute,
    Classified,
    Discovery,
    Earlier,
    Followed,
    Followings,
    FollowUp,
    Inbound,
    Located,
    Lookup,
    Outbound,
    Pin,
    Place,
    Receipt,
    Sent,
    Service,
    ServiceRequest,
    State,
    Submission,
)  # fmt: skip
from config.catalog import load_catalog

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CITY = "fairview"
ACCOUNT = "texts"
TOGETHER = 20  # reports of one conversation


class Watch:
    """A clock that is set by hand."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def pass_(self, **duration: float) -> None:
        self.at += timedelta(**duration)

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds=seconds)


class Nowhere:
    """Knows no place: nobody writes in these tests."""

    def locate(self, text: str, language: str, near: Place | None = None) -> Located:
        return Located()

    def at(self, pin: Pin) -> Place | None:
        return None


class Nothing:
    """Recognises nothing, for the same reason."""

    def classify(self, text: str, language: str) -> Classified:
        return Classified()


class ScriptedEndpoint:
    """A city that offers, takes and shows nothing. Tests overrule what they are about."""

    async def submit(self, submission: Submission) -> Receipt:
        raise Retryable("closed")

    async def look_up(self, submission: Submission, since: datetime) -> Lookup:
        return Lookup("cannot_tell")

    async def post_update(self, follow_up: FollowUp) -> str:
        raise Permanent("no updates are taken")

    async def nearby(
        self, service_code: str, lat: float, long: float, metres: float, since: datetime
    ) -> tuple[ServiceRequest, ...]:
        return ()

    async def services(self) -> tuple[Service, ...]:
        return ()

    async def definition(self, service_code: str) -> tuple[Attribute, ...]:
        return ()

    async def discovery(self) -> Discovery:
        return Discovery()

    async def resolve_all(self, tokens: Sequence[str]) -> dict[str, str | None]:
        return {}

    async def follow(self, followed: Sequence[Followed]) -> Followings:
        return Followings()


@dataclass
class Phone:
    """A channel that keeps what it sent."""

    name: str = "sms"
    account_id: str = ACCOUNT
    sent: list[Outbound] = field(default_factory=list)

    def hooks(self, accept: Callable[[Sequence[Inbound]], object]) -> Sequence[Any]:
        return []

    async def run(self, accept: Callable[[Sequence[Inbound]], object]) -> None:
        return None

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        self.sent.append(message)
        return Sent(str(len(self.sent)))

    async def close(self) -> None:
        return None


def jurisdiction_of(endpoint: City, **more: Any) -> Jurisdiction:
    made = Jurisdiction(
        id=CITY,
        name="Fairview",
        endpoint=endpoint,
        locator=Nowhere(),
        bind_classifier=lambda services: Nothing(),
        detect=lambda text, language: "en",
        **more,
    )
    made.offer([Service("001", "Pothole"), Service("002", "Street lamp")])
    return made


def handling_of(store: SqliteStore, clock: Clock, endpoint: City, **more: Any) -> Handling:
    return Handling(store, clock, load_catalog(), {CITY: jurisdiction_of(endpoint, **more)}, {ACCOUNT: [CITY]})


def open_store(folder: Path, clock: Clock) -> SqliteStore:
    return SqliteStore(folder / "bridge.db", clock, EmbeddedWake())


@contextmanager
def rows_of(folder: Path, begin: str = "BEGIN") -> Iterator[Session]:
    """The store's file, beside the store."""
    made = engine(folder / "bridge.db", begin)
    try:
        with Session(made) as session:
            yield session
            session.commit()
    finally:
        made.dispose()


def fill(
    folder: Path,
    reports: Iterable[Mapping[str, Any]],
    *,
    queued: bool = False,
    together: int = TOGETHER,
    first: int = 0,
) -> None:
    """Puts reports into the store, so many of one resident; `queued` ones wait in the outbox."""
    contacts, talks, made = list[t.Contact](), list[t.Conversation](), list[t.Report]()
    for number, given in enumerate(reports, first):
        if not talks or number % together == 0:
            contacts.append(_contact(number))
            talks.append(_conversation(contacts[-1]))
        made.append(_report(number, talks[-1], given))
    with rows_of(folder, "BEGIN IMMEDIATE") as session:
        for rows in (contacts, talks, made, [_submission(report) for report in made] if queued else []):
            session.add_all(rows)
            session.flush()


def replies(folder: Path) -> list[tuple[Outbound, datetime]]:
    """Every reply that was ever written, and when."""
    with rows_of(folder) as session:
        rows = session.exec(select(t.Outbox).where(t.Outbox.kind == "reply").order_by(col(t.Outbox.id)))
        return [(values.OUTBOUND.validate_python(row.message), row.created_at) for row in rows]


def _contact(number: int) -> t.Contact:
    at, sender = NOON - timedelta(days=1), f"+1555{number:07}"
    return t.Contact(city_id=CITY, channel="sms", address=sender, name="", created_at=at, last_seen_at=at)


def _conversation(contact: t.Contact) -> t.Conversation:
    return t.Conversation(
        account_id=ACCOUNT,
        city_id=CITY,
        channel="sms",
        thread=contact.address,
        address=contact.address,
        contact_id=contact.id,
        state=values.to_json(values.STATE, State(language="en")),
        created_at=contact.created_at,
        updated_at=contact.created_at,
    )


def _report(number: int, talk: t.Conversation, given: Mapping[str, Any]) -> t.Report:
    usual: dict[str, Any] = {
        "reference": f"R{number:07}",
        "city_id": CITY,
        "endpoint_id": CITY,
        "conversation_id": talk.id,
        "contact_id": talk.contact_id,
        "service_code": "001",
        "service_name": "Pothole",
        "description": f"A hole, number {number}",
        "place": values.to_json(values.PLACE, Place("401 N Morton St", 39.17, -86.53)),
        "attributes": {},
        "contact": {},
        "created_at": NOON,
        "updated_at": NOON,
    }
    return t.Report(**{**usual, **given})


def _submission(report: t.Report) -> t.Outbox:
    return t.Outbox(
        kind="submission",
        lane=f"report/{report.id}",
        conversation_id=report.conversation_id,
        report_id=report.id,
        due_at=report.created_at,
        created_at=report.created_at,
    )


@dataclass(frozen=True)
class Change:
    """What a request shows from a moment on."""

    at: datetime
    fields: Mapping[str, Any]


@dataclass
class ListingCity:
    """Answers lists by ids and by windows; every request shows its changes in time, and a new
    `updated_datetime` each hour for no reason. More reads in a minute than `limit` are refused."""

    clock: Watch
    requested: Mapping[str, datetime]
    changes: Mapping[str, Sequence[Change]]
    limit: int = 10
    row_cap: int = 1000
    reads: list[datetime] = field(default_factory=list)
    refused: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        now = self.clock.now()
        self.reads = [at for at in self.reads if at > now - timedelta(minutes=1)]
        if len(self.reads) >= self.limit:
            self.refused += 1
            return httpx.Response(429, headers={"retry-after": "30"})
        self.reads.append(now)
        query = {name: found[0] for name, found in parse_qs(request.url.query.decode()).items()}
        return httpx.Response(200, content=json.dumps([self.row(id) for id in self.chosen(query)]))

    def chosen(self, query: Mapping[str, str]) -> list[str]:
        if "service_request_id" in query:
            return [id for id in query["service_request_id"].split(",") if id in self.requested][:50]
        start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
        shown = [id for id, at in self.requested.items() if start <= at < end]
        return sorted(shown, key=self.requested.__getitem__, reverse=True)[: self.row_cap]

    def row(self, id: str) -> dict[str, Any]:
        now = self.clock.now()
        row = {
            "service_request_id": id,
            "status": "open",
            "service_code": "001",
            "service_name": "Pothole",
            "requested_datetime": self.requested[id].isoformat(),
            "updated_datetime": now.replace(minute=0, second=0).isoformat(),
        }
        for change in self.changes.get(id, ()):
            if change.at <= now:
                row.update(change.fields)
        return row


def number_in(text: str) -> str:
    """The city's number of the request a reply tells of."""
    found = re.search(r"[Rr]eport (\w+)", text)
    assert found, text
    return found[1]


def shuffled(seed: int = 311) -> random.Random:
    return random.Random(seed)
