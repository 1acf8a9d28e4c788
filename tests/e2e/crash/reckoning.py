"""What must be true after any number of kills, read from the bridge's rows, the city's and the providers'."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.crash.load import Life
from tests.e2e.surroundings import Surroundings

BEGUN = "SELECT id FROM outbox WHERE kind = 'reply' AND state = 'open' AND attempts > 0"
UNSETTLED = "SELECT count(*) FROM attempt WHERE outcome IS NULL"
REPLIES = "SELECT id, message FROM outbox WHERE kind = 'reply' ORDER BY id"
MESSAGES = "SELECT message->>'sender', state FROM inbox WHERE kind = 'message'"
REPORTS = "SELECT reference, state, service_request_id FROM report"
STAFF = "SELECT reference FROM report JOIN staff_task ON staff_task.report_id = report.id"


@dataclass
class Autopsies:
    """What was under way at each kill: replies begun and not closed, POSTs whose end was not known."""

    replies: set[str] = field(default_factory=set)
    posts: int = 0

    def examine(self, here: Surroundings) -> None:
        """Reads PostgreSQL as it is. Of SQLite it reads a copy, so that recovering it stays the bridge's own
        affair."""
        if here.database:
            self.replies.update(row_id for (row_id,) in here.rows(BEGUN))
            self.posts += here.rows(UNSETTLED)[0][0]
            return
        database = here.data / "bridge.db"
        with tempfile.TemporaryDirectory() as folder:
            for name in (database.name, f"{database.name}-wal"):
                if database.with_name(name).exists():
                    shutil.copy(database.with_name(name), folder)
            with closing(sqlite3.connect(Path(folder) / database.name)) as copy:
                self.replies.update(row_id for (row_id,) in copy.execute(BEGUN))
                self.posts += copy.execute(UNSETTLED).fetchone()[0]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`faults` is empty after a test that went well; `doubles` are the replies that were said more than once."""

    faults: Sequence[str]
    doubles: Sequence[str]


def reckon(here: Surroundings, lives: Sequence[Life], autopsies: Autopsies) -> Verdict:
    """Compares what residents said and heard with what the bridge and the city have."""
    faults = [*_messages(here, lives), *_reports(here, lives)]
    doubles: list[str] = []
    expected = _replies(here)
    for life in lives:
        address = life.resident.address
        said = _in_order(address, expected.get(address, []), life.resident.heard(), faults)
        doubles.extend(said)
        if life.resident.channel == "sms":
            faults.extend(f"{row} was doubled, and its provider could have been asked" for row in said)
    faults.extend(f"{row} was doubled, and was under way at no kill" for row in set(doubles) - autopsies.replies)
    return Verdict(faults, doubles)


def _messages(here: Surroundings, lives: Sequence[Life]) -> list[str]:
    """Every acknowledged message is stored once and handled."""
    rows = here.rows(MESSAGES)
    faults = [f"a message of {sender} is {state}" for sender, state in rows if state != "done"]
    senders = [sender for sender, _ in rows]
    for life in lives:
        if (stored := senders.count(life.resident.address)) != life.acknowledged:
            faults.append(f"{life.resident.address}: {life.acknowledged} acknowledged, {stored} stored")
    return faults


def _reports(here: Surroundings, lives: Sequence[Life]) -> list[str]:
    """Every report is at the city once, or shown to staff; and nothing else is there."""
    rows, copies = here.rows(REPORTS), here.city.copies()
    to_staff = {reference for (reference,) in here.rows(STAFF)}
    faults = [f"{reference} is at the city {times} times" for reference, times in copies.items() if times != 1]
    faults += [f"{reference} is at the city only" for reference in set(copies) - {row[0] for row in rows}]
    for reference, state, request_id in rows:
        if state == "accepted" and reference not in copies:
            faults.append(f"{reference} ({request_id}) is accepted and not at the city")
        if state != "accepted" and reference not in to_staff:
            faults.append(f"{reference} is {state} and nobody looks at it")
    told = [request_id for life in lives for request_id in life.request_ids]
    if len(told) != len(set(told)):
        faults.append("two residents were told the same number")
    return faults


def _replies(here: Surroundings) -> dict[str, list[tuple[str, str]]]:
    """The replies to each address, in the order of their conversation: id and text."""
    replies: dict[str, list[tuple[str, str]]] = {}
    for row_id, message in here.rows(REPLIES):
        fields = json.loads(message) if isinstance(message, str) else message
        replies.setdefault(fields["to"], []).append((row_id, fields["text"]))
    return replies


def _in_order(
    address: str, expected: Sequence[tuple[str, str]], heard: Sequence[str], faults: list[str]
) -> list[str]:
    """The replies that were heard more than once. A reply that is missing, or comes out of order, is a fault."""
    doubles, at = [], -1
    for text in heard:
        if at + 1 < len(expected) and text.startswith(expected[at + 1][1]):
            at += 1
        elif at >= 0 and text.startswith(expected[at][1]):
            doubles.append(expected[at][0])
        else:
            faults.append(f"{address} heard out of order: {text}")
    if at + 1 != len(expected):
        faults.append(f"{address} heard {at + 1} of {len(expected)} replies")
    return doubles
