"""Request lists by time window: split where an answer may be cut, joined into one, and honest about gaps.

GeoReport v2 caps a list at 90 days or 1,000 rows and defines no paging; real caps are 50, 100, 200. A full
answer is asked again in halves (as open311status does), or by pages where the profile says they work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bridge.open311 import wire
from bridge.open311.endpoint import Endpoint
from bridge.open311.instants import write_instant
from bridge.open311.profile import Profile
from bridge.vocabulary import ServiceRequest

ROUND_CAPS = (25, 50, 100, 200, 250, 500)  # rows of a list that is probably cut, where no cap is known
_SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Query:
    """Which requests: requested at or after `start` and before `end`. Empty tuples mean all.

    `updated_after` is used where the profile says it works; `reads` bounds the calls spent.
    """

    start: datetime
    end: datetime
    service_codes: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    updated_after: datetime | None = None
    reads: int = 10


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows in the order found, each id once; `complete` when no answer was cut and no window left out."""

    rows: tuple[ServiceRequest, ...]
    complete: bool
    reads: int


async def listing(endpoint: Endpoint, query: Query, *, spare: int = 0) -> Listing:
    """Everything the endpoint lists for the query, within its number of reads. Raises Retryable, Permanent."""
    profile = endpoint.profile
    todo = list(_calls(query, profile))
    found: dict[str, ServiceRequest] = {}
    reads, complete = 0, True
    while todo and reads < query.reads:
        call = todo.pop()
        reads += 1
        tree = await endpoint.tree("requests", profile.requests_path, parameters(call, profile), spare=spare)
        rows = wire.requests(tree, reading(profile))
        found.update((row.service_request_id or row.token, row) for row in rows)
        if is_full(len(rows), profile):
            narrower = list(_narrower(call, profile))
            complete = complete and bool(narrower)
            todo += narrower
    return Listing(tuple(found.values()), complete and not todo, reads)


def reading(profile: Profile) -> wire.Reading:
    """How this city's rows are read."""
    return wire.Reading(profile.zone, profile.false_utc, profile.status_words)


def is_full(rows: int, profile: Profile) -> bool:
    """Whether an answer of so many rows may have been cut: at the cap the profile tells, else at any usual one."""
    told = "row_cap" in profile.model_fields_set
    return rows >= profile.row_cap or (not told and rows in ROUND_CAPS)


def parameters(call: _Call, profile: Profile) -> dict[str, str]:
    """The query of one call, as this city reads times, states and lists."""
    start, end = write_time(call.start, profile), write_time(call.end, profile)
    if profile.swapped_dates:
        start, end = end, start
    updated = write_time(call.updated_after, profile) if call.updated_after and profile.updated_after else ""
    return {
        "start_date": start,
        "end_date": end,
        "service_code": ",".join(call.service_codes),
        "status": ",".join(call.states) if profile.status_filter != "no" else "",
        "updated_after": updated,
        "page": str(call.page) if call.page > 1 else "",
    }


def write_time(moment: datetime, profile: Profile) -> str:
    """A moment as this city's filters read it."""
    if profile.query_times == "utc":
        return write_instant(moment)
    local = moment.astimezone(profile.zone).replace(microsecond=0)
    return local.isoformat() if profile.query_times == "offset" else local.replace(tzinfo=None).isoformat()


@dataclass(frozen=True, slots=True)
class _Call:
    start: datetime
    end: datetime
    service_codes: tuple[str, ...]
    states: tuple[str, ...]
    updated_after: datetime | None
    page: int = 1


def _calls(query: Query, profile: Profile) -> Iterator[_Call]:
    """One call per span of days the city allows and, where it takes one value only, per state. Oldest first,
    so that the newest is the last pushed and the first asked."""
    states = query.states or profile.list_states
    single = profile.status_filter == "one" and len(states) > 1
    start = query.start.astimezone(UTC)
    while start < query.end:
        end = min(start + timedelta(days=profile.window_days), query.end)
        for chosen in [(state,) for state in states] if single else [states]:
            yield _Call(start, end, query.service_codes, chosen, query.updated_after)
        start = end


def _narrower(call: _Call, profile: Profile) -> Iterator[_Call]:
    if profile.paging:
        yield replace(call, page=call.page + 1)
    elif call.end - call.start > _SHORTEST:
        middle = call.start + (call.end - call.start) / 2
        yield replace(call, end=middle)
        yield replace(call, start=middle)
