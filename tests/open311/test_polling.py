"""A hundred thousand open requests within ten reads a minute, the young ones within half an hour."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.open311.polling import YOUNG, Followed, Ids, Means, Window, delay, interval, plan
from tests.open311.scripted import NOON

LISTS = Means(ids_per_read=50, row_cap=1000, rows_per_hour=60)
SMALL_LISTS = Means(ids_per_read=50, row_cap=50, rows_per_hour=60)
IDS_ONLY = Means(ids_per_read=50, row_cap=0, rows_per_hour=60)
SINGLES = Means(ids_per_read=1, row_cap=0, rows_per_hour=60)

ages = st.timedeltas(timedelta(0), timedelta(days=800))
requests = st.builds(
    lambda id, age, ago, listed: Followed(str(id), NOON - age, NOON - min(age, ago), listed),
    st.integers(0, 10**6),
    ages,
    ages,
    st.booleans(),
)
several = st.lists(requests, max_size=60, unique_by=lambda request: request.service_request_id)
means = st.sampled_from([LISTS, SMALL_LISTS, IDS_ONLY, SINGLES])


def ids_of(reads: tuple[Window | Ids, ...]) -> list[str]:
    return [id for read in reads for id in read.ids]


@given(followed=several, means=means, reads=st.integers(0, 12))
def test_a_plan_keeps_to_its_reads_and_asks_for_no_request_twice(
    followed: list[Followed], means: Means, reads: int
) -> None:
    planned = plan(followed, means, NOON, reads)
    assert len(planned) <= reads
    assert len(set(ids_of(planned))) == len(ids_of(planned))


@given(followed=several, means=means)
def test_with_reads_enough_every_due_request_is_read_and_no_other(followed: list[Followed], means: Means) -> None:
    due = {
        r.service_request_id
        for r in followed
        if r.read_at is not None and NOON - r.read_at >= interval(NOON - r.requested_at)
    }
    assert set(ids_of(plan(followed, means, NOON, 1000))) == due


@given(followed=several, means=means)
def test_windows_are_short_enough_for_a_whole_answer(followed: list[Followed], means: Means) -> None:
    for read in plan(followed, means, NOON, 1000):
        if isinstance(read, Window):
            assert read.end - read.start <= means.safe_window
        else:
            assert len(read.ids) <= means.ids_per_read


def test_what_lists_do_not_show_is_read_by_id() -> None:
    hidden = Followed("private", NOON - timedelta(hours=3), NOON - timedelta(hours=1), listed=False)
    listed = [Followed(str(n), NOON - timedelta(hours=3), NOON - timedelta(hours=1)) for n in range(60)]
    window, ids = plan([hidden, *listed], LISTS, NOON, 10)
    assert isinstance(window, Window)
    assert ids == Ids(("private",))


def test_young_requests_come_before_old_ones() -> None:
    old = [Followed(f"o{n}", NOON - timedelta(days=300), NOON - timedelta(days=4)) for n in range(50)]
    young = [Followed(f"y{n}", NOON - timedelta(hours=5), NOON - timedelta(minutes=20)) for n in range(50)]
    assert ids_of(plan([*old, *young], IDS_ONLY, NOON, 1)) == [r.service_request_id for r in young]


def test_an_old_request_does_not_wait_for_ever() -> None:
    old = Followed("old", NOON - timedelta(days=300), NOON - timedelta(days=30))
    young = [Followed(f"y{n}", NOON - timedelta(hours=5), NOON - timedelta(minutes=20)) for n in range(50)]
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
    open_now = {}
    for number, age in enumerate([*young, *old]):
        ago = min(age, interval(age) * chance.random())
        open_now[str(number)] = Followed(str(number), NOON - age, NOON - ago)
    changed = {id: NOON + timedelta(minutes=chance.uniform(0, minutes / 2)) for id in map(str, range(len(young)))}
    delays = []
    for step in range(int(timedelta(minutes=minutes) / STEP)):
        now = NOON + step * STEP
        for id in ids_of(plan(open_now.values(), means, now, int(READS_PER_MINUTE * STEP / timedelta(minutes=1)))):
            open_now[id] = Followed(id, open_now[id].requested_at, now)
            if id in changed and changed[id] <= now:
                delays.append(now - changed.pop(id))
    return sorted(delays + [timedelta(minutes=minutes)] * len(changed))


def p95(delays: list[timedelta]) -> timedelta:
    return delays[int(0.95 * len(delays))]


def test_a_city_with_lists_of_a_thousand_rows() -> None:
    assert p95(delays_of_young_changes(LISTS, 54, newer_than_two_days=2500)) <= timedelta(minutes=30)


def test_a_city_with_comma_lists_of_fifty_ids_only() -> None:
    assert p95(delays_of_young_changes(IDS_ONLY, 54, newer_than_two_days=2500)) <= timedelta(minutes=30)


def test_the_delay_to_expect_where_only_single_ids_are_answered() -> None:
    assert delay(young=480, means=SINGLES, reads_per_minute=8) == timedelta(hours=1)
    assert delay(young=480, means=LISTS, reads_per_minute=8) == timedelta(minutes=15)
