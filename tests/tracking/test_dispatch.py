"""Whatever a city does, in whatever order: it never has a report twice, and no report is forgotten."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col, select

from bridge.errors import Permanent, Retryable, Unsure
from bridge.flow import dispatch
from bridge.flow.dispatch import Dispatch
from bridge.flow.work import LEASE
from bridge.store import tables as t
from bridge.store.sqlite import SqliteStore
from bridge.vocabulary import Earlier, Lookup, Outbound, Receipt, Sent, Submission
from tests.tracking.world import ACCOUNT, Phone, ScriptedEndpoint, Watch, fill, handling_of, open_store, rows_of

LONG = LEASE + timedelta(hours=1)  # whatever waits is due by then
Fault = Literal["retryable", "later", "refused", "unsure", "time-out", "killed", "bug"]
FAULTS: dict[Fault, BaseException] = {
    "retryable": Retryable("the city answered 500"),
    "later": Retryable("the city answered 429", after=600),
    "refused": Permanent("no such service", words="no such service"),
    "unsure": Unsure("the connection was cut"),
    "time-out": TimeoutError(),
    "killed": asyncio.CancelledError(),  # nothing of ours is told: the row stays claimed until its lease ends
    "bug": ZeroDivisionError(),
}
CERTAIN = ("retryable", "later", "refused")  # said only of what was certainly not stored


@dataclass(frozen=True)
class Answer:
    """How the city answers one call: stores (a POST) or not, then fails or not."""

    stores: bool = True
    fault: Fault | None = None


@dataclass
class ScriptedCity(ScriptedEndpoint):
    """Answers POSTs and look-ups from two scripts; when one has ended, it does what it should."""

    posts: list[Answer]
    look_ups: list[Fault | Literal["cannot tell"]]
    number: str = ""
    stored: list[str] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)

    async def submit(self, submission: Submission) -> Receipt:
        answer = self.posts.pop(0) if self.posts else Answer()
        if answer.stores:
            self.stored.append(submission.reference)
        if answer.fault:
            raise FAULTS[answer.fault]
        return Receipt(self.number or f"c{submission.reference}")

    async def look_up(self, submission: Submission, since: datetime) -> Lookup:
        self.since.append(since)
        fault = self.look_ups.pop(0) if self.look_ups else None
        if fault == "cannot tell":
            return Lookup("cannot_tell", why="the list was cut")
        if fault:
            raise FAULTS[fault]
        if submission.reference in self.stored:
            return Lookup("found", Receipt(f"c{submission.reference}"))
        return Lookup("absent")


@dataclass(frozen=True)
class Outcome:
    """How it ended: the report, rows of the outbox still open, staff tasks, replies, the first attempt."""

    state: str
    number: str | None
    open_rows: int
    tasks: int
    told: list[str]
    first_attempt: datetime | None


@dataclass
class Office:
    """One store for many reports, each with a city of its own."""

    folder: Path
    clock: Watch
    runner: asyncio.Runner
    store: SqliteStore
    reports: int = 0

    def play(
        self, city: ScriptedCity, rounds: int = 40, phone: Phone | None = None, every: timedelta = LONG
    ) -> Outcome:
        """One more report, sent until nothing is left to do, with that much time between two rounds."""
        self.reports += 1
        reference, phone = f"R{self.reports:07}", phone or Phone()
        with rows_of(self.folder, "BEGIN IMMEDIATE") as session:
            session.execute(update(t.Outbox).values(state="done"))
        told = {"reference": reference, "created_at": self.clock.now()}
        fill(self.folder, [told], queued=True, first=self.reports)
        handling = handling_of(self.store, self.clock, city, settle_after=timedelta(minutes=1))
        self.runner.run(self.send(Dispatch(handling, {ACCOUNT: phone}), rounds, every))
        return self.outcome(reference, phone)

    async def send(self, work: Dispatch, rounds: int, every: timedelta) -> None:
        for _ in range(rounds):
            await dispatch.look(work)
            self.clock.pass_(seconds=every.total_seconds())
            if not self.open_rows():
                return

    def open_rows(self) -> int:
        with rows_of(self.folder) as session:
            return len(session.exec(select(t.Outbox.id).where(t.Outbox.state == "open")).all())

    def outcome(self, reference: str, phone: Phone) -> Outcome:
        with rows_of(self.folder) as session:
            report = session.exec(select(t.Report).where(t.Report.reference == reference)).one()
            tasks = session.exec(select(t.StaffTask.id).where(t.StaffTask.report_id == report.id)).all()
            attempts = select(t.Attempt.opened_at).where(t.Attempt.report_id == report.id)
            return Outcome(
                report.state,
                report.service_request_id,
                self.open_rows(),
                len(tasks),
                [message.text for message in phone.sent],
                session.exec(attempts.order_by(col(t.Attempt.id))).first(),
            )


async def opened(folder: Path, clock: Watch) -> SqliteStore:
    return open_store(folder, clock)


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as name, asyncio.Runner() as runner:
        clock = Watch()
        store = runner.run(opened(Path(name), clock))
        yield Office(Path(name), clock, runner, store)
        runner.run(store.close())


faults = st.sampled_from(sorted(FAULTS))
posts = st.builds(
    lambda fault, stores: Answer(stores and fault not in CERTAIN, fault), st.none() | faults, st.booleans()
).map(lambda answer: answer if answer.fault else Answer())
look_ups = st.one_of(faults, st.just("cannot tell"))


@settings(max_examples=60)
@given(posts=st.lists(posts, max_size=6), look_ups=st.lists(look_ups, max_size=4))
def test_no_order_of_failures_loses_or_doubles_a_report(
    office: Office, posts: list[Answer], look_ups: list[Fault]
) -> None:
    city = ScriptedCity(list(posts), list(look_ups))
    end = office.play(city)
    assert len(city.stored) <= 1
    assert end.open_rows == 0
    assert end.state in ("accepted", "refused", "unsure")
    if end.state == "accepted":
        (stored,) = city.stored
        assert end.number == f"c{stored}"
        assert sum(f"c{stored}" in text for text in end.told) == 1
    else:
        assert end.tasks == 1
        assert not any("cR" in text for text in end.told)


def test_a_report_whose_sender_died_is_found_and_not_sent_again(office: Office) -> None:
    city = ScriptedCity([Answer(fault="killed")], [])
    assert office.play(city).state == "accepted"
    assert len(city.stored) == 1


def test_a_look_up_asks_from_the_moment_the_first_attempt_began(office: Office) -> None:
    city = ScriptedCity([Answer(fault="unsure")], ["retryable"])
    end = office.play(city)
    assert city.since == [end.first_attempt] * 2


def test_a_city_that_failed_for_hours_has_the_report_minutes_after_it_is_well(office: Office) -> None:
    hours = [Answer(stores=False, fault="retryable")] * 50
    end = office.play(ScriptedCity(hours, []), rounds=51, every=timedelta(minutes=5, seconds=1))
    assert end.state == "accepted"


def test_a_number_that_another_report_has_goes_to_staff(office: Office) -> None:
    assert office.play(ScriptedCity([], [], number="77")).state == "accepted"
    end = office.play(ScriptedCity([], [], number="77"))
    assert (end.state, end.number, end.tasks, end.open_rows) == ("unsure", None, 1, 0)


def test_a_report_that_the_city_takes_for_days_and_never_has_goes_to_staff(office: Office) -> None:
    city = ScriptedCity([Answer(stores=False, fault="unsure")] * 100, [])
    started = office.clock.now()
    end = office.play(city, rounds=100)
    assert (end.state, end.tasks, end.open_rows, city.stored) == ("unsure", 1, 0, [])
    assert timedelta(days=3) < office.clock.now() - started < timedelta(days=4)
    assert len(city.since) < 75  # once an hour at most


class Faulty(Phone):
    """A channel with a fault of ours in it."""

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        raise ValueError("a fault of ours")


def test_what_fails_by_a_fault_of_ours_is_given_up_and_shown_to_a_person(office: Office) -> None:
    end = office.play(ScriptedCity([], []), rounds=200, phone=Faulty())
    assert (end.state, end.open_rows) == ("accepted", 0)
    with rows_of(office.folder) as session:
        given_up = select(t.Outbox.error).where(t.Outbox.state == "dead", t.Outbox.kind == "reply")
        dead = session.exec(given_up).all()
        tasks = session.exec(select(t.StaffTask.reason).where(t.StaffTask.reason == "undelivered")).all()
    assert set(dead) == {"ValueError('a fault of ours')"}
    assert len(dead) == len(tasks) > 0


def test_a_reply_tried_before_is_handed_over_with_since_when(office: Office) -> None:
    phone = Forgetful()
    office.play(ScriptedCity([], []), phone=phone)
    first, second = phone.earlier[:2]
    assert first is None
    assert second is not None
    assert second.since < office.clock.now()


class Forgetful(Phone):
    """A channel that is unsure of the first try."""

    def __init__(self) -> None:
        super().__init__()
        self.earlier: list[Earlier | None] = []

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        self.earlier.append(earlier)
        if len(self.earlier) == 1:
            raise Unsure("no answer")
        return await super().send(message, earlier)
