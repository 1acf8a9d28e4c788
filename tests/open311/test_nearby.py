"""Twins as the city lists them: open requests of one service close to a place, by one read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.errors import Retryable
from bridge.vocabulary import ServiceRequest
from tests.open311.scripted import NOON, ManualClock, ScriptedCity, client_of, row

LAT, LONG = 40.0, -99.0
A_DEGREE = 111_320


def city_with(*rows: object) -> ScriptedCity:
    city = ScriptedCity()
    city.replies["GET requests.json"] = (200, list(rows))
    return city


def request(id: str, metres_north: float = 0, **fields: object) -> object:
    at = {"lat": LAT + metres_north / A_DEGREE, "long": LONG}
    return row(**({"service_request_id": id, "service_code": "001", "status": "open"} | at | fields))


async def found(city: ScriptedCity, metres: float = 50) -> tuple[ServiceRequest, ...]:
    client = client_of(city, ManualClock())
    return await client.nearby("001", LAT, LONG, metres, NOON - timedelta(days=14))


async def ids(city: ScriptedCity) -> list[str]:
    return [request.service_request_id for request in await found(city)]


async def test_only_what_is_close_is_a_twin() -> None:
    assert await ids(city_with(request("1", 40), request("2", 60))) == ["1"]


async def test_a_closed_request_or_one_of_another_service_is_none() -> None:
    closed, other = request("1", status="closed"), request("2", service_code="002")
    assert await ids(city_with(closed, other, request("3"))) == ["3"]


async def test_a_request_without_a_place_is_none() -> None:
    assert await ids(city_with(request("1", lat=None, long=None))) == []


async def test_one_read_is_spent_on_the_service_and_the_time_in_question() -> None:
    city = city_with(request("1"))
    await found(city)
    (asked,) = city.asked
    assert asked.url.params["service_code"] == "001"
    assert asked.url.params["start_date"] == "2026-05-18T12:00:00Z"


async def test_a_city_that_does_not_answer_has_none_and_says_so() -> None:
    city = ScriptedCity()
    city.replies["GET requests.json"] = (503, "busy")
    with pytest.raises(Retryable):
        await found(city)
