"""How often emergencies are heard, and how often a report is taken for one.

python -m tests.bench.emergencies [FOLDER]

The written sets (those "apart" are by someone who knew neither rules nor training text, measured once), and
with FOLDER (`reports/` with newhaven, boston and london as JSONL, not part of this repository) the real reports of
three cities: the parts that were read while the rules were written, and those that were kept back. `--show` prints
the alarms of the latter, to be judged by eye.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from bridge.app import build_models, models_cache
from bridge.flow.alarms import Alarms, load
from bridge.vocabulary import LIKENESS
from classifiers.services import ServiceClassifier
from classifiers.services import load as load_model
from classifiers.training.data import services_of
from config.settings import EMERGENCY

WRITTEN = ("emergency", "no_emergency", "emergency_apart", "no_emergency_apart")
SETS = Path(__file__).parents[1] / "classifiers" / "sets"
KEPT_BACK = {
    "london": (8, 7),
    "boston": (6, 5),
    "newhaven": (1, 1),
}  # one row of so many, by its place in the file


def main(arguments: list[str]) -> None:
    shown = "--show" in arguments
    began = process_time()
    rules = load(sorted(EMERGENCY.glob("*.toml")))
    print(f"rules read in {process_time() - began:.2f} s of processor time")
    readings = Readings(
        rules, ServiceClassifier(load_model(build_models(models_cache(), print).services), services_of([]))
    )
    for language in ("en", "es"):
        for name in WRITTEN:
            _measure(f"{name}.{language}", _texts(SETS / f"{name}.{language}.jsonl"), language, readings)
    for folder in (argument for argument in arguments if not argument.startswith("--")):
        for city, (parts, kept) in KEPT_BACK.items():
            rows = list(enumerate(_texts(Path(folder) / "reports" / f"{city}.jsonl")))
            _measure(f"{city}, read", [text for at, text in rows if at % parts != kept], "en", readings)
            unread = [text for at, text in rows if at % parts == kept]
            _measure(f"{city}, kept back", unread, "en", readings, shown=shown)


@dataclass(frozen=True, slots=True)
class Readings:
    """The two ways an emergency is heard: by rules, and by likeness."""

    rules: Alarms
    classifier: ServiceClassifier


def _measure(name: str, texts: Sequence[str], language: str, readings: Readings, *, shown: bool = False) -> None:
    if not texts:
        return
    began = process_time()
    by_rules = [readings.rules(text) for text in texts]
    each = 1000 * (process_time() - began) / len(texts)
    classified = readings.classifier.classify_batch(texts, [language] * len(texts))
    heard = [
        (text, alarm or LIKENESS)
        for text, alarm, said in zip(texts, by_rules, classified, strict=True)
        if alarm or said.alarm
    ]
    ruled = sum(alarm is not None for alarm in by_rules)
    print(
        f"{name}, {len(texts)} texts: {100 * ruled / len(texts):.2f} % by the rules ({each:.1f} ms a text), "
        f"{100 * len(heard) / len(texts):.2f} % with likeness",
        flush=True,
    )
    for text, alarm in heard if shown else ():
        print(f"  {alarm} {text!r}")


def _texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines if line.strip()]


if __name__ == "__main__":
    main(sys.argv[1:])
