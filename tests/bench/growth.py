"""What a million stored messages cost: the rows' whole way through the store, beside few rows and beside many.

python -m tests.bench.growth [1000000]     both rates are of one run, on SQLite; memory is of the same process
"""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.app import SystemClock
from bridge.ports import Store, Transaction
from bridge.store.sqlite import SqliteStore
from bridge.store.types import new_id
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import Inbound, InboundKind, Outbound, Sent

MESSAGES = 3000
ROUNDS = 3
SENDERS = 2000
LEASE = timedelta(seconds=60)
WORDS = "There is a huge pothole in front of 412 Oak St, it has been there for weeks"


def inbound(number: int) -> Inbound:
    sender = f"+1555{number % SENDERS:07d}"
    raw = b"x" * 600
    return Inbound(
        "texts", "sms", InboundKind.MESSAGE, new_id(), sender, sender, datetime.now(UTC), text=WORDS, raw=raw
    )


async def rate(store: Store) -> float:
    """Messages a second: stored, claimed, settled with a reply, the reply claimed and closed."""
    began = time.perf_counter()
    numbers = iter(range(MESSAGES))

    async def worker() -> None:
        for number in numbers:
            await store.write(lambda tx, number=number: tx.add_inbound(inbound(number)))
            await store.write(_handle)
            await store.write(_reply)

    await asyncio.gather(*(worker() for _ in range(16)))
    return MESSAGES / (time.perf_counter() - began)


def _handle(tx: Transaction) -> None:
    row = tx.claim_inbound(datetime.now(UTC), LEASE)
    if row and tx.still_mine(row):
        talk = tx.conversation_of(row.message, "fairview")
        tx.save_state(talk, talk.state)
        tx.add_reply(talk, Outbound("", talk.account_id, talk.channel, talk.address, talk.thread, "Thank you!"))
        tx.finish_inbound(row, talk.id)


def _reply(tx: Transaction) -> None:
    row = tx.claim_outbox(datetime.now(UTC), LEASE)
    if row:
        tx.finish_outbox(row, Sent(new_id(), 1))


def fill(path: Path, count: int) -> None:
    """Copies finished rows until there are so many messages, as the past has left them."""
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF")
    for table in ("inbox", "outbox"):
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        row = dict(zip(names, database.execute(f"SELECT * FROM {table} LIMIT 1").fetchone(), strict=True))
        marks = ", ".join("?" * len(names))
        database.execute("BEGIN")
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", _copies(row, names, count))
        database.execute("COMMIT")
    database.execute(
        "INSERT INTO said (row_id, conversation_id, at, text) SELECT id, conversation_id, created_at, "
        f"{json.dumps(WORDS)!r} FROM inbox WHERE id NOT IN (SELECT row_id FROM said)"
    )
    database.execute("ANALYZE")
    database.close()


def _copies(row: dict[str, object], names: list[str], count: int):  # type: ignore[no-untyped-def]
    for _ in range(count):
        row["id"] = new_id()
        for key in ("provider_key", "provider_id"):
            if key in row:
                row[key] = row["id"]
        yield [row[name] for name in names]


async def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bridge.db"
        few = max([await _opened(path) for _ in range(ROUNDS)])
        memory = _memory()
        fill(path, count)
        many = max([await _opened(path) for _ in range(ROUNDS)])
        size = path.stat().st_size / 1e9
    print(f"{'messages stored':<28}{'few':>12}{count:>12,}{'ratio':>8}{'to reach':>10}")
    print(f"{'through the store, a second':<28}{few:>12.0f}{many:>12.0f}{many / few:>8.2f}{0.90:>10.2f}")
    print(f"{'memory of the process, MB':<28}{memory:>12.0f}{_memory():>12.0f}      (file {size:.1f} GB)")


async def _opened(path: Path) -> float:
    store = SqliteStore(path, SystemClock(), EmbeddedWake())
    try:
        return await rate(store)
    finally:
        await store.close()


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
