"""Whoever operates the bridge sees how the work stands, and has what was given up tried again."""

from __future__ import annotations

from bridge.ports import Store
from tests.store.made import FakeClock, claim, claim_out, conversation, filed, inbound


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
