"""What the console reads is there on each engine: every list, search and figure over one small city."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from bridge.ports import Store
from bridge.vocabulary import Conversation, Kept, LearningResult, PerService, State, ToStaff
from bridge.vocabulary.console import Account
from tests.store.made import FakeClock, claim, conversation, filed, inbound, reply

CITIES = ("fairview",)


@pytest.fixture
async def talk(store: Store, clock: FakeClock) -> Conversation:
    """A resident who wrote, was answered, reported something, and whom a person is to look at."""
    await store.write(lambda tx: tx.add_inbound(replace(inbound("1"), text="the pothole on Oak St")))
    row = await claim(store, clock)
    assert row
    made = await conversation(store)
    await store.write(lambda tx: tx.finish_inbound(row, made.id))
    await reply(store, made, "thank you, it is noted")
    report = await filed(store, made)
    await store.write(lambda tx: tx.add_submission(report))
    await store.write(lambda tx: tx.add_staff_task(made, ToStaff("unsure", "a note"), report.id) and None)
    return made


async def test_what_was_said_is_found_by_its_words(store: Store, talk: Conversation) -> None:
    async def found(words: str) -> list[str]:
        return [row.id for row, *_ in await store.read(lambda tx: tx.console.found(CITIES, words))]

    assert await found("pothole oa") == [talk.id]
    assert await found("noted") == [talk.id]
    assert await found("graffiti") == []


@pytest.mark.parametrize(("only", "count"), [("", 1), ("open", 1), ("blocked", 0), ("opted_out", 0)])
async def test_conversations_are_listed(store: Store, talk: Conversation, only: str, count: int) -> None:
    listed = await store.read(lambda tx: tx.console.conversations(CITIES, only=only))
    assert len(listed) == count


async def test_an_opted_out_resident_is_listed_as_such(store: Store, talk: Conversation) -> None:
    await store.write(lambda tx: tx.save_state(talk, State(opted_out=True)))
    assert await store.read(lambda tx: tx.console.conversations(CITIES, only="opted_out"))


async def test_every_list_and_figure_can_be_read(store: Store, clock: FakeClock, talk: Conversation) -> None:
    def read(tx):  # type: ignore[no-untyped-def]
        desk = tx.console
        (item,) = desk.queue(CITIES)
        (row,) = desk.requests(CITIES)
        box = desk.extent(CITIES)
        return (
            desk.queue_counts(CITIES),
            desk.item(item.id),
            desk.next_item(CITIES, item),
            desk.silent(CITIES),
            desk.unalerted(clock.now() + timedelta(days=30), 9),
            desk.stuck_accounts(clock.now() + timedelta(days=1)),
            desk.transcript(talk.id),
            desk.others_of(talk.id),
            desk.requests(CITIES, words="hole"),
            desk.spots(CITIES, box, 10),
            desk.cells(CITIES),
            desk.given_up(CITIES),
            tx.media_in(talk.id),
            tx.is_held(talk.contact_id),
            [tx.expired_count(kind, clock.now()) for kind in get_args(Kept)],
            desk.request_file(row.id),
            desk.requests_of_conversation(talk.id),
            desk.figures(CITIES, clock.now() - timedelta(days=1)),
            desk.totals(clock.now()),
            desk.wordings(),
            desk.last_heard("texts"),
            desk.audited(),
            desk.failed_logins("a@b.example", "127.0.0.1", clock.now()),
        )

    read_all = await store.read(read)
    assert len(read_all[6]) >= 2


async def test_accounts_and_notes_are_kept(store: Store, talk: Conversation) -> None:
    account = await store.write(lambda tx: tx.console.add_account(Account("", "Ada@city.example", "Ada", "admin")))
    await store.write(lambda tx: tx.console.add_note(talk.id, account, "called her about the sycamore"))
    assert await store.read(lambda tx: tx.console.account_by_email("ada@city.example"))
    assert await store.read(lambda tx: tx.console.found(CITIES, "sycamore"))


async def test_a_learning_run_goes_from_asked_to_done(store: Store, clock: FakeClock) -> None:
    asked = await store.write(lambda tx: tx.ask_learning("springfield", "Ada", take=True))
    assert (await store.write(lambda tx: tx.ask_learning("springfield", "Bo", take=False))).id == asked.id
    claimed = await store.write(lambda tx: tx.claim_learning(clock.now()))
    assert claimed
    assert claimed.state == "running"
    assert await store.write(lambda tx: tx.claim_learning(clock.now())) is None
    result = LearningResult(9, 3, {"top1": 0.5}, {"top1": 0.75}, (PerService("noise", 3, 1.0, 0.5, "rats"),))
    await store.write(lambda tx: tx.end_learning(asked.id, result=result))
    (run,) = await store.read(lambda tx: tx.learning_runs("springfield", 5))
    assert (run.state, run.result) == ("done", result)


async def test_ages_that_staff_set_replace_one_another(store: Store) -> None:
    for days in (30, 0):
        await store.write(lambda tx, days=days: tx.set_retention_age("raw", days))  # type: ignore[misc]
    assert await store.read(lambda tx: tx.retention_ages()) == {"raw": 0}
