"""A table to play conversations on: the real flow, store, classifier, locator and wording, with a clock in hand.

Only the ends are twins, held in memory: the channels keep what was said to whom, the city numbers what it gets and
shows what it is told to show. Nothing waits for real time, so a script can let two days pass. What is slow to make
(models, gazetteer, an empty database) is made once, as a `Mind`; every script has a table of its own.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import shutil
import tempfile
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from sqlmodel import Session, col, select

from bridge import photos
from bridge.demo.providers import FOLDER
from bridge.demo.script import Departure, Performance, Script, Step, duration, named, play
from bridge.errors import Permanent, Retryable
from bridge.flow import alarms, dispatch, handling, tracking
from bridge.flow.gaps import metres
from bridge.flow.intake import accepting
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.media import Files
from bridge.flow.settling import Handling, settle
from bridge.ports import Classifier, Transaction
from bridge.store.blobs import FolderBlobs
from bridge.store.sqlite import SqliteStore
from bridge.store.tables import Inbox, Outbox, StaffTask, Timer, Work
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import (
    Attachment,
    Attribute,
    CityAnswer,
    Earlier,
    Followed,
    Followings,
    FollowUp,
    Inbound,
    InboundKind,
    Located,
    Outbound,
    Pin,
    Place,
    Policy,
    Receipt,
    Sent,
    Service,
    ServiceRequest,
    StaffReplied,
    Submission,
    Value,
)
from channels import mail_text
from channels.hygiene import with_choices
from classifiers import addresses, gazetteer, services
from classifiers.geocode import PlaceLocator
from classifiers.language import LanguageDetector
from config.catalog import load_catalog
from config.settings import EMERGENCY, CitySettings

CITY = "fairview"
CHANNELS = {"sms": "sms", "mail": "mail", "chat": "chat"}
MORNING = datetime(2026, 11, 23, 15, tzinfo=UTC)  # nine o'clock in Fairview
HOLD = timedelta(seconds=20)
MOST_POLLS = timedelta(days=400)
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nothing here has to outlive a power cut
ANSWERS = (
    CityAnswer(
        ("trash day", "garbage day", "trash pickup when"), "Trash is picked up on the day on your bin's lid."
    ),
    CityAnswer(("dia basura", "cuando basura"), "La basura pasa el día que dice la tapa de su bote.", "es"),
    CityAnswer(("power out", "no power", "lost power"), "Call the electric company at 555-0100.", referral=True),
)
_PHOTO = io.BytesIO()
Image.new("RGB", (64, 48), "gray").save(_PHOTO, "JPEG")
PHOTO = _PHOTO.getvalue()
LONG_LIST = Attribute(
    "KIND",
    "singlevaluelist",
    "What kind of noise is it?",
    values=tuple(
        Value(name.lower(), name)
        for name in ("Music", "Dogs", "Building work", "Cars", "Parties", "Alarms", "Machines", "Fireworks")
    ),
)

SPANISH_NAMES: dict[str, str] = tomllib.loads(
    (FOLDER / "bridge.toml")
    .read_text(encoding="utf-8")
    .partition("[city.service_names.es]")[2]
    .partition("\n\n")[0]
    .partition("\n")[2]
)
"""What the demo's city calls its services in Spanish; the rest of that file is a template."""


@dataclass
class Clock:
    time: datetime = MORNING

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True, slots=True)
class Mind:
    """What understands residents, and an empty database to copy."""

    classifier: Classifier
    locator: PlaceLocator
    offered: tuple[Service, ...]
    detect: LanguageDetector
    alarms: alarms.Alarms
    empty: Path


