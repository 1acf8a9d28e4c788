"""What is kept of residents goes when it should, stays when it must, and can be handed out."""

from __future__ import annotations

import csv
import email
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from bridge.errors import Permanent
from bridge.flow import retention
from bridge.flow.records import export
from bridge.ports import Store
from bridge.store.blobs import FolderBlobs
from bridge.store.tables import Base
from bridge.vocabulary import Conversation, Inbound, Kept, Media, Query, Report, Retention, State
from bridge.vocabulary.console import Account, Example
from tests.store.made import FakeClock, claim, claim_out, conversation, filed, inbound, reply

ADA, BOB = "+15550100", "+15550101"
AGES = Retention({kind: timedelta(days=30) for kind in ("raw", "messages", "photos", "reports", "contacts")})


async def talk(store: Store, clock: FakeClock, sender: str = ADA, **more: str) -> Conversation:
    """A message, handled and answered, long ago as far as the store's own ids go."""
    message = replace(inbound(f"1 {sender}", sender), **more)
    await store.write(lambda tx: tx.add_inbound(message))
    row = await claim(store, clock)
    assert row
    with_whom = await store.write(lambda tx: tx.conversation_of(message, "fairview"))
    await store.write(lambda tx: tx.finish_inbound(row, with_whom.id))
    await reply(store, with_whom, "thank you")
    out = await claim_out(store, clock)
    assert out
    await store.write(lambda tx: tx.finish_outbox(out, None))
    return with_whom


async def closed(store: Store, by: Conversation) -> Report:
    report = await filed(store, by)
    await store.write(lambda tx: tx.save_report(replace(report, state="accepted", status="closed")))
    return report


async def said(store: Store, sender: str = "") -> list[str]:
    def read(tx: object) -> list[str]:
        query = Query(sender=sender)
        return [m.text for m in (*tx.said(query, "", 99), *tx.told(query, "", 99))]  # type: ignore[attr-defined]

    return await store.read(read)


async def after_a_year(store: Store, rules: Retention = AGES) -> None:
    later = FakeClock()
    later.time = datetime.now(UTC) + timedelta(days=365)
    await retention.look(store, later, rules)


@pytest.mark.parametrize(
    ("kind", "messages", "raw", "reports", "known"),
    [("raw", 2, 0, 1, 1), ("messages", 0, 0, 1, 1), ("reports", 2, 3, 0, 1), ("contacts", 0, 0, 1, 0)],
)
async def test_each_kind_goes_by_its_own_age(
    store: Store, clock: FakeClock, kind: Kept, messages: int, raw: int, reports: int, known: int
) -> None:
    await closed(store, await talk(store, clock))
    await after_a_year(store, Retention({kind: timedelta(days=30)}))
    left = await store.read(lambda tx: tx.said(Query(), "", 9))
    assert len(await said(store)) == messages
    assert sum(len(message.raw) for message in left) == raw
    assert len(await store.read(lambda tx: tx.filed(Query(), "", 9))) == reports
    assert len(await store.read(lambda tx: tx.contacts(ADA))) == known


async def test_what_is_young_or_unfinished_stays(store: Store, clock: FakeClock) -> None:
    await filed(store, await talk(store, clock))
    await store.write(lambda tx: tx.add_inbound(inbound("2", BOB)))
    await retention.look(store, clock, AGES)
    assert len(await said(store)) == 3
    await after_a_year(store)
    assert await said(store) == ["text 2"]
    assert len(await store.read(lambda tx: tx.filed(Query(), "", 9))) == 1


@pytest.mark.parametrize("scope", ["everything", "city", "resident", "report"])
async def test_a_legal_hold_beats_retention_until_it_is_lifted(store: Store, clock: FakeClock, scope: str) -> None:
    ada = await talk(store, clock)
    report = await closed(store, ada)
    target = {"everything": "", "city": "fairview", "resident": ada.contact_id, "report": report.id}[scope]
    hold = await store.write(lambda tx: tx.set_hold(scope, target, "a case", "clerk"))  # type: ignore[arg-type]
    await after_a_year(store)
    assert len(await said(store)) == 2
    assert await store.read(lambda tx: tx.filed(Query(), "", 9))
    with pytest.raises(Permanent, match="hold"):
        await store.write(lambda tx: tx.delete_resident(ada.contact_id, "asked", "clerk"))
    assert await store.write(lambda tx: tx.lift_hold(hold.id))
    await after_a_year(store)
    assert await said(store) == []


