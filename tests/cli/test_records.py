"""What is kept of residents is handed out, held and deleted from the command line."""

from __future__ import annotations

import json

import pytest

from bridge.ports import Transaction
from bridge.vocabulary import Outbound
from tests.cli.conftest import Operator
from tests.store.made import LEASE, inbound

ADA, BOB = "+15550100", "+15550101"


@pytest.fixture
def city(operator: Operator) -> Operator:
    """Ada and Bob have each said something, and were answered."""
    for sender, text in ((ADA, "huge pothole"), (BOB, "a couch")):
        operator.does(lambda tx, sender=sender, text=text: _talk(tx, operator, sender, text))
    return operator


def _talk(tx: Transaction, operator: Operator, sender: str, text: str) -> None:
    message = inbound(text, sender)
    tx.add_inbound(message)
    row = tx.claim_inbound(operator.clock.now(), LEASE)
    assert row
    talk = tx.conversation_of(message, "fairview")
    tx.finish_inbound(row, talk.id)
    tx.add_reply(talk, Outbound("", talk.account_id, talk.channel, talk.address, talk.thread, "thank you"))
    reply = tx.claim_outbox(operator.clock.now(), LEASE)
    assert reply
    tx.finish_outbox(reply, None)


def texts(operator: Operator, folder: str) -> list[str]:
    lines = (operator.folder / folder / "messages.jsonl").read_text().splitlines()
    return [json.loads(line)["text"] for line in lines]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (["--sender", ADA], ["text huge pothole", "thank you"]),
        (["--word", "COUCH"], ["text a couch"]),
        (["--until", "2020-01-01"], []),
        (["--since", "2020-01-01"], ["text huge pothole", "text a couch", "thank you", "thank you"]),
        (["--all"], ["text huge pothole", "text a couch", "thank you", "thank you"]),
    ],
)
def test_an_export_has_what_was_asked_for_with_what_was_sent(
    city: Operator, which: list[str], found: list[str]
) -> None:
    city.says("records", "export", "--out", str(city.folder / "out"), *which)
    assert texts(city, "out") == found
    raw = [file.read_bytes() for file in (city.folder / "out").glob("raw/*")]
    assert raw == [b"raw"] * sum(text.startswith("text") for text in found)
    assert (city.folder / "out" / "tables").is_dir() == (which == ["--all"])


@pytest.mark.parametrize("which", [[], ["--all", "--word", "x"], ["--since", "yesterday"]])
def test_what_cannot_be_meant_is_refused(city: Operator, which: list[str]) -> None:
    ended = city.runs("records", "export", "--out", str(city.folder / "out"), *which)
    assert (ended.exit_code, len(ended.output.strip().splitlines())) == (2, 1)


def test_a_resident_is_deleted_but_not_while_a_hold_stands(city: Operator) -> None:
    city.says("records", "hold", "resident", ADA, "--reason", "a case")
    standing = city.says("records", "holds")
    assert "a case" in standing
    held = city.runs("records", "delete", "--sender", ADA, "--yes")
    assert (held.exit_code, "a legal hold covers this resident" in held.output) == (2, True)
    city.says("records", "lift", standing.split()[0])
    assert city.says("records", "holds") == ""
    city.says("records", "delete", "--sender", ADA, "--yes", "--reason", "she asked")
    deleted = city.says("records", "deletions")
    assert "she asked" in deleted
    assert ADA not in deleted
    gone = city.runs("records", "delete", "--sender", ADA, "--yes")
    assert (gone.exit_code, f"nobody is known as {ADA}" in gone.output) == (2, True)
    city.says("records", "export", "--out", str(city.folder / "out"), "--all")
    assert texts(city, "out") == ["text a couch", "thank you"]
