"""Duty: who is in and when, what is overdue, and who is told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from bridge.flow.duty import Duty, is_in
from bridge.flow.staffing import Unknown
from bridge.vocabulary.console import Totals
from bridge.web.console.look import REASONS
from bridge.web.console.paging import PAGE
from bridge.web.console.visit import Visit, to

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Hours:
    """A city's office, as the page shows it."""

    name: str
    is_in: bool
    week: tuple[tuple[str, str], ...]
    holidays: tuple[str, ...]
    deadlines: tuple[tuple[str, str], ...]
    fallback: str


async def duty(visit: Visit) -> Response:
    now = visit.console.handling.clock.now()
    totals: Totals = await visit.console.handling.store.read(lambda tx: tx.console.totals(now))
    cities = [
        _hours(visit, city.id, city.name, city.duty)
        for city in visit.console.handling.jurisdictions.values()
        if visit.me.serves(city.id)
    ]
    return visit.page("duty.html", totals=totals, offices=cities, silent=_silent(visit))


async def given_up(visit: Visit) -> Response:
    """What was tried in vain, of any kind, to be tried again."""
    mine = visit.me.cities
    rows = await visit.store.read(lambda tx: tx.console.given_up(mine, PAGE))
    return visit.page("given_up.html", rows=rows, most=PAGE)


async def try_again(visit: Visit) -> Response:
    id_, mine = visit.path("id"), visit.me.cities
    rows = await visit.store.read(lambda tx: tx.console.given_up(mine, PAGE))
    if id_ not in [row.id for row in rows]:
        raise Unknown("there is no such thing")
    await visit.store.write(lambda tx: tx.replay(id_))
    await visit.trace("work.tried_again", "work", id_)
    return to("/duty/given-up", again="yes")


def _hours(visit: Visit, city_id: str, name: str, office: Duty) -> Hours:
    now = visit.console.handling.clock.now()
    week = tuple(
        (day, f"{office.hours[i][0]:%H:%M} to {office.hours[i][1]:%H:%M}" if i in office.hours else "closed")
        for i, day in enumerate(DAYS)
    )
    by_time: dict[timedelta, list[str]] = defaultdict(list)
    for reason, (label, _) in REASONS.items():
        by_time[office.allowed(reason) or timedelta(0)].append(label)
    deadlines = tuple((_lasting(allowed), ", ".join(by_time[allowed])) for allowed in sorted(by_time))
    plain = visit.console.city_settings.get(city_id, {})
    holidays = tuple(day.isoformat() for day in sorted(office.holidays) if day >= now.date())
    return Hours(name, is_in(office, now), week, holidays, deadlines, str(plain.get("fallback_address") or ""))


def _lasting(allowed: timedelta) -> str:
    return f"{allowed / timedelta(hours=1):g} h" if allowed else "at once"


def _silent(visit: Visit) -> list[str]:
    now = visit.console.handling.clock.now()
    return [
        visit.cities[city_id]
        for city_id, until in visit.console.circuits().items()
        if city_id in visit.cities and any(moment and moment > now for moment in until)
    ]
