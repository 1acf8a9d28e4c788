"""Refusals: the right status, the city's words, in the format that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

LAMP = {"service_code": "004", "attribute[POLE]": "P-12"}


def refused(answer: Any) -> tuple[int, str]:
    """The HTTP status and the first description of a JSON error answer, whose code agrees with it."""
    [*rows] = answer.json()
    assert rows[0]["code"] == answer.status_code
    return answer.status_code, rows[0]["description"]


def test_errors_are_rows_in_json(city: Any) -> None:
    answer = city.post(api_key=None)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json() == [{"code": 403, "description": "api_key was not provided."}]


def test_errors_are_rows_in_xml(city: Any) -> None:
    answer = city.post("xml", api_key="guessed")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/xml; charset=utf-8")
    assert (
        "<errors><error><code>403</code><description>api_key is not valid.</description></error></errors>"
        in answer.text
    )


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"api_key": None}, 403, "api_key was not provided."),
        ({"api_key": "a-key-for-test"}, 403, "api_key is not valid."),
        ({"service_code": None}, 400, "service_code was not provided."),
        ({"service_code": "  "}, 400, "service_code was not provided."),
        ({"service_code": "999"}, 404, "service_code 999 was not found."),
        ({"long": None}, 400, "lat and long must be sent together."),
        ({"lat": "91"}, 400, "lat must be a number from -90 to 90."),
        ({"lat": "nan"}, 400, "lat must be a number from -90 to 90."),
        ({"long": "-180.1"}, 400, "long must be a number from -180 to 180."),
        ({"long": "1_0"}, 400, "long must be a number from -180 to 180."),
        ({"description": "x" * 4001}, 400, "description is longer than 4000 characters."),
        ({"address_string": "x" * 501}, 400, "address_string is longer than 500 characters."),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url must be a web address"),
        ({"media_url": "http://[bad"}, 400, "media_url must be a web address"),
        (
            {"lat": None, "long": None},
            400,
            "A location is missing: send lat and long, or address_string, or address_id.",
        ),
    ],
)
def test_a_wrong_form_is_refused_in_words(city: Any, fields: Any, status: int, words: str) -> None:
    code, description = refused(city.post(**fields))
    assert (code, description[: len(words)]) == (status, words)
    assert city.desk.requests(public=False) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"attribute[POLE]": None}, "attribute[POLE] is required: Number?"),
        ({"attribute[POLE]": " "}, "attribute[POLE] is required: Number?"),
        ({"attribute[POLE]": ["a", "b"]}, "attribute[POLE] takes one value."),
        ({"attribute[POLE]": "a\nb"}, "attribute[POLE] must be one line."),
        ({"attribute[COUNT]": "many"}, "attribute[COUNT] must be a number."),
        ({"attribute[SINCE]": "last week"}, "attribute[SINCE] must be a date and time"),
        ({"attribute[STATE]": "Out"}, "attribute[STATE]: 'Out' is none of its keys: DAY, OUT."),
        ({"attribute[SEEN][]": ["W", "X"]}, "attribute[SEEN]: 'X' is none of its keys: G, W."),
    ],
)
def test_answers_are_checked_against_the_definition(city: Any, fields: Any, words: str) -> None:
    code, description = refused(city.post(**(LAMP | fields)))
    assert (code, description[: len(words)]) == (400, words)


def test_all_that_is_wrong_is_told_at_once(city: Any) -> None:
    answer = city.post(lat="x", long="200", service_code="004")
    assert [row["code"] for row in answer.json()] == [400, 400, 400]


def test_every_datatype_is_taken_and_kept_for_staff(city: Any) -> None:
    number = city.file(
        **LAMP,
        **{
            "attribute[COUNT]": "2.5",
            "attribute[SINCE]": "2026-01-31T09:00:00+02:00",
            "attribute[MORE]": "one\ntwo",
            "attribute[STATE]": "OUT",
            "attribute[SEEN][]": ["W", "G"],
        },
    )
    assert city.desk.answers(number) == {
        "POLE": ["P-12"],
        "COUNT": ["2.5"],
        "SINCE": ["2026-01-31T09:00:00+02:00"],
        "MORE": ["one\ntwo"],
        "STATE": ["OUT"],
        "SEEN": ["W", "G"],
    }


def test_several_values_may_also_be_sent_without_brackets(city: Any) -> None:
    number = city.file(**LAMP, **{"attribute[SEEN]": ["W", "G"]})
    assert city.desk.answers(number)["SEEN"] == ["W", "G"]


@pytest.mark.parametrize("location", [{"address_string": "12 Main St"}, {"address_id": "7"}])
def test_an_address_alone_is_a_location(city: Any, location: dict[str, str]) -> None:
    assert city.post(lat=None, long=None, **location).status_code == 200


def test_4000_characters_of_four_bytes_are_taken(city: Any) -> None:
    number = city.file(description="🕳" * 4000)
    assert city.json(f"/requests/{number}.json")[0]["description"] == "🕳" * 4000


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"service_code": "001"}},
        {"content": b"service_code=001"},
        {"content": b"", "headers": {"content-type": "text/plain"}},
    ],
)
def test_a_body_that_is_no_form_is_no_question_for_the_list(city: Any, body: Any) -> None:
    answer = city.http.post("/requests.json", **body)
    assert refused(answer)[0] == 400
    assert "must be a form" in answer.text


def test_a_form_too_large_is_refused(city: Any) -> None:
    assert refused(city.post(junk="x" * 600_000)) == (400, "The request is too large: more than 524288 bytes.")


def test_a_form_of_too_many_fields_is_refused(city: Any) -> None:
    fields = {f"f{n}": "1" for n in range(301)}
    assert refused(city.post(**fields)) == (400, "The form has more than 300 fields.")


def test_a_broken_multipart_form_is_refused(city: Any) -> None:
    broken = {"content": b"--x\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=y"}}
    assert refused(city.http.post("/requests.json", **broken))[0] in (400, 403)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services/999.json", 404),
        ("/services/001.csv", 404),
        ("/services.csv", 404),
        ("/services", 404),
        ("/nothing.json", 404),
        ("/requests/.json", 404),
        ("/requests.json?status=new", 400),
        ("/requests.json?start_date=yesterday", 400),
        ("/requests.json?start_date=2026-01-01T00:00:00", 400),
        ("/requests.json?start_date=2026-13-01T00:00:00Z", 400),
        ("/requests.json?end_date=0001-01-01T00:00:00%2B14:00", 400),
        ("/requests.json?start_date=2026-02-01&end_date=2026-01-01", 400),
        ("/requests.json?start_date=2026-01-01&end_date=2026-05-01", 400),
        ("/requests.json?page=-1", 400),
        ("/requests.json?page_size=ten", 400),
    ],
)
def test_a_wrong_question_is_refused(city: Any, path: str, status: int) -> None:
    assert city.http.get(path).status_code == status


def test_a_method_nobody_offers_is_405(city: Any) -> None:
    answer = city.http.delete("/requests.json")
    assert refused(answer)[0] == 405
    assert "POST" in answer.headers["allow"] or "GET" in answer.headers["allow"]


def test_without_keys_nobody_may_post(run_city: Any) -> None:
    with run_city(api_keys=()) as city:
        assert city.post(api_key="anything").status_code == 403


def test_an_unknown_jurisdiction_is_404_and_a_missing_one_is_let_pass(run_city: Any) -> None:
    with run_city(jurisdiction_id="city.example") as city:
        assert city.http.get("/services.json", params={"jurisdiction_id": "other.example"}).status_code == 404
        assert city.post(jurisdiction_id="other.example").status_code == 404
        assert city.http.get("/services.json", params={"jurisdiction_id": "city.example"}).is_success
        assert city.http.get("/services.json").is_success


def test_a_missing_jurisdiction_is_400_where_it_is_required(run_city: Any) -> None:
    with run_city(jurisdiction_id="city.example", jurisdiction_required=True) as city:
        for path in ("/services.json", "/services/001.json", "/requests.json", "/tokens/x.json"):
            assert city.http.get(path).status_code == 400
        assert city.post().status_code == 400
        assert city.post(jurisdiction_id="city.example").status_code == 200
