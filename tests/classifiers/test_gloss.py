"""Spanish as residents write it, word for word in English."""

import pytest

from classifiers.gloss import Lexicon, read_entries


@pytest.fixture(scope="module")
def spanish() -> Lexicon:
    return Lexicon(read_entries("es"))


@pytest.mark.parametrize(
    ("written", "english"),
    [
        ("mi papá no respira", "my dad not breathing"),
        ("umo", "smoke"),
        ("fueog", "fire"),
        ("se kema la kasa", "is burning the house"),
        ("no rrespira", "not breathing"),
        ("quemandose", "burning"),
        ("sacarlo", "get him out"),
        ("balasera", "shooting"),
        ("Prensado", "trapped"),
    ],
)
def test_danger_is_read_however_it_is_spelt(spanish: Lexicon, written: str, english: str):
    assert spanish.gloss(written) == english


@pytest.mark.parametrize("word", ["xqz", "wifi", "5", "ok"])
def test_what_no_entry_resembles_is_left_as_it_stands(spanish: Lexicon, word: str):
    assert spanish.gloss(word) == word


def test_the_pronouns_at_the_end_of_a_verb_are_looked_through():
    assert Lexicon({"apagando": "turning off"}).gloss("apagandolo apagandoselas") == "turning off turning off"
