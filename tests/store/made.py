"""Rows that the tests of the store begin with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bridge.ports import Store
from bridge.vocabulary import (
    Conversation,
    FileReport,
    Inbound,
    InboundKind,
    InboxRow,
    Outbound,
    OutboxRow,
    Place,
    Report,
)

LEASE = timedelta(seconds=60)


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def pass_(self, **duration: float) -> None:
        self.time += timedelta(**duration)


def inbound(key: str, sender: str = "+15550100", **more: str) -> Inbound:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return Inbound(
        "texts", "sms", InboundKind.MESSAGE, key, sender, sender, at, text=f"text {key}", raw=b"raw", **more
    )


async def claim(store: Store, clock: FakeClock) -> InboxRow | None:
    return await store.write(lambda tx: tx.claim_inbound(clock.now(), LEASE))


async def claim_out(store: Store, clock: FakeClock) -> OutboxRow | None:
    return await store.write(lambda tx: tx.claim_outbox(clock.now(), LEASE))


async def conversation(store: Store, key: str = "c") -> Conversation:
    return await store.write(lambda tx: tx.conversation_of(inbound(key), "fairview"))


async def reply(store: Store, to: Conversation, text: str) -> None:
    say = Outbound("", to.account_id, to.channel, to.address, to.thread, text)
    await store.write(lambda tx: tx.add_reply(to, say))


async def filed(store: Store, by: Conversation) -> Report:
    what = FileReport("hole", "a hole", Place("412 Oak St", 40.0, -99.0, 10.0))
    return await store.write(lambda tx: tx.add_report(by, "fairview", what, "Pothole"))
