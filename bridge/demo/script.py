"""Conversations as scripts: one file is a test, a piece of documentation and a part of the demo at once.

    # What it shows                 (further such lines say more)
    channel: sms
    setting: confirm = "always"     (a setting of the city, as in its configuration)
    required: graffiti surface      (a question the city insists on; or a contact field: "required: email")

    > what the resident says        (further > lines belong to the same message, until an empty line)
    < what they must hear           ({id}, {place} and other {names} stand for anything, the same each time)
    photo                           (the resident sends a photo; "photo: words" with words)
    pin: 40.3474, -99.5122          (the resident shares a place)
    nothing                         (the resident hears nothing, however long they wait)
    clock: 30 minutes               (time passes)
    neighbor: words                 (another resident writes; what they hear is not shown)
    staff: words                    (a person at the city answers)
    task: human                     (staff get this to do)
    city: closed A note             (the city sets the status of this resident's newest report; "city: down",
                                     "city: up" and "city: refuses A reason" are about its system)
    expects: 2026-12-01             (the city's next status names this day)
    picture: https://...            (the city's next status shows this photo)
    elsewhere: Pothole, 412 Oak St  (the city has this request from somewhere else)
    filed: Pothole, 412 Oak St      (the city gets this request, and gets no other)
    with: words                     (its text, answers or contact data hold these words)
    without: words                  (or do not)
    update: words                   (the city gets these words as an update of a request)

A script fails where the bridge says or does anything else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol, get_args

from bridge.demo.phones import Phone

Kind = Literal[
    "says",
    "hears",
    "photo",
    "pin",
    "nothing",
    "city",
    "staff",
    "clock",
    "neighbor",
    "task",
    "expects",
    "picture",
    "elsewhere",
    "filed",
    "with",
    "without",
    "update",
]
CONVERSATIONS = Path(__file__).with_name("conversations")
MARKS: dict[str, Kind] = {">": "says", "<": "hears"}
WORDS: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind not in MARKS.values())
SENT_BY_RESIDENT: tuple[Kind, ...] = ("says", "photo", "pin")
HEADS = ("channel: ", "setting: ", "required: ")
BEFORE_SILENCE_IS_SURE = 1.5  # seconds


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Script:
    """A conversation of one resident on one channel. `settings` are lines of the city's configuration, `required`
    what its forms insist on, `notes` the further lines on what it shows."""

    title: str
    channel: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


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
    """Where a script is played."""

    async def say(self, text: str) -> None: ...
    async def hear(self) -> str: ...
    async def happens(self, step: Step, names: Mapping[str, str]) -> None:
        """Anything else. Raises Departure where it does not hold, NotImplementedError where the stage cannot."""
        ...

    async def ends(self) -> None:
        """Raises Departure when something happened that the script does not tell."""
        ...


ChangeStatus = Callable[[str, str, str], Awaitable[None]]
"""The city's act: (service_request_id, status, note)."""


def read(path: Path) -> Script:
    """The script in a file. Raises ValueError for a line of no known kind."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Script:
    """The script in a text."""
    said = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    heads = {head: _heads(text, head) for head in HEADS}
    lines = [line for line in text.splitlines() if not line.startswith(("#", *HEADS))]
    channel = (heads["channel: "] or ("",))[0]
    title, notes = (said or [""])[0], tuple(said[1:])
    return Script(title, channel, _steps(lines), notes, heads["setting: "], heads["required: "])


def _heads(text: str, head: str) -> tuple[str, ...]:
    return tuple(line.removeprefix(head).strip() for line in text.splitlines() if line.startswith(head))


def _steps(lines: Iterable[str]) -> tuple[Step, ...]:
    steps: list[Step] = []
    goes_on = False
    for line in lines:
        mark, rest = line[:1], line[1:].removeprefix(" ")
        if mark in MARKS and goes_on and steps[-1].kind == MARKS[mark]:
            steps[-1] = Step(steps[-1].kind, f"{steps[-1].text}\n{rest}")
        elif mark in MARKS:
            steps.append(Step(MARKS[mark], rest))
        elif line.strip():
            steps.append(_word(line))
        goes_on = mark in MARKS
    return tuple(steps)


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
    await stage.ends()
    return played


async def _happens(step: Step, stage: Stage, played: Performance) -> str:
    match step.kind:
        case "says":
            await stage.say(step.text)
        case "hears":
            said = await stage.hear()
            played.names.update(named(step.text, said, played.names))
            return said
        case _:
            await stage.happens(step, played.names)
    return step.text


def duration(text: str) -> timedelta:
    """ "30 minutes", "2 days"."""
    number, _, unit = text.partition(" ")
    return timedelta(**{unit if unit.endswith("s") else f"{unit}s": float(number)})


@dataclass(frozen=True, slots=True)
class _Street:
    """A resident's phone beside a running bridge. Time there is everybody's."""

    phone: Phone
    change_status: ChangeStatus

    async def say(self, text: str) -> None:
        await self.phone.say(text)

    async def hear(self) -> str:
        return await self.phone.hear()

    async def happens(self, step: Step, names: Mapping[str, str]) -> None:
        match step.kind:
            case "nothing":
                await self._nothing()
            case "city":
                status, _, note = step.text.partition(" ")
                await self.change_status(names["id"], status, note)
            case _:
                raise NotImplementedError(step.kind)

    async def ends(self) -> None:
        pass

    async def _nothing(self) -> None:
        try:
            said = await self.phone.hear(BEFORE_SILENCE_IS_SURE)
        except TimeoutError:
            return
        raise Departure(f"expected silence\n    said: {said}")


def named(expected: str, said: str, known: dict[str, str]) -> dict[str, str]:
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
