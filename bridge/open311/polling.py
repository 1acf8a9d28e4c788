"""Which reads to spend on which open requests now. Pure: what is open and what a read can show go in, a plan
comes out.

Young requests change often and their reporters still wait, so they are read every quarter of an hour; old ones
rarely. Where one window of the city's list shows more of the due requests than a comma list of ids would, the
window is read; ids are for what lists do not show. When there is more due than there are reads, the plan takes
the reads that are worth most: overdue requests count more the longer they wait, so none waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

YOUNG = timedelta(days=2)

_PACE: tuple[tuple[timedelta, timedelta, float], ...] = (  # up to this age, read so often, and weigh so much
    (YOUNG, timedelta(minutes=15), 4.0),
    (timedelta(days=7), timedelta(hours=2), 2.0),
    (timedelta(days=30), timedelta(hours=8), 1.0),
    (timedelta(days=90), timedelta(days=1), 1.0),
    (timedelta.max, timedelta(days=3), 1.0),
)
_LONG = timedelta(days=36500)
_SAFE = 0.8  # of a list's cap: the city's traffic is an estimate


@dataclass(frozen=True, slots=True)
class Followed:
    """An open request: when it was requested, when its row was last read, and whether lists show it."""

    service_request_id: str
    requested_at: datetime
    read_at: datetime | None = None
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Means:
    """What one read can show: so many ids (1: single requests only), or the rows of a window of the city's list,
    which is whole up to `row_cap` rows (0: lists are of no use here). `rows_per_hour` is the city's traffic."""

    ids_per_read: int
    row_cap: int
    rows_per_hour: float
    window: timedelta = timedelta(days=90)

    @property
    def safe_window(self) -> timedelta:
        """The longest window whose rows should fit an answer."""
        hours = _SAFE * self.row_cap / max(self.rows_per_hour, 0.01)
        return min(self.window, timedelta(hours=hours))


@dataclass(frozen=True, slots=True)
class Window:
    """Read the list of requests requested from `start` to `end`; it should show `ids`."""

    start: datetime
    end: datetime
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ids:
    """Read these ids, in one call."""

    ids: tuple[str, ...]


Read = Window | Ids


def interval(age: timedelta) -> timedelta:
    """How often a request of this age is read."""
    return next(every for limit, every, _ in _PACE if age < limit)


def is_due(request: Followed, now: datetime) -> bool:
    """Whether the request was last read longer ago than its age allows."""
    return now - (request.read_at or request.requested_at) >= interval(now - request.requested_at)


def plan(followed: Iterable[Followed], means: Means, now: datetime, reads: int) -> tuple[Read, ...]:
    """At most `reads` reads, the most valuable first; none for requests that are not due."""
    due = list(_due(followed, now))
    worth = {request.service_request_id: value for value, request in due}
    windows = list(_windows(due, means)) if means.row_cap else []
    shown = {id for window in windows for id in window.ids}
    rest = [(value, request) for value, request in due if request.service_request_id not in shown]
    candidates: list[Read] = [*windows, *_batches(rest, means.ids_per_read)]
    candidates.sort(key=lambda read: sum(worth[id] for id in read.ids), reverse=True)
    return tuple(candidates[:reads])


def delay(young: int, means: Means, reads_per_minute: float) -> timedelta:
    """How long a change on one of so many young requests waits at worst, when all reads go to them."""
    span = YOUNG / timedelta(hours=1)
    by_windows = span / (means.safe_window / timedelta(hours=1)) if means.row_cap else float("inf")
    by_ids = young / means.ids_per_read
    sweep = timedelta(minutes=min(by_windows, by_ids) / reads_per_minute)
    return max(sweep, interval(timedelta(0)))


def _due(followed: Iterable[Followed], now: datetime) -> Iterator[tuple[float, Followed]]:
    """Due requests with what reading them is worth: how overdue, times the weight of their age."""
    tiers = [(now - min(limit, _LONG), now - every, every, weight) for limit, every, weight in _PACE]
    for request in followed:
        read_at = request.read_at or request.requested_at
        for youngest, due_before, every, weight in tiers:
            if request.requested_at > youngest:
                if read_at <= due_before:
                    yield (now - read_at) / every * weight, request
                break


def _windows(due: Sequence[tuple[float, Followed]], means: Means) -> Iterator[Window]:
    """Windows, newest first, that show more due requests than one read of ids would."""
    listed = sorted((r for _, r in due if r.listed), key=lambda r: r.requested_at, reverse=True)
    length = means.safe_window
    first = after = 0
    while first < len(listed):
        oldest = listed[first].requested_at - length
        while after < len(listed) and listed[after].requested_at > oldest:
            after += 1
        if after - first > means.ids_per_read:
            members = listed[first:after]
            ids = tuple(request.service_request_id for request in members)
            yield Window(members[-1].requested_at, members[0].requested_at, ids)
            first = after
        else:
            first += max(1, (after - first) // 2)


def _batches(due: Sequence[tuple[float, Followed]], size: int) -> Iterator[Ids]:
    worthiest = [r.service_request_id for _, r in sorted(due, key=lambda pair: pair[0], reverse=True)]
    for start in range(0, len(worthiest), size):
        yield Ids(tuple(worthiest[start : start + size]))
