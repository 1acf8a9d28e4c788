"""Coordinates are read in any usual notation, map links are taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.places import coordinates, pluscodes

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
        "40°20'55.68\"N 99°30'38.88\"O",
        "N 40.3488 W 99.5108",
        "N40°20'55.68\" W99°30'38.88\"",
        "N 40° 20.928' W 99° 30.648'",
        "40 20 55.68 N, 99 30 38.88 W",
        "40 20.928 N 99 30.648 W",
        "40 deg 20 min 55.68 sec N 99 deg 30 min 38.88 sec W",
        "40 grados 20 minutos 55.68 segundos N, 99 grados 30 minutos 38.88 segundos O",
        "lat=40.3488&lng=-99.5108",
        "latitude is 40.3488 and longitude is -99.5108",
        "40,3488 -99,5108",
        "40.3488/-99.5108",
        "40.3488° -99.5108°",
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
        "maps.google.com/?q=40.3488,-99.5108",
        "www.google.com/maps/@40.3488,-99.5108,17z",
        "https://maps.apple.com/place?coordinate=40.3488,-99.5108&name=Pin",
        "https://www.google.com/maps/place/40%C2%B020'55.68%22N+99%C2%B030'38.88%22W/",
    ],
)
def test_a_map_link_is_taken_apart(link: str) -> None:
    [spotted] = coordinates.spot(f"here: {link} thanks")
    assert spotted.at == pytest.approx(HERE, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "call 555.123.4567",
        "version 1.234.567",
        "12.5, 13.5 feet",
        "0.000, 0.000",
        "3.14159",
        "2222+22 is 2244",
        "from 9:30 to 10:45",
        "40 75 10 N, 99 30 38 W",
        "room 12 30 near 4 20 east",
    ],
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


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("40.3488, -99.5108", 15),
        ("40.348, -99.511", 90),
        ("40°20'55\"N 99°30'38\"W", 25),
        ("40°20'N 99°30'W", 1500),
    ],
)
def test_fewer_figures_are_less_exact(text: str, metres: float) -> None:
    [spotted] = coordinates.spot(text)
    assert spotted.accuracy_m == pytest.approx(metres, rel=0.05)


def test_a_plus_code_is_read() -> None:
    # Vectors of the specification of Open Location Code: a whole code, and the short one near Zurich.
    [spotted] = coordinates.spot("it is at 8FVC9G8F+6X by the gate")
    assert spotted.at == pytest.approx((47.365562, 8.524938), abs=1e-5)
    area = pluscodes.decode("9G8F+6X", near=(47.4, 8.6))
    assert area is not None
    assert area.at == pytest.approx((47.365562, 8.524938), abs=1e-5)
    assert pluscodes.decode("9G8F+6X") is None


@given(st.floats(-89, 89), st.floats(-179, 179))
def test_a_short_plus_code_lies_near_what_it_was_shortened_for(lat: float, long: float) -> None:
    area = pluscodes.decode("9G8F+6X", near=(lat, long))
    if area is not None:
        assert abs(area.at[0] - lat) <= 0.5 + 1e-6
        assert abs(area.at[1] - long) <= 0.5 + 1e-6


def test_a_link_that_looks_for_words_keeps_them() -> None:
    [spotted] = coordinates.spot("https://maps.apple.com/?q=5th%20%26%20Main")
    assert (spotted.at, spotted.words) == (None, "5th & Main")
