"""What every part of the console's reading stands on: the session, the clock, and how a list is paged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import true, tuple_
from sqlmodel import Session

from bridge.ports import Clock

SEPARATOR = "."


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


def like(words: str) -> str:
    """A LIKE pattern for words that may hold its own signs."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"
