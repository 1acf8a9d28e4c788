"""Moments as real servers write them, to aware UTC and back. Pure.

GeoReport v2 wants `YYYY-MM-DDThh:mm:ss` with `Z` or an offset. Seen besides: no zone, a blank for the T, no
seconds, milliseconds (Boston), local time under a false `Z` (simple-crm, Oxfordshire: fixmystreet PR 1373),
and 1969-12-31 for "never".
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

_NEVER_BEFORE = 1980  # the epoch in any zone, and the zero dates of databases, mean "no moment"


def read_instant(text: str, zone: tzinfo = UTC, *, false_utc: bool = False) -> datetime | None:
    """The moment in UTC, or None when there is none in the text.

    A time without zone is in `zone`; with `false_utc` so is one that ends in Z or +00:00.
    """
    moment = _parse(text.strip())
    if moment is None or moment.year < _NEVER_BEFORE:
        return None
    if moment.tzinfo is None or (false_utc and not moment.utcoffset()):
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def write_instant(moment: datetime) -> str:
    """`2026-01-31T09:05:00Z`, whole seconds: mySociety refuses parts of a second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace(" UTC", "Z").replace(" +", "+"))
    except ValueError:
        return None
