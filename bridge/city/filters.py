"""The arguments of GET Service Requests, read into one value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.datastructures import QueryParams

from bridge.city.answers import refuse
from bridge.city.moments import moment

WINDOW = timedelta(days=90)  # GeoReport v2, GET Service Requests, Response Volume
ROW_LIMIT = 1000
PAGE_SIZE = 50
STATUSES = ("open", "closed")


@dataclass(frozen=True, slots=True)
class Filter:
    """What to list, newest first. Times are inclusive; empty tuples and None mean any."""

    ids: tuple[str, ...] = ()
    service_codes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    limit: int = ROW_LIMIT
    offset: int = 0


def read_filter(arguments: QueryParams, now: datetime) -> Filter:
    """What a query asks for. The default window of 90 days holds unless a window of updates is given: a
    request of last year that was closed today is what such a query is made to find. Raises Refused (400)
    naming the argument that cannot be understood."""
    ids = _words(arguments, "service_request_id")
    if ids:
        return Filter(ids=ids[:ROW_LIMIT])
    start, end = read_time(arguments, "start_date"), read_time(arguments, "end_date")
    after, before = read_time(arguments, "updated_after"), read_time(arguments, "updated_before")
    if start or end or not (after or before):
        start, end = _window(start, end, now)
    limit, offset = _page(arguments)
    return Filter(
        service_codes=_words(arguments, "service_code"),
        statuses=_statuses(arguments),
        start=start,
        end=end,
        updated_after=after,
        updated_before=before,
        limit=limit,
        offset=offset,
    )


def _words(arguments: QueryParams, name: str) -> tuple[str, ...]:
    """A list argument "can be declared multiple times, comma delimited": both ways are read."""
    parts = ",".join(arguments.getlist(name)).split(",")
    return tuple(dict.fromkeys(word for part in parts if (word := part.strip())))


def _statuses(arguments: QueryParams) -> tuple[str, ...]:
    statuses = tuple(word.lower() for word in _words(arguments, "status"))
    if set(statuses) - set(STATUSES):
        raise refuse(400, "status must be open, closed or both, separated by a comma.")
    return statuses


def read_time(arguments: QueryParams, name: str) -> datetime | None:
    """The time of an argument, None when it is absent or empty. Raises Refused (400)."""
    text = arguments.get(name, "").strip()
    try:
        return moment(text) if text else None
    except ValueError:
        raise refuse(400, f"{name} must be a date and time with its zone, such as 2026-01-31T09:00:00Z.") from None


def _window(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime | None]:
    if start and end and end < start:
        raise refuse(400, "end_date is before start_date.")
    if start and end and end - start > WINDOW:
        raise refuse(400, f"start_date and end_date may not span more than {WINDOW.days} days.")
    if start:
        return start, end or _later(start)
    return ((end or now) - WINDOW, end)


def _later(start: datetime) -> datetime | None:
    try:
        return start + WINDOW
    except OverflowError:
        return None


def _page(arguments: QueryParams) -> tuple[int, int]:
    """Pages are counted from 1; page 0 is the first too, as some servers have it. Without either argument
    the answer is one page of the specification's limit."""
    page, size = _count(arguments, "page"), _count(arguments, "page_size")
    if page is None and size is None:
        return ROW_LIMIT, 0
    limit = min(size or PAGE_SIZE, ROW_LIMIT)
    return limit, max((page or 1) - 1, 0) * limit


def _count(arguments: QueryParams, name: str) -> int | None:
    text = arguments.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise refuse(400, f"{name} must be a number from 0.")
    return int(text)
