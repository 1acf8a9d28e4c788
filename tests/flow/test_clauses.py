"""Where a message may be two problems, before anything is classified."""

from __future__ import annotations

import pytest

from bridge.flow.clauses import AT_TWO_PLACES, BESIDE_A_WORD, OF_A_CLAUSE, OF_A_NOUN, OF_A_SENTENCE, SHORT, cuts


def first(text: str) -> tuple[str, str, float] | None:
    found = next(iter(cuts(text)), None)
    return found[:3] if found else None


def test_a_cut_says_where_its_parts_stand() -> None:
    text = " Potholes all over Bell St. Also, a lamp is out \n"
    cut = next(cuts(text))
    assert [text[start:end] for start, end in cut.spans] == [" Potholes all over Bell St", "a lamp is out"]


@pytest.mark.parametrize(
    ("text", "two"),
    [
        ("Potholes all over Bell St. Also a lamp is out", "a lamp is out"),
        ("The bench is broken, and another thing: rats in the yard", "rats in the yard"),
        ("Tree down by the pool. Not related, but our bins were missed", "our bins were missed"),
        ("Please sweep Bell St. Please also tow the van", "tow the van"),
        ("Car without plates. Oh and the stop sign fell", "the stop sign fell"),
        ("- couch on the curb\n- hole in the sidewalk", "hole in the sidewalk"),
        ("1. couch on the curb\n2. hole in the sidewalk", "hole in the sidewalk"),
        ("Two problems: couch on the curb, hole in the sidewalk", "hole in the sidewalk"),
        ("Se cayó un poste. Además, el parque huele a drenaje", "el parque huele a drenaje"),
        ("Farola rota y otra cosa: hay ratas", "hay ratas"),
        ("Hay un sillón tirado. A parte de eso el semáforo no prende", "el semáforo no prende"),
    ],
)
def test_a_word_or_a_list_asks_little_of_each_part(text: str, two: str) -> None:
    found = first(text)
    assert found is not None
    assert found[1:] == (two, BESIDE_A_WORD.short)


@pytest.mark.parametrize(
    ("text", "one", "two"),
    [
        ("Graffiti on Bell St and rats at 12 Mill Rd", "Graffiti on Bell St", "rats at 12 Mill Rd"),
        ("Couch on Bell St, dead fox at Mill Rd", "Couch on Bell St", "dead fox at Mill Rd"),
        ("Tree down at 5 Bell. Sewer smell on Mill Rd", "Tree down at 5 Bell", "Sewer smell on Mill Rd"),
        (
            "grafiti en la calle Luna y ratas en la calle Sol",
            "grafiti en la calle Luna",
            "ratas en la calle Sol",
        ),
    ],
)
def test_a_place_of_its_own_in_each_part_speaks_for_two(text: str, one: str, two: str) -> None:
    assert first(text) == (one, two, AT_TWO_PLACES.short)


def test_a_clause_of_its_own_and_a_sentence_ask_more() -> None:
    assert first("the swing broke and someone painted the wall") == (
        "the swing broke",
        "someone painted the wall",
        OF_A_CLAUSE.short,
    )
    assert first("The swing broke. A lamp is out") == ("The swing broke", "A lamp is out", OF_A_SENTENCE.short)


@pytest.mark.parametrize(
    "text",
    [
        "pothole by the broken street light on Bell St",
        "graffiti on the bus stop in front of the clogged drain",
        "pothole on Bell St and Mill Rd",
        "The lamp at Bell St. & Mill Rd. is out",
        "Potholes on Bell St. The worst is at 12 Mill Rd",
        "couch at the corner of Bell St and Mill Rd, on Bell St for weeks",
        "the drain is clogged and now the street floods",
        "The sign was hit. The sign lies on the grass",
        "The lamp is out. It has been dark for weeks",
        "The lamp is out, also very dangerous",
        "bache junto a la farola rota",
        "la coladera está tapada y ahora se inunda la calle",
    ],
)
def test_what_stands_near_or_goes_on_is_not_cut(text: str) -> None:
    assert first(text) is None


def test_two_nouns_ask_most_and_in_a_story_are_never_cut() -> None:
    text = "pothole and dark street lamp"
    assert first(text) == ("pothole", "dark street lamp", OF_A_NOUN.short)
    assert first(text + " again" * SHORT) is None
    assert first("a couch and a bunch of trash bags") == ("a couch", "a bunch of trash bags", OF_A_NOUN.short)


def test_a_story_asks_more_of_each_part() -> None:
    text = "Potholes all over the hill. Also a lamp is out"
    assert [cut.sure for cut in cuts(text + " again" * SHORT)] == [BESIDE_A_WORD.story]
