"""Learns a city's own use of its services from its history of labelled reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from bridge.vocabulary import Service
from classifiers import pipeline
from classifiers.model import Learned, Model, reading_of
from classifiers.pipeline import SERVICE, SERVICES
from classifiers.services import ServiceClassifier
from classifiers.training import calibration, fitting, regression

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Progress = Callable[[str], None]

_BUCKETS = 8192
_LANDMARKS = 3000
_PENALTY = 6e-5  # a report; forward-chained validation on histories of 2,000 and of 9,000 reports
_BALANCE = 0.4  # more of it costs right answers, less costs rare services
_HELD_BACK = 0.15  # the latest share of the rows, and the one before it: they tell how sharp probabilities may be
_TIMES_HELD_BACK = 2
_UNTOLD = 0.5  # share of what is known cold where the rows are too few to hold any back
_SUBMIT_ACCURACY = 0.9  # of the latest rows, among those sure enough to be filed unasked
_MOST_ROWS = 20_000
_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Report:
    """A report whose service is known."""

    text: str
    service_code: str
    language: str = "en"


def learn(model: Model, reports: Sequence[Report], services: Sequence[Service], progress: Progress) -> Model:
    """A model that also knows these reports, oldest first. Raises ValueError for fewer than two services.

    `services` is the list the model will serve: what it tells cold is weighed against what was learned. Of more
    than 20,000 reports the latest are used. Takes about 20 ms a report, half of it embedding.
    """
    used = [report for report in reports if report.text.strip()][-_MOST_ROWS:]
    codes = sorted({report.service_code for report in used})
    if len(codes) < 2:
        raise ValueError("a history needs reports of at least two services to learn from")
    docs = _embedded(model.nlp, used, progress)
    targets = np.array([codes.index(report.service_code) for report in used])
    nlp = _extended(model, codes, min(_LANDMARKS, len(used)))
    progress(f"fitting {len(codes)} services")
    late = docs[-_TIMES_HELD_BACK * _held_back(docs) :]
    scale, cold_share, submit = _honest(nlp, docs, targets, _cold(model, services, codes, late))
    fitting.train_together(nlp, SERVICES, docs, targets, _PENALTY, _BALANCE, scale)
    seen = Counter(report.service_code for report in used)
    links = _links(reading_of(model, docs).types, targets, len(codes))
    learned = Learned({code: seen[code] for code in codes}, links, cold_share, submit)
    return replace(model, nlp=nlp, learned=learned)


def _embedded(nlp: Language, reports: Sequence[Report], progress: Progress) -> list[Doc]:
    docs: list[Doc] = []
    with nlp.select_pipes(disable=[name for name in nlp.pipe_names if name == SERVICES]):
        for start in range(0, len(reports), _CHUNK):
            docs += nlp.pipe(report.text for report in reports[start : start + _CHUNK])
            progress(f"reading reports: {len(docs)} of {len(reports)}")
    return docs


def _extended(model: Model, codes: Sequence[str], landmarks: int) -> Language:
    """A copy of the pipeline with an untrained categoriser of these services in place of an older one."""
    exclude = [SERVICES] if SERVICES in model.nlp.pipe_names else []
    nlp = spacy.util.load_model_from_config(model.nlp.config, exclude=exclude)
    nlp.from_bytes(model.nlp.to_bytes(exclude=exclude), exclude=exclude)
    pipeline.add_textcat(nlp, SERVICES, [SERVICE + code for code in codes], _BUCKETS, model.types, landmarks)
    return nlp


def _cold(model: Model, services: Sequence[Service], codes: Sequence[str], docs: Sequence[Doc]) -> Floats:
    """P(service code) of each doc without history, columns as `codes`; 0 for a code that is no longer listed."""
    p = ServiceClassifier(model, services).cold(reading_of(model, docs))
    columns = {service.service_code: column for column, service in enumerate(services)}
    out = np.zeros((len(docs), len(codes)), dtype=np.float32)
    listed = [at for at, code in enumerate(codes) if code in columns]
    out[:, listed] = p[:, [columns[codes[at]] for at in listed]]
    return out


def _links(types: Floats, targets: Ints, codes: int) -> Floats:
    """P(service | type) as the history has it, for texts in languages the sentence model does not read."""
    wanted = np.eye(codes, dtype=np.float32)[targets]
    together = types.T @ wanted + wanted.mean(axis=0)
    links: Floats = together / together.sum(axis=1, keepdims=True)
    return links


def _held_back(docs: Sequence[Doc]) -> int:
    return int(len(docs) * _HELD_BACK)


def _honest(nlp: Language, docs: list[Doc], targets: Ints, cold: Floats) -> tuple[float, float, float]:
    """From the latest rows, each learned without it and what came later: how much sharper or blunter the logits
    must be to be honest there, what share of the cold probabilities (of those rows) to mix in, and from which
    probability on the first guess is right often enough to be filed unasked."""
    held_back = _held_back(docs)
    if not held_back:
        return 1.0, _UNTOLD, calibration.sure_from(np.zeros(0, np.float32), np.zeros(0, bool), _SUBMIT_ACCURACY)
    starts = [len(docs) - times * held_back for times in range(_TIMES_HELD_BACK, 0, -1)]
    logits: Floats = np.concatenate([_foretold(nlp, docs, targets, start, start + held_back) for start in starts])
    truth = targets[starts[0] :]
    scale, share = calibration.blend(logits, cold, truth)
    p = (1 - share) * regression.softmax(scale * logits) + share * cold
    return scale, share, calibration.sure_from(p.max(axis=1), p.argmax(axis=1) == truth, _SUBMIT_ACCURACY)


def _foretold(nlp: Language, docs: list[Doc], targets: Ints, start: int, end: int) -> Floats:
    """The logits of the rows from `start` to `end`, learned from those before them."""
    fitting.train_together(nlp, SERVICES, docs[:start], targets[:start], _PENALTY, _BALANCE)
    return pipeline.logits(nlp, SERVICES, pipeline.features(nlp, SERVICES, docs[start:end]))
