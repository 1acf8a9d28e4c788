"""What is known of the work in hand wherever it is done, without being handed down: its trace, and its crossing.

The one id that follows a message to the city and back: the id of its inbox row.

It is set while something is done because of that message, stored with what is made then (replies, reports,
timers), and set again when those are taken up. Logs carry it as `trace`.

A crossing is what a POST to a city sent and got, as text: who makes it knows the bytes, who asked keeps them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

_TRACE: ContextVar[str] = ContextVar("trace", default="")


def current() -> str:
    """The message that what happens now happens because of; "" when none."""
    return _TRACE.get()


@contextlib.contextmanager
def following(trace: str) -> Iterator[None]:
    """For the length of the block, what happens is because of that message."""
    token = _TRACE.set(trace)
    try:
        yield
    finally:
        _TRACE.reset(token)


@dataclass(slots=True)
class Crossing:
    """One exchange over the wire; "" for what did not happen."""

    request: str = ""
    answer: str = ""


_CROSSING: ContextVar[Crossing | None] = ContextVar("crossing", default=None)


@contextlib.contextmanager
def crossing() -> Iterator[Crossing]:
    """Holds what the last POST of the block sent and got."""
    made = Crossing()
    token = _CROSSING.set(made)
    try:
        yield made
    finally:
        _CROSSING.reset(token)


def crossed() -> Crossing:
    """Where a POST notes what it sends and gets; whoever asked for it may look there."""
    return _CROSSING.get() or Crossing()
