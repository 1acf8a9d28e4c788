"""A city's past, made up: residents, what they wrote, what was filed and what became of it. For screenshots and
measurements, straight into an empty database, the same for the same `Size`.

The people, numbers and reports are invented; the streets and services are those of the demo's city.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from bridge.store import tables as t
from bridge.store import values
from bridge.store.sqlite import engine
from bridge.store.types import REFERENCE_ALPHABET
from bridge.vocabulary import Choice, Draft, Guess, Inbound, InboundKind, Outbound, Place, State, Submission

CITY = "fairview"
BATCH = 10_000
ACCOUNTS = {"sms": "texts", "mail": "mailbox", "chat": "bot"}
STREETS = (
    "Oak St",
    "Maple St",
    "Main St",
    "Elm St",
    "Park Ave",
    "Cedar St",
    "River Rd",
    "Washington St",
    "Pine St",
)
FIRST = ("Ada", "Luis", "Mei", "Omar", "Grace", "Ivan", "Noor", "Ruth", "Tomas", "Zoe", "Hana", "Paul")
LAST = ("Field", "Ortega", "Chen", "Haddad", "Kelly", "Novak", "Reyes", "Stone", "Weber", "Young")
SAYINGS: dict[str, tuple[str, ...]] = {
    "pothole": (
        "huge pothole, my tire is gone",
        "there is a deep hole in the road in front of {place}",
        "Pothole at {place}, cars swerve around it",
    ),
    "street-light": ("the street light at {place} has been dark for a week", "lamp out near {place}, very dark"),
    "graffiti": ("someone sprayed the wall at {place}", "graffiti on the bridge by {place}"),
    "illegal-dumping": ("a couch and bags were dumped at {place}", "people leave mattresses behind {place}"),
    "missed-trash": ("our trash was not picked up, {place}", "no pickup on {place} this week again"),
    "tree": ("a big branch hangs over the sidewalk at {place}", "tree leaning on the wires, {place}"),
    "water-leak": ("water comes up through the street at {place}", "hydrant leaking at {place} since yesterday"),
    "abandoned-vehicle": ("a car without plates has stood at {place} for months",),
    "noise": ("loud music every night from {place}",),
    "sidewalk": ("broken sidewalk at {place}, my mother fell", "the curb ramp at {place} is missing"),
    "traffic-signal": ("the signal at {place} stays red for ever",),
    "rats": ("rats in the alley behind {place}",),
}
CHATTER = ("ok thank you", "any news?", "yes", "1", "it is still there", "please hurry", "who do I call?", "2")
NOTES = ("Crew assigned.", "Work is planned for this week.", "Filled this morning.", "Done. Thank you.")
TASKS: tuple[tuple[str, str, str], ...] = (
    ("no_place", "street-light", "the light by the school is out again, my kids walk there in the dark"),
    ("no_service", "", "there is something wrong with the thing on the corner, it hums all night"),
    ("human", "", "can I talk to a person"),
    ("question", "", "How do I get a permit for a block party on our street?"),
    ("no_service", "illegal-dumping", "they put three old tires and a fridge next to the creek behind Elm"),
    ("emergency", "", "gas leak: I smell gas at 310 Oak St"),
    ("unfinished", "pothole", "pothole on Maple, near the bakery"),
    ("no_place", "graffiti", "tags all over the underpass"),
    ("correction", "", "no, it was 412 not 421"),
    ("not_fixed", "", "The resident says it is not fixed."),
    ("no_answer", "abandoned-vehicle", "old white van has not moved since June at 88 Cedar St"),
    ("forget", "", ""),
)


ORDER: tuple[type[Any], ...] = (
    t.Contact,
    t.Conversation,
    t.Report,
    t.Inbox,
    t.Outbox,
    t.Attempt,
    t.StatusHistory,
    t.StaffTask,
    t.Said,
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much past: reports, messages in all, days, and how many things wait for a person."""

    reports: int = 2500
    messages: int = 9000
    days: int = 90
    tasks: int = 24
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Region:
    """Where the city lies, and what it offers."""

    south: float
    west: float
    north: float
    east: float
    services: tuple[tuple[str, str], ...]


