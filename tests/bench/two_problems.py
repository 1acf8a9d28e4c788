"""How often one problem is taken for two, on real reports: nearly all of them tell of one.

python -m tests.bench.two_problems [FOLDER [--each N] [--lot SEED] [--show] [--cost]]

FOLDER holds `reports/` with newhaven, london and boston (JSONL). Of each, N reports (2,000) are drawn by lot, the
same ones each time. They are read with the demo city's services, and without a gazetteer: where something is does
not decide whether it is two things. `--show` prints what was split, to tell by reading what is false. `--cost`
gives the processor time of a report instead, and that of the same report with a pin, which is not looked through.

Without FOLDER the written sets are measured: reports of two problems, and of one that sounds like two. One of them
nobody reads; the other is half to develop with (`--show` prints its mistakes) and half to check.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.app import build_models, models_cache
from bridge.demo.providers import FOLDER
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.understanding import understand
from bridge.vocabulary import Inbound, InboundKind, Located, Pin, Understanding
from classifiers import services
from classifiers.language import LanguageDetector
from classifiers.training.data import read_services

CORPORA = ("newhaven", "london", "boston")
SETS = Path(__file__).parents[1] / "classifiers" / "sets"
UNREAD, SEEN = SETS / "two_problems.jsonl", SETS / "two_problems_seen.jsonl"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOT = 311


class Nowhere:
    """A locator that knows no place."""

    def locate(self, text: str, language: str, near: object = None) -> Located:
        return Located()

    def at(self, pin: object) -> None:
        return None


def city() -> Jurisdiction:
    """The demo city, with the built-in model."""
    model = services.load(build_models(models_cache(), lambda line: None).services)
    made = Jurisdiction(
        id="fairview",
        name="Fairview",
        endpoint=None,  # type: ignore[arg-type]  # nothing is sent
        locator=Nowhere(),
        bind_classifier=lambda offered: services.ServiceClassifier(model, offered),
        detect=LanguageDetector(("en", "es")),
        languages=("en", "es"),
    )
    made.offer(read_services(FOLDER / "services.json"))
    return made


def parts(here: Jurisdiction, text: str, pin: Pin | None = None) -> Sequence[Understanding]:
    """The two problems that a text is taken for, none where it is taken for one."""
    said = Inbound(
        "texts", "sms", InboundKind.MESSAGE, "k", "+15550100200", "+15550100200", NOW, text=text, pin=pin
    )
    return understand([here], said)[1]


def corpus(here: Jurisdiction, path: Path, each: int, lot: int, show: bool) -> None:
    drawn = _drawn(path, each, lot)
    split = [found for text in drawn if (found := parts(here, text))]
    print(f"{path.stem}: {len(split)} of {len(drawn)} taken for two, {len(split) / len(drawn):.2%}", flush=True)
    for found in split if show else ():
        print("  " + " | ".join(f"{p.guesses[0].service_code} {p.guesses[0].p:.2f}: {p.text!r}" for p in found))


def cost(here: Jurisdiction, path: Path, each: int, lot: int) -> None:
    """Processor time a report, with a second problem looked for and without."""
    drawn = _drawn(path, each, lot)
    spent = []
    for pin in (Pin(0.0, 0.0), None):
        start = time.process_time()
        for text in drawn:
            parts(here, text, pin)
        spent.append(1000 * (time.process_time() - start) / len(drawn))
    alone, both = spent
    print(
        f"{path.stem}: {alone:.1f} ms a report alone, {both:.1f} ms with the search, {both / alone:.2f} x",
        flush=True,
    )


def written(here: Jurisdiction, name: str, rows: Sequence[dict[str, Any]], show: bool) -> None:
    """A written set, by language."""
    for language in ("en", "es"):
        for problems in (2, 1):
            of_kind = [row for row in rows if (row["lang"], row["problems"]) == (language, problems)]
            wrong = [row for row in of_kind if bool(parts(here, row["text"])) != (problems == 2)]
            split = len(of_kind) - len(wrong) if problems == 2 else len(wrong)
            print(f"{name}, {language}, of {problems}: {split} of {len(of_kind)} taken for two", flush=True)
            for row in wrong if show else ():
                print(f"  {row['text']!r}")


def _drawn(path: Path, each: int, lot: int) -> list[str]:
    rows = _rows(path)
    return [row["text"] for row in random.Random(lot).sample(rows, min(each, len(rows)))]


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--each", type=int, default=2000)
    parser.add_argument("--lot", type=int, default=LOT)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--cost", action="store_true")
    asked = parser.parse_args()
    here = city()
    if asked.folder is None:
        for half in ("develop", "check"):
            rows = [row for row in _rows(SEEN) if row["half"] == half]
            written(here, half, rows, asked.show and half == "develop")
        written(here, "unread", _rows(UNREAD), False)
        return
    for name in CORPORA:
        path = asked.folder / "reports" / f"{name}.jsonl"
        if asked.cost:
            cost(here, path, asked.each, asked.lot)
        else:
            corpus(here, path, asked.each, asked.lot, asked.show)


if __name__ == "__main__":
    main()
