"""Times as clients write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# A "+" that was not percent-encoded arrives as a blank.
_BLANK_FOR_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


def moment(text: str) -> datetime:
    """A time of the W3C subset of ISO 8601 in UTC. Raises ValueError for anything else, and for a time
    without a zone, which the specification demands (a date alone is that day's first moment in UTC)."""
    written = _BLANK_FOR_PLUS.sub("+", text.strip())
    if not re.match(r"\d{4}-\d\d-\d\d", written):
        raise ValueError(text)
    value = datetime.fromisoformat(written)
    if value.tzinfo is None:
        if len(written) > len("2026-01-01"):
            raise ValueError(text)
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
