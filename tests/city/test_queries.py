"""Which requests a query finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.vocabulary import ServiceRequest


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["service_request_id"] for row in rows]


def old(number: int, requested: datetime) -> ServiceRequest:
    return ServiceRequest(
        service_request_id=f"old-{number}",
        service_code="001",
        service_name="Pothole",
        requested_datetime=requested,
        updated_datetime=requested,
    )


@pytest.fixture
def three(city: Any) -> list[str]:
    """Requests an hour apart; the second is closed, the third is about something else."""
    first = city.file()
    city.clock.forward(hours=1)
    second = city.file()
    city.clock.forward(hours=1)
    third = city.file(service_code="004", **{"attribute[POLE]": "1"})
    city.clock.forward(hours=1)
    city.desk.change_status(second, "closed")
    return [first, second, third]


def test_all_are_listed_newest_first(city: Any, three: list[str]) -> None:
    assert ids(city.json("/requests.json")) == three[::-1]


def test_the_list_is_the_same_in_xml(city: Any, three: list[str]) -> None:
    found = city.xml("/requests.xml").iterfind("request/service_request_id")
    assert [element.text for element in found] == three[::-1]


def test_several_ids_override_every_other_argument(city: Any, three: list[str]) -> None:
    wanted = f"{three[0]},{three[1]},404404"
    assert set(ids(city.json("/requests.json", service_request_id=wanted, status="open"))) == set(three[:2])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"status": "closed"}, [1]),
        ({"status": "open"}, [2, 0]),
        ({"status": "open,closed"}, [2, 1, 0]),
        ({"status": ""}, [2, 1, 0]),
        ({"service_code": "004"}, [2]),
        ({"service_code": "001, 004", "status": "open"}, [2, 0]),
        ({"start_date": "2026-03-01T13:00:00Z"}, [2, 1]),
        ({"start_date": "2026-03-01T14:00:00 01:00"}, [2, 1]),
        ({"end_date": "2026-03-01T08:00:00-05:00"}, [1, 0]),
        ({"start_date": "2026-03-01", "end_date": "2026-03-01T12:00:00Z"}, [0]),
        ({"updated_after": "2026-03-01T15:00:00Z"}, [1]),
        ({"updated_before": "2026-03-01T14:00:00Z"}, [2, 0]),
        ({"page": "1", "page_size": "2"}, [2, 1]),
        ({"page": "2", "page_size": "2"}, [0]),
        ({"page": "0", "page_size": "2"}, [2, 1]),
        ({"page": "9"}, []),
    ],
)
def test_arguments_narrow_the_list(
    city: Any, three: list[str], arguments: dict[str, str], expected: list[int]
) -> None:
    assert ids(city.json("/requests.json", **arguments)) == [three[n] for n in expected]


def test_a_list_argument_may_be_repeated(city: Any, three: list[str]) -> None:
    answer = city.http.get("/requests.json", params=[("status", "open"), ("status", "closed")])
    assert len(answer.json()) == 3


def test_a_time_copied_from_a_row_finds_the_row(city: Any) -> None:
    number = city.file()
    [row] = city.json(f"/requests/{number}.json")
    at = row["requested_datetime"]
    assert ids(city.json("/requests.json", start_date=at, end_date=at)) == [number]


def test_the_default_window_is_90_days(city: Any) -> None:
    number = city.file()
    city.clock.forward(days=90)
    assert ids(city.json("/requests.json")) == [number]
    city.clock.forward(seconds=1)
    assert city.json("/requests.json") == []
    assert ids(city.json("/requests.json", service_request_id=number)) == [number]


def test_a_start_alone_reaches_90_days_on(city: Any) -> None:
    city.file()
    assert len(city.json("/requests.json", start_date="2025-12-02T12:00:00Z")) == 1
    assert city.json("/requests.json", start_date="2025-12-01T11:59:59Z") == []


def test_an_old_request_touched_today_is_found_by_its_update(city: Any) -> None:
    number = city.file()
    city.clock.forward(days=200)
    city.desk.change_status(number, "closed")
    assert ids(city.json("/requests.json", updated_after="2026-09-01T00:00:00Z")) == [number]


def test_a_list_stops_at_1000_rows_and_pages_go_on(city: Any) -> None:
    start = datetime(2026, 2, 1, tzinfo=UTC)
    city.desk.take_over(old(n, start + timedelta(minutes=n)) for n in range(1005))
    assert len(city.json("/requests.json")) == 1000
    assert len(city.json("/requests.json", page="2", page_size="1000")) == 5


def test_history_is_taken_over_once_with_its_own_ids_and_times(city: Any) -> None:
    requests = [old(1, datetime(2026, 2, 1, 8, tzinfo=UTC))]
    assert (city.desk.take_over(requests), city.desk.take_over(requests)) == (1, 0)
    assert city.json("/requests/old-1.json")[0]["requested_datetime"] == "2026-02-01T08:00:00Z"


def test_new_ids_step_over_those_taken_over(city: Any) -> None:
    city.desk.take_over(
        ServiceRequest(service_request_id=taken, service_code="001") for taken in ("10002", "10003")
    )
    assert city.file() == "10004"