def region(folder: Path) -> Region:
    """The demo city's, from its files."""
    features = json.loads((folder / "fairview.geojson").read_text(encoding="utf-8"))["features"]
    lines = [f["geometry"]["coordinates"] for f in features if f["geometry"]["type"] == "LineString"]
    points = [point for line in lines for point in line]
    listed = json.loads((folder / "services.json").read_text(encoding="utf-8"))
    named = tuple((row["service_code"], row["service_name"]) for row in listed if row["service_code"] in SAYINGS)
    return Region(
        min(p[1] for p in points),
        min(p[0] for p in points),
        max(p[1] for p in points),
        max(p[0] for p in points),
        named,
    )


def seed(database: Path, size: Size, now: datetime, where: Region) -> None:
    """Fills an empty, migrated database."""
    writer = engine(database, "BEGIN IMMEDIATE")
    past = _Past(size, now, where)
    try:
        for number in range(size.reports):
            past.report(number)
            if past.full:
                past.flush(writer)
        for number in range(size.tasks):
            past.task(number)
        past.flush(writer)
        with writer.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    finally:
        writer.dispose()


class _Past:
    """Rows in the making."""

    def __init__(self, size: Size, now: datetime, where: Region) -> None:
        self._random = random.Random(size.seed)  # noqa: S311  # a made-up past, the same every time
        self._size, self._now, self._where = size, now, where
        self._rows: dict[type[Any], list[dict[str, Any]]] = {}
        self._count = 0
        self._each = max(1, size.messages // max(1, size.reports))
        self._left = size.messages - self._each * size.reports

    @property
    def full(self) -> bool:
        return len(self._rows.get(t.Said, ())) >= BATCH

    def flush(self, writer: Engine) -> None:
        """Writes what has been made, in one short transaction: a bridge may be running on the database."""
        with writer.begin() as connection:
            for table in ORDER:
                rows = self._rows.pop(table, [])
                if rows:
                    connection.execute(insert(table), rows)

    def report(self, number: int) -> None:
        """A conversation with its one report, the messages around it, and what the city made of it."""
        pick = self._random
        came = (
            self._now
            - timedelta(seconds=(1 - number / max(1, self._size.reports)) * self._size.days * 86400)
            - timedelta(minutes=pick.random() * 30)
        )
        code, name = pick.choices(self._where.services, weights=range(len(self._where.services), 0, -1))[0]
        place = self._place()
        said = pick.choice(SAYINGS[code]).format(place=place.address)
        age = (self._now - came).total_seconds() / 86400
        closed = pick.random() < min(0.9, age / 20)
        channel = pick.choices(("sms", "mail", "chat"), weights=(6, 2, 3))[0]
        conversation = self._conversation(channel, came, State(language="en", introduced=True))
        report_id = self._id(came)
        city_number = f"{came:%y}-{number + 1:06d}"
        fresh = pick.random()
        state = "accepted" if fresh > 0.02 else pick.choice(("refused", "unsure"))
        taken = came + timedelta(seconds=20 + pick.expovariate(1 / 40))
        self._add(
            t.Report,
            id=report_id,
            reference="".join(pick.choices(REFERENCE_ALPHABET, k=8)),
            city_id=CITY,
            endpoint_id=CITY,
            conversation_id=conversation,
            contact_id=conversation,
            service_code=code,
            service_name=name,
            description=said,
            place=values.to_json(values.PLACE, place),
            lat=place.lat,
            long=place.long,
            attributes={},
            contact={},
            cites="",
            certainty=round(pick.triangular(0.3, 1.0, 0.9), 3),
            mark=pick.choices((1, 2, 3, 4, 5), weights=(1, 1, 2, 5, 6))[0]
            if closed and pick.random() < 0.1
            else None,
            state=state,
            service_request_id=city_number if state == "accepted" else None,
            token=None,
            status=("closed" if closed else "open") if state == "accepted" else "",
            raw_status="",
            status_notes=pick.choice(NOTES) if closed else "",
            fingerprint="",
            poll_at=None,
            created_at=came,
            updated_at=came,
        )
        self._heard(conversation, channel, came, said)
        outbox = self._said(
            conversation, taken, "", kind="submission", report_id=report_id, dead=state != "accepted"
        )
        self._attempt(outbox, report_id, code, said, place, came, taken, state)
        if state == "accepted":
            thanks = (
                f"Thank you! Your report went to the city: {name}, {place.address}. Its number is {city_number}."
            )
            self._said(conversation, taken, thanks)
            self._seen(report_id, taken, "open", "")
            if closed:
                done = came + timedelta(days=min(age, 0.2 + pick.expovariate(1 / 5)))
                note = pick.choice(NOTES[2:])
                self._seen(report_id, done, "closed", note)
                self._said(conversation, done, f"Report {city_number} is closed: {name}. The city says: {note}")
        more = self._each - 2 + (1 if number < self._left else 0)
        for index in range(max(0, more)):
            at = came + timedelta(minutes=3 + index * 7)
            if index % 2:
                self._said(conversation, at, "Thank you. We will tell you what happens.")
            else:
                self._heard(conversation, channel, at, pick.choice(CHATTER))

    def task(self, number: int) -> None:
        """Something that waits for a person."""
        pick = self._random
        reason, code, words = TASKS[number % len(TASKS)]
        came = self._now - timedelta(minutes=4 + 13 * number)
        channel = pick.choices(("sms", "mail", "chat"), weights=(6, 2, 3))[0]
        conversation = self._conversation(channel, came, State(language="en", introduced=True))
        if words:
            self._heard(conversation, channel, came, words)
        asked = {"no_place": "Where is it? A street address or the nearest corner is best."}.get(reason)
        if asked:
            self._said(conversation, came + timedelta(seconds=25), asked)
            self._heard(conversation, channel, came + timedelta(minutes=2), "you know, by the big trees")
            self._said(
                conversation,
                came + timedelta(minutes=3),
                "Thank you. A person will read your report and take it from here.",
            )
        draft = self._draft(code, words, reason) if reason.startswith(("no_", "unf")) else None
        self._add(
            t.StaffTask,
            id=self._id(came),
            city_id=CITY,
            conversation_id=conversation,
            report_id=None,
            reason=reason,
            note=words,
            draft=values.to_json(values.DRAFT, draft) if draft else None,
            due_at=came + timedelta(hours={"emergency": 0, "human": 2}.get(reason, 6)),
            created_at=came,
            held_by="",
            held_name="",
            held_at=None,
            closed_at=None,
            closed_by="",
            outcome="",
            alerted_at=self._now,
        )

    # -------------------------------------------------------------------------------------------- rows

    def _draft(self, code: str, words: str, reason: str) -> Draft:
        pick = self._random
        others = [other for other, _ in self._where.services if other != code]
        best = code or others[0]
        top = pick.uniform(0.5, 0.8) if code and reason != "no_service" else pick.uniform(0.2, 0.4)
        rest = pick.sample(others, 2)
        guesses = (Guess(best, top), Guess(rest[0], (1 - top) * 0.5), Guess(rest[1], (1 - top) * 0.3))
        place = None if reason == "no_place" else self._place()
        return Draft(words=(words,), guesses=guesses, service_code=code, place=place, asked=("place",))

    def _conversation(self, channel: str, at: datetime, state: State) -> str:
        pick, id_ = self._random, self._id(at)
        name = f"{pick.choice(FIRST)} {pick.choice(LAST)}"
        address = {
            "sms": f"+1555{self._count:07d}",
            "mail": f"{name.lower().replace(' ', '.')}{self._count}@residents.example",
            "chat": str(400_000_000 + self._count),
        }[channel]
        self._add(
            t.Contact,
            id=id_,
            city_id=CITY,
            channel=channel,
            address=address,
            name=name if channel != "sms" else "",
            language="en",
            created_at=at,
            last_seen_at=at,
            opted_out_at=None,
        )
        self._add(
            t.Conversation,
            id=id_,
            account_id=ACCOUNTS[channel],
            city_id=CITY,
            channel=channel,
            thread=address,
            address=address,
            contact_id=id_,
            reply_to="",
            subject="",
            state=values.to_json(values.STATE, state),
            heard_at=at,
            created_at=at,
            updated_at=at,
        )
        return id_

    def _heard(self, conversation: str, channel: str, at: datetime, text: str) -> None:
        id_ = self._id(at)
        account = ACCOUNTS[channel]
        message = Inbound(account, channel, InboundKind.MESSAGE, id_, "", conversation, at, text=text)
        self._add(
            t.Inbox,
            **self._work(id_, f"{account}/{conversation}", at),
            account_id=account,
            channel=channel,
            kind="message",
            provider_key=id_,
            message=values.inbound_to_json(message),
            raw=b"",
            conversation_id=conversation,
        )
        self._remember(id_, conversation, at, text)

    def _said(
        self,
        conversation: str,
        at: datetime,
        text: str,
        *,
        kind: str = "reply",
        report_id: str | None = None,
        dead: bool = False,
    ) -> str:
        id_ = self._id(at)
        row = self._work(id_, f"{kind}/{conversation}", at) | (
            {"state": "dead", "error": "timed out"} if dead else {}
        )
        sent = Outbound(id_, "", "", "", conversation, text, choices=tuple[Choice]())
        self._add(
            t.Outbox,
            **row,
            kind=kind,
            conversation_id=conversation,
            report_id=report_id,
            message=values.to_json(values.OUTBOUND, sent) if kind == "reply" else None,
            question=False,
            words="",
            author="",
            provider_id="" if dead else id_,
            delivery="delivered" if self._random.random() < 0.985 else "failed" if kind == "reply" else "",
            segments=1,
            price_micros=None,
            currency="",
        )
        if kind == "reply":
            self._remember(id_, conversation, at, text)
        return id_

    def _attempt(
        self,
        outbox: str,
        report_id: str,
        code: str,
        said: str,
        place: Place,
        came: datetime,
        taken: datetime,
        state: str,
    ) -> None:
        took = 0.2 + self._random.expovariate(2)
        submission = Submission("", code, said, place.lat, place.long, place.address)
        outcome = {"accepted": "accepted", "refused": "refused", "unsure": "unsure"}[state]
        self._add(
            t.Attempt,
            id=self._id(came),
            outbox_id=outbox,
            report_id=report_id,
            submission=values.to_json(values.SUBMISSION, submission),
            opened_at=taken - timedelta(seconds=took),
            deadline=taken + timedelta(seconds=30),
            closed_at=taken,
            outcome=outcome,
            detail=""
            if state == "accepted"
            else "timed out"
            if state == "unsure"
            else "service_code is not valid",
        )

    def _seen(self, report_id: str, at: datetime, status: str, notes: str) -> None:
        self._add(
            t.StatusHistory,
            id=self._id(at),
            report_id=report_id,
            seen_at=at,
            status=status,
            raw_status=status,
            status_notes=notes,
            row={},
        )

    def _work(self, id_: str, lane: str, at: datetime) -> dict[str, Any]:
        return {
            "id": id_,
            "lane": lane,
            "state": "done",
            "due_at": at,
            "lease": None,
            "lease_until": None,
            "attempts": 1,
            "error": "",
            "created_at": at,
            "finished_at": at + timedelta(seconds=2),
        }

    def _remember(self, row_id: str, conversation: str, at: datetime, text: str) -> None:
        self._add(t.Said, row_id=row_id, conversation_id=conversation, at=at, text=text)

    def _place(self) -> Place:
        pick, where = self._random, self._where
        lat, long = pick.uniform(where.south, where.north), pick.uniform(where.west, where.east)
        address = f"{pick.randrange(100, 1400)} {pick.choice(STREETS)}"
        return Place(address, round(lat, 6), round(long, 6), 30.0, "house number", "text")

    def _id(self, at: datetime) -> str:
        """Ids sort by time, as the store's own do."""
        self._count += 1
        return f"{int(at.timestamp() * 1000):012x}{self._count & 0xFFFF:04x}{self._random.getrandbits(64):016x}"

    def _add(self, table: type[Any], **row: Any) -> None:
        self._rows.setdefault(table, []).append(row)
