"""Which reads to spend on which due requests now. Pure: what is due and what a read can show go in, a plan
comes out.

What is due is for the caller to say. Where one window of the city's list shows more of the due requests than a
comma list of ids would, the window is read; ids are for what lists do not show. When there is more due than there
are reads, the plan takes the reads that are worth most: young requests change often and their reporters still
wait, and overdue ones count more the longer they wait, so none waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.vocabulary import Followed

YOUNG = timedelta(days=2)

_WEIGHTS = ((YOUNG, 4.0), (timedelta(days=7), 2.0))  # up to this age a request weighs so much; older ones 1
_SOONEST = timedelta(minutes=15)  # before which no change is promised
_SAFE = 0.8  # of a list's cap: the city's traffic is an estimate


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


def plan(
    due: Sequence[Followed], means: Means, now: datetime, reads: int, unlisted: Set[str] = frozenset()
) -> tuple[Read, ...]:
    """At most `reads` reads, the most valuable first. `unlisted` are the ids that no list shows."""
    worth = {request.service_request_id: _worth(request, now) for request in due}
    listed = [request for request in due if request.service_request_id not in unlisted]
    windows = list(_windows(listed, means)) if means.row_cap else []
    shown = {id for window in windows for id in window.ids}
    rest = sorted((id for id in worth if id not in shown), key=worth.__getitem__, reverse=True)
    candidates: list[Read] = [*windows, *_batches(rest, means.ids_per_read)]
    candidates.sort(key=lambda read: sum(worth[id] for id in read.ids), reverse=True)
    young = {request.service_request_id for request in due if now - request.requested_at < YOUNG}
    return _with_young_first(candidates, young, reads)


def _with_young_first(candidates: Sequence[Read], young: Set[str], reads: int) -> tuple[Read, ...]:
    """The most valuable, but up to three quarters of the reads for what shows young requests: where there are
    fewer reads than it takes, many old and overdue ones would otherwise outweigh them."""
    showing = [read for read in candidates if not young.isdisjoint(read.ids)][: reads * 3 // 4]
    left = [read for read in candidates if read not in showing][: reads - len(showing)]
    return (*showing, *left)


def delay(young: int, means: Means, reads_per_minute: float) -> timedelta:
    """How long a change on one of so many young requests waits at worst, when all reads go to them."""
    span = YOUNG / timedelta(hours=1)
    by_windows = span / (means.safe_window / timedelta(hours=1)) if means.row_cap else float("inf")
    by_ids = young / means.ids_per_read
    sweep = timedelta(minutes=min(by_windows, by_ids) / reads_per_minute)
    return max(sweep, _SOONEST)


def _worth(request: Followed, now: datetime) -> float:
    """How overdue it is, in its own intervals, times the weight of its age."""
    age = now - request.requested_at
    weight = next((weight for limit, weight in _WEIGHTS if age < limit), 1.0)
    every = max(request.due_at - request.read_at, timedelta(seconds=1))
    return (now - request.read_at) / every * weight


def _windows(due: Sequence[Followed], means: Means) -> Iterator[Window]:
    """Windows, newest first, that show more due requests than one read of ids would."""
    listed = sorted(due, key=lambda request: request.requested_at, reverse=True)
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


def _batches(worthiest: Sequence[str], size: int) -> Iterator[Ids]:
    for start in range(0, len(worthiest), size):
        yield Ids(tuple(worthiest[start : start + size]))
