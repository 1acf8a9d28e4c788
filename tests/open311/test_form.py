"""A report becomes the form that this city takes: its fields, its arrays, its characters, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import Permanent
from bridge.open311 import Profile
from bridge.open311.form import described, fields, storable
from bridge.vocabulary import Submission
from tests.open311.scripted import ENDPOINT, POTHOLE

PHOTOS = ("https://b.test/1.jpg", "https://b.test/2.jpg")
FULL = replace(
    POTHOLE,
    address_string="401 N Morton St",
    address_id="a-7",
    media=PHOTOS,
    email="ann@example.org",
    first_name="Ann",
)


def form(submission: Submission = POTHOLE, lists: tuple[str, ...] = (), **quirks: Any) -> list[tuple[str, str]]:
    return fields(submission, Profile(endpoint=ENDPOINT, **quirks), "key", lists)


def sent(submission: Submission = FULL, **quirks: Any) -> Mapping[str, str]:
    return dict(form(submission, **quirks))


def test_an_empty_field_is_not_sent() -> None:
    assert "phone" not in sent()


@pytest.mark.parametrize(
    ("quirks", "location"),
    [
        ({}, {"lat", "long", "address_string"}),
        ({"send_address": False}, {"lat", "long"}),
        ({"send_coordinates": False}, {"address_string"}),
        ({"send_address_id": True}, {"lat", "long", "address_string", "address_id"}),
    ],
)
def test_the_city_gets_the_location_it_takes(quirks: dict[str, Any], location: set[str]) -> None:
    assert {name for name in sent(**quirks) if name in {"lat", "long", "address_string", "address_id"}} == location


@pytest.mark.parametrize(
    "wrong",
    [
        {"lat": 999.0},
        {"long": -181.0},
        {"lat": None},
        {"long": None},
        {"lat": None, "long": None},
    ],
    ids=str,
)
def test_a_location_that_is_none_is_refused_here(wrong: dict[str, Any]) -> None:
    with pytest.raises(Permanent):
        form(replace(POTHOLE, **wrong))


def test_a_city_by_address_alone_refuses_a_bare_pin() -> None:
    with pytest.raises(Permanent, match="no location this city takes"):
        form(POTHOLE, send_coordinates=False)


def test_what_a_city_requires_is_missed_before_it_is_sent() -> None:
    with pytest.raises(Permanent, match="requires first_name, email"):
        form(POTHOLE, required=("first_name", "email", "lat"))


def test_the_citys_own_mailbox_stands_in_for_a_missing_one() -> None:
    assert sent(POTHOLE, required=("email",), fallback={"email": "x@city.test"})["email"] == "x@city.test"
    assert sent(FULL, required=("email",), fallback={"email": "x@city.test"})["email"] == "ann@example.org"


@pytest.mark.parametrize(
    ("style", "pairs"),
    [
        ("brackets", [("attribute[c][]", "a"), ("attribute[c][]", "b")]),
        ("repeat", [("attribute[c]", "a"), ("attribute[c]", "b")]),
        ("comma", [("attribute[c]", "a,b")]),
    ],
)
def test_several_values_go_as_the_server_reads_them(style: str, pairs: list[tuple[str, str]]) -> None:
    report = replace(POTHOLE, attributes={"c": ("a", "b"), "n": ("1",)})
    assert [pair for pair in form(report, ("c",), multi_values=style) if "attribute" in pair[0]] == [
        *pairs,
        ("attribute[n]", "1"),
    ]


def test_one_value_of_a_list_is_a_list_of_one() -> None:
    assert ("attribute[c][]", "a") in form(replace(POTHOLE, attributes={"c": ("a",)}), ("c",))


def test_constant_fields_and_the_reference_as_attribute() -> None:
    found = sent(extra_form={"source": "bridge"}, marker_attribute="external_id")
    assert (found["source"], found["attribute[external_id]"]) == ("bridge", "K7QM2F9P")


@pytest.mark.parametrize(
    ("media", "url", "links"),
    [
        ("url", PHOTOS[0], PHOTOS[1:]),
        ("multipart", None, PHOTOS[1:]),
        ("description", None, PHOTOS),
        ("none", None, ()),
    ],
)
def test_photos_go_the_citys_way(media: str, url: str | None, links: tuple[str, ...]) -> None:
    found = sent(media=media)
    assert found.get("media_url") == url
    assert [line for line in found["description"].splitlines() if line.startswith("Photo")] == [
        f"Photo: {link}" for link in links
    ]


def test_the_reference_is_the_last_line() -> None:
    assert sent()["description"].splitlines()[-1] == "Ref K7QM2F9P"
    assert sent(marker_line="Our number: {reference}.")["description"].endswith("Our number: K7QM2F9P.")
    assert "K7QM2F9P" not in sent(marker="none")["description"]


def test_emoji_become_their_names_where_they_would_be_lost() -> None:
    profile = Profile(endpoint=ENDPOINT, four_byte_characters="replace")
    assert storable("Rats 🐀🐀 und Straße €", profile) == "Rats [rat][rat] und Straße €"
    assert storable("👍🏽 👩‍🚒", profile) == "[thumbs up sign] [woman][fire engine]"


texts = st.text(max_size=600)


@given(text=texts, limit=st.integers(100, 400), replaced=st.sampled_from(["keep", "replace"]))
def test_a_description_fits_and_keeps_its_reference(text: str, limit: int, replaced: str) -> None:
    profile = Profile(endpoint=ENDPOINT, description_limit=limit, four_byte_characters=replaced)
    found = described(replace(POTHOLE, description=text, media=(f"https://b.test/{'x' * 60}", *PHOTOS)), profile)
    assert len(found) <= limit
    assert found.endswith("Ref K7QM2F9P")


@given(text=texts)
def test_what_is_encoded_is_what_the_city_decodes(text: str) -> None:
    profile = Profile(endpoint=ENDPOINT)
    pairs = fields(replace(POTHOLE, description=text), profile, None)
    assert parse_qsl(urlencode(pairs), keep_blank_values=True) == pairs


@given(text=texts)
def test_no_character_of_four_bytes_is_left(text: str) -> None:
    profile = Profile(endpoint=ENDPOINT, four_byte_characters="replace")
    assert all(ord(character) < 0x10000 for character in storable(text, profile))
