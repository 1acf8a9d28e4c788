"""The place finder and resolver on corpora that are not part of this repository, beside three baselines.

python -m tests.bench.places_corpora FOLDER

FOLDER holds `places/` (loc_harvey_descriptions, addr_silver_newhaven, addr_silver_boston: JSONL), `reports/`
(newhaven, not_civic) and `gazetteer/` (New Haven streets and neighbourhoods, Boston addresses). Resolving is
measured on each quarter of the New Haven reports, in order of time, with the streets and the pins of the other
three quarters.
"""

from __future__ import annotations

import json
import math
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.app import build_models, models_cache
from classifiers import addresses, gazetteer
from classifiers.addresses import Extractor
from classifiers.geocode import PlaceLocator
from classifiers.places.baselines import BASELINES
from classifiers.places.geometry import metres
from classifiers.places.measure import PRECISE_KINDS, WITHIN_M, evaluate_places, finding

Row = Mapping[str, Any]

FINDING = {
    "Harvey descriptions": "places/loc_harvey_descriptions.jsonl",
    "New Haven streets": "places/addr_silver_newhaven.jsonl",
    "Boston streets": "places/addr_silver_boston.jsonl",
    "tweets without a place": "reports/not_civic.jsonl",
}
_FOR_FINDING = ("text", "lang", "spans", "gold")
PARTS = 4
PLAIN = re.compile(
    r"\b\d{1,5}\s+(?:[NSEW]\.?\s+)?(?:[a-z']+\s+){1,3}(?:st|street|ave|avenue|rd|road|dr|drive|blvd|ln|lane|pl|place|ct|ter"
    r"|terrace|pkwy)\b|\b(?:corner|intersection)\s+of\b"
    r"|\b[a-z]+\s+(?:(?:st|street|ave|avenue)\.?\s+)?(?:&|and|at)\s+[a-z]+\s+(?:st|street|ave|avenue|rd|blvd)\b",
    re.IGNORECASE,
)
"""A house number or a corner by a pattern that knows nothing of the finder."""


def rows_of(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def show_finding(folder: Path, extractor: Extractor) -> None:
    finders = {"finder": finding(extractor.find), **BASELINES}
    for name, file in FINDING.items():
        rows = [
            {k: v for k, v in row.items() if k in ("text", "lang", "spans", "gold")}
            for row in rows_of(folder / file)
        ]
        for finder, locate in finders.items():
            try:
                scores = evaluate_places(rows, locate)
            except ImportError:
                print(f"{name:<24} {finder:<10} not installed")
                continue
            told = {k: v for k, v in scores.items() if v is not None}
            print(f"{name:<24} {finder:<10} {told}", flush=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row with a pin: whether it names a house number or a corner, by the finder and by `PLAIN`."""

    said: bool
    plain: bool
    asked: bool
    off_m: float


def outcomes(rows: Sequence[Row], locator: PlaceLocator) -> Iterator[Outcome]:
    for row in rows:
        located = locator.locate(row["text"])
        best = located.candidates[0] if located.candidates else None
        pin = (float(row["lat"]), float(row["lon"]))
        at = (best.lat, best.long) if best and best.lat is not None and best.long is not None else None
        off = metres(at, pin) if at else math.inf
        said = any(m.kind in PRECISE_KINDS for m in located.mentions)
        yield Outcome(said, bool(PLAIN.search(row["text"])), located.ask, off)


def show(name: str, found: Sequence[Outcome]) -> None:
    kinds = {
        "named": [o for o in found if o.said],
        "named plainly": [o for o in found if o.plain],
        "named, unasked": [o for o in found if o.said and not o.asked],
        "all unasked": [o for o in found if not o.asked],
    }
    told = (f"{kind} {_share(some)}" for kind, some in kinds.items())
    print(f"{name:<24} within {WITHIN_M:.0f} m: {'   '.join(told)}", flush=True)


def _share(some: Sequence[Outcome]) -> str:
    near = sum(o.off_m <= WITHIN_M for o in some)
    return f"{near}/{len(some)} = {near / max(1, len(some)):.3f}"


def show_resolving(folder: Path, extractor: Extractor, work: Path) -> None:
    reports, maps = rows_of(folder / "reports/newhaven.jsonl"), folder / "gazetteer"
    cuts = [len(reports) * k // PARTS for k in range(PARTS + 1)]
    everything: list[Outcome] = []
    for k in range(PARTS):
        history = work / f"history{k}.jsonl"
        history.write_text(
            "\n".join(map(json.dumps, reports[: cuts[k]] + reports[cuts[k + 1] :])), encoding="utf-8"
        )
        sources = [*maps.glob("new_haven_*.geojson"), history]
        locator = PlaceLocator(gazetteer.open_gazetteer(gazetteer.build(sources, work / f"{k}.db")), extractor)
        part = list(outcomes(reports[cuts[k] : cuts[k + 1]], locator))
        show(f"New Haven, quarter {k + 1}", part)
        everything += part
    show("New Haven, all four", everything)
    boston = gazetteer.build([*maps.glob("boston_*.csv")], work / "boston.db")
    rows = rows_of(folder / FINDING["Boston streets"])
    show("Boston, addresses only", list(outcomes(rows, PlaceLocator(gazetteer.open_gazetteer(boston), extractor))))


def main(folder: Path) -> None:
    extractor = addresses.load(build_models(models_cache(), lambda _: None).places)
    show_finding(folder, extractor)
    with tempfile.TemporaryDirectory() as work:
        show_resolving(folder, extractor, Path(work))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
