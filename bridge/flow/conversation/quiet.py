"""The quiet hours of a city: nothing that can wait is said in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.vocabulary import Facts, Policy

AWAKE = timedelta(hours=1)  # who wrote so lately waits for an answer


def quiet_until(policy: Policy, facts: Facts, now: datetime) -> datetime | None:
    """The end of the quiet hours `now` lies in, in the city's time; they may go over midnight."""
    if policy.quiet is None:
        return None
    local = now.astimezone(ZoneInfo(facts.time_zone))
    begin, end = policy.quiet
    clock = local.time()
    inside = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not inside:
        return None
    until = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)


def is_awake(facts: Facts, now: datetime) -> bool:
    """Whether the resident wrote a moment ago."""
    return facts.last_heard is not None and now - facts.last_heard < AWAKE
