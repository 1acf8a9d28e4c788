"""Reads: in whichever format answers, matched by id, within the city's pace, and never with the key in a log."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta

import httpx
import pytest

from bridge.errors import Permanent, Retryable
from bridge.open311 import Query
from tests.open311.scripted import KEY, NOON, SERVICES, ManualClock, ScriptedCity, client_of, row

XML_SERVICES = "<services><service><service_code>4</service_code><metadata>false</metadata></service></services>"


def paths(city: ScriptedCity) -> list[str]:
    return [request.url.path.rpartition("/v2/")[2] for request in city.asked]


# ------------------------------------------------------------------------------------------------ formats


@pytest.mark.parametrize(
    "refusal", [(404, "<html></html>"), (200, "<html></html>"), (200, ""), (500, "oops"), (406, "")]
)
async def test_a_format_that_fails_gives_way_to_the_other_and_is_not_asked_again(refusal: object) -> None:
    city = ScriptedCity()
    city.replies |= {"GET services.json": refusal, "GET services.xml": (200, XML_SERVICES)}
    client = client_of(city, cache_minutes=0)
    for _ in range(2):
        assert [service.service_code for service in await client.services()] == ["4"]
    assert paths(city) == ["services.json", "services.xml", "services.xml"]


async def test_a_format_that_fails_for_definitions_only_is_replaced_for_them_only() -> None:
    lamp = {"service_code": "lamp", "attributes": [{"code": "N", "datatype": "string", "variable": True}]}
    city = ScriptedCity()
    city.replies |= {
        "GET services.xml": (
            200,
            "<services><service><service_code>lamp</service_code><metadata>true</metadata></service></services>",
        ),
        "GET services/lamp.xml": (500, "syntax error in serviceInfo.inc"),
        "GET services/lamp.json": (200, lamp),
    }
    client = client_of(city, formats=("xml", "json"))
    assert [a.code for a in await client.definition("lamp")] == ["N"]
    assert paths(city) == ["services.xml", "services/lamp.xml", "services/lamp.json"]


async def test_the_body_is_believed_not_the_suffix() -> None:
    city = ScriptedCity()
    city.replies["GET services.json"] = (200, XML_SERVICES)
    assert len(await client_of(city).services()) == 1


@pytest.mark.parametrize(
    "reply", [(200, "<html>Hello</html>"), (200, ""), (404, "<html></html>"), (200, {"attributes": []})]
)
async def test_a_definition_that_is_no_definition_asks_nothing(reply: object) -> None:
    city = ScriptedCity()
    city.replies |= {"GET services/lamp.json": reply, "GET services/lamp.xml": reply}
    assert await client_of(city).definition("lamp") == ()


async def test_a_service_without_metadata_has_no_definition_to_fetch() -> None:
    city = ScriptedCity()
    assert await client_of(city).definition("4") == ()
    assert paths(city) == ["services.json"]


# ------------------------------------------------------------------------------------------------- caching


async def test_services_are_believed_for_a_while() -> None:
    clock, city = ManualClock(), ScriptedCity()
    client = client_of(city, clock, cache_minutes=60)
    for minutes in (0, 59, 1):
        clock.pass_(minutes * 60)
        await client.services()
    assert len(city.asked) == 2


async def test_old_services_serve_while_the_city_is_down() -> None:
    city = ScriptedCity()
    city.replies["GET services.json"] = [(200, SERVICES), httpx.ConnectError("refused")]
    client = client_of(city, cache_minutes=0)
    await client.services()
    assert len(await client.services()) == 3


# ---------------------------------------------------------------------------------------- requests by ids


async def test_rows_are_matched_by_id_not_by_position() -> None:
    city = ScriptedCity()
    city.replies["GET requests.json"] = (200, [row(service_request_id=2), row(service_request_id=1)])
    found = await client_of(city).requests(["1", "2"])
    assert {id: found_row.service_request_id for id, found_row in found.items()} == {"1": "1", "2": "2"}
    assert city.asked[-1].url.params["service_request_id"] == "1,2"


async def test_ids_missing_from_a_list_are_asked_singly() -> None:
    city = ScriptedCity()
    city.replies |= {
        "GET requests.json": (200, [row(service_request_id="1")]),
        "GET requests/2.json": (200, [row(service_request_id="2", status="closed")]),
    }
    assert (await client_of(city).requests(["1", "2"]))["2"].status == "closed"


async def test_rows_of_other_requests_are_not_taken_for_ours() -> None:
    city = ScriptedCity()
    city.replies["GET requests/1.json"] = (200, [row(service_request_id="8"), row(service_request_id="9")])
    assert await client_of(city).requests(["1"]) == {}


@pytest.mark.parametrize(
    "reply", [(404, []), (403, [{"code": 403, "description": "private"}]), (200, []), (410, "")]
)
async def test_an_id_the_city_does_not_show_is_absent(reply: object) -> None:
    city = ScriptedCity()
    city.replies["GET requests/1.json"] = city.replies["GET requests/1.xml"] = reply
    assert await client_of(city).requests(["1"]) == {}


async def test_a_city_that_lists_the_first_id_only_is_soon_asked_singly() -> None:
    ids = [str(number) for number in range(12)]
    city = ScriptedCity()
    city.replies["GET requests.json"] = (200, [row(service_request_id="0")])
    for id in ids:
        city.replies[f"GET requests/{id}.json"] = (200, [row(service_request_id=id)])
    client = client_of(city, ids_per_read=6)
    assert set(await client.requests(ids)) == set(ids)
    assert len(city.calls("GET requests.json")) == 1


async def test_an_id_with_a_slash_or_a_comma_is_one_id() -> None:
    city = ScriptedCity()
    found = await client_of(city).requests(["26/1,a", "x"])
    assert found == {}
    assert any(request.url.raw_path.startswith(b"/open311/v2/requests/26%2F1%2Ca.json") for request in city.asked)


# ------------------------------------------------------------------------------------------------- tokens


@pytest.mark.parametrize(
    "reply", [(404, [{"code": 404, "description": "no such token"}]), (200, [{"token": "t"}])]
)
async def test_a_token_without_an_id_yet_is_none(reply: object) -> None:
    city = ScriptedCity()
    city.replies["GET tokens/t.json"] = reply
    assert await client_of(city).resolve("t") is None


async def test_a_token_gives_its_id() -> None:
    city = ScriptedCity()
    city.replies["GET tokens/t%2F1.json"] = city.replies["GET tokens/t/1.json"] = (
        200,
        [{"token": "t/1", "service_request_id": 0}],
    )
    assert await client_of(city).resolve("t/1") == "0"


async def test_a_handler_that_dies_on_a_pending_token_is_asked_again_later() -> None:
    city = ScriptedCity()
    city.replies["GET tokens/t.json"] = city.replies["GET tokens/t.xml"] = (500, "died")
    assert await client_of(city).resolve("t") is None


# ---------------------------------------------------------------------------------------------- discovery


async def test_discovery_is_read_where_the_profile_says_it_is() -> None:
    city = ScriptedCity()
    city.replies["GET /other/discovery.json"] = (200, {"changeset": "7", "endpoints": []})
    client = client_of(city, discovery_url="http://city.test/other/discovery.xml")
    assert (await client.discovery()).changeset == "7"


async def test_no_discovery_is_guessed() -> None:
    with pytest.raises(Permanent, match="discovery_url"):
        await client_of(ScriptedCity()).discovery()


# ----------------------------------------------------------------------------------------------- listings


def by_window(count: int, cap: int) -> ScriptedCity:
    """A city with a request every minute before noon, that lists at most `cap` of a window."""
    moments = [NOON - timedelta(minutes=number) for number in range(count)]

    def answer(request: httpx.Request) -> tuple[int, object]:
        start, end = (datetime.fromisoformat(request.url.params[name]) for name in ("start_date", "end_date"))
        rows = [
            row(service_request_id=str(n), requested_datetime=m.isoformat())
            for n, m in enumerate(moments)
            if start <= m <= end
        ]
        return 200, rows[:cap]

    city = ScriptedCity()
    city.replies["GET requests.json"] = answer
    return city


async def test_a_full_answer_is_asked_again_in_halves_until_all_is_seen() -> None:
    client = client_of(by_window(300, 50), row_cap=50)
    found = await client.listing(Query(NOON - timedelta(days=1), NOON, reads=100))
    assert (len(found.rows), found.complete) == (300, True)


@pytest.mark.parametrize(("told", "whole"), [({"row_cap": 1000}, True), ({}, False)])
async def test_a_round_number_of_rows_of_one_minute_may_be_a_cut_list_where_no_cap_is_told(
    told: dict[str, int], whole: bool
) -> None:
    city = ScriptedCity()
    at = (NOON - timedelta(minutes=1)).isoformat()
    city.replies["GET requests.json"] = lambda request: (
        200,
        [row(service_request_id=str(number), requested_datetime=at) for number in range(50)],
    )
    found = await client_of(city, **told).listing(Query(NOON - timedelta(minutes=1), NOON))
    assert (len(found.rows), found.complete) == (50, whole)


async def test_a_listing_that_runs_out_of_reads_says_so() -> None:
    client = client_of(by_window(300, 50), row_cap=50)
    found = await client.listing(Query(NOON - timedelta(days=1), NOON, reads=3))
    assert (found.complete, found.reads) == (False, 3)


async def test_a_long_span_is_asked_in_windows_the_city_allows() -> None:
    city = by_window(10, 1000)
    await client_of(city, window_days=90).listing(Query(NOON - timedelta(days=200), NOON))
    assert len(city.asked) == 3


# ----------------------------------------------------------------------------------------- pace and secrets


async def test_reads_never_exceed_the_citys_limit_in_any_minute() -> None:
    clock, moments = ManualClock(), []

    def answer(request: httpx.Request) -> httpx.Response:
        moments.append(clock.now())
        return httpx.Response(200, json=[row()])

    client = client_of(answer, clock, reads_per_minute=10)
    for _ in range(300):
        clock.pass_(1)
        with suppress(Retryable):
            await client.requests(["101"])
    assert len(moments) >= 30
    for moment in moments:
        assert sum(moment <= other < moment + timedelta(minutes=1) for other in moments) <= 10


async def test_a_read_that_would_wait_too_long_is_put_off() -> None:
    client = client_of(ScriptedCity(), reads_per_minute=1, cache_minutes=0)
    await client.services()
    with pytest.raises(Retryable) as caught:
        await client.resolve("t")
    assert caught.value.after == 60


@pytest.mark.parametrize(("how", "sent"), [("parameter", {"api_key": KEY}), ("bearer", {}), ("no", {})])
async def test_the_key_goes_with_reads_as_the_profile_says_and_into_no_log(
    how: str, sent: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, name or None)
    city = ScriptedCity()
    await client_of(city, key_on_reads=how).services()
    assert dict(city.asked[-1].url.params) == sent
    assert city.asked[-1].headers.get("authorization") == (f"Bearer {KEY}" if how == "bearer" else None)
    assert "services.json" in caplog.text
    assert KEY not in caplog.text


async def test_a_read_error_that_repeats_the_key_is_blotted() -> None:
    city = ScriptedCity()
    city.replies["GET services.json"] = (403, [{"description": f"bad key {KEY}"}])
    with pytest.raises(Permanent) as caught:
        await client_of(city).services()
    assert KEY not in str(caught.value) + caught.value.words


async def test_a_city_that_asks_for_a_pause_is_left_alone_for_all_reads() -> None:
    clock, city = ManualClock(), ScriptedCity()
    city.replies["GET tokens/t.json"] = httpx.Response(429, headers={"retry-after": "90"})
    client = client_of(city, clock)
    for _ in range(2):
        with pytest.raises(Retryable) as caught:
            await client.resolve("t")
        assert caught.value.after == 90
    assert len(city.asked) == 1
