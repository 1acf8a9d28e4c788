"""The city is down when a report is due: its resident hears that it is held, and later, once, that it went out."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest

from tests.e2e.city import LATE_SECONDS, Trouble, fine
from tests.e2e.residents import RESIDENTS, Resident, hears
from tests.e2e.surroundings import Surroundings

pytestmark = pytest.mark.asyncio(loop_scope="session")

TROUBLES: tuple[Trouble, ...] = ("busy", "stored and silent", "stored and failed")
CASES = list(zip(TROUBLES, RESIDENTS, strict=True))
NUMBERS = itertools.count(100)
HELD = r"We have your report: Graffiti.*The city's system is down"


def words(number: int) -> str:
    return f"graffiti all over the wall at {1000 + number} Main St"


async def test_a_report_is_held_while_nobody_answers_and_goes_out_once(here: Surroundings) -> None:
    number = next(NUMBERS)
    resident = RESIDENTS[0](here.providers, number)
    await here.city.close()
    await resident.say(words(number))
    await hears(resident, HELD)
    await here.city.open()
    await hears(resident, r"Its number is (\d+)\.")
    assert here.city.saying(words(number)) == 1


@pytest.mark.parametrize(("trouble", "kind"), CASES, ids=TROUBLES)
async def test_a_city_that_fails_gets_a_report_once(
    here: Surroundings, trouble: Trouble, kind: Callable[..., Resident]
) -> None:
    number = next(NUMBERS)
    resident = kind(here.providers, number)
    here.city.trouble = lambda method: trouble if method == "POST" else "none"
    await resident.say(words(number))
    await hears(resident, HELD)
    here.city.trouble = fine
    await hears(resident, r"Its number is (\d+)\.")
    assert here.city.saying(words(number)) == 1


async def test_a_city_that_stores_it_after_we_gave_up_waiting_gets_a_report_once(here: Surroundings) -> None:
    number = next(NUMBERS)
    resident = RESIDENTS[0](here.providers, number)
    posts = itertools.count(1)
    here.city.trouble = lambda method: "late" if method == "POST" and next(posts) == 1 else "none"
    await resident.say(words(number))
    await hears(resident, r"Its number is (\d+)\.")
    await asyncio.sleep(LATE_SECONDS)
    assert here.city.saying(words(number)) == 1


async def test_the_resident_hears_of_it_twice_and_not_at_every_try(here: Surroundings) -> None:
    number = next(NUMBERS)
    resident = RESIDENTS[0](here.providers, number)
    tries = itertools.count(1)
    here.city.trouble = lambda method: "busy" if method == "POST" and next(tries) < 4 else "none"
    await resident.say(words(number))
    await hears(resident, r"Its number is (\d+)\.")
    await here.quiet()
    assert len(resident.heard()) == 2


async def test_who_asks_meanwhile_hears_that_it_is_on_its_way(here: Surroundings) -> None:
    number = next(NUMBERS)
    resident = RESIDENTS[0](here.providers, number)
    here.city.trouble = lambda method: "busy" if method == "POST" else "none"
    await resident.say(words(number))
    await hears(resident, HELD)
    await resident.say("status")
    await hears(resident, "It is on its way to the city")
    here.city.trouble = fine
    await hears(resident, r"Its number is (\d+)\.")
