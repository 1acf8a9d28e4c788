"""What the flow relies on: durable once, claimed once, in order, and nothing half done."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bridge.errors import SettingsError
from bridge.ports import Store, Transaction
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import MOST_LOOKS, EmbeddedWake
from bridge.vocabulary import (
    Artifact,
    Inbound,
    InboundKind,
    Receipt,
    Sent,
    State,
)
from tests.store.made import FakeClock, claim, claim_out, conversation, filed, inbound, reply


async def test_a_message_is_stored_once(store: Store):
    assert await store.write(lambda tx: tx.add_inbound(inbound("1")))
    assert not await store.write(lambda tx: tx.add_inbound(inbound("1")))


async def test_the_same_key_on_another_account_is_another_message(store: Store):
    other = Inbound("other", "sms", InboundKind.MESSAGE, "1", "+1", "+1", datetime.now(UTC))
    await store.write(lambda tx: tx.add_inbound(inbound("1")))
    assert await store.write(lambda tx: tx.add_inbound(other))


async def test_a_message_comes_back_as_it_went_in(store: Store, clock: FakeClock):
    await store.write(lambda tx: tx.add_inbound(inbound("1", sender_name="Ada")))
    row = await claim(store, clock)
    assert row
    assert (row.message.text, row.message.sender_name, row.message.received_at.tzinfo) == ("text 1", "Ada", UTC)


async def test_a_claimed_row_is_nobody_elses(store: Store, clock: FakeClock):
    await store.write(lambda tx: tx.add_inbound(inbound("1")))
    assert await claim(store, clock)
    assert await claim(store, clock) is None


async def test_an_expired_lease_is_claimed_anew_and_the_first_holder_loses_it(store: Store, clock: FakeClock):
    await store.write(lambda tx: tx.add_inbound(inbound("1")))
    first = await claim(store, clock)
    clock.pass_(seconds=61)
    second = await claim(store, clock)
    assert first
    assert second
    assert second.attempts == 2
    assert not await store.read(lambda tx: tx.still_mine(first))
    await store.write(lambda tx: tx.finish_inbound(first, None))
    assert await store.read(lambda tx: tx.still_mine(second))


async def test_a_clock_that_is_set_back_delays_no_fresh_message(store: Store, clock: FakeClock):
    await store.write(lambda tx: tx.add_inbound(inbound("1")))
    clock.pass_(hours=-1)
    assert await claim(store, clock)


async def test_messages_of_one_sender_come_in_order_and_one_at_a_time(store: Store, clock: FakeClock):
    for key in ("1", "2"):
        await store.write(lambda tx, key=key: tx.add_inbound(inbound(key)))
    first = await claim(store, clock)
    assert first
    assert first.message.provider_key == "1"
    assert await claim(store, clock) is None
    await store.write(lambda tx: tx.finish_inbound(first, None))
    second = await claim(store, clock)
    assert second
    assert second.message.provider_key == "2"


async def test_another_sender_does_not_wait(store: Store, clock: FakeClock):
    await store.write(lambda tx: tx.add_inbound(inbound("1", "+1")))
    await store.write(lambda tx: tx.add_inbound(inbound("2", "+2")))
    claimed = [await claim(store, clock), await claim(store, clock)]
    assert [row.message.sender for row in claimed if row] == ["+1", "+2"]


async def test_a_retried_row_keeps_its_turn(store: Store, clock: FakeClock):
    for key in ("1", "2"):
        await store.write(lambda tx, key=key: tx.add_inbound(inbound(key)))
    first = await claim(store, clock)
    assert first
    await store.write(lambda tx: tx.retry(first, clock.now() + timedelta(seconds=30), "later"))
    assert await claim(store, clock) is None
    clock.pass_(seconds=31)
    again = await claim(store, clock)
    assert again
    assert again.id == first.id


async def test_a_buried_row_lets_the_next_one_pass(store: Store, clock: FakeClock):
    for key in ("1", "2"):
        await store.write(lambda tx, key=key: tx.add_inbound(inbound(key)))
    first = await claim(store, clock)
    assert first
    await store.write(lambda tx: tx.bury(first, "hopeless"))
    second = await claim(store, clock)
    assert second
    assert second.message.provider_key == "2"


async def test_work_that_fails_leaves_nothing(store: Store, clock: FakeClock):
    def half_done(tx: object) -> None:
        tx.add_inbound(inbound("1"))  # type: ignore[attr-defined]
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await store.write(half_done)
    assert await claim(store, clock) is None


async def test_a_failure_takes_no_neighbour_of_its_commit_with_it(store: Store):
    def fail(tx: object) -> bool:
        raise RuntimeError

    works = [lambda tx, n=n: tx.add_inbound(inbound(str(n))) for n in range(20)]
    results = await asyncio.gather(
        *(store.write(work) for work in works), store.write(fail), return_exceptions=True
    )
    assert all(isinstance(stored, str) and stored for stored in results[:20])
    assert isinstance(results[20], RuntimeError)


async def test_what_a_read_writes_is_discarded(store: Store, clock: FakeClock):
    await conversation(store)
    await store.read(lambda tx: tx.reports_of("nobody"))
    assert await claim(store, clock) is None


async def test_a_conversation_is_found_again_with_its_state(store: Store):
    first = await conversation(store)
    await store.write(lambda tx: tx.save_state(first, State(language="es", introduced=True)))
    again = await conversation(store)
    assert (again.id, again.state.language, again.state.introduced) == (first.id, "es", True)


async def test_replies_leave_in_the_order_of_their_conversation(store: Store, clock: FakeClock):
    talk = await conversation(store)
    for text in ("one", "two"):
        await reply(store, talk, text)
    first = await claim_out(store, clock)
    assert await claim_out(store, clock) is None
    assert first
    assert first.reply
    assert first.reply.text == "one"
    assert first.reply.id == first.id
    await store.write(lambda tx: tx.finish_outbox(first, Sent("SM1", 1, 7900, "USD")))
    second = await claim_out(store, clock)
    assert second
    assert second.reply
    assert second.reply.text == "two"


async def test_a_reply_claimed_again_says_since_when_and_what_else_was_sent(store: Store, clock: FakeClock):
    talk, first_try = await conversation(store), clock.now()
    for text in ("Where is it?", "Thank you."):
        await reply(store, talk, text)
    first = await claim_out(store, clock)
    assert first
    assert first.tried_at is None
    await store.write(lambda tx: tx.finish_outbox(first, Sent("SM2", parts=("SM1", "SM2"))))
    asked = await claim_out(store, clock)
    assert asked
    clock.pass_(minutes=5)
    again = await claim_out(store, clock)
    assert again
    assert (again.id, again.tried_at) == (asked.id, first_try)
    assert await store.read(lambda tx: tx.sent_beside(again)) == {"SM1", "SM2"}
    await store.write(lambda tx: tx.bury(again, "given up"))
    clock.pass_(days=1)
    await store.write(lambda tx: tx.replay(again.id))
    replayed = await claim_out(store, clock)
    assert replayed
    assert (replayed.attempts, replayed.tried_at) == (1, first_try)


async def test_a_waiting_submission_holds_up_no_reply(store: Store, clock: FakeClock):
    talk = await conversation(store)
    report = await filed(store, talk)
    await store.write(lambda tx: tx.add_submission(report))
    await reply(store, talk, "held")
    kinds = {row.kind for row in (await claim_out(store, clock), await claim_out(store, clock)) if row}
    assert kinds == {"submission", "reply"}


async def test_references_are_short_and_distinct(store: Store):
    talk = await conversation(store)
    references = {(await filed(store, talk)).reference for _ in range(20)}
    assert len(references) == 20
    assert all(len(reference) == 8 for reference in references)


async def test_two_reports_cannot_have_one_id_at_the_city(store: Store):
    talk = await conversation(store)
    one, two = await filed(store, talk), await filed(store, talk)
    await store.write(lambda tx: tx.save_report(replace(one, service_request_id="7")))
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: tx.save_report(replace(two, service_request_id="7")))


async def test_due_reports_are_polled(store: Store, clock: FakeClock):
    report = await filed(store, await conversation(store))
    await store.write(lambda tx: tx.save_report(report, poll_at=clock.now() + timedelta(minutes=5)))
    assert await store.read(lambda tx: tx.watched("fairview", clock.now(), 10)) == ()
    clock.pass_(minutes=6)
    due = await store.read(lambda tx: tx.watched("fairview", clock.now(), 10))
    assert [row.report_id for row in due] == [report.id]


async def test_a_report_is_due_again_when_it_was_read_unless_it_changed_meanwhile(store: Store, clock: FakeClock):
    report = await filed(store, await conversation(store))
    await store.write(lambda tx: tx.save_report(report, poll_at=clock.now()))
    (due,) = await store.read(lambda tx: tx.watched("fairview", clock.now(), 10))
    changed = replace(due, fingerprint="another")
    await store.write(lambda tx: tx.watch_again({changed: None}))
    assert len(await store.read(lambda tx: tx.watched("fairview", clock.now(), 10))) == 1
    await store.write(lambda tx: tx.watch_again({due: clock.now() + timedelta(hours=1)}))
    assert await store.read(lambda tx: tx.watched("fairview", clock.now(), 10)) == ()


async def test_who_has_a_number_or_token_is_known(store: Store):
    report = await filed(store, await conversation(store))
    await store.write(lambda tx: tx.save_report(replace(report, service_request_id="7")))
    numbered = [Receipt("7"), Receipt("8"), Receipt(token="7"), Receipt()]
    found = await store.read(lambda tx: [tx.numbered("fairview", receipt) for receipt in numbered])
    assert found == [report.id, None, None, None]


async def test_the_active_artifact_is_the_last_activated(store: Store):
    for blob in ("a", "b", "a"):
        await store.write(lambda tx, blob=blob: tx.activate("fairview", "model", Artifact(blob, {"source": blob})))
    active = await store.read(lambda tx: tx.active_artifact("fairview", "model"))
    assert active == Artifact("a", {"source": "a"})


async def test_a_second_process_is_refused_on_sqlite(tmp_path: Path, clock: FakeClock):
    first = SqliteStore(tmp_path / "bridge.db", clock, EmbeddedWake())
    with pytest.raises(SettingsError, match="in use"):
        SqliteStore(tmp_path / "bridge.db", clock, EmbeddedWake())
    await first.close()


async def test_a_restart_frees_what_was_leased(tmp_path: Path, clock: FakeClock):
    first = SqliteStore(tmp_path / "bridge.db", clock, EmbeddedWake())
    await first.write(lambda tx: tx.add_inbound(inbound("1")))
    assert await claim(first, clock)
    await first.close()
    second = SqliteStore(tmp_path / "bridge.db", clock, EmbeddedWake())
    assert await claim(second, clock)
    await second.close()


@asynccontextmanager
async def looking(path: Path, clock: FakeClock, look: Callable[[], Awaitable[None]]) -> AsyncIterator[Store]:
    """A store whose inbox is looked at when it rings alone."""
    wake = EmbeddedWake(poll=3600)
    opened = SqliteStore(path, clock, wake)
    running = asyncio.create_task(wake.run("inbox", look))
    yield opened
    running.cancel()
    await asyncio.wait([running])
    await opened.close()


async def test_waking_looks_at_once_after_a_commit(tmp_path: Path, clock: FakeClock):
    looked = asyncio.Queue[int]()

    async def look() -> None:
        looked.put_nowait(1)

    async with looking(tmp_path / "bridge.db", clock, look) as opened:
        await looked.get()
        await opened.write(lambda tx: tx.add_inbound(inbound("1")))
        assert await asyncio.wait_for(looked.get(), 5) == 1


async def test_a_look_that_takes_long_keeps_nothing_waiting_that_comes_after_it(tmp_path: Path, clock: FakeClock):
    begun = asyncio.Queue[int]()

    async def look() -> None:
        begun.put_nowait(1)
        await asyncio.get_running_loop().create_future()

    async with looking(tmp_path / "bridge.db", clock, look) as opened, asyncio.timeout(30):
        await begun.get()
        for key in range(MOST_LOOKS + 4):
            await opened.write(lambda tx, key=key: tx.add_inbound(inbound(str(key))))
        for _ in range(MOST_LOOKS - 1):
            await begun.get()
        await asyncio.sleep(0.1)
        assert begun.empty()


async def test_what_somebody_waits_for_is_written_before_what_waits_for_its_turn(clock: FakeClock, tmp_path: Path):
    store = SqliteStore(tmp_path / "bridge.db", clock, EmbeddedWake())
    busy, go_on, written = threading.Event(), threading.Event(), []

    def hold(tx: Transaction) -> None:
        busy.set()
        go_on.wait()
        written.append("in hand")

    held = asyncio.create_task(store.write(hold))
    await asyncio.to_thread(busy.wait)
    others = [asyncio.create_task(store.write(lambda tx, n=n: written.append(n))) for n in (1, 2)]
    await asyncio.sleep(0)
    arrived = asyncio.create_task(store.write(lambda tx: written.append("arrived"), first=True))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(held, *others, arrived)
    await store.close()
    assert written == ["in hand", "arrived", 1, 2]
