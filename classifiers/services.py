"""What is it? Ranks the services of any city's list for a text in a resident's words.

Two things are known of a text: how likely each type of the built-in taxonomy is (spaCy, pipeline.py), and how
near its sentence vector is to the city's own words. A *link* table, made once from the service list, says which
share of each type goes to which service. "Other"-like services take what no service claims.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language

from bridge.vocabulary import Guess, Service
from classifiers import pipeline

Floats = NDArray[np.float32]
Answer = tuple[tuple[Guess, ...], float]

NOT_CIVIC = "not_civic"

_BATCH = 64
_SHARPNESS = 12.0  # how fast a service loses a type to one whose words are nearer
_UNCLAIMED = 0.45  # similarity at which a type is as likely nobody's as the service's
_DIRECT_SHARPNESS = 14.0  # the same for text against service words
_DIRECT_WEIGHT = 0.3  # say of the city's own words against the taxonomy
_OTHER = re.compile(r"^(other|misc|general|any other|something else|not listed|unknown|all other)\b", re.I)
_PARTS = re.compile(r"\s*(?:/|,|;|&|\band\b|\bor\b|\s-\s|[()\[\]])\s*", re.I)
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Model:
    """A trained taxonomy model: the pipeline, its types, and the words under which cities list them."""

    nlp: Language
    types: tuple[str, ...]  # labels of the text categoriser; NOT_CIVIC is one of them
    phrases: tuple[str, ...]
    phrase_types: NDArray[np.int64]  # index into `types` of each phrase
    phrase_vectors: Floats  # shape (phrases, 384); unit rows


def load(path: Path) -> Model:
    """The model that training.build left at `path`.

    Raises FileNotFoundError for a folder without one and minilm.WeightsMissing when it needs weights we lack.
    """
    words = json.loads((path / "words.json").read_text(encoding="utf-8"))
    return Model(
        nlp=pipeline.load(path / "pipeline"),
        types=tuple(words["types"]),
        phrases=tuple(words["phrases"]),
        phrase_types=np.array(words["phrase_types"], dtype=np.int64),
        phrase_vectors=np.load(path / "phrases.npy").astype(np.float32),
    )


class ServiceClassifier:
    """bridge.ports.Classifier over one city's list."""

    def __init__(self, model: Model, services: Sequence[Service]) -> None:
        self._model = model
        self._codes = [service.service_code for service in services]
        self._words = _ServiceWords(model, services)
        self._links = _links(model, self._words, services)
        self._civic = np.array([name != NOT_CIVIC for name in model.types])

    def classify(self, text: str, language: str) -> Answer:
        """Guesses best first, and the probability that the text is civic; ((), 0.0) where there are no letters."""
        return self.classify_batch([text], language)[0]

    def classify_batch(self, texts: Sequence[str], language: str) -> list[Answer]:
        """`classify` of each text, several times faster than one by one."""
        readable = [text for text in texts if _LETTER.search(text)]
        answers = iter(self._answers(readable) if self._codes else [((), 1.0)] * len(readable))
        return [next(answers) if _LETTER.search(text) else ((), 0.0) for text in texts]

    def _answers(self, texts: Sequence[str]) -> Iterator[Answer]:
        types, vectors = type_probabilities(self._model, texts)
        civic = types[:, self._civic].sum(axis=1)
        by_type = (types[:, self._civic] / np.maximum(civic, 1e-6)[:, None]) @ self._links[self._civic]
        direct = _softmax(_DIRECT_SHARPNESS * self._words.nearness(vectors))
        p = by_type ** (1 - _DIRECT_WEIGHT) * direct**_DIRECT_WEIGHT
        p /= p.sum(axis=1, keepdims=True)
        for row, probability in zip(p, civic, strict=True):
            ranked = np.argsort(-row, kind="stable")
            yield tuple(Guess(self._codes[at], float(row[at])) for at in ranked), float(probability)


def type_probabilities(model: Model, texts: Sequence[str]) -> tuple[Floats, Floats]:
    """P(type | text), shape (texts, types), and sentence vectors, shape (texts, 384)."""
    docs = list(model.nlp.pipe(texts, batch_size=_BATCH))
    p = np.array([[doc.cats[name] for name in model.types] for doc in docs], dtype=np.float32)
    return p.reshape(len(docs), len(model.types)), pipeline.similarity_vectors(model.nlp, docs)


class _ServiceWords:
    """The words of a service list as vectors: every name, each part of it, its keywords, its description."""

    def __init__(self, model: Model, services: Sequence[Service]) -> None:
        rows = [(at, words) for at, service in enumerate(services) for words in _service_words(service)]
        self.owner = np.array([at for at, _ in rows], dtype=np.int64)
        self.count = len(services)
        self.types, self.vectors = type_probabilities(model, [words for _, words in rows])

    def nearness(self, vectors: Floats) -> Floats:
        """Cosine of each vector to the nearest words of each service, shape (vectors, services)."""
        return self.best(vectors @ self.vectors.T)

    def best(self, by_words: Floats) -> Floats:
        """The maximum over the words of each service, shape (rows, words) to (rows, services)."""
        out = np.full((len(by_words), self.count), -1.0, dtype=np.float32)
        for at in range(self.count):
            out[:, at] = by_words[:, self.owner == at].max(axis=1)
        return out


def _links(model: Model, words: _ServiceWords, services: Sequence[Service]) -> Floats:
    """P(service | type), shape (types, services)."""
    phrases = model.phrase_vectors @ words.vectors.T
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
    others = np.array([bool(_OTHER.match(service.service_name)) for service in services])
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


def _softmax(logits: Floats) -> Floats:
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    out: Floats = p / p.sum(axis=1, keepdims=True)
    return out
