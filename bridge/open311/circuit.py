"""When an endpoint is left alone: the state of a circuit breaker, and a sliding read budget. Pure but for itself.

A circuit opens after so many failures in a row, lets one call through when its pause is over, and doubles the
pause up to fifteen minutes each time that one fails too. A city's own "come back later" holds it as long.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_LONGEST_PAUSE = 15 * 60.0
_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Circuit:
    """Failures in a row, how often it opened in a row, and until when it is open. `limit` 0: never opens."""

    limit: int
    pause: float  # seconds
    failures: int = 0
    openings: int = 0
    until: datetime | None = None

    def wait(self, now: datetime) -> float:
        """Seconds until a call may be tried, 0 when now."""
        return max((self.until - now).total_seconds(), 0.0) if self.until else 0.0

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
        return replace(self, failures=failures, openings=self.openings + 1, until=now + timedelta(seconds=pause))

    def held(self, now: datetime, seconds: float) -> Circuit:
        """The city asked for a pause (Retry-After)."""
        until = now + timedelta(seconds=seconds)
        return replace(self, until=max(until, self.until) if self.until else until)


class Pace:
    """At most `per_minute` calls in any sixty seconds, so that a server's own window never sees more."""

    def __init__(self, per_minute: int) -> None:
        self._limit = per_minute
        self._taken: deque[datetime] = deque()

    def take(self, now: datetime, patience: float, spare: int = 0) -> float | None:
        """Seconds to wait before the call that is herewith taken; None, and none taken, when that is more
        than `patience`. `spare` calls of each minute are left to others."""
        if not self._limit:
            return 0.0
        while self._taken and self._taken[0] <= now - _MINUTE:
            self._taken.popleft()
        wait = self.wait(now, spare)
        if wait > patience:
            return None
        self._taken.append(now + timedelta(seconds=wait))
        return wait

    def wait(self, now: datetime, spare: int = 0) -> float:
        """Seconds until a call would be within the limit."""
        room = max(self._limit - spare, 1)
        if not self._limit or len(self._taken) < room:
            return 0.0
        return max((self._taken[-room] + _MINUTE - now).total_seconds(), 0.0)

    def free(self, now: datetime, spare: int = 0) -> int | None:
        """Calls that would go out at once, None when there is no limit."""
        if not self._limit:
            return None
        recent = sum(taken > now - _MINUTE for taken in self._taken)
        return max(self._limit - spare - recent, 0)
