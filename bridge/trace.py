"""The one id that follows a message to the city and back: the id of its inbox row.

It is set while something is done because of that message, stored with what is made then (replies, reports,
timers), and set again when those are taken up. Logs carry it as `trace`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

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