def learn(folder: Path, models: Path, places: Path) -> Mind:
    """The mind, made in `folder` from the built-in models."""
    offered = tuple(_service(row) for row in json.loads((FOLDER / "services.json").read_text()))
    index = gazetteer.build([FOLDER / "fairview.geojson"], folder / "gazetteer.db", lambda _: None)
    asyncio.run(_lay_empty(folder / "empty.db"))
    return Mind(
        services.ServiceClassifier(services.load(models), offered),
        PlaceLocator(gazetteer.open_gazetteer(index), addresses.load(places)),
        offered,
        LanguageDetector(("en", "es")),
        alarms.load(sorted(EMERGENCY.glob("*.toml"))),
        folder / "empty.db",
    )


async def _lay_empty(path: Path) -> None:
    await SqliteStore(path, Clock(), EmbeddedWake()).close()


@dataclass
class City:
    """Takes every report and gives it the next number; shows what it was told to show."""

    definitions: Mapping[str, tuple[Attribute, ...]]
    offered: tuple[Service, ...]
    taken: list[Submission] = field(default_factory=list)
    updates: list[FollowUp] = field(default_factory=list)
    rows: dict[str, ServiceRequest] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))
    down: bool = False
    refuses: str = ""

    async def services(self) -> tuple[Service, ...]:
        return self.offered

    async def definition(self, service_code: str) -> tuple[Attribute, ...]:
        return self.definitions.get(service_code, ())

    async def submit(self, submission: Submission) -> Receipt:
        if self.down:
            raise Retryable("closed")
        if self.refuses:
            raise Permanent(self.refuses)
        self.taken.append(submission)
        number = str(next(self.numbers))
        self.rows[number] = self.row(number, submission.service_code, submission.lat, submission.long)
        return Receipt(number)

    async def post_update(self, follow_up: FollowUp) -> str:
        self.updates.append(follow_up)
        return str(len(self.updates))

    async def follow(self, followed: list[Followed]) -> Followings:
        ids = [one.service_request_id for one in followed]
        return Followings({id: self.rows[id] for id in ids if id in self.rows}, frozenset(ids))

    async def nearby(
        self, service_code: str, lat: float, long: float, metres_: float, since: datetime
    ) -> tuple[ServiceRequest, ...]:
        here = Place("", lat, long)
        return tuple(
            row
            for row in self.rows.values()
            if row.service_code == service_code and metres(here, Place("", row.lat, row.long)) <= metres_
        )

    def row(
        self, number: str, service_code: str, lat: float | None, long: float | None, address: str = ""
    ) -> ServiceRequest:
        return ServiceRequest(
            number, raw_status="open", service_code=service_code, lat=lat, long=long, address=address
        )


@dataclass
class Channel:
    """Keeps what was said."""

    name: str
    account_id: str
    said: list[Outbound] = field(default_factory=list)

    async def fetch(self, attachment: Attachment, raw: bytes) -> bytes:
        return PHOTO

    async def discard(self, attachment: Attachment) -> None:
        """Nothing is left to be forgotten."""

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        self.said.append(message)
        return Sent(f"out{len(self.said)}")


@dataclass
class Table:
    """Everything between residents and the city, and the hands that move it."""

    clock: Clock
    store: SqliteStore
    city: City
    handling: Handling
    dispatch: dispatch.Dispatch
    channels: Mapping[str, Channel]

    async def settle(self) -> None:
        """Works off whatever is due now, and nothing but that."""
        while looks := [look for table, look in self._looks() if self._due(table)]:
            for look in looks:
                await look()

    def _looks(self) -> list[tuple[type[Work], Callable[[], Awaitable[None]]]]:
        return [
            (Inbox, lambda: handling.look(self.handling)),
            (Timer, lambda: handling.look_at_timers(self.handling)),
            (Outbox, lambda: dispatch.look(self.dispatch)),
        ]

    def _due(self, table: type[Work]) -> bool:
        now = self.clock.now()
        with Session(self.store._reader) as session:
            due = select(table.id).where(table.state == "open", col(table.due_at) <= now)
            return session.exec(due.limit(1)).first() is not None

    async def pass_(self, time: timedelta) -> None:
        """Lets time pass, and what falls due on the way happen in its order."""
        until = self.clock.time + time
        await self.settle()
        while (due := self._next_timer()) is not None and due <= until:
            self.clock.time = max(due, self.clock.time)
            await self.settle()
        self.clock.time = until
        await self.settle()

    async def poll(self) -> None:
        """Asks the city about every open report."""
        now = self.clock.now()

        def due(tx: Transaction) -> None:
            watched = tx.watched(CITY, now + MOST_POLLS, 1000)
            tx.watch_again(dict.fromkeys(watched, now))

        await self.store.write(due)
        await tracking.look(self.handling, self.handling.jurisdictions[CITY])
        await self.settle()

    def _next_timer(self) -> datetime | None:
        with Session(self.store._reader) as session:
            times = select(Timer.due_at).where(Timer.state == "open").order_by(col(Timer.due_at))
            return session.exec(times.limit(1)).first()

    async def close(self) -> None:
        await self.store.close()


