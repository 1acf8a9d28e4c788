"""Redelivered, reordered and interleaved messages: each conversation stays one resident's, and adds up once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest

from bridge.demo.mail_sink import deliver, letter
from bridge.demo.providers import MAILBOX
from tests.e2e.residents import RESIDENTS, Resident, Texter, hears
from tests.e2e.surroundings import Surroundings
from tests.e2e.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

NUMBERS = itertools.count(200)
NUMBER = r"Its number is (\d+)\."
COUCH = "somebody dumped a couch and a bunch of trash bags on the grass again"
LAMP = "the street light is dark again"


async def inbox(here: Surroundings, address: str) -> int:
    """How many messages of one sender are stored."""
    query = f"SELECT json_extract(message, '$.sender') FROM inbox WHERE message LIKE '%{address}%'"
    return sum(sender == address for (sender,) in here.rows(query))


async def test_a_text_delivered_twice_is_stored_and_answered_once(here: Surroundings) -> None:
    sender = "+15550101901"
    for _ in range(2):
        answer = await here.providers.twilio.text(sender, "huge pothole at 700 Oak St", sid="SM" + "7" * 32)
        assert answer.is_success
    await until(lambda: here.city.saying("huge pothole at 700 Oak St"))
    await here.quiet()
    assert await inbox(here, sender) == 1
    assert [text.to for text in here.providers.twilio.texts].count(sender) == 1


async def test_a_mail_delivered_twice_is_stored_and_answered_once(here: Surroundings) -> None:
    sender = "twice@home.example"
    mail = letter(sender, MAILBOX, "", "huge pothole at 702 Oak St")
    for _ in range(2):
        assert (await deliver("127.0.0.1", here.providers.smtp_port, mail)).code == 250
    await until(lambda: here.city.saying("huge pothole at 702 Oak St"))
    await here.quiet()
    assert await inbox(here, sender) == 1
    assert sum(sender in mail.recipients for mail in here.providers.mail.mails) == 1


async def test_an_update_delivered_twice_is_stored_and_answered_once(here: Surroundings) -> None:
    telegram = here.providers.telegram
    update = await telegram.text(790_001, "huge pothole at 704 Oak St")
    await until(lambda: update not in telegram.pending)
    telegram.again(update)
    await until(lambda: update not in telegram.pending)
    await until(lambda: here.city.saying("huge pothole at 704 Oak St"))
    await here.quiet()
    assert await inbox(here, "790001") == 1
    assert [said.chat_id for said in telegram.said].count(790_001) == 1


@pytest.mark.parametrize("kind", RESIDENTS)
async def test_a_place_that_overtakes_its_problem_still_makes_one_report(
    here: Surroundings, kind: Callable[..., Resident]
) -> None:
    resident = kind(here.providers, next(NUMBERS))
    await resident.say("corner of elm and 7th")
    await until(resident.heard)
    await resident.say(COUCH)
    request_id = (await hears(resident, NUMBER))[1]
    request = here.city.desk.request(request_id)
    assert request
    assert (request.service_code, request.address) == ("illegal-dumping", "Elm St & 7th St")


@pytest.mark.parametrize("kind", RESIDENTS)
async def test_two_residents_who_talk_at_once_get_each_their_own_report(
    here: Surroundings, kind: Callable[..., Resident]
) -> None:
    ada, ben = kind(here.providers, next(NUMBERS)), kind(here.providers, next(NUMBERS))
    for resident, words in ((ada, COUCH), (ben, LAMP), (ada, "corner of elm and 7th"), (ben, "512 maple street")):
        await resident.say(words)
    found = [here.city.desk.request((await hears(resident, NUMBER))[1]) for resident in (ada, ben)]
    assert [(request.service_code, request.address) for request in found if request] == [
        ("illegal-dumping", "Elm St & 7th St"),
        ("street-light", "512 Maple St"),
    ]


async def test_twenty_residents_on_one_number_all_at_once_are_not_mixed(here: Surroundings) -> None:
    async def report(resident: Resident, house: int) -> str:
        await resident.say("huge pothole in our street")
        await resident.say(f"{house} oak street")
        return (await hears(resident, r"Pothole, (.+?)\. Its number"))[1]

    houses = [100 + 20 * nth for nth in range(20)]
    residents = [Texter(here.providers, next(NUMBERS)) for _ in houses]
    told = await asyncio.gather(*map(report, residents, houses))
    assert told == [f"{house} Oak St" for house in houses]
