"""Conversations as scripts: one file is a test, a piece of documentation and a part of the demo at once.

    # What it shows
    channel: sms
    > what the resident says        (further > lines belong to the same message, until an empty line)
    < what they must hear           ({id}, {place} and other {names} stand for anything, the same each time)
    photo                           (the resident sends a photo; "photo: words" with words)
    pin: 40.3474, -99.5122          (the resident shares a place)
    nothing                         (the resident hears nothing, however long they wait)
    city: closed A note             (the city sets the status of this resident's newest report)
    staff: words                    (a person at the city answers)
    clock: 30 minutes               (time passes)

A script fails where the bridge says anything else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol

from bridge.demo.phones import Phone

Kind = Literal["says", "hears", "photo", "pin", "nothing", "city", "staff", "clock"]
CONVERSATIONS = Path(__file__).with_name("conversations")
MARKS: dict[str, Kind] = {">": "says", "<": "hears"}
WORDS: tuple[Kind, ...] = ("photo", "pin", "nothing", "city", "staff", "clock")
BEFORE_SILENCE_IS_SURE = 1.5  # seconds


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


class Stage(Protocol):
    """Where a script is played. What a stage cannot do it refuses with NotImplementedError."""

    async def say(self, text: str) -> None: ...
    async def hear(self) -> str: ...
    async def nothing(self) -> None:
        """Raises Departure when the resident hears anything more."""
        ...

    async def photo(self, text: str) -> None: ...
    async def pin(self, lat: float, long: float) -> None: ...
    async def city(self, service_request_id: str, status: str, note: str) -> None: ...
    async def staff(self, words: str) -> None: ...
    async def clock(self, passes: timedelta) -> None: ...


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
        elif line.startswith("channel: "):
            channel = line.removeprefix("channel: ").strip()
        elif mark == "#":
            title = title or rest
        elif line.strip():
            steps.append(_word(line))
        goes_on = mark in MARKS
    return Script(title, channel, tuple(steps))


def _word(line: str) -> Step:
    word, _, rest = line.partition(":")
    for kind in WORDS:
        if word == kind:
            return Step(kind, rest.strip())
    raise ValueError(f"no such step: {line}")


async def perform(script: Script, phone: Phone, change_status: ChangeStatus) -> Performance:
    """Plays a script against a running bridge. Raises Departure where it differs, TimeoutError at silence."""
    return await play(script, _Street(phone, change_status))


async def play(script: Script, stage: Stage) -> Performance:
    """Plays a script on any stage. Raises Departure where it differs."""
    played = Performance(script)
    for step in script.steps:
        began = time.monotonic()
        said = await _happens(step, stage, played)
        played.lines.append(Line(step.kind, said, time.monotonic() - began))
    return played


async def _happens(step: Step, stage: Stage, played: Performance) -> str:
    match step.kind:
        case "says":
            await stage.say(step.text)
        case "hears":
            said = await stage.hear()
            played.names.update(_names(step.text, said, played.names))
            return said
        case "photo":
            await stage.photo(step.text)
        case "pin":
            lat, _, long = step.text.partition(",")
            await stage.pin(float(lat), float(long))
        case "nothing":
            await stage.nothing()
        case "city":
            status, _, note = step.text.partition(" ")
            await stage.city(played.names["id"], status, note)
        case "staff":
            await stage.staff(step.text)
        case "clock":
            number, _, unit = step.text.partition(" ")
            await stage.clock(timedelta(**{unit if unit.endswith("s") else f"{unit}s": float(number)}))
    return step.text


@dataclass(frozen=True, slots=True)
class _Street:
    """A resident's phone beside a running bridge. Time there is everybody's."""

    phone: Phone
    change_status: ChangeStatus

    async def say(self, text: str) -> None:
        await self.phone.say(text)

    async def hear(self) -> str:
        return await self.phone.hear()

    async def nothing(self) -> None:
        try:
            said = await self.phone.hear(BEFORE_SILENCE_IS_SURE)
        except TimeoutError:
            return
        raise Departure(f"expected silence\n    said: {said}")

    async def city(self, service_request_id: str, status: str, note: str) -> None:
        await self.change_status(service_request_id, status, note)

    async def photo(self, text: str) -> None:
        raise NotImplementedError

    async def pin(self, lat: float, long: float) -> None:
        raise NotImplementedError

    async def staff(self, words: str) -> None:
        raise NotImplementedError

    async def clock(self, passes: timedelta) -> None:
        raise NotImplementedError


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
