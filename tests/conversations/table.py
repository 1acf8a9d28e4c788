"""A table to play conversations on: the real flow, store, classifier, locator and wording, with a clock in hand.

Only the ends are twins, held in memory: the channels keep what was said to whom, the city numbers what it gets.
Nothing waits for real time, so a script can let two days pass.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bridge.demo.providers import FOLDER
from bridge.demo.script import Departure
from bridge.flow import alarms, dispatch, handling
from bridge.flow.intake import accepting
from bridge.flow.jurisdiction import Jurisdiction
from bridge.ports import Transaction
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import (
    Attachment,
    Attribute,
    CityAnswer,
    Inbound,
    InboundKind,
    Outbound,
    Pin,
    Policy,
    Receipt,
    Report,
    Sent,
    Service,
    ServiceRequest,
    StaffReplied,
    StatusChanged,
    Submission,
    Value,
)
from channels.hygiene import with_choices
from classifiers import addresses, gazetteer, services
from classifiers.geocode import PlaceLocator
from classifiers.language import LanguageDetector
from config.catalog import load_catalog
from config.settings import EMERGENCY

CITY = "fairview"
CHANNELS = {"sms": "sms", "whatsapp": "sms", "mail": "mail", "chat": "chat"}
MORNING = datetime(2026, 11, 23, 15, tzinfo=UTC)  # nine o'clock in Fairview
HOLD = timedelta(seconds=20)
ANSWERS = (
    CityAnswer(
        ("trash day", "garbage day", "trash pickup when"), "Trash is picked up on the day on your bin's lid."
    ),
    CityAnswer(("dia basura", "cuando basura"), "La basura pasa el día que dice la tapa de su bote.", "es"),
    CityAnswer(("power out", "no power", "lost power"), "Call the electric company at 555-0100.", referral=True),
)
POLICY = Policy(
    hold=HOLD,
    twin_m=40,
    photo_for=("graffiti",),
    answers=ANSWERS,
    staff_hours="Mon-Fri 8-5",
    most_an_hour=15,
)


@dataclass
class Clock:
    time: datetime = MORNING

    def now(self) -> datetime:
        return self.time


@dataclass
class City:
    """Takes every report and gives it the next number."""

    definitions: Mapping[str, tuple[Attribute, ...]]
    offered: tuple[Service, ...]
    taken: list[Submission] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))

    async def services(self) -> tuple[Service, ...]:
        return self.offered

    async def definition(self, service_code: str) -> tuple[Attribute, ...]:
        return self.definitions.get(service_code, ())

    async def submit(self, submission: Submission) -> Receipt:
        self.taken.append(submission)
        return Receipt(str(next(self.numbers)))


@dataclass
class Channel:
    """Keeps what was said."""

    name: str
    account_id: str
    said: list[Outbound] = field(default_factory=list)

    async def send(self, message: Outbound) -> Sent:
        self.said.append(message)
        return Sent(f"out{len(self.said)}")


@dataclass
class Table:
    """Everything between residents and the city, and the hands that move it."""

    clock: Clock
    store: SqliteStore
    city: City
    handling: handling.Handling
    dispatch: dispatch.Dispatch
    channels: Mapping[str, Channel]

    async def settle(self) -> None:
        """Works off whatever is due now."""
        await handling.look(self.handling)
        await handling.look_at_timers(self.handling)
        await dispatch.look(self.dispatch)

    async def pass_(self, time: timedelta) -> None:
        """Lets time pass, and what falls due on the way happen in its order."""
        until = self.clock.time + time
        await self.settle()
        while (due := await self._next_timer()) is not None and due <= until:
            self.clock.time = max(due, self.clock.time)
            await self.settle()
        self.clock.time = until
        await self.settle()

    async def _next_timer(self) -> datetime | None:
        from sqlmodel import select

        from bridge.store.tables import Timer

        def first(tx: Transaction) -> datetime | None:
            rows = tx._session.exec(select(Timer.due_at).where(Timer.state == "open").order_by(Timer.due_at))  # type: ignore[attr-defined]
            due: datetime | None = rows.first()
            return due

        return await self.store.read(first)

    async def close(self) -> None:
        await self.store.close()


def lay(folder: Path, models: Path, places: Path) -> Table:
    """A table in `folder`. `models` and `places` are the built-in models, `folder` gets the rest."""
    clock = Clock()
    store = SqliteStore(folder / "bridge.db", clock, EmbeddedWake())
    offered = tuple(_service(row) for row in json.loads((FOLDER / "services.json").read_text()))
    city = City(_definitions(), offered)
    jurisdiction = _jurisdiction(city, folder, models, places)
    jurisdiction.offer(offered)
    accounts = {name: Channel(CHANNELS[name], name) for name in CHANNELS}
    work = handling.Handling(store, clock, load_catalog(), {CITY: jurisdiction}, dict.fromkeys(accounts, (CITY,)))
    return Table(clock, store, city, work, dispatch.Dispatch(work, accounts), accounts)  # type: ignore[arg-type]


def _jurisdiction(city: City, folder: Path, models: Path, places: Path) -> Jurisdiction:
    index = gazetteer.build([FOLDER / "fairview.geojson"], folder / "gazetteer.db", lambda _: None)
    return Jurisdiction(
        id=CITY,
        name="City of Fairview",
        endpoint=city,  # type: ignore[arg-type]  # it is only asked what the conversation asks
        locator=PlaceLocator(gazetteer.open_gazetteer(index), addresses.load(places)),
        bind_classifier=partial(services.ServiceClassifier, services.load(models)),
        detect=LanguageDetector(("en", "es")),
        languages=("en", "es"),
        time_zone="America/Chicago",
        policy=POLICY,
        alarms=alarms.load(sorted(EMERGENCY.glob("*.toml"))),
    )


def _service(row: Mapping[str, object]) -> Service:
    keywords = tuple(word.strip() for word in str(row.get("keywords", "")).split(",") if word.strip())
    return Service(
        service_code=str(row["service_code"]),
        service_name=str(row["service_name"]),
        description=str(row.get("description", "")),
        metadata=bool(row.get("metadata")),
        keywords=keywords,
        group=str(row.get("group", "")),
    )


def _definitions() -> Mapping[str, tuple[Attribute, ...]]:
    written = json.loads((FOLDER / "definitions.json").read_text())
    return {row["service_code"]: tuple(_attribute(a) for a in row["attributes"]) for row in written}


def _attribute(row: Mapping[str, object]) -> Attribute:
    values = row.get("values") or ()
    assert isinstance(values, list | tuple)
    return Attribute(
        code=str(row["code"]),
        datatype=row["datatype"],  # type: ignore[arg-type]
        description=str(row.get("description", "")),
        required=bool(row.get("required")),
        variable=bool(row.get("variable", True)),
        order=int(str(row.get("order", 0))),
        values=tuple(Value(str(v["key"]), str(v["name"])) for v in values),
    )


@dataclass
class Seat:
    """One resident at the table: implements bridge.demo.script.Stage."""

    table: Table
    channel: str
    sender: str
    heard: int = 0
    sent: int = 0

    async def say(self, text: str) -> None:
        subject, _, body = text.partition("\n\n") if self.channel == "mail" and not self.sent else ("", "", text)
        await self._send(f"{subject}\n{body}".strip() if subject else body, subject=subject if body else "")

    async def photo(self, text: str) -> None:
        await self._send(text, attachments=(Attachment("image/jpeg", f"media/{self.sent}"),))

    async def pin(self, lat: float, long: float) -> None:
        await self._send("", pin=Pin(lat, long))

    async def hear(self) -> str:
        if not self._unheard():
            await self.table.pass_(HOLD)
        unheard = self._unheard()
        if not unheard:
            raise Departure("expected words\n    said: nothing")
        self.heard += 1
        return self._shown(unheard[0])

    async def nothing(self) -> None:
        await self.table.pass_(HOLD)
        if self._unheard():
            raise Departure(f"expected silence\n    said: {self._shown(self._unheard()[0])}")

    async def city(self, service_request_id: str, status: str, note: str) -> None:
        state = "closed" if status == "closed" else "open"
        seen = ServiceRequest(service_request_id, state, status, note)  # type: ignore[arg-type]

        def change(tx: Transaction) -> None:
            report = self._report(tx, service_request_id)
            tx.save_report(replace(report, status=seen.status, raw_status=status, status_notes=note))
            for hearer in (tx.conversation(report.conversation_id), *tx.followers(report)):
                handling.settle(self.table.handling, tx, hearer, StatusChanged(report, seen))

        await self.table.store.write(change)
        await self.table.settle()

    def _report(self, tx: Transaction, number: str) -> Report:
        rows = tx.nearby(CITY, 40.35, -99.51, 100_000, MORNING - timedelta(days=1))
        return next(report for report in rows if report.service_request_id == number)

    async def staff(self, words: str) -> None:
        def reply(tx: Transaction) -> None:
            conversation = tx.glimpse(self._inbound(""))
            assert conversation
            handling.settle(self.table.handling, tx, conversation, StaffReplied(words))

        await self.table.store.write(reply)
        await self.table.settle()

    async def clock(self, passes: timedelta) -> None:
        await self.table.pass_(passes)

    async def _send(
        self,
        text: str,
        *,
        subject: str = "",
        pin: Pin | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> None:
        self.sent += 1
        message = replace(self._inbound(text), subject=subject, pin=pin, attachments=attachments)
        await accepting(self.table.handling)([message])
        await self.table.settle()
        self.table.clock.time += timedelta(seconds=2)  # thumbs take time

    def _inbound(self, text: str) -> Inbound:
        key, now = f"{self.sender}/{self.sent}", self.table.clock.time
        return Inbound(
            self.channel,
            CHANNELS[self.channel],
            InboundKind.MESSAGE,
            key,
            self.sender,
            self.sender,
            now,
            text=text,
        )

    def _unheard(self) -> list[Outbound]:
        return [said for said in self.table.channels[self.channel].said if said.to == self.sender][self.heard :]

    def _shown(self, message: Outbound) -> str:
        """As the resident sees it: lines to answer by number, or buttons."""
        if self.channel == "chat" and message.choices:
            return " ".join([message.text, *(f"[{choice.label}]" for choice in message.choices)])
        return with_choices(message)
