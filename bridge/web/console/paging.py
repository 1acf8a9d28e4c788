"""Where a page of a list ended, for the link to the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

Row = TypeVar("Row")
PAGE = 50


def ended(rows: Sequence[Row], at: str, most: int = PAGE) -> str:
    """The cursor after the last row, by the name of its time; "" where the list ended."""
    if len(rows) < most:
        return ""
    last = rows[-1]
    moment: datetime = getattr(last, at)
    return f"{moment:%Y%m%dT%H%M%S%f}.{getattr(last, 'id', '')}"