def lay(folder: Path, mind: Mind, script: Script) -> Table:
    """A table in `folder` for one script."""
    clock = Clock()
    shutil.copy(mind.empty, folder / "bridge.db")
    store = SqliteStore(folder / "bridge.db", clock, EmbeddedWake(), alone=False)
    city = City(_definitions(script.required), mind.offered)
    accounts = {name: Channel(CHANNELS[name], name) for name in CHANNELS}
    here = {CITY: _jurisdiction(city, mind, script)}
    files = Files(accounts, photos.develop, FolderBlobs(folder / "blobs"))  # type: ignore[arg-type]
    work = Handling(store, clock, load_catalog(), here, dict.fromkeys(accounts, (CITY,)), files)
    return Table(
        clock,
        store,
        city,
        work,
        dispatch.Dispatch(work, accounts, "https://bridge.example", asyncio.Semaphore(1)),
        accounts,
    )  # type: ignore[arg-type]


def _jurisdiction(city: City, mind: Mind, script: Script) -> Jurisdiction:
    made = Jurisdiction(
        id=CITY,
        name="City of Fairview",
        endpoint=city,  # type: ignore[arg-type]  # it is only asked what the conversation asks
        locator=mind.locator,
        bind_classifier=lambda offered: mind.classifier,
        detect=mind.detect,
        written=mind.detect.written,
        languages=("en", "es"),
        time_zone="America/Chicago",
        contact_needed=tuple(name for name in script.required if " " not in name),
        policy=_policy(script.settings),
        alarms=mind.alarms,
        poll_every=timedelta(seconds=1),
        service_names={"es": SPANISH_NAMES},
    )
    made.offer(mind.offered)
    return made


def _policy(lines: tuple[str, ...]) -> Policy:
    """The city's rules, as its configuration file would give them."""
    usual = {"staff_hours": "Mon-Fri 8-5", "carrier_notice": False}
    written = tomllib.loads("\n".join(lines))
    settings = CitySettings(
        id=CITY, name="Fairview", gazetteer=Path("g"), endpoint="http://c.test", **(usual | written)
    )
    return replace(settings.policy, answers=ANSWERS)


def _service(row: Mapping[str, object]) -> Service:
    keywords = tuple(word.strip() for word in str(row.get("keywords", "")).split(",") if word.strip())
    return Service(
        service_code=str(row["service_code"]),
        service_name=str(row["service_name"]),
        description=str(row.get("description", "")),
        metadata=True,
        keywords=keywords,
        group=str(row.get("group", "")),
    )


def _definitions(required: tuple[str, ...]) -> Mapping[str, tuple[Attribute, ...]]:
    written = json.loads((FOLDER / "definitions.json").read_text())
    made = {row["service_code"]: tuple(_attribute(a) for a in row["attributes"]) for row in written}
    made["noise"] = (LONG_LIST,)
    return {
        service: tuple(replace(a, required=f"{service} {a.code}" in required) for a in attributes)
        for service, attributes in made.items()
    }


