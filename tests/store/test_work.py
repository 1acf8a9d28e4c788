"""Whoever operates the bridge sees how the work stands, and has what was given up tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from bridge.ports import Store, Transaction
from bridge.vocabulary import InboundKind
from tests.store.made import LEASE, FakeClock, claim, claim_out, conversation, filed, inbound, reply


async def test_the_backlog_counts_what_waits_and_what_is_dead(store: Store, clock: FakeClock) -> None:
    for key, sender in (("1", "+1"), ("2", "+2"), ("3", "+3")):
        await store.write(lambda tx, key=key, sender=sender: tx.add_inbound(inbound(key, sender)))
    clock.pass_(seconds=30)
    row = await claim(store, clock)
    assert row
    await store.write(lambda tx: tx.bury(row, "hopeless"))
    inbox = (await store.read(lambda tx: tx.backlog(clock.now()))).queues["inbox"]
    assert (inbox.open, inbox.dead, inbox.oldest_seconds) == (2, 1, 30)


async def test_a_dead_message_is_replayed_as_if_for_the_first_time(store: Store, clock: FakeClock) -> None:
    await store.write(lambda tx: tx.add_inbound(inbound("1")))
    row = await claim(store, clock)
    assert row
    await store.write(lambda tx: tx.bury(row, "hopeless"))
    (dead,) = await store.read(lambda tx: tx.dead(9))
    assert (dead.id, dead.queue, dead.error) == (row.id, "inbox", "hopeless")
    assert await store.write(lambda tx: tx.replay(dead.id))
    again = await claim(store, clock)
    assert again
    assert (again.id, again.attempts) == (row.id, 1)
    assert not await store.write(lambda tx: tx.replay(dead.id))


async def test_a_replayed_submission_makes_its_report_queued_again(store: Store, clock: FakeClock) -> None:
    report = await filed(store, await conversation(store))
    await store.write(lambda tx: tx.add_submission(report))
    row = await claim_out(store, clock)
    assert row
    await store.write(lambda tx: tx.bury(row, "refused"))
    await store.write(lambda tx: tx.replay(row.id))
    assert (await store.read(lambda tx: tx.report(report.id))).state == "queued"
    again = await claim_out(store, clock)
    assert again
    assert again.id == row.id


async def test_all_that_can_be_given_up_is_listed_and_replayed(store: Store, clock: FakeClock) -> None:
    talk = await conversation(store)
    report = await filed(store, talk)
    await reply(store, talk, "hello")

    def more(tx: Transaction) -> None:
        tx.add_submission(report)
        tx.add_update(report, "more words")
        tx.add_twin_search(talk)
        tx.set_timer(talk, "remind", clock.now())
        tx.add_inbound(inbound("1"))
        tx.add_inbound(replace(inbound("2", "+15550102"), kind=InboundKind.DELIVERY))

    await store.write(more)
    given_up = [row async for row in _buried(store, clock)]
    listed = await store.read(lambda tx: tx.dead(9))
    assert sorted(row.id for row in listed) == sorted(given_up)
    kinds = {(row.queue, row.kind) for row in listed}
    sent = {("outbox", kind) for kind in ("reply", "submission", "update", "twins")}
    assert kinds == {("inbox", "message"), ("inbox", "delivery"), ("timers", "remind"), *sent}
    for row_id in given_up:
        assert await store.write(lambda tx, row_id=row_id: tx.replay(row_id))
    assert [row async for row in _buried(store, clock)] == given_up


async def _buried(store: Store, clock: FakeClock) -> AsyncIterator[str]:
    """Gives up whatever is open; the ids."""
    for take in ("claim_inbound", "claim_outbox", "claim_timer"):
        while row := await store.write(lambda tx, take=take: getattr(tx, take)(clock.now(), LEASE)):
            await store.write(lambda tx, row=row: tx.bury(row, "hopeless"))
            yield row.id
