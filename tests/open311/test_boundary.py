"""A report goes to the city whose boundary holds its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import SettingsError
from bridge.open311.boundary import Area, choose, read_boundary

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]
FAR = [[[20, 0], [30, 0], [30, 10], [20, 10], [20, 0]]]


TOWN = read_boundary(json.dumps({"type": "Polygon", "coordinates": [SQUARE, HOLE]}))
ISLES = read_boundary(
    json.dumps(
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [FAR]}}],
        }
    )
)


@given(lat=st.floats(0.001, 9.999), long=st.floats(0.001, 9.999))
def test_a_point_in_the_square_is_inside_unless_it_is_in_the_hole(lat: float, long: float) -> None:
    if not (4 <= lat <= 6 and 4 <= long <= 6):
        assert TOWN.holds(lat, long)
    elif 4 < lat < 6 and 4 < long < 6:
        assert not TOWN.holds(lat, long)


@given(lat=st.floats(-90, 90), long=st.floats(-180, 180))
def test_a_point_beyond_the_box_is_outside(lat: float, long: float) -> None:
    if not (0 <= lat <= 10 and 0 <= long <= 10):
        assert not TOWN.holds(lat, long)


@given(lat=st.floats(0, 10), long=st.floats(0, 40))
def test_neighbours_never_share_a_point(lat: float, long: float) -> None:
    assert not (TOWN.holds(lat, long) and ISLES.holds(lat, long))


def test_the_city_that_holds_the_place_gets_the_report() -> None:
    areas = [Area("town", TOWN), Area("isles", ISLES), Area("county")]
    assert choose(areas, 1, 1) == "town"
    assert choose(areas, 1, 25) == "isles"
    assert choose(areas, 5, 5) == "county"
    assert choose(areas, None, None) == "county"


def test_a_place_outside_every_boundary_has_no_city() -> None:
    assert choose([Area("town", TOWN), Area("isles", ISLES)], 50, 50) is None


def test_a_report_without_coordinates_goes_to_the_only_city() -> None:
    assert choose([Area("town", TOWN)], None, None) == "town"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"type": "Point", "coordinates": [1, 2]}', '{"type": "Polygon"}']
)
def test_what_is_no_polygon_is_a_setting_to_correct(text: str) -> None:
    with pytest.raises(SettingsError, match="boundary"):
        read_boundary(text)
