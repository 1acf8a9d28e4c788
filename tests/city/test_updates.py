"""mySociety's updates extension, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import Permanent


def post(city: Any, form: str = "json", **fields: Any) -> Any:
    usual = {
        "api_key": "a-key-for-tests",
        "service_request_id": "10001",
        "update_id": "c-1",
        "status": "OPEN",
        "updated_datetime": "2026-03-01T12:30:00Z",
        "description": "It is getting deeper.",
        "email": "ada@example.org",
    }
    sent = {name: value for name, value in (usual | fields).items() if value is not None}
    return city.http.post(f"/servicerequestupdates.{form}", data=sent)


@pytest.fixture
def filed(city: Any) -> Any:
    city.file()
    return city


def test_a_status_change_is_an_update(filed: Any) -> None:
    filed.clock.forward(hours=2)
    filed.desk.change_status("10001", "fixed", "Filled with asphalt.")
    assert filed.json("/servicerequestupdates.json") == [
        {
            "update_id": "1",
            "service_request_id": "10001",
            "status": "fixed",
            "updated_datetime": "2026-03-01T14:00:00Z",
            "description": "Filled with asphalt.",
            "media_url": "",
        }
    ]


def test_updates_in_xml_are_named_as_the_extension_names_them(filed: Any) -> None:
    filed.desk.add_note("10001", "Seen.")
    updates = filed.xml("/servicerequestupdates.xml")
    assert updates.tag == "service_request_updates"
    assert updates.findtext("request_update/description") == "Seen."


def test_a_word_of_the_citys_own_is_open_or_closed_for_the_rest_of_the_world(filed: Any) -> None:
    filed.desk.change_status("10001", "Investigating")
    assert filed.json("/requests/10001.json")[0]["status"] == "open"
    filed.desk.change_status("10001", "no_further_action")
    assert filed.json("/requests/10001.json")[0]["status"] == "closed"
    assert [row["service_request_id"] for row in filed.json("/requests.json", status="closed")] == ["10001"]


def test_updates_are_listed_by_their_time_oldest_first(filed: Any) -> None:
    for hour in range(3):
        filed.desk.add_note("10001", f"note {hour}")
        filed.clock.forward(hours=1)
    listed = filed.json(
        "/servicerequestupdates.json", start_date="2026-03-01T13:00:00Z", end_date="2026-03-01T14:00:00Z"
    )
    assert [row["description"] for row in listed] == ["note 1", "note 2"]


def test_updates_of_the_last_90_days_are_the_usual_window(filed: Any) -> None:
    filed.desk.add_note("10001", "old")
    filed.clock.forward(days=91)
    assert filed.json("/servicerequestupdates.json") == []


def test_updates_of_a_request_nobody_may_see_are_not_listed(city: Any) -> None:
    city.post(service_code="003")
    city.desk.add_note("10001", "Thanks.")
    assert city.json("/servicerequestupdates.json") == []


def test_a_posted_update_gets_an_id_of_ours_and_is_listed(filed: Any) -> None:
    [receipt] = post(filed).json()
    [row] = filed.json("/servicerequestupdates.json")
    assert receipt == {"update_id": row["update_id"]}
    assert (row["description"], row["status"]) == ("It is getting deeper.", "open")


def test_a_posted_update_in_xml(filed: Any) -> None:
    assert (
        "<service_request_updates><request_update><update_id>1</update_id></request_update>"
        in post(filed, "xml").text
    )


def test_a_posted_update_moves_the_time_and_leaves_the_status(filed: Any) -> None:
    filed.clock.forward(hours=1)
    post(filed, status="CLOSED")
    [row] = filed.json("/requests/10001.json", extensions="true")
    assert (row["status"], row["updated_datetime"]) == ("open", "2026-03-01T13:00:00Z")
    assert [note["type"] for note in row["notes"]] == ["update"]


def test_the_same_update_posted_again_is_one_update(filed: Any) -> None:
    assert post(filed).json() == post(filed).json()
    assert len(filed.json("/servicerequestupdates.json")) == 1


def test_who_wrote_an_update_is_not_shown(filed: Any) -> None:
    post(filed)
    shown = filed.http.get("/servicerequestupdates.json").text
    shown += filed.http.get("/requests.json?extensions=true").text
    assert "ada@example.org" not in shown


def test_an_update_may_carry_photos(filed: Any, photo: bytes) -> None:
    fields = {
        "api_key": "a-key-for-tests",
        "service_request_id": "10001",
        "update_id": "c-2",
        "status": "UNCHANGED",
        "updated_datetime": "2026-03-01T12:30:00Z",
        "description": "See.",
    }
    answer = filed.http.post("/servicerequestupdates.json", data=fields, files={"photo1": photo})
    assert answer.status_code == 200, answer.text
    [row] = filed.json("/servicerequestupdates.json")
    assert filed.http.get(row["media_url"]).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"api_key": None}, 403, "api_key was not provided."),
        ({"service_request_id": "404404"}, 404, "service_request_id 404404 was not found."),
        ({"update_id": None}, 400, "update_id was not provided."),
        ({"description": ""}, 400, "description was not provided."),
        ({"status": "SOLVED"}, 400, "status must be one of OPEN, "),
        ({"updated_datetime": "now"}, 400, "updated_datetime must be a date and time"),
        ({"media_url": "ftp://x"}, 400, "media_url must be a web address"),
        ({"description": "x" * 4001}, 400, "description is longer than 4000 characters."),
    ],
)
def test_a_wrong_update_is_refused(filed: Any, fields: Any, status: int, words: str) -> None:
    answer = post(filed, **fields)
    assert answer.status_code == status
    assert answer.json()[0]["description"].startswith(words)


def test_staff_cannot_set_a_word_nobody_knows(filed: Any) -> None:
    with pytest.raises(Permanent, match="A status is one of open"):
        filed.desk.change_status("10001", "solved")


def test_staff_cannot_change_a_request_nobody_made(filed: Any) -> None:
    with pytest.raises(Permanent, match="404404 was not found"):
        filed.desk.change_status("404404", "closed")
