"""The service classifier on corpora that are not part of this repository, beside two baselines of the same run.

python -m tests.bench.services_corpora FOLDER [ROW …]

FOLDER holds `reports/`: newhaven, boston, london, not_civic (JSONL) and london_category_groups.json. New Haven and
Boston are split by time: the latest quarter is tested; Boston also by lot. Those parts were seen while weights
were chosen. Of Boston by time every second report is used and of London the latest 1,200; all else is whole. It
takes some eight minutes of one core. ROW picks rows: newhaven, boston, london, tweets, short, parallel.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import numpy as np

from bridge.app import build_models, models_cache
from classifiers import minilm, pipeline
from classifiers.model import load
from classifiers.policy import Thresholds, action
from classifiers.services import ServiceClassifier
from classifiers.training import regression
from classifiers.training.data import services_of
from classifiers.training.evaluate import evaluate, macro_f1

Row = dict[str, Any]
SETS = Path(__file__).parents[1] / "classifiers" / "sets"
SHOWN = (
    "top1", "top3", "macro_f1", "ece", "submit_accuracy", "submit_coverage", "filed_share", "texts_per_s",
    "ms_median", "rss_mb",
)  # fmt: skip
TESTED = 0.25
LATEST_LONDON = 1200
SHARE_IN_TIME = 2  # of Boston by time: every second report
BUCKETS = 8192


def main(folder: Path, wanted: Sequence[str]) -> None:
    model = build_models(models_cache(), lambda line: None).services
    for name, measure in ROWS.items():
        if not wanted or name in wanted:
            started, spent = time.perf_counter(), time.process_time()
            measure(folder / "reports", model)
            clock, core = time.perf_counter() - started, time.process_time() - spent
            print(f"  {name} took {clock:.0f} s, {core:.0f} s of processor time", flush=True)


def newhaven(reports: Path, model: Path) -> None:
    rows = _in_time(reports / "newhaven.jsonl", _local)
    past, late = _split(rows)
    _warm("New Haven, warm", past, late, model)
    _cold("New Haven, cold", late, model)


def boston(reports: Path, model: Path) -> None:
    rows = _in_time(reports / "boston.jsonl", datetime.fromisoformat)
    past, late = _split(rows[::SHARE_IN_TIME])
    _warm("Boston, warm, by time, every second report", past, late, model)
    lot = np.random.default_rng(5).permutation(len(rows))
    past, late = _split([rows[at] for at in lot])
    _warm("Boston, warm, by lot", past, late, model)


def london(reports: Path, model: Path) -> None:
    groups = json.loads((reports / "london_category_groups.json").read_text(encoding="utf-8"))
    rows = _in_time(reports / "london.jsonl", parsedate_to_datetime)[-LATEST_LONDON:]
    _cold(
        "London, groups, cold", [row | {"category": groups.get(row["category"], "other")} for row in rows], model
    )


def tweets(reports: Path, model: Path) -> None:
    _filed("tweets", [row["text"] for row in _rows(reports / "not_civic.jsonl")], model)


def short(reports: Path, model: Path) -> None:
    rows = _rows(SETS / "short.jsonl")
    for civic, name in ((True, "short reports"), (False, "short texts that are none")):
        _filed(name, [row["text"] for row in rows if row["civic"] is civic], model)


def parallel(reports: Path, model: Path) -> None:
    rows = _rows(SETS / "parallel.jsonl")
    classifier = ServiceClassifier(load(model), services_of([]))
    for language in ("en", "es"):
        answers = classifier.classify_batch([row[language] for row in rows], [language] * len(rows))
        right = [said.guesses[0].service_code == row["type"] for said, row in zip(answers, rows, strict=True)]
        print(f"parallel set, {language}: top1 {np.mean(right):.3f} of {len(rows)}", flush=True)


ROWS = {one.__name__: one for one in (parallel, short, newhaven, tweets, london, boston)}


# ------------------------------------------------------------------------------------------------- measuring


def _warm(name: str, past: Sequence[Row], late: Sequence[Row], model: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        train, test = _write(Path(scratch) / "train.jsonl", past), _write(Path(scratch) / "test.jsonl", late)
        _show(name, evaluate(model, test, train=train))
    print(f"  TF-IDF and logistic regression: {_words_alone(past, late)}", flush=True)


def _cold(name: str, rows: Sequence[Row], model: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        _show(name, evaluate(model, _write(Path(scratch) / "test.jsonl", rows)))
    print(f"  MiniLM, nearest name: {_nearest_name(rows)}", flush=True)


def _filed(name: str, texts: Sequence[str], model: Path) -> None:
    services = services_of([])
    listed = {service.service_code: service for service in services}
    answers = ServiceClassifier(load(model), services).classify_batch(texts, ["en"] * len(texts))
    refused = [action(said.guesses, said.civic, listed, Thresholds()) == "not_civic" for said in answers]
    print(f"{name}: not filed {np.mean(refused):.3f} of {len(texts)}", flush=True)


def _words_alone(past: Sequence[Row], late: Sequence[Row]) -> str:
    """Signalen's recipe: TF-IDF of words and pairs, logistic regression."""
    codes = sorted({row["category"] for row in (*past, *late)})
    texts = [row["text"] for row in (*past, *late)]
    grams = pipeline.hashed_grams(texts, BUCKETS)
    seen = np.count_nonzero(grams[: len(past)], axis=0)
    grams *= (np.log((1 + len(past)) / (1 + seen)) + 1).astype(np.float32)
    grams /= np.maximum(np.linalg.norm(grams, axis=1, keepdims=True), np.float32(1e-6))
    targets = np.array([codes.index(row["category"]) for row in past])
    weights, bias = regression.fit(grams[: len(past)], targets, len(codes), 0.1)
    return _scores(grams[len(past) :] @ weights.T + bias, codes, late)


def _nearest_name(rows: Sequence[Row]) -> str:
    encoder = minilm.load()
    codes = sorted({row["category"] for row in rows})
    names = encoder.encode([code.replace("_", " ") for code in codes])
    return _scores(encoder.encode([row["text"] for row in rows]) @ names.T, codes, rows)


def _scores(likely: Any, codes: Sequence[str], rows: Sequence[Row]) -> str:
    ranked = [[codes[at] for at in row[:3]] for row in np.argsort(-likely, axis=1)]
    truth = [row["category"] for row in rows]
    top1 = np.mean([best[0] == code for best, code in zip(ranked, truth, strict=True)])
    top3 = np.mean([code in best for best, code in zip(ranked, truth, strict=True)])
    return f"top1 {top1:.3f} top3 {top3:.3f} macro_f1 {macro_f1(truth, [best[0] for best in ranked], set()):.3f}"


def _show(name: str, measured: Mapping[str, float]) -> None:
    print(f"{name}: " + " ".join(f"{key} {measured[key]:.3f}" for key in SHOWN), flush=True)


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _in_time(path: Path, read: Callable[[str], datetime]) -> list[Row]:
    return sorted(_rows(path), key=lambda row: read(row["date"]))


def _local(date: str) -> datetime:
    return datetime.strptime(date, "%m/%d/%Y - %I:%M%p").replace(tzinfo=UTC)  # all of one town: the order is right


def _split(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    cut = int(len(rows) * (1 - TESTED))
    return list(rows[:cut]), list(rows[cut:])


def _write(path: Path, rows: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
