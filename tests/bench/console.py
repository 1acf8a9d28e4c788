"""The console's pages over 200,000 reports and 1,000,000 messages: median time, and weight with all it loads.

python -m tests.bench.console [REPORTS MESSAGES]        prints a table
"""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bridge.demo.providers import FOLDER
from bridge.demo.seed import Size, region, seed
from bridge.store.migrate import upgrade
from bridge.store.sqlite import engine
from bridge.web.console.parts import MOUNT
from tests.web.world import Clerk, World, make

REPORTS, MESSAGES, DAYS, TASKS = 200_000, 1_000_000, 730, 500
TIMES = 15
MOST_MS, MOST_KB = 100, 300
LOADED = re.compile(r'(?:src|href)="(/console/static/[^"]+)"')


async def measure(folder: Path, reports: int, messages: int) -> list[tuple[str, float, float]]:
    """(page, median milliseconds, kilobytes over the wire) of every page."""
    made = engine(folder / "bridge.db", "BEGIN IMMEDIATE")
    upgrade(made)
    made.dispose()
    began = time.perf_counter()
    world = make(folder)
    now = world.clock.now()
    await world.store.close()
    seed(folder / "bridge.db", Size(reports, messages, DAYS, TASKS), now, region(FOLDER))
    print(f"seeded in {time.perf_counter() - began:.0f} s, {(folder / 'bridge.db').stat().st_size / 1e6:.0f} MB")
    world = make(folder)
    try:
        clerk = await world.clerk("admin")
        return [await _page(clerk, path) for path in await _pages(world)]
    finally:
        await world.store.close()


async def _pages(world: World) -> list[str]:
    """The main pages, first and deep ones, and one of each kind that is about one thing."""
    rows = await world.store.read(lambda tx: tx.console.requests((), limit=50))
    talks = await world.store.read(lambda tx: tx.console.conversations((), limit=50))
    (task, *_) = await world.tasks()
    deep = f"{talks[-1].updated_at:%Y%m%dT%H%M%S%f}.{talks[-1].id}"
    box = "40.3,-99.6,40.4,-99.4"
    return [
        "/queue",
        "/queue/silent",
        f"/queue/{task.id}",
        "/conversations",
        f"/conversations?after={deep}",
        "/conversations?words=pothole",
        "/conversations?words=marzipan",
        "/conversations?only=open",
        f"/conversations/{talks[0].id}",
        "/requests",
        "/requests?state=refused",
        "/requests?service=rats",
        "/requests?words=a+car+without",
        "/requests?words=marzipan",
        "/requests?words=26-000042",
        "/requests/map",
        f"/requests/spots?box={box}",
        "/requests/extent",
        f"/requests/{rows[0].id}",
        "/figures",
        "/duty",
        "/duty/given-up",
        "/setup",
        "/setup/words",
        "/setup/channels",
        "/setup/models",
        "/setup/retention",
        "/people",
        "/audit",
    ]


async def _page(clerk: Clerk, path: str) -> tuple[str, float, float]:
    took = []
    answer = await clerk.browser.get(f"{MOUNT}{path}")
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = await clerk.browser.get(f"{MOUNT}{path}")
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, path
    weight = await _weight(clerk.browser, f"{MOUNT}{path}")
    for loaded in set(LOADED.findall(answer.text)):
        weight += await _weight(clerk.browser, loaded)
    return re.sub(r"[0-9a-f]{32}.*", "…", path), statistics.median(took), weight / 1000


async def _weight(browser: httpx.AsyncClient, url: str) -> int:
    """Bytes over the wire, compressed as a browser asks for it."""
    async with browser.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
        return sum([len(piece) async for piece in answer.aiter_raw()])


def main() -> None:
    reports, messages = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (REPORTS, MESSAGES)
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measure(Path(folder), reports, messages))
    print(f"{'page':<40}{'median':>10}{'weight':>10}")
    for path, took, weight in rows:
        missed = " missed" if took > MOST_MS or weight > MOST_KB else ""
        print(f"{path:<40}{took:>7.1f} ms{weight:>7.0f} KB{missed}")


if __name__ == "__main__":
    main()
