"""A request from POST to closed, in both formats."""

from __future__ import annotations

from typing import Any

import pytest

LAMP = {"service_code": "004", "attribute[POLE]": "P-12"}


def test_a_realtime_request_gets_its_id_at_once(city: Any) -> None:
    answer = city.post()
    assert answer.status_code == 200
    assert answer.json() == [{"service_request_id": "10001"}]


def test_the_same_answer_in_xml(city: Any) -> None:
    answer = city.post("xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert "<service_requests><request><service_request_id>10001</service_request_id>" in answer.text


def test_a_request_reads_back_as_it_was_sent(city: Any) -> None:
    number = city.file(description="Hole & <deep>\r\nmind it", address_string="12 Main St", address_id="77")
    [row] = city.json(f"/requests/{number}.json")
    assert row == {
        "service_request_id": number,
        "status": "open",
        "service_name": "Pothole",
        "service_code": "001",
        "description": "Hole & <deep>\nmind it",
        "requested_datetime": "2026-03-01T12:00:00Z",
        "updated_datetime": "2026-03-01T12:00:00Z",
        "address": "12 Main St",
        "address_id": "77",
        "lat": 39.17,
        "long": -86.53,
    }


def test_closing_a_request_moves_its_time_and_gives_the_note(city: Any) -> None:
    number = city.file()
    city.clock.forward(hours=3)
    city.desk.change_status(number, "closed", "Filled.")
    [row] = city.json(f"/requests/{number}.json")
    assert (row["status"], row["status_notes"]) == ("closed", "Filled.")
    assert row["updated_datetime"] == "2026-03-01T15:00:00Z"
    assert row["requested_datetime"] == "2026-03-01T12:00:00Z"


def test_a_batch_request_gets_a_token_and_its_id_later(run_city: Any) -> None:
    with run_city(batch_delay_s=60) as city:
        [receipt] = city.post(service_code="002").json()
        assert set(receipt) == {"token"}
        assert city.json(f"/tokens/{receipt['token']}.json") == [{"token": receipt["token"]}]
        city.clock.forward(seconds=60)
        [row] = city.json(f"/tokens/{receipt['token']}.json")
        assert row == {"service_request_id": "10001", "token": receipt["token"]}
        assert city.json("/requests/10001.json")[0]["service_code"] == "002"


def test_a_batch_request_is_not_listed_before_it_has_an_id(run_city: Any) -> None:
    with run_city(batch_delay_s=60) as city:
        city.post(service_code="002")
        assert city.json("/requests.json") == []
        assert city.http.get("/requests/10001.json").status_code == 404


def test_a_blackbox_request_gets_a_notice_only_and_is_seen_by_staff_alone(city: Any) -> None:
    assert city.post(service_code="003").json() == [{"service_notice": "Your request was received."}]
    assert city.json("/requests.json") == []
    assert [row.service_code for row in city.desk.requests(public=False)] == ["003"]


def test_a_service_may_promise_a_time_and_give_a_notice(city: Any) -> None:
    [receipt] = city.post(**LAMP).json()
    assert receipt["service_notice"] == "Soon."
    [row] = city.json(f"/requests/{receipt['service_request_id']}.json")
    assert row["expected_datetime"] == "2026-03-03T12:00:00Z"


def test_contact_data_is_stored_for_staff_and_never_shown(city: Any) -> None:
    who = {
        "first_name": "Ada",
        "last_name": "Byron",
        "email": "ada@example.org",
        "phone": "+15550100",
        "device_id": "device-1",
        "account_id": "account-1",
    }
    number = city.file(**who)
    assert {name: getattr(city.desk.contact(number), name) for name in who} == who
    for path in (f"/requests/{number}.json", "/requests.xml", "/requests.json?extensions=true"):
        shown = city.http.get(path).text
        assert not [value for value in who.values() if value in shown]


def test_a_person_can_be_forgotten_and_the_request_stays(city: Any) -> None:
    number = city.file(email="ada@example.org")
    city.desk.forget(number)
    assert city.desk.contact(number).email == ""
    assert city.json(f"/requests/{number}.json")[0]["status"] == "open"


def test_the_account_id_goes_back_to_the_one_who_sent_it(city: Any) -> None:
    assert city.post(account_id="account-1").json()[0]["account_id"] == "account-1"


@pytest.mark.parametrize("form", ["json", "xml"])
def test_an_unknown_request_is_404(city: Any, form: str) -> None:
    assert city.http.get(f"/requests/404404.{form}").status_code == 404


def test_an_unknown_token_is_404(city: Any) -> None:
    assert city.http.get("/tokens/never-given.json").status_code == 404


def test_staff_can_assign_and_promise(city: Any) -> None:
    number = city.file()
    city.desk.assign(number, "Streets")
    city.desk.expect(number, city.clock.now())
    [row] = city.json(f"/requests/{number}.json")
    assert row["agency_responsible"] == "Streets"
    assert row["expected_datetime"] == "2026-03-01T12:00:00Z"


def test_the_history_comes_with_extensions(city: Any) -> None:
    number = city.file()
    city.desk.add_note(number, "Crew is on its way.")
    city.clock.forward(hours=1)
    city.desk.change_status(number, "closed", "Filled.")
    [row] = city.json(f"/requests/{number}.json", extensions="true")
    assert [(note["type"], note["description"], note["datetime"]) for note in row["notes"]] == [
        ("open", "Crew is on its way.", "2026-03-01T12:00:00Z"),
        ("closed", "Filled.", "2026-03-01T13:00:00Z"),
    ]
