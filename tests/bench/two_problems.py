"""How often one problem is taken for two, on real reports: nearly all of them tell of one.

python -m tests.bench.two_problems [FOLDER [--each N] [--lot SEED] [--show]]

FOLDER holds `reports/` with newhaven, london and boston (JSONL). Of each, N reports (2,000) are drawn by lot, the
same ones each time. They are read with the demo city's services, and without a gazetteer: where something is does
not decide whether it is two things. `--show` prints what was split, to tell by reading what is false.

Without FOLDER the written set is measured: reports of two problems, and of one that sounds like two.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.app import build_models, models_cache
from bridge.demo.providers import FOLDER
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.understanding import understand
from bridge.vocabulary import Inbound, InboundKind, Located, Understanding
from classifiers import services
from classifiers.language import LanguageDetector
from classifiers.training.data import read_services

CORPORA = ("newhaven", "london", "boston")
SET = Path(__file__).parents[1] / "classifiers" / "sets" / "two_problems.jsonl"
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


def parts(here: Jurisdiction, text: str) -> Sequence[Understanding]:
    """The two problems that a text is taken for, none where it is taken for one."""
    said = Inbound("texts", "sms", InboundKind.MESSAGE, "k", "+15550100200", "+15550100200", NOW, text=text)
    return understand([here], said)[1]


def corpus(here: Jurisdiction, path: Path, each: int, lot: int, show: bool) -> None:
    rows = _rows(path)
    drawn = random.Random(lot).sample(rows, min(each, len(rows)))
    split = [found for row in drawn if (found := parts(here, row["text"]))]
    print(f"{path.stem}: {len(split)} of {len(drawn)} taken for two, {len(split) / len(drawn):.2%}", flush=True)
    for found in split if show else ():
        print("  " + " | ".join(f"{p.guesses[0].service_code} {p.guesses[0].p:.2f}: {p.text!r}" for p in found))


def written(here: Jurisdiction, show: bool) -> None:
    """The written set, by language."""
    rows = _rows(SET)
    for language in ("en", "es"):
        for problems in (2, 1):
            of_kind = [row for row in rows if (row["lang"], row["problems"]) == (language, problems)]
            wrong = [row for row in of_kind if bool(parts(here, row["text"])) != (problems == 2)]
            split = len(of_kind) - len(wrong) if problems == 2 else len(wrong)
            print(f"written, {language}, of {problems}: {split} of {len(of_kind)} taken for two", flush=True)
            for row in wrong if show else ():
                print(f"  {row['text']!r}")


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--each", type=int, default=2000)
    parser.add_argument("--lot", type=int, default=LOT)
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    here = city()
    if asked.folder is None:
        written(here, asked.show)
        return
    for name in CORPORA:
        corpus(here, asked.folder / "reports" / f"{name}.jsonl", asked.each, asked.lot, asked.show)


if __name__ == "__main__":
    main()
