"""Residents' files: who may see them, and when their bytes go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.app.parts import file_of
from bridge.errors import Permanent
from bridge.flow import media
from bridge.ports import Store
from bridge.store.blobs import FolderBlobs
from bridge.vocabulary import Delivery, FileReport, Inbound, InboundKind, Media, Pin, Place, Report, Sent, Trouble
from tests.store.made import FakeClock, claim_out, conversation, reply

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADA = Inbound("texts", "sms", InboundKind.MESSAGE, "k1", "+15550100001", "+15550100001", NOON, text="hi")


@dataclass
class Shelf:
    clock: FakeClock
    store: Store
    blobs: FolderBlobs

    async def put(self, token: str, content: bytes) -> Media:
        """A file of Ada's."""
        file = Media(token, self.blobs.keep(content), "image/jpeg", Pin(40.0, -99.0, 5.0))
        await self.store.write(lambda tx: tx.add_media(tx.conversation_of(ADA, "fairview"), [file]))
        return file

    async def report(self, *tokens: str) -> Report:
        filed = FileReport("pothole", "hole", Place("412 Oak St"), photos=tokens)

        def file(tx: Any) -> Any:
            made = tx.add_report(tx.conversation_of(ADA, "fairview"), "fairview", filed, "Pothole")
            tx.attach(made.id, tokens)
            return made

        made: Report = await self.store.write(file)
        return made

    async def seen(self, token: str) -> Media | None:
        return await self.store.read(lambda tx: tx.media(token))

    async def sweep(self, after: timedelta = timedelta(hours=2)) -> int:
        self.clock.pass_(seconds=after.total_seconds())
        return await media.sweep(self.store, self.blobs, self.clock.now())


@pytest.fixture
async def shelf(tmp_path: Path, store: Store, clock: FakeClock) -> Shelf:
    return Shelf(clock, store, FolderBlobs(tmp_path / "blobs"))


async def test_a_file_is_a_report_s_with_where_it_was_taken(shelf: Shelf) -> None:
    file = await shelf.put("one", b"photo")
    made = await shelf.report("one")
    assert made.photos == ("one",)
    assert await shelf.store.read(lambda tx: tx.media_of(made.id)) == (file,)


async def test_a_revoked_file_is_not_seen_and_its_bytes_go(shelf: Shelf) -> None:
    file = await shelf.put("one", b"photo")
    assert await shelf.store.write(lambda tx: tx.revoke("one"))
    assert await shelf.seen("one") is None
    assert await shelf.sweep() == 1
    with pytest.raises(KeyError):
        shelf.blobs.path(file.blob_id)


async def test_bytes_that_another_link_still_shows_stay(shelf: Shelf) -> None:
    file = await shelf.put("one", b"photo")
    await shelf.put("two", b"photo")
    await shelf.store.write(lambda tx: tx.revoke("one"))
    assert await shelf.sweep() == 0
    assert shelf.blobs.path(file.blob_id).read_bytes() == b"photo"


async def test_what_was_revoked_just_now_is_not_swept_yet(shelf: Shelf) -> None:
    await shelf.put("one", b"photo")
    await shelf.store.write(lambda tx: tx.revoke("one"))
    assert await shelf.sweep(timedelta(minutes=1)) == 0


async def test_a_deleted_report_takes_its_links_with_it(shelf: Shelf) -> None:
    await shelf.put("one", b"photo")
    made = await shelf.report("one")
    await shelf.store.write(lambda tx: tx.delete_expired("reports", [made.id]))
    assert await shelf.seen("one") is None


async def test_a_city_that_wants_the_file_gets_it_until_it_is_revoked(shelf: Shelf) -> None:
    await shelf.put("one", b"photo")
    read = file_of(shelf.store, shelf.blobs)
    file = await read("https://bridge.example/media/one")
    assert (file.content, file.content_type) == (b"photo", "image/jpeg")
    await shelf.store.write(lambda tx: tx.revoke("one"))
    with pytest.raises(Permanent):
        await read("https://bridge.example/media/one")


async def test_what_was_sent_and_its_price_add_up(store: Store, clock: FakeClock) -> None:
    talk = await conversation(store)
    for number in range(2):
        await reply(store, talk, "hi")
        row = await claim_out(store, clock)
        assert row
        sent = Sent(f"SM{number}", segments=3, parts=(f"SM{number}a", f"SM{number}"))
        await store.write(lambda tx, row=row, sent=sent: tx.finish_outbox(row, sent))
    account = talk.account_id
    priced = Delivery("SM1", "delivered", price_micros=3_000_000_000, currency="USD")
    for _ in range(2):
        told = await store.write(lambda tx: tx.note_delivery(account, priced))
    assert told
    assert not told.news
    used = await store.read(lambda tx: tx.used(account, f"{clock.now():%Y-%m}"))
    assert (used.messages, used.segments, used.price_micros, used.currency) == (4, 6, 3_000_000_000, "USD")


async def test_an_account_in_trouble_is_marked_once_and_cleared(store: Store) -> None:
    trouble = Trouble("red", "barred", "30034")
    assert await store.write(lambda tx: tx.in_trouble("texts", trouble))
    assert not await store.write(lambda tx: tx.in_trouble("texts", trouble))
    assert [found.colour for found in await store.read(lambda tx: tx.troubles("texts"))] == ["red"]
    await store.write(lambda tx: tx.out_of_trouble("texts", "barred"))
    assert await store.read(lambda tx: tx.troubles("texts")) == ()
