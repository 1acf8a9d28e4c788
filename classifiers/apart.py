"""Reading in a process of its own: the models live there, texts go there one at a time, values come back.

What reads a text holds the interpreter for a tenth of a second, and in the process that takes messages in an
acknowledgement would wait behind it. This side knows no model: it asks, and starts another process where one died.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any

from bridge.errors import Retryable
from bridge.vocabulary import Classified, Located, Pin, Place, Service

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0  # no text takes a second; a long list of services takes some to be bound on a busy machine


@dataclass(frozen=True, slots=True)
class Question:
    """One call of a method of `classifiers.reader.Reader`."""

    method: str
    args: tuple[Any, ...]


class Apart:
    """The process, started by the first question, and the line to it. Safe between threads, which wait for each
    other: it reads one text at a time."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._told: dict[tuple[str, str], Question] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process that reads now."""
        return self._process.pid if self._process else None

    def ask(self, method: str, *args: Any) -> Any:
        """What the reader answers. Raises what it raises, and Retryable when it died or fell silent: the next
        question goes to another process."""
        with self._turn:
            try:
                answer = _answer(self._line or self._started(), Question(method, args))
            except (OSError, EOFError) as error:
                self._end()
                if not self._closed:
                    log.error("reading process ended", extra={"error": repr(error)})
                raise Retryable(f"the reading process ended: {error!r}") from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def tell(self, method: str, city_id: str, *args: Any) -> Any:
        """`ask`, and asked again of every process that takes this one's place."""
        answer = self.ask(method, city_id, *args)
        self._told[method, city_id] = Question(method, (city_id, *args))
        return answer

    def close(self) -> None:
        """Ends it, at once: it keeps nothing. Who still waits for an answer gets Retryable."""
        self._closed = True
        if self._process:
            self._process.kill()
        with self._turn:
            self._end()

    def _started(self) -> Connection:
        if self._closed:
            raise EOFError("closed")
        line, theirs = Pipe()
        self._line = line
        with theirs:
            command = [sys.executable, "-m", "classifiers.reader", str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
        for question in list(self._told.values()):
            _answer(line, question)
        return line

    def _end(self) -> None:
        if self._line:
            self._line.close()
            self._line = None
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def _answer(line: Connection, question: Question) -> Any:
    line.send(question)
    if not line.poll(PATIENCE_SECONDS):
        raise TimeoutError(f"no answer in {PATIENCE_SECONDS:g} s")
    return line.recv()


class DistantClassifier:
    """bridge.ports.Classifier, by a model there. Binding it binds the city's list there too."""

    def __init__(self, apart: Apart, city_id: str, model: Path, services: Sequence[Service]) -> None:
        self._apart, self._city_id = apart, city_id
        apart.tell("bind", city_id, model, tuple(services))

    def classify(self, text: str, language: str) -> Classified:
        answer: Classified = self._apart.ask("classify", self._city_id, text, language)
        return answer

    def classify_parts(self, text: str, spans: Sequence[tuple[int, int]], language: str) -> Sequence[Classified]:
        answer: Sequence[Classified] = self._apart.ask("classify_parts", self._city_id, text, spans, language)
        return answer


class DistantLocator:
    """bridge.ports.Locator, by a place model and a gazetteer there."""

    def __init__(self, apart: Apart, city_id: str, model: Path, gazetteer: Path) -> None:
        self._apart, self._city_id = apart, city_id
        apart.tell("place", city_id, model, gazetteer)

    def locate(self, text: str, language: str, near: Place | None = None) -> Located:
        answer: Located = self._apart.ask("locate", self._city_id, text, language, near)
        return answer

    def at(self, pin: Pin) -> Place | None:
        answer: Place | None = self._apart.ask("at", self._city_id, pin)
        return answer


class DistantLanguage:
    """Which language a text is in, by the statistics there."""

    def __init__(self, apart: Apart, city_id: str, languages: tuple[str, ...]) -> None:
        self._apart, self._city_id = apart, city_id
        apart.tell("speak", city_id, languages)

    def __call__(self, text: str, current: str) -> str:
        return str(self._apart.ask("detect", self._city_id, text, current))

    def written(self, text: str, current: str) -> str:
        return str(self._apart.ask("written", self._city_id, text, current))
