"""What a provider says became of a reply, and what follows: for resident, account, and the month's budget."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bridge.errors import Permanent
from bridge.flow import dispatch, handling
from bridge.flow.delivery import AGAIN_AFTER
from bridge.flow.intake import accepting
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.settling import Handling, settle, write_effect
from bridge.store import tables as t
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import (
    Conversation,
    Delivery,
    DeliveryState,
    Earlier,
    FileReport,
    Inbound,
    InboundKind,
    Outbound,
    Place,
    Policy,
    Say,
    Sent,
    StaffReplied,
    Trouble,
)
from config.catalog import load_catalog

ADA = "+15550100001"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Clock:
    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


@dataclass
class Channel:
    """Takes replies, or refuses them as told."""

    name: str
    account_id: str
    said: list[Outbound] = field(default_factory=list)
    refusal: Permanent | None = None

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        if self.refusal:
            raise self.refusal
        self.said.append(message)
        return Sent(f"SM{len(self.said)}", segments=2, parts=(f"SM{len(self.said)}a", f"SM{len(self.said)}"))


@dataclass
class Desk:
    """The flow between two channels, without a mind: nothing is understood here."""

    clock: Clock
    store: SqliteStore
    handling: Handling
    dispatch: dispatch.Dispatch
    texts: Channel
    mail: Channel

    async def say(self, words: str) -> None:
        """A person answers Ada."""
        await self.store.write(lambda tx: settle(self.handling, tx, self.conversation(tx), StaffReplied(words)))
        await self.settle()

    async def told(self, provider_id: str, state: DeliveryState, code: str = "", **more: Any) -> None:
        key = f"{provider_id}:{state}:{more}"
        message = replace(inbound(self.clock.time), kind=InboundKind.DELIVERY, provider_key=key, text="")
        delivery = Delivery(provider_id, state, code, **more)
        await accepting(self.handling)([replace(message, delivery=delivery)])
        await self.settle()

    async def settle(self) -> None:
        await handling.look(self.handling)
        await dispatch.look(self.dispatch)

    def conversation(self, tx: Any) -> Conversation:
        return tx.conversation_of(inbound(self.clock.time), "fairview")  # type: ignore[no-any-return]

    async def opted_out(self) -> bool:
        return (await self.store.read(self.conversation)).state.opted_out

    async def tasks(self) -> list[str]:
        query = select(t.StaffTask.reason)
        return list(await self.store.read(lambda tx: list(tx._session.exec(query))))  # type: ignore[attr-defined]

    async def troubles(self) -> tuple[Trouble, ...]:
        found = await self.store.read(lambda tx: tx.troubles("texts"))
        return tuple(replace(trouble, since=None) for trouble in found)


def inbound(at: datetime) -> Inbound:
    return Inbound("texts", "sms", InboundKind.MESSAGE, "k1", ADA, ADA, at, text="hi")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = Clock()
    store = SqliteStore(tmp_path / "bridge.db", clock, EmbeddedWake())
    city = Jurisdiction(
        id="fairview",
        name="City of Fairview",
        endpoint=None,  # type: ignore[arg-type]  # nothing is filed or understood here
        locator=None,  # type: ignore[arg-type]
        bind_classifier=None,  # type: ignore[arg-type]
        detect=lambda _text, _language: "en",
        policy=Policy(),
    )
    texts, mail = Channel("sms", "texts"), Channel("mail", "mailbox")
    cities = {"texts": ("fairview",), "mailbox": ("fairview",)}
    work = Handling(
        store, clock, load_catalog(), {"fairview": city}, cities, budgets={"texts": 10}, mailboxes=["mailbox"]
    )
    channels: Any = {"texts": texts, "mailbox": mail}
    yield Desk(clock, store, work, dispatch.Dispatch(work, channels), texts, mail)
    await store.close()


async def test_who_opted_out_at_the_provider_is_not_written_to_again(desk: Desk) -> None:
    await desk.say("hello")
    await desk.told("SM1", "opted_out", "21610")
    await desk.say("hello again")
    assert await desk.opted_out()
    assert len(desk.texts.said) == 1


async def test_who_opted_out_is_known_when_a_reply_is_refused(desk: Desk) -> None:
    desk.texts.refusal = Permanent("twilio answered 400, error 21610", code="21610", fate="opted_out")
    await desk.say("hello")
    assert await desk.opted_out()
    assert await desk.tasks() == []


async def test_who_blocked_the_bot_has_opted_out_though_no_message_is_named(desk: Desk) -> None:
    await desk.say("hello")
    await desk.told("", "opted_out", "blocked")
    assert await desk.opted_out()


async def test_who_was_not_reached_is_tried_once_more_later(desk: Desk) -> None:
    await desk.say("hello")
    await desk.told("SM1", "missed", "30003")
    assert len(desk.texts.said) == 1
    desk.clock.time += AGAIN_AFTER
    await desk.settle()
    assert [said.text for said in desk.texts.said] == ["hello", "hello"]
    await desk.told("SM2", "missed", "30003")
    desk.clock.time += timedelta(days=1)
    await desk.settle()
    assert len(desk.texts.said) == 2
    assert await desk.tasks() == ["undelivered"]


async def test_a_landline_is_staff_s_once(desk: Desk) -> None:
    for number in (1, 2):
        await desk.say("hello")
        await desk.told(f"SM{number}", "unreachable", "30006")
    assert await desk.tasks() == ["undelivered"]


async def test_what_does_not_arrive_goes_by_mail_where_an_address_is_known(desk: Desk) -> None:
    filed = FileReport("pothole", "hole", Place("412 Oak St"), contact={"email": "ada@home.example"})
    await desk.store.write(lambda tx: tx.add_report(desk.conversation(tx), "fairview", filed, "Pothole"))
    await desk.say("It is fixed.")
    await desk.told("SM1", "unreachable", "63016")
    (letter,) = desk.mail.said
    assert (letter.to, letter.text, letter.account_id) == ("ada@home.example", "It is fixed.", "mailbox")


async def test_the_report_of_one_part_of_a_long_text_is_known(desk: Desk) -> None:
    await desk.say("hello")
    await desk.told("SM1a", "unreachable", "30005")
    assert await desk.tasks() == ["undelivered"]


async def test_an_account_that_may_not_send_is_red_until_something_arrives(desk: Desk) -> None:
    await desk.say("hello")
    await desk.told("SM1", "barred", "30034")
    assert await desk.troubles() == (Trouble("red", "barred", "30034"),)
    await desk.say("hello")
    await desk.told("SM2", "delivered")
    assert await desk.troubles() == ()


async def test_what_a_carrier_filtered_is_amber(desk: Desk) -> None:
    await desk.say("hello")
    await desk.told("SM1", "filtered", "30007")
    assert await desk.troubles() == (Trouble("amber", "filtered", "30007"),)


async def test_reports_in_any_order_and_twice_come_to_the_same(desk: Desk) -> None:
    await desk.say("hello")
    for state in ("delivered", "sent", "delivered", "queued"):
        await desk.told("SM1", state)  # type: ignore[arg-type]
    query = select(t.Part.state).where(t.Part.provider_id == "SM1")
    assert await desk.store.read(lambda tx: list(tx._session.exec(query))) == ["delivered"]  # type: ignore[attr-defined]


async def test_a_report_that_overtakes_our_own_record_waits_for_it(desk: Desk) -> None:
    await desk.told("SM1", "unreachable", "30006")
    await desk.say("hello")
    desk.clock.time += timedelta(minutes=1)
    await desk.settle()
    assert await desk.tasks() == ["undelivered"]


async def test_what_was_sent_and_what_it_cost_is_counted_by_month(desk: Desk) -> None:
    await desk.say("hello")
    await desk.told("SM1", "delivered", price_micros=7_900, currency="USD")
    await desk.told("SM1", "delivered", price_micros=7_900, currency="USD")
    used = await desk.store.read(lambda tx: tx.used("texts", "2026-11"))
    assert (used.messages, used.segments, used.price_micros, used.currency) == (2, 2, 7_900, "USD")


async def test_near_its_budget_an_account_is_amber_and_then_leaves_out_what_can_be_left_out(desk: Desk) -> None:
    for _ in range(4):
        await desk.say("hello")
    assert await desk.troubles() == (Trouble("amber", "budget", "80"),)
    await desk.say("hello")
    assert await desk.troubles() == (Trouble("amber", "budget", "100"),)
    for message in ("ask.satisfied", "reminder", "fixed"):
        await desk.store.write(lambda tx, message=message: desk_write(desk, tx, message))
    await desk.settle()
    assert len(desk.texts.said) == 6


def desk_write(desk: Desk, tx: Any, message_id: str) -> None:
    conversation = desk.conversation(tx)
    city = desk.handling.jurisdictions["fairview"]
    event = StaffReplied("")
    write_effect(desk.handling, tx, conversation, city, event, Say(message_id))
