"""How late a change at the city reaches the resident, with 100,000 open requests and ten reads a minute.

python -m tests.bench.tracking [REQUESTS [HOURS [KIND]]]

The bridge's own tracking on its own store, its own client over a transport that answers as a city would, and a
clock that is moved a minute at a time: what is measured is when a message was written, not how fast this machine
is. The city counts reads and answers 429 beyond its limit. Of the requests it lists two thirds are not ours.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from bridge import logs
from bridge.flow import tracking
from bridge.open311 import Client, Profile
from tests.tracking.world import CITY, NOON, Change, ListingCity, Watch, fill, handling_of, number_in, open_store
from tests.tracking.world import replies as replies_of

REQUESTS, HOURS = 100_000, 2
DAY = 700  # of our requests in a day: two days are young
STRANGERS = 2  # of other people's for each of ours
POLL = timedelta(minutes=15)
SHOWN = '["open", "open", "", "001", ""]'
CLOSED: Mapping[str, str] = {"status": "closed", "status_notes": "Filled."}
CLASSES = (
    ("young (2 days)", timedelta(0), timedelta(days=2)),
    ("to 7 days", timedelta(days=2), timedelta(days=7)),
    ("to 30 days", timedelta(days=7), timedelta(days=30)),
)


@dataclass(frozen=True)
class Kind:
    """A kind of city: what its profile says, and what it really answers."""

    name: str
    profile: Mapping[str, object]
    row_cap: int
    ids_in_a_list: int
    lists: bool = True


KINDS = (
    Kind("lists of 1,000 rows", {}, 1000, 50),
    Kind("lists of 50 rows, 50 ids a list", {"row_cap": 50}, 50, 50),
    Kind("lists of 50 rows, single ids", {"row_cap": 50, "many_ids": False}, 50, 1),
)


@dataclass
class BusyCity(ListingCity):
    """Answers as `kind` does, with strangers' requests between ours."""

    kind: Kind = KINDS[0]
    listed: Sequence[tuple[datetime, str]] = ()
    most: int = 0
    minutes: Counter[datetime] = field(default_factory=Counter)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.minutes[self.clock.now()] += 1
        name = request.url.path.rpartition("/")[2].removesuffix(".json")
        if name != "requests":  # a single request is a list of one
            request = httpx.Request("GET", request.url.copy_with(params={"service_request_id": name}))
        return super().__call__(request)

    def chosen(self, query: Mapping[str, str]) -> list[str]:
        if "service_request_id" in query:
            return [id for id in query["service_request_id"].split(",") if id in self.requested][
                : self.kind.ids_in_a_list
            ]
        start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
        first, last = bisect_left(self.listed, (start, "")), bisect_left(self.listed, (end, ""))
        return [id for _, id in self.listed[max(first, last - self.row_cap) : last]][::-1]


def ages(count: int, chance: random.Random) -> list[timedelta]:
    """So many a day for the newest; the older, the fewer of a day are still open."""
    young = [timedelta(days=2 * chance.random()) for _ in range(2 * DAY)]
    old = [timedelta(days=2 + 700 * chance.random() ** 2) for _ in range(count - len(young))]
    return [*young, *old]


async def measure(kind: Kind, count: int, hours: int, folder: Path) -> str:
    """One line of the table."""
    chance, clock = random.Random(311), Watch()
    ours = {str(10_000 + number): NOON - age for number, age in enumerate(ages(count, chance))}
    others = {f"x{n}": NOON - age for n, age in enumerate(ages(STRANGERS * count, chance))}
    changed = [id for id in ours if chance.random() < 0.02 or NOON - ours[id] < timedelta(days=2)]
    when = {id: NOON + timedelta(hours=hours / 2) * chance.random() for id in changed}
    changes = {id: [Change(at, CLOSED)] for id, at in when.items()}
    listed = sorted((at, id) for id, at in (ours | others).items())
    city = BusyCity(clock, ours | others, changes, row_cap=kind.row_cap, kind=kind, listed=listed)
    store = open_store(folder, clock)
    fill(folder, [_report(id, at, chance) for id, at in ours.items()], together=1)
    profile = Profile.model_validate({"endpoint": "http://city.test", **kind.profile})
    client = Client(profile, transport=httpx.MockTransport(city), clock=clock, sleep=clock.sleep)
    handling = handling_of(store, clock, client, poll_every=POLL)
    for _ in range(hours * 60):
        await tracking.look(handling, handling.jurisdictions[CITY])
        clock.at = NOON + timedelta(minutes=1) * ((clock.at - NOON) // timedelta(minutes=1) + 1)
    await store.close()
    heard = Counter(number_in(reply.text) for reply, _ in replies_of(folder))
    told = {number_in(reply.text): at - when[number_in(reply.text)] for reply, at in replies_of(folder)}
    lines = [f"{kind.name}: at most {max(city.minutes.values())} reads a minute, {city.refused} refused,"]
    lines += [f"  told twice: {sum(n > 1 for n in heard.values())}"]
    for name, low, high in CLASSES:
        members = [id for id, at in when.items() if low <= at - ours[id] < high]
        lines.append(f"  {name:<16}{_delays([told[id] for id in members if id in told], len(members))}")
    return "\n".join(lines)


def _delays(delays: list[timedelta], of: int) -> str:
    minutes = sorted(delay / timedelta(minutes=1) for delay in delays)
    if not minutes:
        return f"0 of {of} told"
    at = [minutes[int(share * (len(minutes) - 1))] for share in (0.5, 0.95, 1)]
    return f"{len(minutes)} of {of} told; median {at[0]:.0f}, p95 {at[1]:.0f}, longest {at[2]:.0f} minutes"


def _report(id: str, at: datetime, chance: random.Random) -> dict[str, object]:
    """As it is after days of tracking: read at some moment of its own pace."""
    return {
        "state": "accepted",
        "status": "open",
        "service_request_id": id,
        "fingerprint": SHOWN,
        "created_at": at,
        "poll_at": NOON + chance.random() * tracking.pace(NOON - at, POLL),
    }


def main() -> None:
    logs.configure("error")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    hours = int(sys.argv[2]) if len(sys.argv) > 2 else HOURS
    print(f"{count} open requests, {2 * DAY} of them young, {hours} hours")
    for kind in KINDS if len(sys.argv) < 4 else [KINDS[int(sys.argv[3])]]:
        with tempfile.TemporaryDirectory() as folder:
            print(asyncio.run(measure(kind, count, hours, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