async def test_a_hold_on_one_resident_keeps_no_other(store: Store, clock: FakeClock) -> None:
    ada = await talk(store, clock)
    await talk(store, clock, BOB)
    await store.write(lambda tx: tx.set_hold("resident", ada.contact_id, "a case", "clerk"))
    await after_a_year(store)
    assert len(await said(store, ADA)) == 2
    assert await said(store, BOB) == []


async def test_what_was_learned_from_a_report_goes_with_it(store: Store, clock: FakeClock) -> None:
    report = await closed(store, await talk(store, clock))
    for words in (report.description, "another's words"):
        example = Example("fairview", words, "en", "hole", "", clock.now())
        await store.write(lambda tx, example=example: tx.console.add_example(example))
    await after_a_year(store, Retention({"reports": timedelta(days=30)}))
    (left,) = await store.read(lambda tx: tx.console.examples("fairview"))
    assert left.text == "another's words"


async def test_every_deletion_is_recorded(store: Store, clock: FakeClock) -> None:
    ada = await talk(store, clock)
    await store.write(lambda tx: tx.delete_resident(ada.contact_id, "the resident asked", "clerk"))
    (one,) = await store.read(lambda tx: tx.deletions(9))
    assert (one.kind, one.cause, one.by, one.subject) == (
        "resident",
        "the resident asked",
        "clerk",
        ada.contact_id,
    )
    assert one.rows > 2


