"""What every part of the console's reading stands on: the session, the clock, and how a list is paged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text, true, tuple_
from sqlmodel import Session, col, select

from bridge.ports import Clock
from bridge.store import tables as t

SEPARATOR = "."
LONGEST_PASSAGE = 160
MOST_WORDS = 12
_WORD = re.compile(r"\w+")


class Part:
    """Bound to a session that somebody else commits."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock


def cursor(at: datetime, id_: str) -> str:
    """Where a page ended, fit for a URL."""
    return f"{at.strftime('%Y%m%dT%H%M%S%f')}{SEPARATOR}{id_}"


def read_cursor(text: str) -> tuple[datetime, str] | None:
    """The cursor, or None for a text that is none: the list then begins at its beginning."""
    moment, _, id_ = text.partition(SEPARATOR)
    try:
        return datetime.strptime(f"{moment}+0000", "%Y%m%dT%H%M%S%f%z"), id_
    except ValueError:
        return None


def beyond(statement: Any, at: Any, id_: Any, after: str, *, newest_first: bool) -> Any:
    """The statement ordered by time and id, from after the cursor on."""
    here = read_cursor(after) if after else None
    if here:
        key, value = tuple_(at, id_), tuple_(*here)
        statement = statement.where(key < value if newest_first else key > value)
    return statement.order_by(at.desc(), id_.desc()) if newest_first else statement.order_by(at, id_)


def within(column: Any, cities: Sequence[str]) -> Any:
    """The row is of one of these cities; of any where none is named."""
    return column.in_(cities) if cities else true()


def hits(session: Session, words: str, limit: int) -> list[tuple[str, datetime, str]]:
    """The newest messages with all the words, the last of them by its beginning: conversation, time, passage."""
    wanted = _WORD.findall(words)[:MOST_WORDS]
    if not wanted:
        return []
    columns = (col(t.Said.conversation_id), col(t.Said.at), col(t.Said.text))
    statement = select(*columns).order_by(col(t.Said.id).desc()).limit(limit)
    if session.get_bind().dialect.name == "postgresql":
        query = " & ".join([*wanted[:-1], f"{wanted[-1]}:*"])
        matches = text("to_tsvector('simple', said.text) @@ to_tsquery('simple', :query)")
        found = session.execute(statement.where(matches.bindparams(query=query)))
    else:
        query = " ".join([*(f'"{word}"' for word in wanted[:-1]), f'"{wanted[-1]}"*'])
        ids = text(
            "SELECT rowid FROM said_search WHERE said_search MATCH :query ORDER BY rowid DESC LIMIT :most"
        ).bindparams(bindparam("query", query), bindparam("most", limit))
        rowids = [row[0] for row in session.execute(ids)]
        found = session.execute(statement.where(col(t.Said.id).in_(rowids)))
    return [(id_, at, passage[:LONGEST_PASSAGE]) for id_, at, passage in found]
