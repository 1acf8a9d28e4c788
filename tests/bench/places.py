"""How finding and resolving grow with a city: invented cities of more and more house numbers, measured.

python -m tests.bench.places
"""

from __future__ import annotations

import csv
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bridge.app import build_models, models_cache
from classifiers import addresses
from classifiers.gazetteer import build, open_gazetteer
from classifiers.geocode import Extractor, PlaceLocator
from classifiers.places.invented import Inventor

SIZES = (10_000, 100_000, 1_000_000)
_HOUSES_PER_STREET = 120
_SOUTH, _WEST = 40.0, -100.0
_STEP = 0.0001  # degrees from house to house: about 10 m
_MESSAGES = 300


def growth(
    extractor: Extractor, directory: Path, sizes: Sequence[int] = SIZES, progress: Callable[[str], None] = print
) -> Iterator[dict[str, Any]]:
    """Yields one row per size: house numbers, streets, seconds to build, MB on disk, ms a message (median and
    95th percentile, found and resolved; the processor's share of the median), and MB the process grew by."""
    for size in sizes:
        source, addresses = directory / f"{size}.csv", invented_city(size)
        with source.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("LON", "LAT", "NUMBER", "STREET"), *addresses])
        began = time.perf_counter()
        path = build([source], directory / f"{size}.gazetteer", progress)
        built = time.perf_counter() - began
        before = _resident()
        locator = PlaceLocator(open_gazetteer(path), extractor)
        times, worked = zip(*(_timed(locator, text) for text in _messages(addresses)), strict=True)
        yield {
            "addresses": size,
            "streets": size // _HOUSES_PER_STREET,
            "build_s": round(built, 1),
            "disk_mb": round(path.stat().st_size / 1e6, 1),
            "ms_median": round(statistics.median(times), 2),
            "ms_p95": round(statistics.quantiles(times, n=20)[-1], 2),
            "cpu_ms_median": round(statistics.median(worked), 2),
            "memory_mb": round(_resident() - before, 1),
        }


def invented_city(size: int) -> list[tuple[float, float, int, str]]:
    """House numbers (longitude, latitude, number, street) of a city of parallel streets with differing names."""
    inventor = Inventor(random.Random(size))
    names: dict[str, None] = {}
    while len(names) < size // _HOUSES_PER_STREET + 1:
        names[f"{inventor.made_up()} {inventor.pick(('St', 'Ave', 'Rd'))}"] = None
    rows = []
    for i, name in enumerate(names):
        lat, west = _SOUTH + 0.001 * (i // 40), _WEST + 0.015 * (i % 40)
        rows += [
            (round(west + n * _STEP, 6), round(lat + 0.0001 * (n % 2), 6), 100 + n, name)
            for n in range(_HOUSES_PER_STREET)
        ]
    return rows[:size]


def _messages(addresses: Sequence[tuple[float, float, int, str]]) -> list[str]:
    """Reports as people write them: in four of five the street as it is, in one misspelt."""
    chance = random.Random(311)
    messages = []
    for i, (_, _, number, street) in enumerate(chance.sample(addresses, _MESSAGES)):
        name = street if i % 5 else street[:3] + street[4:]
        messages.append(
            f"theres a huge pothole in front of {number} {name.lower()} please fix it before someone gets hurt"
        )
    return messages


def _timed(locator: PlaceLocator, text: str) -> tuple[float, float]:
    """Milliseconds on the clock, and of the processor's, which a loaded machine does not stretch."""
    began, worked = time.perf_counter(), time.process_time()
    locator.locate(text, "en")
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)


def _resident() -> float:
    """Memory of this process in MB, mapped pages of the gazetteer included."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    if pages:
        return pages * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    extractor = addresses.load(build_models(models_cache(), lambda _: None).places)
    print("places: invented cities, messages found and resolved (goal at a million: median 5 ms, 150 MB)")
    with tempfile.TemporaryDirectory() as directory:
        for row in growth(extractor, Path(directory), progress=lambda _: None):
            print("  ".join(f"{name} {value:,}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
