"""Deadlines in working time, and who is told once they have passed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bridge.app.mailer import RelayMailer
from bridge.demo.mail_sink import MailSink
from bridge.errors import Retryable
from bridge.flow import vigil
from bridge.flow.duty import Duty, is_in
from bridge.flow.vigil import Vigil
from bridge.ports import Mailer
from bridge.vocabulary import ToStaff
from config.settings import ConsoleSettings
from tests.web.world import CITY, World

OFFICE = Duty("America/Chicago", {day: (time(8), time(17)) for day in range(5)}, frozenset({date(2026, 11, 26)}))


@pytest.mark.parametrize(
    ("came", "hours", "due"),
    [
        ("2026-11-23 15:00", 4, "2026-11-23 19:00"),  # Monday at nine
        ("2026-11-23 22:00", 4, "2026-11-24 17:00"),  # an hour before closing
        ("2026-11-23 06:00", 2, "2026-11-23 16:00"),  # before opening
        ("2026-11-25 22:00", 4, "2026-11-27 17:00"),  # the day after is a holiday
        ("2026-11-28 12:00", 1, "2026-11-30 15:00"),  # Saturday
    ],
)
def test_a_deadline_counts_the_hours_in_which_staff_are_in(came: str, hours: int, due: str):
    since = datetime.fromisoformat(came).replace(tzinfo=UTC)
    office = Duty(OFFICE.time_zone, OFFICE.hours, OFFICE.holidays, {"human": timedelta(hours=hours)})
    assert office.due("human", since) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_an_emergency_is_due_at_once_at_any_hour():
    night = datetime(2026, 11, 28, 3, tzinfo=UTC)
    assert OFFICE.due("emergency", night) == night
    assert not is_in(OFFICE, night)


def test_without_any_hours_time_itself_counts():
    now = datetime(2026, 11, 28, 3, tzinfo=UTC)
    assert Duty(hours={}).due("question", now) == now + timedelta(hours=4)


@dataclass
class Letters:
    """Implements bridge.ports.Mailer: keeps the letters, or takes none while `down`."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    down: bool = False

    async def send(self, to: str, subject: str, text: str) -> None:
        if self.down:
            raise Retryable("down")
        self.sent.append((to, subject, text))


def _vigil(world: World, letters: Mailer, **more: object) -> Vigil:
    given: dict[str, object] = {"fallbacks": {}, "circuits": dict, **more}
    return Vigil(world.handling, letters, ("duty@city.example",), link="https://b.example/console", **given)  # type: ignore[arg-type]


async def test_overdue_items_are_told_together_and_once(world: World):
    letters = Letters()
    watch = _vigil(world, letters)
    await world.stuck(sender="+15550101")
    await world.stuck(sender="+15550102")
    await vigil.look(watch)
    assert letters.sent == []
    world.clock.time += timedelta(days=3)
    await vigil.look(watch)
    await vigil.look(watch)
    ((to, subject, text),) = letters.sent
    assert (to, subject) == ("duty@city.example", "Report service: 2 things waiting")
    assert "+15550101" not in text
    assert "lamp" not in text


async def test_an_emergency_does_not_wait_for_the_next_letter(world: World):
    letters = Letters()
    watch = _vigil(world, letters, digest=timedelta(hours=9))
    await world.stuck()
    world.clock.time += timedelta(days=3)
    await vigil.look(watch)
    (task,) = await world.tasks()
    await world.store.write(
        lambda tx: tx.add_staff_task(tx.conversation(task.conversation_id), ToStaff("emergency", "gas"), None)
    )
    await vigil.look(watch)
    assert len(letters.sent) == 2


async def test_what_no_mail_server_took_is_told_again(world: World):
    letters = Letters(down=True)
    watch = _vigil(world, letters)
    await world.stuck()
    world.clock.time += timedelta(days=3)
    await vigil.look(watch)
    letters.down = False
    await vigil.look(watch)
    assert len(letters.sent) == 1


async def test_a_department_gets_the_report_once_its_deadline_has_passed(world: World):
    letters = Letters()
    watch = _vigil(world, letters, fallbacks={CITY: "roads@city.example"})
    await world.stuck("a lamp is dark somewhere")
    world.clock.time += timedelta(days=3)
    await vigil.look(watch)
    assert [to for to, _, _ in letters.sent] == ["duty@city.example", "roads@city.example"]
    assert "a lamp is dark somewhere" in letters.sent[1][2]


async def test_a_city_that_is_silent_for_half_an_hour_is_told_of_once(world: World):
    letters = Letters()
    until = world.clock.time + timedelta(days=1)
    watch = _vigil(world, letters, circuits=lambda: {CITY: (until, None)})
    await vigil.look(watch)
    assert letters.sent == []
    for _ in range(3):
        world.clock.time += timedelta(minutes=31)
        await vigil.look(watch)
    ((_, _, text),) = letters.sent
    assert "The endpoint of fairview has not answered" in text


def _by_smtp(relay: MailSink) -> RelayMailer:
    settings = ConsoleSettings(
        duty_addresses=("duty@city.example",),
        mail_from="bridge@city.example",
        relay_host=relay.host,
        relay_port=relay.port,
        relay_tls="none",
    )
    return RelayMailer(settings)


async def test_the_letter_goes_out_over_smtp(world: World):
    await world.stuck()
    world.clock.time += timedelta(days=3)
    async with MailSink() as relay:
        await vigil.look(_vigil(world, _by_smtp(relay)))
        mailed = await relay.next_mail()
    assert (mailed.mail_from, mailed.recipients) == ("bridge@city.example", ("duty@city.example",))
    assert mailed.message["Subject"] == "Report service: 1 thing waiting"
    assert mailed.message["Auto-Submitted"] == "auto-generated"
    assert "https://b.example/console" in mailed.text


@pytest.mark.parametrize("answer", ["450 4.2.1 Mailbox busy", "550 5.1.1 Nobody here"])
async def test_what_the_relay_refused_is_told_when_it_takes_letters_again(world: World, answer: str):
    await world.stuck()
    world.clock.time += timedelta(days=3)
    async with MailSink() as relay:
        watch = _vigil(world, _by_smtp(relay))
        relay.refuse(answer)
        await vigil.look(watch)
        assert relay.mails == []
        await vigil.look(watch)
        await vigil.look(watch)
    assert len(relay.mails) == 1


async def test_a_key_that_a_city_refuses_is_told_at_once_and_again_when_it_comes_again(world: World):
    letters, refused = Letters(), {CITY: "api_key is not valid."}
    until = world.clock.time + timedelta(days=1)
    watch = _vigil(world, letters, circuits=lambda: {CITY: (until, None)}, refused_keys=lambda: refused)
    for _ in range(3):
        await vigil.look(watch)
        world.clock.time += timedelta(minutes=31)
    assert [text.count("fairview refuses our API key") for _, _, text in letters.sent] == [1]
    assert "has not answered" not in letters.sent[0][2]
    words = refused.pop(CITY)
    await vigil.look(watch)
    refused[CITY] = words
    world.clock.time += timedelta(minutes=31)
    await vigil.look(watch)
    assert len(letters.sent) == 2
