"""How it is going: every guess counts, and so does what residents say of the city."""

from __future__ import annotations

import csv
import io
from typing import get_args

from bridge.ports import Transaction
from bridge.vocabulary import StaffReason
from bridge.web.console.look import REASONS
from tests.web.world import World


async def rows(world: World, table: str) -> list[list[str]]:
    """A table as it is handed out, without its head."""
    clerk = await world.clerk("viewer")
    return list(csv.reader(io.StringIO((await clerk.get(f"/figures/{table}.csv")).text)))[1:]


async def test_confidence_is_of_what_was_filed_unasked_too(world: World):
    await world.hears("a lamp is dark at 412 Oak St")
    await world.stuck("a strange thing", "+15550303")
    ((_, mean),) = await rows(world, "confidence")
    assert 0.3 < float(mean) < 0.9


async def test_marks_and_reports_that_cannot_be_answered_are_counted(world: World):
    for number, (mark, words) in enumerate(((2, "lamp"), (5, "couch"))):
        await world.hears(f"a {words} at 412 Oak St", f"+1555040{number}")
        await world.passes(60)
        report, *_ = await world.store.read(lambda tx: tx.console.requests(()))

        def marked(tx: Transaction, id_: str = report.id, mark: int = mark) -> None:
            tx.mark_report(id_, mark)

        await world.store.write(marked)
    assert [row[1:] for row in await rows(world, "marks")] == [["3.5", "2"]]
    assert await rows(world, "unanswerable") == []


def test_every_reason_has_a_name():
    assert set(REASONS) == set(get_args(StaffReason))
