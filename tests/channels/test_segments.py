"""What a text costs as SMS, and how a long one is cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.segments import count, encoding, split

MARKER = re.compile(r" \((\d+)/(\d+)\)$")


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("a" + "€" * 80, 2),
        ("ñ" * 160, 1),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
    ],
)
def test_segments_are_counted_as_billed(text: str, segments: int) -> None:
    assert count(text) == segments


def test_one_foreign_character_makes_the_whole_text_ucs2() -> None:
    assert encoding("pothole on Main St [near] the €-shop") == "gsm7"
    assert encoding("pothole “here”") == "ucs2"


def test_a_text_that_fits_is_not_touched() -> None:
    assert split("  Thank you.\n") == ("  Thank you.\n",)


def test_a_long_text_is_cut_between_words_and_numbered() -> None:
    parts = split("pothole " * 30, max_segments=1)
    assert [part[-6:] for part in parts] == [" (1/2)", " (2/2)"]
    assert all(word == "pothole" for part in parts for word in MARKER.sub("", part).split())


@given(st.text(max_size=900), st.integers(1, 3))
def test_no_part_is_longer_than_asked(text: str, most: int) -> None:
    assert all(count(part) <= most for part in split(text, most))


@given(st.text(max_size=900), st.integers(1, 3))
def test_nothing_but_white_space_is_lost(text: str, most: int) -> None:
    parts = split(text, most)
    bare = parts if len(parts) == 1 else [MARKER.sub("", part) for part in parts]
    assert "".join("".join(bare).split()) == "".join(text.split())


@given(st.lists(st.text("abc", min_size=1, max_size=20), min_size=40, max_size=200))
def test_words_stay_whole(words: list[str]) -> None:
    parts = split(" ".join(words), 1)
    bare = parts if len(parts) == 1 else [MARKER.sub("", part) for part in parts]
    assert " ".join(bare).split() == words