async def test_a_resident_who_was_deleted_is_nowhere(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    ada = await talk(store, clock, sender_name="Ada", text="pothole by my house, Ada Lovelace")
    report = await closed(store, ada)
    await store.write(lambda tx: tx.save_state(ada, State(language="es")))
    await talk(store, clock, BOB)
    example = Example("fairview", report.description, "en", "hole", "", clock.now())
    await store.write(lambda tx: tx.console.add_example(example))
    await store.write(lambda tx: tx.delete_resident(ada.contact_id, "asked", "clerk"))
    await export(store, Query(), tmp_path / "out")
    everything = "".join(file.read_text() for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert ADA not in everything.replace(BOB, "")
    assert "Ada" not in everything
    assert BOB in everything
    assert await store.read(lambda tx: tx.console.examples("fairview")) == ()
    kept = await store.read(lambda tx: tx.report(report.id))
    assert (kept.reference, kept.status, kept.description) == (report.reference, "closed", "")
    again = await store.write(lambda tx: tx.conversation_of(inbound("9", ADA), "fairview"))
    assert again.id != ada.id


async def test_a_resident_whose_message_waits_is_not_deleted_now(store: Store, clock: FakeClock) -> None:
    ada = await talk(store, clock)
    await store.write(lambda tx: tx.add_inbound(inbound("2", ADA)))
    with pytest.raises(Permanent, match="on its way"):
        await store.write(lambda tx: tx.delete_resident(ada.contact_id, "asked", "clerk"))


async def test_an_export_narrows_by_word_date_and_sender(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    await talk(store, clock, ADA, text="Ein großes Loch")
    await talk(store, clock, BOB, text="a couch")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    queries = [Query(), Query(word="GROSSES"), Query(sender=BOB), Query(since=tomorrow), Query(until=tomorrow)]
    counts = [(await export(store, query, tmp_path / str(n))).messages for n, query in enumerate(queries)]
    assert counts == [4, 1, 2, 0, 4]
    lines = (tmp_path / "1" / "messages.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["Ein großes Loch"]


async def test_a_mail_is_exported_with_its_attachments(store: Store, tmp_path: Path) -> None:
    letter = EmailMessage()
    letter.set_content("a pothole")
    letter.add_attachment(b"\xff\xd8photo", maintype="image", subtype="jpeg", filename="../../.bashrc")
    message = Inbound(
        **{**_fields(inbound("1")), "channel": "mail", "raw": letter.as_bytes(), "raw_type": "message/rfc822"}
    )
    await store.write(lambda tx: tx.add_inbound(message))
    done = await export(store, Query(), tmp_path / "out")
    (line,) = (tmp_path / "out" / "messages.jsonl").read_text().splitlines()
    mail, photo = json.loads(line)["files"]
    assert done.files == 2
    assert (tmp_path / "out" / photo).read_bytes() == b"\xff\xd8photo"
    assert (tmp_path / "out" / photo).resolve().is_relative_to(tmp_path / "out")
    assert email.message_from_bytes((tmp_path / "out" / mail).read_bytes()).is_multipart()


async def test_photos_are_handed_out_and_go_by_their_own_age(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "photo").write_bytes(b"pixels")
    blobs = FolderBlobs(tmp_path / "blobs")
    ada, bob = await talk(store, clock), await talk(store, clock, BOB)
    for owner in (ada, bob):
        photo = Media(f"token {owner.id}", blobs.put(tmp_path / "photo"), "image/jpeg")
        await store.write(lambda tx, owner=owner, photo=photo: tx.add_media(owner, [photo]))
    done = await export(store, Query(sender=ADA), tmp_path / "out", blobs)
    (written,) = (tmp_path / "out" / "photos").iterdir()
    assert (written.read_bytes(), written.suffix, done.files) == (b"pixels", ".jpg", 2)
    await store.write(lambda tx: tx.set_hold("resident", ada.contact_id, "a case", "clerk"))
    await after_a_year(store, Retention({"photos": timedelta(days=30)}))
    assert [file.conversation_id for file in await store.read(lambda tx: tx.files(Query(), "", 9))] == [ada.id]
    assert await store.write(lambda tx: tx.take_unseen(datetime.now(UTC) + timedelta(days=9999))) == ()


async def test_everything_is_handed_out_but_what_lets_somebody_in(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    for sender in (ADA, BOB):
        await closed(store, await talk(store, clock, sender))
    account = Account("a1", "eve@city.example", "Eve", "admin", password_hash="$argon2id$secret")
    await store.write(lambda tx: tx.console.add_account(account))
    await store.write(lambda tx: tx.set_hold("everything", "", "a case", "clerk"))
    await export(store, Query(), tmp_path / "out")
    tables = {file.stem: file.read_text().splitlines() for file in (tmp_path / "out" / "tables").iterdir()}
    assert {*Base.metadata.tables} - {*tables} == {"staff_session", "staff_invitation"}
    counted = [len(tables[name]) for name in ("contact", "inbox", "outbox", "report", "legal_hold")]
    assert counted == [2, 2, 2, 2, 1]
    assert json.loads(tables["contact"][0])["address"] == ADA
    assert "eve@city.example" in tables["staff_account"][0]
    assert "argon2" not in "".join(itertools.chain(*tables.values()))
    await export(store, Query(sender=ADA), tmp_path / "one")
    assert not (tmp_path / "one" / "tables").exists()


async def test_a_table_is_read_page_by_page(store: Store, clock: FakeClock) -> None:
    for number in range(5):
        await conversation(store, f"c{number}")
    page, seen = await store.read(lambda tx: tx.rows("contact", (), 2)), list[object]()
    while page:
        seen += [row["id"] for row in page.rows]
        page = await store.read(lambda tx, after=page.last: tx.rows("contact", after, 2))
    everybody = await store.read(lambda tx: tx.rows("contact", (), 9))
    assert everybody
    assert seen == [row["id"] for row in everybody.rows]


async def test_forget_me_empties_what_was_said_and_is_recorded(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    ada = await talk(store, clock, sender_name="Ada", text="pothole by my house, Ada Lovelace")
    await store.write(lambda tx: tx.forget(ada, erase=True))
    await export(store, Query(), tmp_path / "out")
    everything = "".join(file.read_text() for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert "Ada" not in everything
    (one,) = await store.read(lambda tx: tx.deletions(9))
    assert (one.cause, one.by, one.subject) == ("forget me", "resident", ada.contact_id)


@pytest.mark.parametrize("erase", [True, False])
async def test_a_legal_hold_beats_forget_me(store: Store, clock: FakeClock, erase: bool) -> None:
    ada = await talk(store, clock, sender_name="Ada")
    await store.write(lambda tx: tx.set_hold("resident", ada.contact_id, "a case", "clerk"))
    await store.write(lambda tx: tx.forget(ada, erase=erase))
    assert await said(store, ADA) == ["text 1 " + ADA, "thank you"]
    assert await store.read(lambda tx: tx.deletions(9)) == ()


async def test_a_spreadsheet_takes_no_word_of_a_resident_for_a_formula(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    await talk(store, clock, text='=HYPERLINK("http://evil.example","click")')
    await export(store, Query(), tmp_path / "out")
    with (tmp_path / "out" / "messages.csv").open(newline="") as sheet:
        assert [row["text"][:2] for row in csv.DictReader(sheet)] == ["'=", "th"]


async def test_no_export_overwrites_another(store: Store, tmp_path: Path) -> None:
    await export(store, Query(), tmp_path / "out")
    with pytest.raises(FileExistsError):
        await export(store, Query(), tmp_path / "out")


def _fields(message: Inbound) -> dict[str, object]:
    return {name: getattr(message, name) for name in Inbound.__slots__}
