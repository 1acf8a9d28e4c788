"""What was given up is listed with its reason, and tried again."""

from __future__ import annotations

from bridge.ports import Transaction
from tests.cli.conftest import Operator
from tests.store.made import LEASE, inbound


def test_what_was_given_up_is_listed_and_tried_again(operator: Operator) -> None:
    row_id = operator.does(lambda tx: _given_up(tx, operator))
    listed = operator.says("work", "list")
    assert "0 wait" in listed
    assert f"{row_id}  2026-11-23 12:00  inbox/message" in listed
    assert "hopeless" in listed
    operator.says("work", "replay", row_id)
    assert "1 wait" in operator.says("work", "list")
    ended = operator.runs("work", "replay", row_id)
    assert (ended.exit_code, "nothing of that id was given up" in ended.output) == (2, True)


def _given_up(tx: Transaction, operator: Operator) -> str:
    tx.add_inbound(inbound("1"))
    row = tx.claim_inbound(operator.clock.now(), LEASE)
    assert row
    tx.bury(row, "hopeless")
    return row.id
