"""What is it? Ranks the services of any city's list for a text in a resident's words.

*Cold*, two things are known of a text: how likely each type of the built-in taxonomy is (spaCy, pipeline.py),
which the links of linking.py turn into services, and how near it is to the city's own words. *Warm*, the model
has learned from the city's history, and only services without history are still judged cold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from bridge.vocabulary import Guess, Service
from classifiers.linking import ServiceWords, normalised
from classifiers.model import Floats, Model, Reading, load, read, save

__all__ = ["NOT_CIVIC", "Model", "ServiceClassifier", "load", "save"]

Answer = tuple[tuple[Guess, ...], float]

NOT_CIVIC = "not_civic"

_DIRECT_SHARE = 0.3  # say of the city's own words against the taxonomy
_COMMON = 1.0  # how much likelier a type of everyday is than one of now and then, as a power of e
_SHARPNESS = 0.85  # the exponent that makes cold probabilities honest on reports of several cities
_UNSEEN_SHARE = 0.5  # of its cold probability that a service without history keeps beside learned ones
_LETTER = re.compile(r"[^\W\d_]")


class ServiceClassifier:
    """bridge.ports.Classifier over one city's list."""

    def __init__(self, model: Model, services: Sequence[Service]) -> None:
        self._model = model
        self._codes = [service.service_code for service in services]
        self._words = ServiceWords(model, services)
        self._civic = np.array([name != NOT_CIVIC for name in model.types])
        self._prior = np.exp(_COMMON * (model.lexicon.common - 1.0))
        self._learned = np.array([code in model.learned for code in self._codes], dtype=bool)

    def classify(self, text: str, language: str) -> Answer:
        """Guesses best first, and the probability that the text is civic; ((), 0.0) where there are no letters."""
        return self.classify_batch([text], [language])[0]

    def classify_batch(self, texts: Sequence[str], languages: Sequence[str]) -> list[Answer]:
        """`classify` of each text, several times faster than one by one."""
        readable = [text for text in texts if _LETTER.search(text)]
        answers = iter(self._answers(readable) if readable else ())
        return [next(answers) if _LETTER.search(text) else ((), 0.0) for text in texts]

    def _answers(self, texts: Sequence[str]) -> Iterator[Answer]:
        reading = read(self._model, texts)
        p = self._cold(reading)
        if self._learned.any():
            p = self._warm(reading, p)
        for row, civic in zip(p, reading.types[:, self._civic].sum(axis=1), strict=True):
            ranked = np.argsort(-row, kind="stable")
            yield tuple(Guess(self._codes[at], float(row[at])) for at in ranked), min(1.0, float(civic))

    def _cold(self, reading: Reading) -> Floats:
        """P(service) from the taxonomy and the city's own words."""
        types = normalised(reading.types[:, self._civic] * self._prior[self._civic])
        by_type = types @ self._words.links[self._civic]
        direct = self._words.direct(reading.vectors)
        p = by_type ** (1 - _DIRECT_SHARE) * direct**_DIRECT_SHARE
        return normalised(p**_SHARPNESS)

    def _warm(self, reading: Reading, cold: Floats) -> Floats:
        """P(service) as learned; a service without history keeps a part of what it has cold."""
        out = np.zeros_like(cold)
        for column, code in enumerate(self._model.learned):
            if code in self._codes:
                out[:, self._codes.index(code)] = reading.services[:, column]
        unseen = _UNSEEN_SHARE * cold * ~self._learned
        mixed: Floats = normalised(out) * (1 - unseen.sum(axis=1, keepdims=True)) + unseen
        return mixed
