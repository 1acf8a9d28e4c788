"""When staff are in, and by when they have to look at something. Pure.

A deadline is counted in working time: a task of Friday evening that has four hours is due on Monday. Emergencies
are due at once, at any hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MONDAY_TO_FRIDAY = {weekday: (time(8), time(17)) for weekday in range(5)}
AT_ONCE = timedelta(0)
WITHIN: Mapping[str, timedelta] = {
    "emergency": AT_ONCE,
    "threat": AT_ONCE,
    "human": timedelta(hours=2),
    "question": timedelta(hours=4),
    "refused": timedelta(hours=4),
    "unsure": timedelta(hours=4),
    "undelivered": timedelta(hours=8),
}
OTHERWISE = timedelta(hours=8)
FARTHEST = 400  # days looked ahead for a working one


@dataclass(frozen=True, slots=True)
class Duty:
    """A city's office hours by weekday (Monday is 0), in its own time. A weekday that is absent is free."""

    time_zone: str = "UTC"
    hours: Mapping[int, tuple[time, time]] = field(default_factory=lambda: MONDAY_TO_FRIDAY)
    holidays: frozenset[date] = frozenset()
    within: Mapping[str, timedelta] = field(default_factory=dict)

    def due(self, reason: str, since: datetime) -> datetime:
        """When a task of that reason, which came at `since`, has to be looked at."""
        allowed = self.allowed(reason)
        return after_work(self, since, allowed) if allowed else since

    def allowed(self, reason: str) -> timedelta:
        """The working time within which a task of that reason has to be looked at."""
        return self.within.get(reason, WITHIN.get(reason, OTHERWISE))


def is_in(duty: Duty, moment: datetime) -> bool:
    """Whether staff are in."""
    local = moment.astimezone(ZoneInfo(duty.time_zone))
    opens = _hours_of(duty, local.date())
    return opens is not None and opens[0] <= local.time() < opens[1]


def after_work(duty: Duty, since: datetime, work: timedelta) -> datetime:
    """The moment at which that much working time has passed since then; without any hours, time itself counts."""
    zone = ZoneInfo(duty.time_zone)
    local, left = since.astimezone(zone), work
    for days in range(FARTHEST if duty.hours else 0):
        day = local.date() + timedelta(days=days)
        opens = _hours_of(duty, day)
        if opens is None:
            continue
        begin = max(datetime.combine(day, opens[0], zone), local)
        room = datetime.combine(day, opens[1], zone) - begin
        if room >= left:
            return (begin + left).astimezone(since.tzinfo)
        left -= max(room, timedelta(0))
    return since + work


def _hours_of(duty: Duty, day: date) -> tuple[time, time] | None:
    return None if day in duty.holidays else duty.hours.get(day.weekday())
