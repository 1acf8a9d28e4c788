"""A failing endpoint is left alone for longer and longer, and a read budget holds in any minute."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.open311.circuit import Circuit, Pace
from tests.open311.scripted import NOON


def failed(circuit: Circuit, times: int) -> Circuit:
    for _ in range(times):
        circuit = circuit.failed(NOON)
    return circuit


def test_failures_in_a_row_open_it() -> None:
    assert failed(Circuit(3, 60), 2).wait(NOON) == 0
    assert failed(Circuit(3, 60), 3).wait(NOON) == 60


def test_a_success_between_them_does_not() -> None:
    circuit = failed(failed(Circuit(3, 60), 2).succeeded(), 2)
    assert circuit.wait(NOON) == 0


def test_the_pause_doubles_up_to_a_quarter_of_an_hour() -> None:
    circuit, pauses = failed(Circuit(1, 60), 0), []
    for _ in range(6):
        circuit = circuit.failed(NOON)
        pauses.append(circuit.wait(NOON))
    assert pauses == [60, 120, 240, 480, 900, 900]


def test_one_call_tries_while_the_others_wait() -> None:
    open_ = failed(Circuit(1, 60), 1)
    later = NOON + timedelta(seconds=60)
    assert open_.wait(later) == 0
    assert open_.tried(later).wait(later) == 60


def test_a_limit_of_none_never_opens() -> None:
    assert failed(Circuit(0, 60), 100).wait(NOON) == 0


def test_a_longer_pause_asked_for_outlasts_a_shorter_one() -> None:
    assert Circuit(3, 60).held(NOON, 90).held(NOON, 30).wait(NOON) == 90


@given(gaps=st.lists(st.floats(0, 30), max_size=60), limit=st.integers(1, 12), patience=st.floats(0, 90))
def test_no_minute_ever_holds_more_calls_than_the_limit(gaps: list[float], limit: int, patience: float) -> None:
    pace, now, made = Pace(limit), NOON, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        wait = pace.take(now, patience)
        if wait is not None:
            made.append(now + timedelta(seconds=wait))
    for start in made:
        assert sum(start <= call < start + timedelta(seconds=60) for call in made) <= limit


def test_spare_calls_are_left_to_others() -> None:
    pace = Pace(10)
    assert [pace.take(NOON, 0, spare=2) for _ in range(9)] == [0] * 8 + [None]
    assert (pace.take(NOON, 0), pace.free(NOON), pace.free(NOON, 2)) == (0, 1, 0)


@pytest.mark.parametrize("settled", [failed(Circuit(3, 60), 3), Circuit(3, 60).held(NOON, 3600)])
def test_a_clock_that_is_set_back_holds_nobody_up(settled: Circuit) -> None:
    assert settled.wait(NOON) > 0
    assert settled.wait(NOON - timedelta(days=1)) == 0
    pace = Pace(1)
    assert [pace.take(NOON, 0), pace.take(NOON, 0)] == [0, None]
    assert pace.take(NOON - timedelta(days=1), 0) == 0
