"""Services and definitions are believed for a while, or for as long as the city's changeset stands still."""

from __future__ import annotations

import httpx
import pytest

from bridge.errors import Retryable
from bridge.open311.offered import offered
from bridge.vocabulary import Service, Submission
from tests.open311.scripted import ENDPOINT, POTHOLE, SERVICES, ManualClock, ScriptedCity, client_of

LAMP = {"service_code": "lamp", "attributes": [{"code": "N", "datatype": "string", "variable": True}]}


def told(changeset: str) -> tuple[int, object]:
    endpoint = {"url": f"{ENDPOINT}/", "changeset": changeset, "formats": ["application/json"]}
    return 200, {"changeset": "whole", "endpoints": [{"url": "http://other.test", "changeset": "x"}, endpoint]}


async def ask_three_times(discovery: object) -> ScriptedCity:
    clock, city = ManualClock(), ScriptedCity()
    city.replies |= {"GET services/lamp.json": (200, LAMP), "GET discovery.json": discovery}
    client = client_of(city, clock, cache_minutes=60, discovery_url=f"{ENDPOINT}/discovery.json")
    for _ in range(3):
        assert [a.code for a in await client.definition("lamp")] == ["N"]
        clock.pass_(3600)
    return city


async def test_while_the_changeset_stands_nothing_is_read_again() -> None:
    city = await ask_three_times(told("7"))
    assert len(city.calls("GET services.json")) == 2  # at first, and when the changeset was not known yet
    assert len(city.calls("GET services/lamp.json")) == 2


async def test_a_new_changeset_has_everything_read_again() -> None:
    city = await ask_three_times([told("7"), told("8"), told("9")])
    assert len(city.calls("GET services.json")) == 3


@pytest.mark.parametrize("discovery", [(404, ""), (200, "<html>"), httpx.ConnectError("refused")], ids=str)
async def test_without_discovery_age_alone_counts(discovery: object) -> None:
    city = await ask_three_times(discovery)
    assert len(city.calls("GET services.json")) == 3


async def test_a_list_that_is_suddenly_empty_is_not_believed() -> None:
    city = ScriptedCity()
    city.replies["GET services.json"] = [(200, SERVICES), (200, [])]
    city.replies["POST requests.json"] = (200, [{"service_request_id": "1"}])
    client = client_of(city, cache_minutes=0)
    await client.services()
    assert len(await client.services()) == 3
    assert (await client.submit(POTHOLE)).service_request_id == "1"


async def test_a_new_service_is_found_before_its_first_report_is_refused() -> None:
    city = ScriptedCity()
    city.replies["GET services.json"] = [(200, SERVICES[1:]), (200, SERVICES)]
    city.replies["POST requests.json"] = (200, [{"service_request_id": "1"}])
    client = client_of(city)
    await client.services()
    assert (await client.submit(POTHOLE)).service_request_id == "1"


async def test_oddities_of_the_list_are_kept_for_staff() -> None:
    city = ScriptedCity()
    city.replies["GET services.json"] = (200, [*SERVICES, {"service_name": "No code"}, {**SERVICES[0]}])
    client = client_of(city)
    await client.services()
    assert [str(oddity) for oddity in client.oddities] == [
        "services: 1 without a service_code are left out: No code",
        "services: one service_code for several services, the first is used: 4",
        "services: one name for several services, told apart by group or code: pothole",
    ]


async def test_five_thousand_services_are_read() -> None:
    city = ScriptedCity()
    rows = [{"service_code": str(n), "service_name": f"Service {n}"} for n in range(5000)]
    city.replies["GET services.json"] = (200, rows)
    assert len(await client_of(city).services()) == 5000


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((200, {"service_code": "lamp", "attributes": []}), "empty or unreadable, though metadata says that"),
        ((200, "<html>Please log in</html>"), "no readable answer for services/lamp"),
        ((200, ""), "no readable answer for services/lamp"),
        ((404, [{"code": 404, "description": "none"}]), "refused with 404: nothing is asked"),
    ],
)
async def test_a_definition_that_cannot_be_read_is_kept_for_staff_until_it_can(reply: object, words: str) -> None:
    city, clock = ScriptedCity(), ManualClock()
    city.replies["GET services/lamp.json"] = reply
    client = client_of(city, clock)
    assert await client.definition("lamp") == ()
    assert [str(oddity) for oddity in client.oddities if oddity.subject == "definition of lamp"] != []
    assert f"definition of lamp: {words}" in " ".join(map(str, client.oddities))
    city.replies["GET services/lamp.json"] = (200, LAMP)
    clock.pass_(2 * 3600)
    assert await client.definition("lamp") != ()
    assert [oddity for oddity in client.oddities if oddity.subject == "definition of lamp"] == []


def listed(*rows: tuple[str, str, str]) -> list[str]:
    """The names residents are offered, of codes, names and groups a city lists."""
    return [service.service_name for service in offered(Service(c, n, group=g) for c, n, g in rows)]


def test_services_of_one_name_are_told_apart_by_their_groups_or_codes() -> None:
    assert listed(("1", "Tree", "Parks"), ("2", "tree", "Streets"), ("3", "Lamp", "Streets")) == [
        "Tree (Parks)", "tree (Streets)", "Lamp",
    ]  # fmt: skip
    assert listed(("1", "Tree", "Parks"), ("2", "Tree", "Parks")) == ["Tree (1)", "Tree (2)"]


def test_headings_are_left_out_and_a_service_without_a_name_goes_by_its_code() -> None:
    rows = (("0", "--- Streets ---", ""), ("t", "TEST - DO NOT USE", ""), ("9", "", ""), ("5", "Water test", ""))
    assert listed(*rows) == ["9", "Water test"]


LIT = Submission("L4MPL4MP", "lamp", "The lamp is out", lat=39.17, long=-86.53, attributes={"N": ("7",)})


async def test_a_report_does_not_wait_for_a_definition_that_cannot_be_read_now() -> None:
    city = ScriptedCity()
    city.replies["POST requests.json"] = (200, [{"token": "t"}])
    client = client_of(city, reads_per_minute=1)
    await client.services()
    with pytest.raises(Retryable):
        await client.definition("lamp")
    assert (await client.submit(LIT)).token == "t"
    assert ("attribute[N]", "7") in city.form()


async def test_a_definition_that_is_old_is_better_than_none() -> None:
    city, clock = ScriptedCity(), ManualClock()
    city.replies["GET services/lamp.json"] = [(200, LAMP), httpx.ConnectError("refused")]
    client = client_of(city, clock)
    assert await client.definition("lamp") != ()
    clock.pass_(2 * 3600)
    assert [a.code for a in await client.definition("lamp")] == ["N"]
