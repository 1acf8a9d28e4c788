"""What is it? Ranks the services of any city's list for a text in a resident's words.

*Cold*, two things are known of a text: how likely each type of the built-in taxonomy is (spaCy, pipeline.py),
which the links of linking.py turn into services, and how near it is to the city's own words. *Warm*, the model
has learned from the city's history: services without history are still judged cold, and of those with one as much
stays cold as made the latest reports likeliest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np

from bridge.vocabulary import AlarmKind, Classified, Guess, Service
from classifiers import blas
from classifiers.linking import ServiceWords, normalised
from classifiers.minilm import LANGUAGE
from classifiers.model import ALARMS, Floats, Model, Reading, load, read, read_parts, save
from classifiers.pipeline import Span

__all__ = ["NOT_CIVIC", "Model", "ServiceClassifier", "load", "save"]

NOT_CIVIC = "not_civic"

_DIRECT_SHARE = 0.3  # say of the city's own words against the taxonomy
_COMMON = 1.0  # how much likelier a type of everyday is than one of now and then, as a power of e
_SHARPNESS = 0.85  # the exponent that makes cold probabilities honest on reports of several cities
_CIVIC_COMMON = 0.5  # the same for what is civic against chatter
_CHATTER, _CHATTER_OF_OTHERS = (
    4.0,
    1.0,
)  # weight of chatter in English, and in languages with less of it to learn from
_UNREAD = 0.1  # most that any service gets from words in a language nobody here reads
_UNSEEN_SHARE = 0.5  # of its cold probability that a service without history keeps beside learned ones
_ALARMING = 0.6  # how surely a text must read like an emergency to be taken for one
_CHAT = (
    (
        re.compile(
            r"(?<!\S)@[A-Za-z_]\w{2,}|\b(?:lol|lmao|omg|haha\w*|hehe\w*|jaja\w*|tweet\w*|twitter|gonna|wanna|gotta|"
            r"ugh+|yay+|aw{2,}|so{3,}|hubby|dat|cuz|fml)\b|[:;]-?[DP)(]|<3|([^\W\d_])\1{3,}",
            re.IGNORECASE,
        ),
        6.0,
    ),
    (re.compile(r"\.\.|…"), 3.0),
)
"""How friends write to each other, and how much less likely such a text is civic: one report of five hundred has a
mark of the first kind, one of thirty trails off in dots."""
_LETTER = re.compile(r"[^\W\d_]")


class ServiceClassifier:
    """bridge.ports.Classifier over one city's list."""

    def __init__(self, model: Model, services: Sequence[Service]) -> None:
        self._model = model
        self._codes = [service.service_code for service in services]
        self._words = ServiceWords(model, services)
        self._civic = np.array([name != NOT_CIVIC for name in model.types])
        self._prior = np.where(self._civic, np.exp(_COMMON * (model.lexicon.common - 1.0)), 0.0).astype(np.float32)
        self._common = np.where(self._civic, np.exp(_CIVIC_COMMON * (model.lexicon.common - 1.0)), 0.0).astype(
            np.float32
        )
        self._learned = np.array([code in model.learned.counts for code in self._codes], dtype=bool)
        columns = {code: column for column, code in enumerate(model.learned.counts)}
        self._columns = [columns[code] for code in self._codes if code in columns]

    def classify(self, text: str, language: str) -> Classified:
        """Guesses best first, whether the text is civic, and what emergency it is like; nothing without letters.

        In a language without training text the guesses are what residents report most, none of them likely.
        """
        return self.classify_batch([text], [language])[0]

    def classify_parts(self, text: str, parts: Sequence[Span], language: str) -> list[Classified]:
        """`classify` of the text, then of each part of it (characters, from and to) as it reads within the text.

        A part costs about a millisecond, as nothing is embedded twice; by itself it may read a little differently.
        """
        if not parts or not _LETTER.search(text):
            return [self.classify(text, language), *(Classified() for _ in parts)]
        with blas.one_thread_each():
            reading = read_parts(self._model, text, parts, language)
            said = [text, *(text[start:end] for start, end in parts)]
            answers = zip(said, self._answers(reading, said), strict=True)
            return [answer if _LETTER.search(each) else Classified() for each, answer in answers]

    def classify_batch(self, texts: Sequence[str], languages: Sequence[str]) -> list[Classified]:
        """`classify` of each text, several times faster than one by one."""
        rows = [row for row, text in enumerate(texts) if _LETTER.search(text)]
        answers = [Classified()] * len(texts)
        if rows:
            said = [texts[row] for row in rows]
            with blas.one_thread_each():
                reading = read(self._model, said, [languages[row] for row in rows])
                found = list(self._answers(reading, said))
            for row, answer in zip(rows, found, strict=True):
                answers[row] = answer
        return answers

    def _answers(self, reading: Reading, texts: Sequence[str]) -> Iterator[Classified]:
        p = self.cold(reading)
        if self._learned.any():
            p = self._warm(reading, p)
        unread = np.array([[not language] for language in reading.languages])
        p *= np.where(unread, np.minimum(1.0, _UNREAD / np.maximum(p.max(axis=1, keepdims=True), 1e-9)), 1.0)
        for row, civic, alarms in zip(p, self._civic_share(reading, texts), reading.alarms, strict=True):
            ranked = np.argsort(-row, kind="stable")
            guesses = tuple(Guess(self._codes[at], float(row[at])) for at in ranked)
            yield Classified(guesses, min(1.0, float(civic)), _alarm(alarms))

    def _civic_share(self, reading: Reading, texts: Sequence[str]) -> Floats:
        """P(civic) of each text; 1.0 where the language is unknown."""
        weights = [_CHATTER if language == LANGUAGE else _CHATTER_OF_OTHERS for language in reading.languages]
        civic = reading.types @ self._common
        marked = [math.prod(odds for mark, odds in _CHAT if mark.search(text)) for text in texts]
        chatter = reading.types[:, ~self._civic].sum(axis=1) * np.array(weights, dtype=np.float32)
        chatter *= np.array(marked, dtype=np.float32)
        unknown = np.array([not language for language in reading.languages])
        share: Floats = np.where(unknown, 1.0, civic / np.maximum(civic + chatter, 1e-9))
        return share

    def _types(self, reading: Reading) -> Floats:
        """P(type | civic) with everyday types likelier; what is usual where the language is unknown."""
        unknown = np.array([[not language] for language in reading.languages])
        return normalised((reading.types + unknown) * self._prior)

    def cold(self, reading: Reading) -> Floats:
        """P(service), shape (texts, services), without any history: from the taxonomy and, where the sentence
        model can read the text, the city's own words."""
        p = self._types(reading) @ self._words.links
        near = np.flatnonzero(reading.vectors.any(axis=1))
        p[near] = p[near] ** (1 - _DIRECT_SHARE) * self._words.direct(reading.vectors[near]) ** _DIRECT_SHARE
        return normalised(normalised(p) ** _SHARPNESS)

    def _warm(self, reading: Reading, cold: Floats) -> Floats:
        """P(service) as learned, and a part of what it is cold."""
        english = np.array([[language == LANGUAGE] for language in reading.languages])
        by_type = self._types(reading) @ self._model.learned.links
        learned = np.where(english, reading.services, by_type)
        out = np.zeros_like(cold)
        out[:, self._learned] = learned[:, self._columns]
        kept = cold * np.where(
            self._learned, np.float32(self._model.learned.cold_share), np.float32(_UNSEEN_SHARE)
        )
        mixed: Floats = normalised(out) * (1 - kept.sum(axis=1, keepdims=True)) + kept
        return mixed


def _alarm(p: Floats) -> AlarmKind | None:
    """The likelier kind, where both together are sure enough."""
    return ALARMS[int(p.argmax())] if float(p.sum()) >= _ALARMING else None
