"""What became of our requests: rows by id, by windows of the city's list, or by what changed.

Keeps what it learns of the endpoint while it runs: whether comma lists work, how many requests the whole city
gets an hour, and which of ours its lists do not show. All of that is found again after a restart.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

import structlog

from bridge.errors import Permanent, Retryable
from bridge.open311 import updates, wire
from bridge.open311.answers import Answer
from bridge.open311.endpoint import Endpoint, Unreadable
from bridge.open311.listing import Query, is_full, listing, reading, write_time
from bridge.open311.polling import YOUNG, Ids, Means, Window, plan
from bridge.open311.updates import RequestUpdate
from bridge.vocabulary import Followed, Followings, ServiceRequest

SPARE = 2  # reads a minute that following leaves to look-ups and tokens
_REVEALING = 5  # ids in a comma list from which an answer of one row tells that lists do not work
_NOT_SHOWN = (400, 403, 404, 410)  # uReport: 403 for a private request it took itself
_UNLIMITED = 50  # reads of one round where the endpoint has no limit
_FAILURES = 3  # reads of one request that end in a server's error before it is left until it is due again
_SWEEP = 8  # of so many due requests one is read in full although the city says nothing changed

_log = structlog.get_logger(__name__)

Rows = dict[str, ServiceRequest]
Resolve = Callable[[str], Awaitable[str | None]]


@dataclass
class Found:
    """Rows by id, and all that were read, a row shown or not."""

    rows: Rows = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def add(self, id: str, row: ServiceRequest | None) -> None:
        self.read.add(id)
        if row is not None:
            self.rows[id] = row


Ask = Callable[[Sequence[Followed], datetime, Found], Awaitable[None]]


class Follower:
    """Reads back over one endpoint. Methods raise Retryable or Permanent only when nothing could be read."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._profile = endpoint, endpoint.profile
        self._many_ids = self._profile.many_ids
        self._per_hour: float | None = None
        self._unlisted: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._by = {"updates": self._profile.updates, "changes": self._profile.updated_after}

    async def by_ids(self, wanted: Sequence[str]) -> Rows:
        """Rows of these ids, in comma lists where those work, singly what they do not show."""
        found = Found()
        await self._by_ids(wanted, found)
        return found.rows

    async def follow(self, due: Sequence[Followed]) -> Followings:
        """Rows of the due requests, as far as this minute's reads go; where the city tells changes, only rows that
        changed. Those of the others count as read too, but for the few that are read in full to make sure."""
        now, found = self._endpoint.clock.now(), Found()
        if not due or await self._endpoint.free_reads(SPARE) == 0:
            return Followings()
        if self._by["changes"] and await self._tells("changes", self._by_changes, due, now, found):
            due = list(_sweep(due, now))
        elif self._by["updates"] and await self._tells("updates", self._by_updates, due, now, found):
            due = []
        await self._by_plan(due, now, found)
        return Followings(found.rows, frozenset(found.read))

    async def resolve_all(self, tokens: Sequence[str], resolve: Resolve) -> dict[str, str | None]:
        """Tokens and their ids, as many as there are reads to spare. A token that is refused has no id yet."""
        limited = await self._endpoint.free_reads() is not None
        found: dict[str, str | None] = {}
        for token in tokens[:SPARE] if limited else tokens:
            try:
                found[token] = await resolve(token)
            except Permanent:
                found[token] = None
            except Retryable:
                if not found:
                    raise
                break
        return found

    async def updates(self, start: datetime, end: datetime) -> tuple[RequestUpdate, ...]:
        """mySociety's updates of a time span."""
        params = {"start_date": write_time(start, self._profile), "end_date": write_time(end, self._profile)}
        tree = await self._endpoint.tree("updates", updates.PATH, params, spare=SPARE)
        return updates.updates(tree, reading(self._profile))

    # how it is read

    async def _tells(self, what: str, ask: Ask, due: Sequence[Followed], now: datetime, found: Found) -> bool:
        """Whether the city told changes in its own way. One that refuses to is not asked again, but read like any
        other."""
        try:
            await ask(due, now, found)
        except Permanent as error:
            _log.warning("city.changes_refused", by=what, error=str(error))
            self._by[what] = False
            return False
        return True

    async def _by_ids(self, wanted: Sequence[str], found: Found) -> None:
        try:
            await self._by_lists(wanted, found)
            await self._singly([id for id in wanted if id not in found.read], found)
        except Retryable:
            if not found.read:
                raise

    async def _by_updates(self, due: Sequence[Followed], now: datetime, found: Found) -> None:
        told = updates.latest(await self.updates(self._since(due, now), now + self._skew()))
        for request in due:
            found.add(request.service_request_id, told.get(request.service_request_id))

    async def _by_changes(self, due: Sequence[Followed], now: datetime, found: Found) -> None:
        start = now - timedelta(days=self._profile.window_days)
        query = Query(start, now + self._skew(), updated_after=self._since(due, now))
        changed = await listing(self._endpoint, query, spare=SPARE)
        rows = {row.service_request_id: row for row in changed.rows}
        for request in due:
            if changed.complete or request.service_request_id in rows:
                found.add(request.service_request_id, rows.get(request.service_request_id))

    async def _by_plan(self, due: Sequence[Followed], now: datetime, found: Found) -> None:
        reads = await self._endpoint.free_reads(SPARE)
        most = _UNLIMITED if reads is None else reads
        planned = await asyncio.to_thread(plan, due, self._means(due), now, most, frozenset(self._unlisted))
        for read in planned:
            try:
                await self._read(read, found)
            except Retryable:
                if not found.read:
                    raise
                return

    async def _read(self, read: Window | Ids, found: Found) -> None:
        if isinstance(read, Ids):
            await self._by_ids(read.ids, found)
            return
        query = Query(read.start - self._skew(), read.end + self._skew(), reads=1)
        try:
            shown = await listing(self._endpoint, query, spare=SPARE)
        except Permanent:  # a city that refuses lists: single requests are what it shows
            self._unlisted.update(read.ids)
            return
        self._learn(query, len(shown.rows))
        rows = {row.service_request_id: row for row in shown.rows}
        for id in read.ids:
            if id in rows:
                found.add(id, rows[id])
            elif shown.complete:
                self._unlisted.add(id)

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
        oldest = min(request.read_at for request in due)
        return max(oldest, now - timedelta(days=self._profile.window_days)) - self._skew()

    def _skew(self) -> timedelta:
        return timedelta(minutes=self._profile.clock_skew_minutes)

    async def _by_lists(self, wanted: Sequence[str], found: Found) -> None:
        """Asks by comma lists, as long as they bring more than the first id (uReport answers only that)."""
        listable = [id for id in wanted if "," not in id]
        size = self._profile.ids_per_read
        for batch in (listable[start : start + size] for start in range(0, len(listable), size)):
            if not self._many_ids or len(batch) < 2:
                return
            rows = {row.service_request_id: row for row in await self._listed(batch)}
            for id in batch:
                if id in rows:
                    found.add(id, rows[id])
            self._many_ids = len(batch) < _REVEALING or len(rows) > 1

    async def _listed(self, batch: Sequence[str]) -> tuple[ServiceRequest, ...]:
        params = {"service_request_id": ",".join(batch)}
        try:
            tree = await self._endpoint.tree("requests", self._profile.requests_path, params, spare=SPARE)
        except Permanent:
            return ()
        return wire.requests(tree, reading(self._profile))

    async def _singly(self, wanted: Sequence[str], found: Found) -> None:
        for id in wanted:
            if not self._profile.single_reads:
                found.add(id, None)
                continue
            path = f"{self._profile.request_path}/{quote(id, safe='')}"
            answer = await self._single(path)
            if answer is None and self._fails_again(id):
                continue
            rows = wire.requests(answer.document.tree, reading(self._profile)) if answer and answer.success else ()
            found.add(id, next((row for row in rows if row.service_request_id == id), None))
            self._failures.pop(id, None)

    async def _single(self, path: str) -> Answer | None:
        """The answer about one request, a refusal where it is not shown; None where the city fails to give one."""
        try:
            answer = await self._endpoint.get("request", path, spare=SPARE)
        except Unreadable:
            return None
        if not answer.success and answer.status < 500 and answer.status not in _NOT_SHOWN:
            raise self._endpoint.error(answer)
        return None if answer.status >= 500 else answer

    def _fails_again(self, id: str) -> bool:
        """Whether a request whose read failed is asked for again at once. Of a city that is down all fail, and its
        circuit opens; one request that a city cannot show must not stand in the way of the others."""
        self._failures[id] += 1
        return self._failures[id] < _FAILURES


def _sweep(due: Sequence[Followed], now: datetime) -> Iterator[Followed]:
    """Another part of them each hour: a change that a city forgets to date is found late, not never."""
    hour = int(now.timestamp() // 3600)
    for request in due:
        if (zlib.crc32(request.service_request_id.encode()) + hour) % _SWEEP == 0:
            yield request
