"""Two spellings of one street's name have one key; two streets do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.places.words import fold, landmark_key, similar, sound, street_name


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Fifth Street", "5th St."),
        ("N. Main St", "north main street"),
        ("Saint Mary's Ave", "St Marys Avenue"),
        ("Twenty-Second Street", "22nd St"),
        ("Martin Luther King Jr. Boulevard", "MLK Blvd"),
        ("avenida Lincoln", "Lincoln Ave"),
        ("Mount Hope Road", "Mt Hope Rd"),
        ("Calle Quinta", "calle 5"),
        ("Peña Drive", "PENA DR"),
        ("Main St N", "Main Street North"),
    ],
)
def test_spellings_of_one_name_are_one(one: str, two: str) -> None:
    assert street_name(one) == street_name(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [("Oak St", "Oak Ave"), ("N Park Dr", "S Park Dr"), ("5th St", "15th St"), ("Elm St", "Elmwood St")],
)
def test_different_streets_stay_different(one: str, two: str) -> None:
    assert street_name(one) != street_name(two)


@pytest.mark.parametrize(("one", "two"), [("goffe", "goff"), ("whalley", "whaley"), ("philip", "filip")])
def test_names_that_sound_alike_share_a_sound(one: str, two: str) -> None:
    assert sound(one) == sound(two)


def test_a_misspelling_is_similar_and_another_suffix_is_not() -> None:
    assert similar(street_name("Quinnipac Ave"), street_name("Quinnipiac Avenue"))
    assert not similar(street_name("Oak St"), street_name("Oak Ave"))


def test_a_landmark_is_one_in_both_languages() -> None:
    assert landmark_key("la Biblioteca") == landmark_key("the library")


@given(st.text(max_size=60))
def test_any_text_has_a_name_and_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert street_name(text).key == "".join(street_name(text).base)
