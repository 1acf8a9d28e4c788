"""Measures a classifier on labelled reports, and classifies files: what the commands of these names do."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.vocabulary import Classified, Service
from classifiers.language import READ, LanguageDetector
from classifiers.model import Model, load, save
from classifiers.policy import Thresholds, action
from classifiers.services import ServiceClassifier
from classifiers.training import warm
from classifiers.training.calibration import calibration_error
from classifiers.training.data import Row, code_of, read_rows, read_services, services_of

Progress = Callable[[str], None]
Emergency = Callable[[str, str], bool]

_TIMED = 100  # texts classified one by one for the median
_BATCH = 1024
_SERVE = """
import re, sys
from pathlib import Path
from classifiers.services import ServiceClassifier, load
from classifiers.training.data import read_services
classifier = ServiceClassifier(load(Path(sys.argv[1])), read_services(Path(sys.argv[2])))
classifier.classify("pothole in front of the library, my rim is bent again", "en")
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def classify_rows(
    model: Path,
    file: Path,
    services: Path | None = None,
    train: Path | None = None,
    *,
    thresholds: Thresholds | None = None,
    emergency: Emergency = lambda text, language: False,
    progress: Progress = lambda line: None,
) -> Iterator[dict[str, Any]]:
    """One object a row: {"row": n, "ranked": [[service_code, p], …], "action": …}, rows counted from 0.

    `emergency` says whether a text in a language is one by the rules; that or a likeness to one goes before
    everything else. Without `thresholds` the model's own are used, as the conversation does.
    """
    rows = read_rows(file)
    loaded, offered = _prepared(load(model), rows, services, train, progress)
    listed = {service.service_code: service for service in offered}
    thresholds = thresholds or Thresholds(submit=loaded.learned.submit)
    for number, (row, said) in enumerate(_answers(ServiceClassifier(loaded, offered), rows)):
        urgent = said.alarm is not None or emergency(row.text, row.language)
        yield {
            "row": number,
            "ranked": [[guess.service_code, round(guess.p, 6)] for guess in said.guesses],
            "action": "emergency" if urgent else action(said.guesses, said.civic, listed, thresholds),
        }


def evaluate(
    model: Path,
    reports: Path,
    services: Path | None = None,
    train: Path | None = None,
    *,
    thresholds: Thresholds | None = None,
    progress: Progress = lambda line: None,
) -> dict[str, float]:
    """The measures of a labelled file: warm where `train` is given, else cold.

    Keys: top1, top3, macro_f1, ece (15 equal bins), submit_accuracy and submit_coverage at the submit threshold,
    filed_share (share not refused as not civic), texts_per_s, ms_median, rss_mb (a fresh serving process).
    Rows without a label count in filed_share and the speeds only.
    """
    rows = read_rows(reports)
    loaded, offered = _prepared(load(model), rows, services, train, progress)
    classifier = ServiceClassifier(loaded, offered)
    started = time.perf_counter()
    answers = [answer for _, answer in _answers(classifier, rows)]
    seconds = time.perf_counter() - started
    thresholds = thresholds or Thresholds(submit=loaded.learned.submit)
    return {
        **quality(rows, answers, offered, thresholds, trained=loaded.learned.counts),
        "texts_per_s": len(rows) / seconds if seconds else 0.0,
        "ms_median": _median_ms(classifier, rows),
        "rss_mb": _resident(loaded, offered),
    }


def quality(
    rows: Sequence[Row],
    answers: Sequence[Classified],
    services: Sequence[Service],
    thresholds: Thresholds,
    trained: Iterable[str] = (),
) -> dict[str, float]:
    """The measures that do not depend on the machine (see evaluate)."""
    listed = {service.service_code: service for service in services}
    actions = [action(said.guesses, said.civic, listed, thresholds) for said in answers]
    labelled = [at for at, row in enumerate(rows) if row.code]
    truth = [code_of(rows[at], services) for at in labelled]
    ranked = [[guess.service_code for guess in answers[at].guesses[:3]] for at in labelled]
    first = [codes[0] if codes else "" for codes in ranked]
    right = np.array([guess == code for guess, code in zip(first, truth, strict=True)], dtype=bool)
    sure = np.array(
        [answers[at].guesses[0].p if answers[at].guesses else 0.0 for at in labelled], dtype=np.float32
    )
    sent = np.array([actions[at] == "submit" for at in labelled], dtype=bool)
    return {
        "top1": _share(right),
        "top3": _share(np.array([code in codes for code, codes in zip(truth, ranked, strict=True)], dtype=bool)),
        "macro_f1": macro_f1(truth, first, set(trained)),
        "ece": calibration_error(sure, right),
        "submit_accuracy": _share(right[sent]),
        "submit_coverage": _share(sent),
        "filed_share": _share(np.array([act != "not_civic" for act in actions], dtype=bool)),
    }


def macro_f1(truth: Sequence[str], guessed: Sequence[str], over: set[str]) -> float:
    """Mean F1 over services that are true or guessed at least once; of them only `over`, if it is not empty."""
    codes = {code for code in {*truth, *guessed} if code and (not over or code in over)}
    pairs = list(zip(truth, guessed, strict=True))
    scores = []
    for code in codes:
        both = sum(1 for one, two in pairs if one == two == code)
        scores.append(
            2 * both / (sum(1 for one in truth if one == code) + sum(1 for two in guessed if two == code))
        )
    return sum(scores) / len(scores) if scores else 0.0


def _prepared(
    model: Model, rows: Sequence[Row], services: Path | None, train: Path | None, progress: Progress
) -> tuple[Model, tuple[Service, ...]]:
    """The model, trained if asked to, and the service list: given, else the labels' names."""
    history = read_rows(train) if train else []
    offered = read_services(services) if services else services_of([*history, *rows])
    if not history:
        return model, offered
    reports = [warm.Report(row.text, code_of(row, offered), row.language) for row in history if row.code]
    return warm.learn(model, reports, offered, progress), offered


def _answers(classifier: ServiceClassifier, rows: Sequence[Row]) -> Iterator[tuple[Row, Classified]]:
    written = LanguageDetector(READ).written
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        texts, languages = [row.text for row in batch], [written(row.text, row.language) for row in batch]
        yield from zip(batch, classifier.classify_batch(texts, languages), strict=True)


def _median_ms(classifier: ServiceClassifier, rows: Sequence[Row]) -> float:
    spent = []
    for row in rows[:_TIMED]:
        started = time.perf_counter()
        classifier.classify(row.text, row.language)
        spent.append((time.perf_counter() - started) * 1000)
    return median(spent) if spent else 0.0


def _resident(model: Model, services: Sequence[Service]) -> float:
    """Most memory, in MB, of a new process that loads the model and the list and classifies a text.

    Read from /proc, since getrusage counts what the parent held before the new program started; 0.0 elsewhere.
    """
    if not Path("/proc/self/status").is_file():
        return 0.0
    with tempfile.TemporaryDirectory() as scratch:
        folder, listed = Path(scratch) / "model", Path(scratch) / "services.jsonl"
        save(model, folder)
        listed.write_text("\n".join(json.dumps(_entry(service)) for service in services), encoding="utf-8")
        command = [sys.executable, "-c", _SERVE, str(folder), str(listed)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603


def _entry(service: Service) -> dict[str, Any]:
    return {
        "service_code": service.service_code,
        "service_name": service.service_name,
        "description": service.description,
        "keywords": list(service.keywords),
        "group": service.group,
    }


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0
