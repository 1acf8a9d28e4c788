"""When an endpoint is left alone: the state of a circuit breaker, and a sliding read budget. Pure but for itself.

A circuit opens after so many failures in a row, lets one call through when its pause is over, and doubles the
pause up to fifteen minutes each time that one fails too. A city's own "come back later" holds it as long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

T = TypeVar("T")

_LONGEST_PAUSE = 15 * 60.0
_MINUTE = timedelta(seconds=60)
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Circuit:
    """Failures in a row, how often it opened in a row, and until when it is open. `limit` 0: never opens."""

    limit: int
    pause: float  # seconds
    failures: int = 0
    openings: int = 0
    until: datetime | None = None
    since: datetime | None = None  # when that was settled

    def wait(self, now: datetime) -> float:
        """Seconds until a call may be tried, 0 when now; a clock that was set back since makes nobody wait."""
        set_back = self.since is not None and now < self.since
        return max((self.until - now).total_seconds(), 0.0) if self.until and not set_back else 0.0

    def tried(self, now: datetime) -> Circuit:
        """After a call was let through. Where it is a try of an open circuit, others wait for its outcome."""
        return self.held(now, self.pause) if self.openings else self

    def succeeded(self) -> Circuit:
        return Circuit(self.limit, self.pause)

    def failed(self, now: datetime) -> Circuit:
        failures = self.failures + 1
        if not self.limit or failures < self.limit:
            return replace(self, failures=failures)
        pause = min(self.pause * 2**self.openings, _LONGEST_PAUSE)
        until = now + timedelta(seconds=pause)
        return replace(self, failures=failures, openings=self.openings + 1, until=until, since=now)

    def held(self, now: datetime, seconds: float) -> Circuit:
        """The city asked for a pause (Retry-After)."""
        until = now + timedelta(seconds=max(seconds, self.wait(now)))
        return replace(self, until=until, since=now)


class Pace:
    """At most `per_minute` calls in any sixty seconds, so that a server's own window never sees more. `taken` are
    the moments of calls already made or to be made."""

    def __init__(self, per_minute: int, taken: Iterable[datetime] = ()) -> None:
        self._limit = per_minute
        self.taken = list(taken)

    def take(self, now: datetime, patience: float, spare: int = 0) -> float | None:
        """Seconds to wait before the call that is herewith taken; None, and none taken, when that is more
        than `patience`. `spare` calls of each minute are left to others."""
        if not self._limit:
            return 0.0
        wait = self.wait(now, spare)
        if wait > patience:
            return None
        self.taken = [*self._recent(now), now + timedelta(seconds=wait)]
        return wait

    def wait(self, now: datetime, spare: int = 0) -> float:
        """Seconds until a call would be within the limit."""
        room, recent = max(self._limit - spare, 1), self._recent(now)
        if not self._limit or len(recent) < room:
            return 0.0
        return max((recent[-room] + _MINUTE - now).total_seconds(), 0.0)

    def free(self, now: datetime, spare: int = 0) -> int | None:
        """Calls that would go out at once, None when there is no limit."""
        if not self._limit:
            return None
        return max(self._limit - spare - len(self._recent(now)), 0)

    def _recent(self, now: datetime) -> list[datetime]:
        """Those of the last minute and those to come; what is far ahead is of a clock that was set back."""
        return [taken for taken in self.taken if now - _MINUTE < taken <= now + _AHEAD]


class Paced(Protocol):
    """Does something with the pace of an endpoint while nobody else does, of whatever shares that pace."""

    def __call__(self, work: Callable[[Pace], T], /) -> Awaitable[T]: ...


def alone(pace: Pace) -> Paced:
    """A pace that is one client's own."""

    async def paced(work: Callable[[Pace], T], /) -> T:
        return work(pace)

    return paced
