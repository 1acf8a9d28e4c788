"""Where a message may be two problems, and what its words say for that, before anything is classified."""

from __future__ import annotations

import pytest

from bridge.flow.clauses import (
    ALSO,
    ANOTHER_FOLLOWS,
    AT_TWO_PLACES,
    ENDED,
    FEW_WORDS,
    MOST_CUTS,
    REFERS_BACK,
    Cut,
    cuts,
)


def cut_before(two: str, text: str) -> Cut:
    return next(cut for cut in cuts(text) if cut.two == two)


def said(one: str, two: str, joined: str = ". ") -> float:
    """What is said beside the length, of a text as long as the usual."""
    text = f"{one}{joined}{two}"
    return cut_before(two, text).said - cut_before("x y z u", text[: -len(two)] + "x y z u".rjust(len(two))).said


@pytest.mark.parametrize(
    ("text", "two"),
    [
        ("Potholes all over Bell St. Also a lamp is out", "a lamp is out"),
        ("The bench is broken, and another thing: rats in the yard", "rats in the yard"),
        ("Tree down by the pool. Not related, but our bins were missed", "our bins were missed"),
        ("Please sweep Bell St. Please also tow the van", "tow the van"),
        ("Car without plates. Oh and the stop sign fell", "the stop sign fell"),
        ("Bins not emptied. PS the stop sign fell", "the stop sign fell"),
        ("Bins not emptied. By the way, the stop sign fell", "the stop sign fell"),
        ("Report 1: car without plates. Report 2: the stop sign fell", "the stop sign fell"),
        ("- couch on the curb\n- hole in the sidewalk", "hole in the sidewalk"),
        ("1. couch on the curb\n2. hole in the sidewalk", "hole in the sidewalk"),
        ("Two problems: couch on the curb, hole in the sidewalk", "hole in the sidewalk"),
        ("Se cayó un poste. Además, el parque huele a drenaje", "el parque huele a drenaje"),
        ("Farola rota y otra cosa: hay muchas ratas", "hay muchas ratas"),
        ("Hay un sillón tirado. A parte de eso el semáforo no prende", "el semáforo no prende"),
        ("Hay un sillón tirado. PD: el semáforo no prende", "el semáforo no prende"),
        ("Hay un sillón tirado. Por cierto el semáforo no prende", "el semáforo no prende"),
    ],
)
def test_a_word_or_a_list_that_says_another_thing_follows_is_no_part_of_it(text: str, two: str) -> None:
    cut = cut_before(two, text)
    assert cut == cuts(text)[0]
    plain = cuts("x" * (len(text) - len(two) - 2) + ". " + two)[0]
    assert cut.said >= plain.said - ENDED + ANOTHER_FOLLOWS - 1e-9


@pytest.mark.parametrize(
    ("one", "two", "weight"),
    [
        ("Bins not emptied on Bell St", "Somebody also left a couch", ALSO),
        ("Bins not emptied on Bell St", "The stop sign is down too", ALSO),
        ("Faltan botes en la calle Luna", "Alguien también tiró un sillón", ALSO),
        ("Graffiti on Bell St", "dead fox at Mill Rd", AT_TWO_PLACES),
        ("Grafiti en la calle Luna", "ratas en la calle Sol", AT_TWO_PLACES),
        ("Graffiti on Bell St", "graffiti at Bell St again", 0.0),
        ("The lamp is out", "It has been dark for weeks", REFERS_BACK),
        ("La lámpara no prende", "Está muy oscuro por eso", 0.0),
        ("Couch on the curb", "pick it up", FEW_WORDS),
    ],
)
def test_what_the_second_part_says(one: str, two: str, weight: float) -> None:
    assert said(one, two) == pytest.approx(weight)


def test_a_full_stop_says_more_than_and() -> None:
    stop, joined = (cuts(f"the swing broke{by}someone painted the wall")[0] for by in (".    ", " and "))
    assert stop.said - joined.said == pytest.approx(ENDED)


@pytest.mark.parametrize(
    "text",
    [
        "pothole by the broken street light on Bell St",
        "graffiti on the bus stop in front of the clogged drain",
        "pothole on Bell St and Mill Rd",
        "The lamp at Bell St. & Mill Rd. is out",
        "couch at the corner of Bell St and Mill Rd, on Bell St for weeks",
        "the drain is clogged and now the street floods",
        "bache junto a la farola rota",
        "la coladera está tapada y ahora se inunda la calle",
    ],
)
def test_what_stands_near_or_goes_on_is_not_cut(text: str) -> None:
    assert not cuts(text)


def test_a_cut_says_where_its_parts_stand() -> None:
    text = " Potholes all over Bell St. Also, a lamp is out \n"
    cut = cuts(text)[0]
    assert [text[start:end] for start, end in cut.spans] == [" Potholes all over Bell St", "a lamp is out"]


def test_who_writes_more_tells_a_story() -> None:
    text = "Potholes all over the hill. Also a lamp is out"
    assert cuts(text)[0].said > cuts(text + " again" * 20)[0].said


def test_only_the_likeliest_cuts_are_looked_at() -> None:
    text = "a hole here. " * 20 + "Also a lamp is out"
    found = cuts(text)
    assert len(found) == MOST_CUTS
    assert found[0].two == "a lamp is out"
