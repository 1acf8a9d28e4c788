"""Following requests after they are posted: windows, ids, changes and mySociety's updates over one endpoint."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from bridge.errors import Permanent, Unsure
from bridge.vocabulary import Followed, Followings, FollowUp
from tests.open311.scripted import KEY, NOON, ManualClock, ScriptedCity, client_of, row


def due(count: int, hours: float = 1) -> list[Followed]:
    """Requests of this morning, last read so many hours ago."""
    read_at = NOON - timedelta(hours=hours)
    return [Followed(str(n), NOON - timedelta(hours=3, minutes=n), read_at, NOON) for n in range(count)]


def listing_city(shown: int) -> ScriptedCity:
    """Lists requests 0 to `shown`, by window, and answers comma lists and single ids for all."""

    def answer(request: httpx.Request) -> tuple[int, object]:
        asked = request.url.params.get("service_request_id")
        if asked:
            return 200, [row(service_request_id=id) for id in asked.split(",")]
        return 200, [row(service_request_id=str(number)) for number in range(shown)]

    city = ScriptedCity()
    city.replies["GET requests.json"] = answer
    return city


async def test_many_due_requests_are_read_in_one_window() -> None:
    city = listing_city(60)
    assert len((await client_of(city).follow(due(60))).rows) == 60
    assert len(city.asked) == 1


async def test_what_the_window_does_not_show_is_read_by_id_next_time() -> None:
    city = listing_city(58)
    client = client_of(city)
    assert len((await client.follow(due(60))).read) == 58
    assert len((await client.follow(due(60))).read) == 60
    assert city.asked[-1].url.params["service_request_id"] == "58,59"


async def test_few_due_requests_are_read_in_one_comma_list() -> None:
    city = listing_city(0)
    assert set((await client_of(city).follow(due(3))).rows) == {"0", "1", "2"}
    assert len(city.asked) == 1


async def test_where_nothing_is_due_nothing_is_read() -> None:
    city = listing_city(0)
    assert await client_of(city).follow([]) == Followings()
    assert city.asked == []


async def test_a_request_the_city_does_not_show_was_read_all_the_same() -> None:
    city = listing_city(0)
    city.replies["GET requests.json"] = (200, [row(service_request_id="1")])
    assert await client_of(city).follow(due(2)) == Followings(
        {"1": (await client_of(city).requests(["1", "0"]))["1"]}, frozenset("01")
    )


async def test_a_city_that_refuses_lists_is_asked_for_single_requests_next_time() -> None:
    city = ScriptedCity()
    city.replies["GET requests.json"] = (400, [{"code": "400", "description": "service_request_id is required"}])
    for number in range(60):
        city.replies[f"GET requests/{number}.json"] = (200, [row(service_request_id=str(number))])
    client = client_of(city, many_ids=False)
    assert (await client.follow(due(60))).read == frozenset()
    assert len((await client.follow(due(60))).read) == 50


async def test_following_stays_within_the_minutes_reads_and_leaves_two() -> None:
    city = listing_city(0)
    client = client_of(city, many_ids=False, list_windows=False, reads_per_minute=10)
    for number in range(30):
        city.replies[f"GET requests/{number}.json"] = (200, [row(service_request_id=str(number))])
    assert len((await client.follow(due(30))).read) == 8
    assert await client.follow(due(30)) == Followings()
    assert len(city.asked) == 8


async def test_a_city_that_tells_changes_is_asked_for_changes() -> None:
    city = ScriptedCity()
    city.replies["GET requests.json"] = (
        200,
        [row(service_request_id="2", status="closed"), row(service_request_id="99")],
    )
    found = await client_of(city, updated_after=True, many_ids=False, single_reads=False).follow(due(3))
    assert {id: seen.status for id, seen in found.rows.items()} == {"2": "closed"}
    assert found.read == frozenset("012")
    since = datetime.fromisoformat(city.asked[0].url.params["updated_after"])
    assert since == NOON - timedelta(hours=1, minutes=15)


UPDATES = [
    {"update_id": "1", "service_request_id": "2", "status": "investigating", "description": "A crew will look",
     "updated_datetime": "2026-06-01T11:00:00Z"},
    {"update_id": "3", "service_request_id": "2", "status": "", "description": "Still looking",
     "updated_datetime": "2026-06-01T11:40:00Z"},
    {"update_id": "2", "service_request_id": "0", "status": "fixed", "description": "Done",
     "updated_datetime": "2026-06-01T11:30:00Z"},
    {"update_id": "4", "service_request_id": "somebody else's", "status": "fixed", "description": ""},
]  # fmt: skip


async def test_mysociety_updates_are_read_as_statuses_and_notes() -> None:
    city = ScriptedCity()
    city.replies["GET servicerequestupdates.json"] = (200, {"service_request_updates": UPDATES})
    found = await client_of(city, updates=True).follow(due(3))
    assert {id: (seen.status, seen.raw_status, seen.status_notes) for id, seen in found.rows.items()} == {
        "0": ("closed", "fixed", "Done"),
        "2": ("open", "investigating", "Still looking"),
    }
    assert set(city.asked[0].url.params) == {"start_date", "end_date"}
    assert found.read == frozenset("012")


async def test_few_tokens_are_resolved_a_minute_where_reads_are_few() -> None:
    city = ScriptedCity()
    for token in "abc":
        city.replies[f"GET tokens/{token}.json"] = (200, [{"token": token, "service_request_id": f"{token}1"}])
    city.replies["GET tokens/b.json"] = (404, [{"code": "404", "description": "not yet"}])
    assert await client_of(city, reads_per_minute=10).resolve_all(["a", "b", "c"]) == {"a": "a1", "b": None}
    assert await client_of(city).resolve_all(["a", "b", "c"]) == {"a": "a1", "b": None, "c": "c1"}


MORE = FollowUp("K7QM2F9P-1", "2", "It has grown", NOON, email="ann@example.org")


@pytest.mark.parametrize(
    ("body", "id"),
    [
        ([{"update_id": 5}], "5"),
        ({"service_request_updates": [{"update_id": "5"}]}, "5"),
        ([{"update_id": ""}], ""),
        (
            "<service_request_updates><request_update><update_id>5</update_id></request_update></service_request_updates>",
            "5",
        ),
    ],
)
async def test_a_residents_follow_up_is_posted(body: object, id: str) -> None:
    city = ScriptedCity()
    city.replies["POST servicerequestupdates.json"] = (200, body)
    assert await client_of(city).post_update(MORE) == id
    assert city.form() == [
        ("api_key", KEY),
        ("service_request_id", "2"),
        ("update_id", "K7QM2F9P-1"),
        ("status", "OPEN"),
        ("updated_datetime", "2026-06-01T12:00:00Z"),
        ("description", "It has grown"),
        ("email", "ann@example.org"),
    ]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((400, [{"description": "no such request"}]), Permanent),
        ((200, []), Unsure),
        (httpx.ReadTimeout("slow"), Unsure),
    ],
)
async def test_a_follow_up_fails_like_a_report(reply: object, error: type[Exception]) -> None:
    city = ScriptedCity()
    city.replies["POST servicerequestupdates.json"] = reply
    with pytest.raises(error):
        await client_of(city, ManualClock()).post_update(MORE)


def failing_city(broken: str, reply: object) -> ScriptedCity:
    """Shows single requests alone, and fails at one of them."""
    city = ScriptedCity()
    for number in range(8):
        city.replies[f"GET requests/{number}.json"] = (200, [row(service_request_id=str(number))])
    city.replies[f"GET requests/{broken}.json"] = reply
    return city


@pytest.mark.parametrize(
    "reply", [(500, "<html>Fatal error</html>"), (200, "<html>Please log in</html>"), (200, "")]
)
async def test_one_request_that_a_city_fails_to_show_does_not_stop_the_others(reply: object) -> None:
    city = failing_city("0", reply)
    client = client_of(city, many_ids=False, list_windows=False)
    assert (await client.follow(due(8))).read == frozenset("1234567")
    assert (await client.follow(due(1))).read == frozenset()
    assert await client.follow(due(1)) == Followings(read=frozenset("0"))  # then it waits for its next turn


@pytest.mark.parametrize("switch", ["updated_after", "updates"])
async def test_a_city_that_refuses_to_tell_changes_is_read_like_any_other(switch: str) -> None:
    def answer(request: httpx.Request) -> tuple[int, object]:
        if "updated_after" in request.url.params:
            return 400, [{"code": "400", "description": "unknown parameter updated_after"}]
        return 200, [row(service_request_id=id) for id in request.url.params["service_request_id"].split(",")]

    city = ScriptedCity()
    city.replies["GET requests.json"] = answer
    client = client_of(city, **{switch: True})
    assert (await client.follow(due(3))).read == frozenset("012")
    asked = len(city.asked)
    assert (await client.follow(due(3))).read == frozenset("012")
    assert len(city.asked) == asked + 1


async def test_a_token_the_city_fails_at_does_not_stop_the_others() -> None:
    city = ScriptedCity()
    city.replies |= {
        "GET tokens/a.json": (500, "<html>Fatal error</html>"),
        "GET tokens/b.json": (200, ""),
        "GET tokens/c.json": (200, [{"service_request_id": "7", "token": "c"}]),
    }
    assert await client_of(city).resolve_all(["a", "b", "c"]) == {"a": None, "b": None, "c": "7"}
