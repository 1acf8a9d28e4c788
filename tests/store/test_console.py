"""What the console reads is the same on both databases."""

from __future__ import annotations

from datetime import timedelta

from bridge.ports import Store
from bridge.vocabulary import Draft, Outbound, ToStaff
from bridge.vocabulary.console import Account, Example, StaffAction
from tests.store.made import FakeClock, claim, conversation, filed, inbound, reply


async def test_a_queue_is_read_page_by_page_most_urgent_first(store: Store, clock: FakeClock):
    by = await conversation(store)
    for hours in (3, 1, 2):
        due = clock.now() + timedelta(hours=hours)
        task = ToStaff("human", str(hours), draft=Draft(words=("a hole",)))
        await store.write(lambda tx, task=task, due=due: tx.add_staff_task(by, task, None, due))  # type: ignore[misc]
    first = await store.read(lambda tx: tx.console.queue((), limit=2))
    assert [item.note for item in first] == ["1", "2"]
    after = f"{first[-1].due_at:%Y%m%dT%H%M%S%f}.{first[-1].id}"
    assert [item.note for item in await store.read(lambda tx: tx.console.queue((), after))] == ["3"]
    assert await store.read(lambda tx: dict(tx.console.queue_counts(("fairview",)))) == {"human": 3}
    assert await store.read(lambda tx: tx.console.queue(("elsewhere",))) == ()


async def test_words_are_found_in_messages_and_notes(store: Store, clock: FakeClock):
    await store.write(lambda tx: tx.add_inbound(inbound("one")))
    row = await claim(store, clock)
    assert row
    by = await conversation(store)
    await store.write(lambda tx: tx.finish_inbound(row, by.id))
    await reply(store, by, "Where is the crocodile?")
    someone = await store.write(lambda tx: tx.console.add_account(Account("", "a@c.example", "Ana", "agent")))
    await store.write(lambda tx: tx.console.add_note(by.id, someone, "keeps reptiles"))
    for words in ("crocod", "text one", "reptiles"):
        found = await store.read(lambda tx, words=words: tx.console.found((), words))  # type: ignore[misc]
        assert [who.id for who, _, _ in found] == [by.id], words
    assert await store.read(lambda tx: tx.console.found((), "elephant & | !")) == ()
    assert [line.who for line in await store.read(lambda tx: tx.console.transcript(by.id))] == [
        "resident",
        "bridge",
        "note",
    ]


async def test_what_is_withdrawn_was_not_claimed(store: Store, clock: FakeClock):
    by = await conversation(store)

    def write(tx):  # a transaction of either database
        tx.on_behalf_of("Ana", timedelta(seconds=10))
        report_to = tx.conversation(by.id)
        tx.add_reply(report_to, Outbound("", "texts", "sms", "x", "x", "hello"))
        deed = StaffAction("", "answer", "a", clock.now(), by.id, outbox_ids=tuple(tx.made))
        return tx.console.add_action(deed)

    deed = await store.write(write)
    kept = await store.read(lambda tx: tx.console.action(deed))
    assert kept
    assert await store.write(lambda tx: tx.claim_outbox(clock.now(), timedelta(seconds=60))) is None
    assert await store.write(lambda tx: tx.console.withdraw(kept.outbox_ids)) == 1
    assert await store.write(lambda tx: tx.console.withdraw(kept.outbox_ids)) == 0


async def test_reports_are_listed_mapped_and_counted(store: Store, clock: FakeClock):
    report = await filed(store, await conversation(store))
    (row,) = await store.read(lambda tx: tx.console.requests((), words=report.reference))
    assert row.id == report.id
    (spot,) = await store.read(lambda tx: tx.console.spots((), (39, -100, 41, -98), 8))
    assert (spot.id, spot.count) == (report.id, 1)
    assert await store.read(lambda tx: tx.console.extent(("fairview",))) == (40.0, -99.0, 40.0, -99.0)
    found = await store.read(lambda tx: tx.console.figures((), clock.now() - timedelta(days=1)))
    assert [day.reports for day in found.days] == [1]
    assert (await store.read(lambda tx: tx.console.totals(clock.now()))).open_tasks == 0
    file = await store.read(lambda tx: tx.console.request_file(report.id))
    assert file
    assert file.report.reference == report.reference


async def test_flags_thresholds_wordings_and_examples_are_kept(store: Store, clock: FakeClock):
    await conversation(store)
    assert await store.read(lambda tx: tx.console.conversations((), only="blocked")) == ()
    await store.write(lambda tx: tx.console.set_threshold("fairview", "hole", 0.7))
    await store.write(lambda tx: tx.console.set_threshold("fairview", "hole", 0.8))
    assert await store.read(lambda tx: tx.console.thresholds("fairview")) == {"hole": 0.8}
    await store.write(lambda tx: tx.console.set_wording("en", "welcome", "Hi"))
    await store.write(lambda tx: tx.console.set_wording("en", "welcome", ""))
    assert await store.read(lambda tx: tx.console.wordings()) == {}
    made = Example("fairview", "a hole", "en", "hole", "light", clock.now())
    await store.write(lambda tx: tx.console.add_example(made))
    assert await store.read(lambda tx: tx.console.examples("fairview")) == (made,)
    assert await store.read(lambda tx: tx.console.unalerted(clock.now(), 5)) == ()
    assert await store.read(lambda tx: tx.console.stuck_accounts(clock.now())) == ()
