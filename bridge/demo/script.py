"""Conversations as scripts: one file is a test, a piece of documentation and a part of the demo at once.

    # What it shows
    channel: sms
    > what the resident says        (further > lines belong to the same message, until an empty line)
    < what they must hear           ({id}, {place} and other {names} stand for anything, the same each time)
    city: closed A note             (the city sets the status of this resident's newest report)
    clock: 30 minutes               (time passes)

A script fails where the bridge says anything else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bridge.demo.phones import Phone

Kind = Literal["says", "hears", "city"]
CONVERSATIONS = Path(__file__).with_name("conversations")
MARKS: dict[str, Kind] = {">": "says", "<": "hears"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Script:
    """A conversation of one resident on one channel."""

    title: str
    channel: str
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Line:
    """A step as it happened: the words that were really said, and seconds since the step before."""

    kind: Kind
    text: str
    seconds: float


@dataclass(slots=True)
class Performance:
    """A script played: what was said, and what the {names} stood for."""

    script: Script
    lines: list[Line] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


class Departure(AssertionError):
    """The bridge said something else than the script."""


ChangeStatus = Callable[[str, str, str], Awaitable[None]]
"""The city's act: (service_request_id, status, note)."""


def read(path: Path) -> Script:
    """The script in a file. Raises ValueError for a line of no known kind."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Script:
    """The script in a text."""
    title = channel = ""
    steps: list[Step] = []
    goes_on = False
    for line in text.splitlines():
        mark, rest = line[:1], line[1:].removeprefix(" ")
        if mark in MARKS and goes_on and steps[-1].kind == MARKS[mark]:
            steps[-1] = Step(steps[-1].kind, f"{steps[-1].text}\n{rest}")
        elif mark in MARKS:
            steps.append(Step(MARKS[mark], rest))
        elif line.startswith("city: "):
            steps.append(Step("city", line.removeprefix("city: ")))
        elif line.startswith("channel: "):
            channel = line.removeprefix("channel: ").strip()
        elif mark == "#":
            title = title or rest
        elif line.strip():
            raise ValueError(f"no such step: {line}")
        goes_on = mark in MARKS
    return Script(title, channel, tuple(steps))


async def perform(script: Script, phone: Phone, change_status: ChangeStatus) -> Performance:
    """Plays a script against a running bridge. Raises Departure where it differs, TimeoutError at silence."""
    played = Performance(script)
    for step in script.steps:
        began = time.monotonic()
        said = step.text
        if step.kind == "says":
            await phone.say(step.text)
        elif step.kind == "hears":
            said = await phone.hear()
            played.names.update(_names(step.text, said, played.names))
        else:
            status, _, note = step.text.partition(" ")
            await change_status(played.names["id"], status, note)
        played.lines.append(Line(step.kind, said, time.monotonic() - began))
    return played


def _names(expected: str, said: str, known: dict[str, str]) -> dict[str, str]:
    """What the {names} of an expected text stand for in what was said."""
    match = re.fullmatch("".join(_patterns(expected, known)), said, re.DOTALL)
    if match is None:
        raise Departure(f"expected: {expected}\n    said: {said}")
    return match.groupdict()


def _patterns(expected: str, known: dict[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    for part in re.split(r"(\{\w+\})", expected):
        name = part[1:-1]
        if not part.startswith("{"):
            yield re.escape(part)
        elif name in known:
            yield re.escape(known[name])
        else:
            yield f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
            seen.add(name)
