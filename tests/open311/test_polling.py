"""A hundred thousand open requests within ten reads a minute, the young ones within half an hour."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.flow.tracking import pace
from bridge.open311.polling import YOUNG, Ids, Means, Window, delay, plan
from bridge.vocabulary import Followed
from tests.open311.scripted import NOON

LISTS = Means(ids_per_read=50, row_cap=1000, rows_per_hour=60)
SMALL_LISTS = Means(ids_per_read=50, row_cap=50, rows_per_hour=60)
IDS_ONLY = Means(ids_per_read=50, row_cap=0, rows_per_hour=60)
SINGLES = Means(ids_per_read=1, row_cap=0, rows_per_hour=60)

QUARTER = timedelta(minutes=15)
ages = st.timedeltas(timedelta(0), timedelta(days=800))


def followed(id: str, age: timedelta, ago: timedelta) -> Followed:
    """A request of that age, last read so long ago."""
    return Followed(id, NOON - age, NOON - ago, NOON - ago + pace(age, QUARTER))


requests = st.builds(lambda id, age, ago: followed(str(id), age, min(age, ago)), st.integers(0, 10**6), ages, ages)
several = st.lists(requests, max_size=60, unique_by=lambda request: request.service_request_id)
means = st.sampled_from([LISTS, SMALL_LISTS, IDS_ONLY, SINGLES])


def ids_of(reads: tuple[Window | Ids, ...]) -> list[str]:
    return [id for read in reads for id in read.ids]


@given(due=several, means=means, reads=st.integers(0, 12))
def test_a_plan_keeps_to_its_reads_and_asks_for_no_request_twice(
    due: list[Followed], means: Means, reads: int
) -> None:
    planned = plan(due, means, NOON, reads)
    assert len(planned) <= reads
    assert len(set(ids_of(planned))) == len(ids_of(planned))


@given(due=several, means=means)
def test_with_reads_enough_every_due_request_is_read(due: list[Followed], means: Means) -> None:
    assert set(ids_of(plan(due, means, NOON, 1000))) == {request.service_request_id for request in due}


@given(due=several, means=means)
def test_windows_are_short_enough_for_a_whole_answer(due: list[Followed], means: Means) -> None:
    for read in plan(due, means, NOON, 1000):
        if isinstance(read, Window):
            assert read.end - read.start <= means.safe_window
        else:
            assert len(read.ids) <= means.ids_per_read


def test_what_lists_do_not_show_is_read_by_id() -> None:
    hours = timedelta(hours=1)
    due = [followed(id, 3 * hours, hours) for id in ("private", *map(str, range(60)))]
    window, ids = plan(due, LISTS, NOON, 10, unlisted={"private"})
    assert isinstance(window, Window)
    assert ids == Ids(("private",))


def test_young_requests_come_before_old_ones() -> None:
    old = [followed(f"o{n}", timedelta(days=300), timedelta(days=4)) for n in range(50)]
    young = [followed(f"y{n}", timedelta(hours=5), timedelta(minutes=20)) for n in range(50)]
    assert ids_of(plan([*old, *young], IDS_ONLY, NOON, 1)) == [r.service_request_id for r in young]


def test_an_old_request_does_not_wait_for_ever() -> None:
    old = followed("old", timedelta(days=300), timedelta(days=30))
    young = [followed(f"y{n}", timedelta(hours=5), timedelta(minutes=20)) for n in range(50)]
    assert ids_of(plan([old, *young], SINGLES, NOON, 1)) == ["old"]


# -------------------------------------------------------------------------------- the figure of the issue

OPEN = 100_000
READS_PER_MINUTE = 8  # of the city's ten: two are left to look-ups and tokens
STEP = timedelta(minutes=3)


def delays_of_young_changes(means: Means, minutes: int, newer_than_two_days: int) -> list[timedelta]:
    """A simulated stretch: every request changes at a random moment of it; how long until a read shows that."""
    chance = random.Random(311)
    young = [timedelta(seconds=chance.uniform(0, YOUNG.total_seconds())) for _ in range(newer_than_two_days)]
    old = [timedelta(days=2 + 600 * chance.random() ** 2) for _ in range(OPEN - newer_than_two_days)]
    waiting = [
        followed(str(number), age, min(age, pace(age, QUARTER) * chance.random()))
        for number, age in enumerate([*young, *old])
    ]
    changed = {str(id): NOON + timedelta(minutes=chance.uniform(0, minutes / 2)) for id in range(len(young))}
    delays = []
    for step in range(int(timedelta(minutes=minutes) / STEP)):
        now = NOON + step * STEP
        due = [request for request in waiting if request.due_at <= now]
        read = set(ids_of(plan(due, means, now, int(READS_PER_MINUTE * STEP / timedelta(minutes=1)))))
        waiting = [read_again(r, now) if r.service_request_id in read else r for r in waiting]
        delays += [now - changed.pop(id) for id in read & changed.keys() if changed[id] <= now]
    return sorted(delays + [timedelta(minutes=minutes)] * len(changed))


def read_again(request: Followed, now: datetime) -> Followed:
    again = now + pace(now - request.requested_at, QUARTER)
    return replace(request, read_at=now, due_at=again)


def p95(delays: list[timedelta]) -> timedelta:
    return delays[int(0.95 * len(delays))]


def test_a_city_with_lists_of_a_thousand_rows() -> None:
    assert p95(delays_of_young_changes(LISTS, 54, newer_than_two_days=2500)) <= timedelta(minutes=30)


def test_a_city_with_comma_lists_of_fifty_ids_only() -> None:
    assert p95(delays_of_young_changes(IDS_ONLY, 54, newer_than_two_days=2500)) <= timedelta(minutes=30)


def test_the_delay_to_expect_where_only_single_ids_are_answered() -> None:
    assert delay(young=480, means=SINGLES, reads_per_minute=8) == timedelta(hours=1)
    assert delay(young=480, means=LISTS, reads_per_minute=8) == timedelta(minutes=15)


def test_however_much_is_overdue_the_young_get_three_reads_of_four_and_the_rest_the_others() -> None:
    young = [Followed(f"y{n}", NOON - timedelta(hours=n), NOON - QUARTER, NOON) for n in range(40)]
    month, long_ago = timedelta(days=30), timedelta(days=9)
    old = [Followed(f"o{n}", NOON - month, NOON - long_ago, NOON - long_ago + QUARTER) for n in range(500)]
    reads = plan([*old, *young], Means(ids_per_read=1, row_cap=0, rows_per_hour=1), NOON, 8)
    assert [read.ids[0][0] for read in reads] == ["y"] * 6 + ["o"] * 2
