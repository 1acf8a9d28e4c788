"""What is it? Ranks the services of any city's list for a text in a resident's words.

Two things are known of a text: how likely each type of the built-in taxonomy is (spaCy, pipeline.py), and how
near its sentence vector is to the city's own words. A *link* table, made once from the service list, says which
share of each type goes to which service. "Other"-like services take what no service claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.vocabulary import Guess, Service
from classifiers.model import Model, Reading, load, read, save
from classifiers.policy import is_catch_all

__all__ = ["NOT_CIVIC", "Model", "ServiceClassifier", "load", "save"]

Floats = NDArray[np.float32]
Answer = tuple[tuple[Guess, ...], float]

NOT_CIVIC = "not_civic"

_BATCH = 64
_SHARPNESS = 12.0  # how fast a service loses a type to one whose words are nearer
_UNCLAIMED = 0.45  # similarity at which a type is as likely nobody's as the service's
_DIRECT_SHARPNESS = 14.0  # the same for text against service words
_DIRECT_WEIGHT = 0.3  # say of the city's own words against the taxonomy
_UNSEEN_SHARE = 0.5  # of its cold probability that a service without history keeps beside learned ones
_PARTS = re.compile(r"\s*(?:/|,|;|&|\band\b|\bor\b|\s-\s|[()\[\]])\s*", re.I)
_LETTER = re.compile(r"[^\W\d_]")


class ServiceClassifier:
    """bridge.ports.Classifier over one city's list."""

    def __init__(self, model: Model, services: Sequence[Service]) -> None:
        self._model = model
        self._codes = [service.service_code for service in services]
        self._words = _ServiceWords(model, services)
        self._links = _links(model, self._words, services)
        self._civic = np.array([name != NOT_CIVIC for name in model.types])
        self._learned = np.array([code in model.learned for code in self._codes], dtype=bool)

    def classify(self, text: str, language: str) -> Answer:
        """Guesses best first, and the probability that the text is civic; ((), 0.0) where there are no letters."""
        return self.classify_batch([text], [language])[0]

    def classify_batch(self, texts: Sequence[str], languages: Sequence[str]) -> list[Answer]:
        """`classify` of each text, several times faster than one by one."""
        readable = [text for text in texts if _LETTER.search(text)]
        answers = iter(self._answers(readable) if self._codes else [((), 1.0)] * len(readable))
        return [next(answers) if _LETTER.search(text) else ((), 0.0) for text in texts]

    def _answers(self, texts: Sequence[str]) -> Iterator[Answer]:
        reading = read(self._model, texts)
        civic = reading.types[:, self._civic].sum(axis=1)
        p = self._cold(reading, civic)
        if self._learned.any():
            p = self._warm(reading, p)
        for row, probability in zip(p, civic, strict=True):
            ranked = np.argsort(-row, kind="stable")
            yield tuple(Guess(self._codes[at], float(row[at])) for at in ranked), float(probability)

    def _cold(self, reading: Reading, civic: Floats) -> Floats:
        """P(service) from the taxonomy and the city's own words."""
        types = reading.types[:, self._civic] / np.maximum(civic, 1e-6)[:, None]
        by_type = types @ self._links[self._civic]
        direct = _softmax(_DIRECT_SHARPNESS * self._words.nearness(reading.vectors))
        return _normalised(by_type ** (1 - _DIRECT_WEIGHT) * direct**_DIRECT_WEIGHT)

    def _warm(self, reading: Reading, cold: Floats) -> Floats:
        """P(service) as learned; a service without history keeps a part of what it has cold."""
        out = np.zeros_like(cold)
        for column, code in enumerate(self._model.learned):
            if code in self._codes:
                out[:, self._codes.index(code)] = reading.services[:, column]
        unseen = _UNSEEN_SHARE * cold * ~self._learned
        mixed: Floats = _normalised(out) * (1 - unseen.sum(axis=1, keepdims=True)) + unseen
        return mixed


class _ServiceWords:
    """The words of a service list as vectors: every name, each part of it, its keywords, its description."""

    def __init__(self, model: Model, services: Sequence[Service]) -> None:
        rows = [(at, words) for at, service in enumerate(services) for words in _service_words(service)]
        self.owner = np.array([at for at, _ in rows], dtype=np.int64)
        self.count = len(services)
        self.reading = read(model, [words for _, words in rows])

    def nearness(self, vectors: Floats) -> Floats:
        """Cosine of each vector to the nearest words of each service, shape (vectors, services)."""
        return self.best(vectors @ self.reading.vectors.T)

    def best(self, by_words: Floats) -> Floats:
        """The maximum over the words of each service, shape (rows, words) to (rows, services)."""
        out = np.full((len(by_words), self.count), -1.0, dtype=np.float32)
        for at in range(self.count):
            out[:, at] = by_words[:, self.owner == at].max(axis=1)
        return out


def _links(model: Model, words: _ServiceWords, services: Sequence[Service]) -> Floats:
    """P(service | type), shape (types, services)."""
    phrases = model.phrase_vectors @ words.reading.vectors.T
    nearness = np.stack(
        [
            phrases[model.phrase_types == at].max(axis=0)
            if (model.phrase_types == at).any()
            else np.full(len(words.owner), -1.0)
            for at in range(len(model.types))
        ]
    )
    strength = words.best(nearness)
    claims = np.exp(_SHARPNESS * strength)
    others = np.array([is_catch_all(service) for service in services])
    unclaimed = np.exp(_SHARPNESS * _UNCLAIMED)
    if others.any():
        claims[:, others] = unclaimed / others.sum()
    else:
        claims += unclaimed / len(services)
    out: Floats = claims / claims.sum(axis=1, keepdims=True)
    return out


def _service_words(service: Service) -> list[str]:
    name = service.service_name.replace("_", " ").strip() or service.service_code
    parts = [part for part in _PARTS.split(name) if len(part) > 2]
    return list(
        dict.fromkeys([name, *parts, *service.keywords, *([service.description] if service.description else [])])
    )


def _normalised(p: Floats) -> Floats:
    out: Floats = p / np.maximum(p.sum(axis=1, keepdims=True), 1e-9)
    return out


def _softmax(logits: Floats) -> Floats:
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    out: Floats = p / p.sum(axis=1, keepdims=True)
    return out
