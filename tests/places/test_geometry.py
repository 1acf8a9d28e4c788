"""Distances and positions on a city's scale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.places import crossings, geometry, packing

points = st.tuples(st.floats(40, 40.1), st.floats(-99.6, -99.5))
SQUARE = [(40.0, -99.6), (40.0, -99.5), (40.1, -99.5), (40.1, -99.6), (40.0, -99.6)]


def test_a_thousandth_of_a_degree_north_is_111_metres() -> None:
    assert geometry.metres((40.0, -99.0), (40.001, -99.0)) == pytest.approx(111.2, abs=0.1)


@given(points, points)
def test_distance_is_the_same_both_ways(a: geometry.Point, b: geometry.Point) -> None:
    assert geometry.metres(a, b) == pytest.approx(geometry.metres(b, a))


@given(points, points, st.floats(0, 1))
def test_a_point_along_a_line_is_on_it(a: geometry.Point, b: geometry.Point, share: float) -> None:
    at = geometry.along([a, b], share)
    assert geometry.nearest_on([a, b], at)[1] < 0.5


@given(points)
def test_what_is_packed_is_unpacked(p: geometry.Point) -> None:
    [back] = packing.unpack(packing.pack([p]))
    assert geometry.metres(p, back) < 0.02


@given(points)
def test_a_point_is_inside_the_square_around_it(p: geometry.Point) -> None:
    assert geometry.inside(p, SQUARE) == (40.0 <= p[0] < 40.1 and -99.6 <= p[1] < -99.5)


def test_streets_that_cross_and_streets_that_touch_meet() -> None:
    across = [(40.05, -99.56), (40.05, -99.54)]
    along = [(40.04, -99.55), (40.06, -99.55)]
    ends = [(40.05005, -99.54), (40.06, -99.54)]
    apart = [(40.09, -99.59), (40.09, -99.58)]
    found = crossings.find({1: [across], 2: [along], 3: [ends], 4: [apart]})
    assert set(found) == {(1, 2), (1, 3)}
    assert found[1, 2][0] == pytest.approx((40.05, -99.55))
