"""The process that reads: `python -m classifiers.reader FD`, started and asked by `classifiers.apart`.

It ends when the line does, so with the process that started it, however that one ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bridge.vocabulary import Classified, Located, Pin, Place, Service
from classifiers import addresses, services
from classifiers.apart import Question
from classifiers.gazetteer import open_gazetteer
from classifiers.geocode import PlaceLocator
from classifiers.language import LanguageDetector

LATER = 10  # niceness: what is read may wait for a processor, whoever is acknowledged may not


@dataclass
class Reader:
    """What reads for each city, by city id. Its methods are the questions."""

    classifiers: dict[str, services.ServiceClassifier] = field(default_factory=dict)
    locators: dict[str, PlaceLocator] = field(default_factory=dict)
    detectors: dict[str, LanguageDetector] = field(default_factory=dict)
    _models: dict[str, tuple[Path, services.Model]] = field(default_factory=dict)

    def load(self, city_id: str, model: Path) -> float:
        """Takes a service model; from which probability on it takes a service unasked."""
        self._models[city_id] = (model, services.load(model))
        return self._models[city_id][1].learned.submit

    def bind(self, city_id: str, model: Path, offered: Sequence[Service]) -> None:
        known = self._models.get(city_id)
        if known is None or known[0] != model:
            self.load(city_id, model)
        self.classifiers[city_id] = services.ServiceClassifier(self._models[city_id][1], offered)

    def place(self, city_id: str, model: Path, gazetteer: Path) -> None:
        self.locators[city_id] = PlaceLocator(open_gazetteer(gazetteer), addresses.load(model))

    def speak(self, city_id: str, languages: tuple[str, ...]) -> None:
        self.detectors[city_id] = LanguageDetector(languages)

    def classify(self, city_id: str, text: str, language: str) -> Classified:
        return self.classifiers[city_id].classify(text, language)

    def classify_parts(
        self, city_id: str, text: str, spans: Sequence[tuple[int, int]], language: str
    ) -> Sequence[Classified]:
        return self.classifiers[city_id].classify_parts(text, spans, language)

    def locate(self, city_id: str, text: str, language: str, near: Place | None) -> Located:
        return self.locators[city_id].locate(text, language, near)

    def at(self, city_id: str, pin: Pin) -> Place | None:
        return self.locators[city_id].at(pin)

    def detect(self, city_id: str, text: str, current: str) -> str:
        return self.detectors[city_id](text, current)

    def written(self, city_id: str, text: str, current: str) -> str:
        return self.detectors[city_id].written(text, current)


def answer(reader: Reader, question: Question) -> Any:
    """The value, or what was raised on the way to it."""
    try:
        return getattr(reader, question.method)(*question.args)
    except Exception as error:
        error.add_note("".join(traceback.format_tb(error.__traceback__)))
        return error


def main(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(LATER)
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal and a service manager signal all of a service
        signal.signal(number, signal.SIG_IGN)
    reader = Reader()
    with Connection(descriptor) as line, contextlib.suppress(EOFError, OSError):
        while True:
            line.send(answer(reader, line.recv()))


if __name__ == "__main__":
    main(int(sys.argv[1]))