def _attribute(row: Mapping[str, object]) -> Attribute:
    values = row.get("values") or ()
    assert isinstance(values, list | tuple)
    return Attribute(
        code=str(row["code"]),
        datatype=row["datatype"],  # type: ignore[arg-type]
        description=str(row.get("description", "")),
        variable=bool(row.get("variable", True)),
        order=int(str(row.get("order", 0))),
        values=tuple(Value(str(v["key"]), str(v["name"])) for v in values),
    )


@dataclass
class Seat:
    """One resident at the table: implements bridge.demo.script.Stage."""

    table: Table
    channel: str
    sender: str = "+15550143200"
    neighbor: str = "+15550199999"
    heard: int = 0
    sent: int = 0
    filed: int = 0
    updated: int = 0
    expects: datetime | None = None
    picture: str = ""

    async def say(self, text: str) -> None:
        if self.channel == "mail":
            await self._write(text)
        else:
            await self._send(text)

    async def _write(self, text: str) -> None:
        """A letter: the first line of the first one is its subject, and the channel finds the signature."""
        subject, _, body = ("", "", text) if self.sent else text.partition("\n\n")
        written = mail_text.read(body or subject)
        words = "\n".join(part for part in (subject if body else "", written.words) if part)
        await self._send(words, subject=subject, signature=written.signature)

    async def hear(self) -> str:
        if not self._unheard():
            await self.table.pass_(HOLD)
        unheard = self._unheard()
        if not unheard:
            raise Departure("expected words\n    said: nothing")
        self.heard += 1
        return self._shown(unheard[0])

    async def happens(self, step: Step, names: Mapping[str, str]) -> None:
        match step.kind:
            case "photo":
                await self._send(step.text, attachments=(Attachment("image/jpeg", f"media/{self.sent}"),))
            case "pin":
                lat, _, long = step.text.partition(",")
                await self._send("", pin=Pin(float(lat), float(long)))
            case "nothing":
                await self._nothing()
            case "clock":
                await self.table.pass_(duration(step.text))
            case "neighbor":
                await self._neighbor(step.text)
            case "staff":
                await self._staff(step.text)
            case "city":
                await self._city(step.text, names)
            case "expects":
                self.expects = datetime.fromisoformat(f"{step.text}T18:00:00+00:00")
            case "picture":
                self.picture = step.text
            case "elsewhere":
                self._elsewhere(step.text)
            case _:
                await self._sees(step, names)

    async def _sees(self, step: Step, names: Mapping[str, str]) -> None:
        """What the city or its staff got."""
        if step.kind == "filed" and len(self.table.city.taken) == self.filed:
            await self.table.pass_(HOLD)
        match step.kind:
            case "filed":
                self._filed(step.text, names)
            case "with" | "without":
                held = step.text in _whole(self.table.city.taken[self.filed - 1])
                if held is (step.kind == "without"):
                    raise Departure(
                        f"{step.kind}: {step.text}\n    {_whole(self.table.city.taken[self.filed - 1])}"
                    )
            case "update":
                self._update(step.text)
            case "task":
                await self._task(step.text)

    async def ends(self) -> None:
        await self.table.pass_(HOLD)
        if unheard := self._unheard():
            raise Departure(f"expected silence\n    said: {self._shown(unheard[0])}")
        if more := self.table.city.taken[self.filed :]:
            raise Departure(f"expected no report\n    filed: {more}")
        if news := self.table.city.updates[self.updated :]:
            raise Departure(f"expected no update\n    update: {news}")

    # ------------------------------------------------------------------------------------ what is done

    async def _nothing(self) -> None:
        await self.table.pass_(HOLD)
        if self._unheard():
            raise Departure(f"expected silence\n    said: {self._shown(self._unheard()[0])}")

    async def _neighbor(self, text: str) -> None:
        message = Inbound(
            "sms",
            "sms",
            InboundKind.MESSAGE,
            f"neighbor/{self.table.clock.time}",
            self.neighbor,
            self.neighbor,
            self.table.clock.time,
            text=text,
        )
        await accepting(self.table.handling)([message])
        await self.table.pass_(HOLD)
        self.filed = len(self.table.city.taken)

    async def _staff(self, words: str) -> None:
        def reply(tx: Transaction) -> None:
            conversation = tx.glimpse(self._inbound(""))
            assert conversation
            settle(self.table.handling, tx, conversation, StaffReplied(words))

        await self.table.store.write(reply)
        await self.table.settle()

    async def _city(self, text: str, names: Mapping[str, str]) -> None:
        city = self.table.city
        status, _, note = text.partition(" ")
        match status:
            case "down":
                city.down = True
            case "up":
                city.down = False
                await self.table.pass_(timedelta(hours=1))
            case "refuses":
                city.refuses = note
            case _:
                number, _, note = note.partition(" ") if note[:4].isdigit() else (self._newest(names), "", note)
                self._changes(number, status, note)
                await self.table.poll()

    def _newest(self, names: Mapping[str, str]) -> str:
        return names.get("id") or max(self.table.city.rows)

    def _changes(self, number: str, status: str, note: str) -> None:
        rows = self.table.city.rows
        rows[number] = replace(
            rows[number],
            status="closed" if status == "closed" else "open",
            raw_status=status,
            status_notes=note,
            expected_datetime=self.expects,
            media_url=self.picture,
        )
        self.expects, self.picture = None, ""

    def _elsewhere(self, text: str) -> None:
        name, _, address = text.partition(", ")
        located: Located = self.table.handling.jurisdictions[CITY].locator.locate(address, "en")
        place, city = located.candidates[0], self.table.city
        code = next(service.service_code for service in city.offered if service.service_name == name)
        number = str(next(city.numbers))
        city.rows[number] = city.row(number, code, place.lat, place.long, place.address)

    # ------------------------------------------------------------------------------------ what is seen

    def _filed(self, text: str, names: Mapping[str, str]) -> None:
        taken = self.table.city.taken[self.filed :]
        if not taken:
            raise Departure(f"expected: filed: {text}\n    nothing was filed")
        self.filed += 1
        offered = self.table.city.offered
        name = next(service.service_name for service in offered if service.service_code == taken[0].service_code)
        named(text, f"{name}, {taken[0].address_string}", dict(names))

    def _update(self, text: str) -> None:
        updates = self.table.city.updates[self.updated :]
        if not updates or " ".join(updates[0].description.split()) != text:
            raise Departure(f"expected: update: {text}\n    got: {updates[:1]}")
        self.updated += 1

    async def _task(self, reason: str) -> None:
        statement = select(StaffTask.reason).order_by(col(StaffTask.id))
        reasons = await self.table.store.read(lambda tx: list(tx._session.exec(statement)))  # type: ignore[attr-defined]
        if reason not in reasons:
            raise Departure(f"expected: task: {reason}\n    tasks: {reasons}")

    async def _send(
        self,
        text: str,
        *,
        subject: str = "",
        signature: str = "",
        pin: Pin | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> None:
        self.sent += 1
        message = replace(
            self._inbound(text), subject=subject, signature=signature, pin=pin, attachments=attachments
        )
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


def _whole(submission: Submission) -> str:
    """All that a submission says, to look for words in."""
    given = {
        "first name": submission.first_name,
        "last name": submission.last_name,
        "email": submission.email,
        "phone": submission.phone,
        "photos": str(len(submission.media) or ""),
        **{code: ", ".join(values) for code, values in submission.attributes.items()},
    }
    whole = "\n".join([submission.description, *(f"{name}: {value}" for name, value in given.items() if value)])
    return " ".join(whole.split())


async def sit_down(mind: Mind, script: Script) -> Performance:
    """Plays one script on a table of its own. Raises Departure."""
    with tempfile.TemporaryDirectory(prefix="table-", dir=IN_MEMORY) as folder:
        table = lay(Path(folder), mind, script)
        try:
            return await play(script, Seat(table, script.channel))
        finally:
            await table.close()
