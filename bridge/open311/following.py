"""What became of our requests: rows by id, by windows of the city's list, or by what changed.

Keeps what it learns of the endpoint while it runs: whether comma lists work, how many requests the whole city
gets an hour, and which of ours its lists do not show. All of that is found again after a restart.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from bridge.errors import Permanent, Retryable
from bridge.open311 import updates, wire
from bridge.open311.endpoint import Endpoint
from bridge.open311.listing import Query, is_full, listing, reading, write_time
from bridge.open311.polling import YOUNG, Followed, Ids, Means, Window, is_due, plan
from bridge.open311.updates import RequestUpdate
from bridge.vocabulary import ServiceRequest

SPARE = 2  # reads a minute that following leaves to look-ups and tokens
_REVEALING = 5  # ids in a comma list from which an answer of one row tells that lists do not work
_NOT_SHOWN = (400, 403, 404, 410)  # uReport: 403 for a private request it took itself
_UNLIMITED = 50  # reads of one round where the endpoint has no limit
_SWEEP = 8  # of so many due requests one is read in full although the city says nothing changed

Rows = dict[str, ServiceRequest]


class Follower:
    """Reads back over one endpoint. Methods raise Retryable or Permanent only when nothing could be read."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._profile = endpoint, endpoint.profile
        self._many_ids = self._profile.many_ids
        self._per_hour: float | None = None
        self._unlisted: set[str] = set()

    async def by_ids(self, wanted: Sequence[str]) -> Rows:
        """Rows of these ids, in comma lists where those work, singly what they do not show."""
        found: Rows = {}
        try:
            await self._by_lists(wanted, found)
            await self._singly([id for id in wanted if id not in found], found)
        except Retryable:
            if not found:
                raise
        return found

    async def follow(self, followed: Iterable[Followed]) -> Rows:
        """Rows of those of the followed requests that are due, as far as this minute's reads go; where the city
        tells changes, only rows that changed."""
        now = self._endpoint.clock.now()
        due = [request for request in followed if is_due(request, now)]
        if not due:
            return {}
        if self._profile.updates and not self._profile.updated_after:
            return await self._by_updates(due, now)
        found: Rows = {}
        if self._profile.updated_after:
            found |= await self._by_changes(due, now)
            due = list(_sweep(due, now))
        await self._by_plan(due, now, found)
        return found

    async def updates(self, start: datetime, end: datetime) -> tuple[RequestUpdate, ...]:
        """mySociety's updates of a time span."""
        params = {"start_date": write_time(start, self._profile), "end_date": write_time(end, self._profile)}
        tree = await self._endpoint.tree("updates", updates.PATH, params, spare=SPARE)
        return updates.updates(tree, reading(self._profile))

    # how it is read

    async def _by_updates(self, due: Sequence[Followed], now: datetime) -> Rows:
        told = await self.updates(self._since(due, now), now + self._skew())
        ours = {request.service_request_id for request in due}
        return {id: row for id, row in updates.latest(told).items() if id in ours}

    async def _by_changes(self, due: Sequence[Followed], now: datetime) -> Rows:
        start = now - timedelta(days=self._profile.window_days)
        query = Query(start, now + self._skew(), updated_after=self._since(due, now))
        changed = await listing(self._endpoint, query, spare=SPARE)
        ours = {request.service_request_id for request in due}
        return {row.service_request_id: row for row in changed.rows if row.service_request_id in ours}

    async def _by_plan(self, due: Sequence[Followed], now: datetime, found: Rows) -> None:
        known = [_marked(request, self._unlisted) for request in due]
        reads = self._endpoint.free_reads(SPARE)
        try:
            for read in plan(known, self._means(due), now, _UNLIMITED if reads is None else reads):
                await self._read(read, found)
        except Retryable:
            if not found:
                raise

    async def _read(self, read: Window | Ids, found: Rows) -> None:
        if isinstance(read, Ids):
            found |= await self.by_ids(read.ids)
            return
        query = Query(read.start - self._skew(), read.end + self._skew(), reads=1)
        shown = await listing(self._endpoint, query, spare=SPARE)
        self._learn(query, len(shown.rows))
        rows = {row.service_request_id: row for row in shown.rows}
        found.update((id, rows[id]) for id in read.ids if id in rows)
        if shown.complete:
            self._unlisted.update(id for id in read.ids if id not in rows)

    def _learn(self, query: Query, rows: int) -> None:
        """A full answer says "at least so many": then the next window is half as long."""
        hours = max((query.end - query.start) / timedelta(hours=1), 0.1)
        self._per_hour = 2 * rows / hours if is_full(rows, self._profile) else rows / hours

    def _means(self, due: Sequence[Followed]) -> Means:
        """Until a window was read, the city is taken to get twice what is due of ours."""
        guess = 2 * len(due) / (YOUNG / timedelta(hours=1))
        profile = self._profile
        return Means(
            ids_per_read=profile.ids_per_read if self._many_ids else 1,
            row_cap=profile.row_cap if profile.list_windows else 0,
            rows_per_hour=guess if self._per_hour is None else self._per_hour,
            window=timedelta(days=profile.window_days),
        )

    def _since(self, due: Sequence[Followed], now: datetime) -> datetime:
        """When the first of them was last read: what changed later is news."""
        oldest = min(request.read_at or request.requested_at for request in due)
        return max(oldest, now - timedelta(days=self._profile.window_days)) - self._skew()

    def _skew(self) -> timedelta:
        return timedelta(minutes=self._profile.clock_skew_minutes)

    async def _by_lists(self, wanted: Sequence[str], found: Rows) -> None:
        """Asks by comma lists, as long as they bring more than the first id (uReport answers only that)."""
        listable = [id for id in wanted if "," not in id]
        size = self._profile.ids_per_read
        for batch in (listable[start : start + size] for start in range(0, len(listable), size)):
            if not self._many_ids or len(batch) < 2:
                return
            rows = await self._listed(batch)
            found.update((row.service_request_id, row) for row in rows if row.service_request_id in batch)
            self._many_ids = len(batch) < _REVEALING or len(rows) > 1

    async def _listed(self, batch: Sequence[str]) -> tuple[ServiceRequest, ...]:
        params = {"service_request_id": ",".join(batch)}
        try:
            tree = await self._endpoint.tree("requests", self._profile.requests_path, params, spare=SPARE)
        except Permanent:
            return ()
        return wire.requests(tree, reading(self._profile))

    async def _singly(self, wanted: Sequence[str], found: Rows) -> None:
        for id in wanted if self._profile.single_reads else ():
            path = f"{self._profile.request_path}/{quote(id, safe='')}"
            answer = await self._endpoint.get("request", path, spare=SPARE)
            if not answer.success and answer.status not in _NOT_SHOWN:
                raise self._endpoint.error(answer)
            rows = wire.requests(answer.document.tree, reading(self._profile)) if answer.success else ()
            found.update((id, row) for row in rows if row.service_request_id == id)


def _marked(request: Followed, unlisted: set[str]) -> Followed:
    if request.service_request_id not in unlisted:
        return request
    return Followed(request.service_request_id, request.requested_at, request.read_at, listed=False)


def _sweep(due: Sequence[Followed], now: datetime) -> Iterator[Followed]:
    """Another part of them each hour: a change that a city forgets to date is found late, not never."""
    hour = int(now.timestamp() // 3600)
    for request in due:
        if (zlib.crc32(request.service_request_id.encode()) + hour) % _SWEEP == 0:
            yield request
