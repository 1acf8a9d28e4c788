"""Coordinates are read in any usual notation, map links are taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.places import coordinates

HERE = (40.3488, -99.5108)


@pytest.mark.parametrize(
    "text",
    [
        "40.3488, -99.5108",
        "40.3488 -99.5108",
        "(40.3488,-99.5108)",
        "lat 40.3488 lon -99.5108",
        "lat: 40.3488, long: -99.5108",
        "40.3488N 99.5108W",
        "40.3488° N, 99.5108° W",
        "40°20'55.68\"N 99°30'38.88\"W",
        "40° 20' 55.68” N, 99° 30' 38.88” W",
        "40°20.928'N 99°30.648'W",
        "40°20'55,68\"N 99°30'38,88\"O".replace(",", "."),
    ],
)
def test_a_notation_is_read(text: str) -> None:
    [spotted] = coordinates.spot(f"hole at {text} please")
    assert spotted.at == pytest.approx(HERE, abs=1e-6)


@pytest.mark.parametrize(
    "link",
    [
        "https://maps.google.com/?q=40.3488,-99.5108",
        "https://www.google.com/maps?q=loc:40.3488,-99.5108",
        "https://www.google.com/maps/@40.3488,-99.5108,17z",
        "https://www.google.com/maps/place/40.3488,-99.5108",
        "https://www.google.com/maps/place/Library/@40.1,-99.1,17z/data=!3m1!4b1!4m5!3d40.3488!4d-99.5108",
        "https://www.google.com/maps/dir/?api=1&destination=40.3488,-99.5108",
        "https://www.google.com/maps/search/?api=1&query=40.3488%2C-99.5108",
        "https://maps.apple.com/?ll=40.3488,-99.5108&q=Dropped%20Pin",
        "http://maps.apple.com/maps?daddr=40.3488,-99.5108",
        "https://www.openstreetmap.org/?mlat=40.3488&mlon=-99.5108#map=17/40.1/-99.1",
        "https://www.openstreetmap.org/#map=17/40.3488/-99.5108",
        "https://waze.com/ul?ll=40.3488,-99.5108&navigate=yes",
        "https://www.bing.com/maps?cp=40.3488~-99.5108",
        "geo:40.3488,-99.5108?z=17",
    ],
)
def test_a_map_link_is_taken_apart(link: str) -> None:
    [spotted] = coordinates.spot(f"here: {link} thanks")
    assert spotted.at == pytest.approx(HERE)


@pytest.mark.parametrize(
    "text", ["call 555.123.4567", "version 1.234.567", "12.5, 13.5 feet", "0.000, 0.000", "3.14159"]
)
def test_other_numbers_are_no_coordinates(text: str) -> None:
    assert [s for s in coordinates.spot(text) if s.at] == []


@given(st.floats(-89, 89), st.floats(-179, 179))
def test_what_is_written_is_read_back(lat: float, long: float) -> None:
    text = f"{lat:.6f}, {long:.6f}"
    for spotted in coordinates.spot(text):
        assert spotted.at == (float(f"{lat:.6f}"), float(f"{long:.6f}"))


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    for spotted in coordinates.spot(text + " https://maps.google.com/" + text):
        assert spotted.end > spotted.start
