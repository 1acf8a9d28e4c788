"""The city imitating bad servers: each quirk does what its name says, and none without being asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from bridge.city.app import create
from bridge.city.imitation import QUIRKS
from bridge.city.imitation.exchange import Asked
from bridge.errors import SettingsError
from tests.city.conftest import KEY, settings_for

LAMP = {"service_code": "004", "attribute[POLE]": "P-12"}


@pytest.fixture
def spoiled(run_city: Any) -> Any:
    """A city that imitates by header, with one request in it."""
    with run_city(imitate=()) as city:
        city.file(address_string="12 Main St", media_url="https://photos.example/1.jpg")
        yield city


def get(city: Any, path: str, quirks: str, **arguments: str) -> httpx.Response:
    answer: httpx.Response = city.http.get(path, params=arguments or None, headers={"x-imitate": quirks})
    return answer


def post(city: Any, quirks: str, form: str = "json", **fields: Any) -> httpx.Response:
    city.http.headers["x-imitate"] = quirks
    try:
        answer: httpx.Response = city.post(form, **fields)
    finally:
        del city.http.headers["x-imitate"]
    return answer


def stored(city: Any) -> int:
    return len(city.desk.requests(public=False))


# ---------------------------------------------------------------------------------------------- the switch


def test_nothing_is_imitated_in_production(city: Any) -> None:
    assert get(city, "/services.json", "status=500").status_code == 200


def test_settings_may_imitate_for_every_request(run_city: Any) -> None:
    with run_city(imitate=("throttled=7",)) as city:
        answer = city.http.get("/services.json")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_a_test_may_choose_for_each_request_itself(run_city: Any) -> None:
    def choose(asked: Asked) -> list[str]:
        return ["status=503"] if asked.posts and asked.arguments["description"] == "unlucky" else []

    with run_city(choose=choose) as city:
        assert [city.post(description=words).status_code for words in ("lucky", "unlucky")] == [200, 503]


def test_an_unknown_quirk_in_the_settings_stops_the_city(run_city: Any) -> None:
    with pytest.raises(SettingsError, match="no quirk 'haunted'"), run_city(imitate=("haunted",)):
        pass


def test_an_unknown_quirk_in_a_header_is_told(spoiled: Any) -> None:
    answer = get(spoiled, "/services.json", "haunted")
    assert (answer.status_code, "haunted" in answer.text) == (400, True)


def test_every_quirk_says_who_has_it() -> None:
    assert [quirk.name for quirk in QUIRKS.values() if not quirk.about.endswith(".")] == []


def test_quirks_add_up(spoiled: Any) -> None:
    answer = get(spoiled, "/requests.json", "ids-as-numbers, wrapped-json, coordinates-as-text")
    [row] = answer.json()["service_requests"]
    assert (row["service_request_id"], row["lat"]) == (10001, "39.17")


CALLS = [
    ("GET", "/discovery"),
    ("GET", "/services"),
    ("GET", "/services/004"),
    ("GET", "/requests?page_size=2"),
    ("GET", "/requests/10001"),
    ("GET", "/requests/none"),
    ("GET", "/servicerequestupdates"),
    ("POST", "/requests"),
]
CUTS = {"drop", "drop-after", "truncated"}
WAITS = {"slow", "emoji-hangs"}


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_no_quirk_breaks_the_server_itself(tmp_path: Path, clock: Any, form: str) -> None:
    application = create(settings_for(tmp_path, imitate=()), clock)
    usual = {"api_key": KEY, "service_code": "001", "lat": "1", "long": "2"}
    transport = httpx.ASGITransport(application)  # which raises what the server would only log
    async with httpx.AsyncClient(transport=transport, base_url="http://city.test") as http:
        for name in sorted(set(QUIRKS) - CUTS - WAITS):
            for method, path in CALLS:
                sent = usual if method == "POST" else None
                where, mark, query = path.partition("?")
                await http.request(method, f"{where}.{form}{mark}{query}", headers={"x-imitate": name}, data=sent)
    application.state.desk.close()


# ------------------------------------------------------------------------------------------------- faults


def test_a_slow_answer_is_the_right_one(spoiled: Any) -> None:
    with pytest.raises(httpx.ReadTimeout):
        spoiled.http.get("/services.json", headers={"x-imitate": "slow=5"}, timeout=0.1)
    assert get(spoiled, "/services.json", "slow=0.01").json() == spoiled.json("/services.json")


@pytest.mark.parametrize(("quirk", "kept"), [("status=503", 1), ("status-after=500", 2)])
def test_an_error_comes_before_or_after_the_work(spoiled: Any, quirk: str, kept: int) -> None:
    assert post(spoiled, quirk).status_code == int(quirk[-3:])
    assert stored(spoiled) == kept


@pytest.mark.parametrize(("quirk", "kept"), [("drop", 1), ("drop-after", 2), ("truncated", 2)])
def test_a_connection_is_cut_before_or_after_the_work(spoiled: Any, quirk: str, kept: int) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(spoiled, quirk)
    assert stored(spoiled) == kept


def test_a_connection_is_cut_under_a_prefix_too(run_city: Any) -> None:
    with run_city(imitate=(), mounted=True) as city, pytest.raises(httpx.RemoteProtocolError):
        get(city, "/services.json", "drop")


@pytest.mark.parametrize(("quirk", "kept"), [("html", 1), ("html-after=502", 2)])
def test_a_page_stands_in_for_the_answer(spoiled: Any, quirk: str, kept: int) -> None:
    answer = post(spoiled, quirk)
    assert (answer.headers["content-type"], answer.text[:9]) == ("text/html; charset=utf-8", "<!DOCTYPE")
    assert stored(spoiled) == kept


@pytest.mark.parametrize(("quirk", "kept"), [("empty-list", 1), ("empty-list-after", 2)])
def test_an_empty_list_stands_in_for_the_receipt(spoiled: Any, quirk: str, kept: int) -> None:
    answer = post(spoiled, quirk)
    assert (answer.status_code, answer.json(), stored(spoiled)) == (200, [], kept)


def test_other_peoples_requests_stand_in_for_the_receipt(spoiled: Any) -> None:
    answer = post(spoiled, "foreign-list", description="mine")
    assert [row["service_request_id"] for row in answer.json()] == ["10001"]
    assert stored(spoiled) == 1


def test_a_post_without_a_form_gets_the_list(spoiled: Any) -> None:
    answer = spoiled.http.post(
        "/requests.json", json={"service_code": "001"}, headers={"x-imitate": "form-or-list"}
    )
    assert answer.json()[0]["service_request_id"] == "10001"


def test_the_eleventh_request_of_a_minute_is_throttled(run_city: Any) -> None:
    with run_city(imitate=("rate-limit",)) as city:
        codes = [city.http.get("/services.json").status_code for _ in range(11)]
        assert codes == [200] * 10 + [429]
        city.clock.forward(seconds=61)
        assert city.http.get("/services.json").status_code == 200


@pytest.mark.parametrize(("code", "kept"), [(302, 1), (307, 2)])
def test_a_redirect_that_turns_a_post_into_a_get_files_nothing(spoiled: Any, code: int, kept: int) -> None:
    spoiled.http.follow_redirects = True
    assert post(spoiled, f"redirect={code}").status_code == 200
    assert stored(spoiled) == kept


def test_an_emoji_is_lost_or_halved(spoiled: Any) -> None:
    assert post(spoiled, "emoji-lost", description="🕳").json() == []
    assert stored(spoiled) == 1
    with pytest.raises(httpx.RemoteProtocolError):
        post(spoiled, "emoji-hangs=0.01", description="🕳")
    assert spoiled.desk.requests()[0].description == ""


# ------------------------------------------------------------------------------------------------- manners


@pytest.mark.parametrize(
    ("quirk", "fields", "status"),
    [
        ("strict-arguments", {"colour": "red"}, 400),
        ("needs-all-of-location", {}, 400),
        ("needs-all-of-location", {"address_string": "12 Main St"}, 200),
        ("needs-person", {"email": "a@example.org"}, 400),
        ("needs-email", {}, 400),
        ("needs-description", {"description": ""}, 400),
        ("needs-external-id", {"attribute[external_id]": "x"}, 200),
        ("key-400", {"api_key": "wrong"}, 400),
        ("unknown-service=403", {"service_code": "999"}, 403),
    ],
)
def test_a_post_is_judged_by_the_servers_own_rules(spoiled: Any, quirk: str, fields: Any, status: int) -> None:
    assert post(spoiled, quirk, **fields).status_code == status


def test_an_external_id_is_taken_once(spoiled: Any) -> None:
    codes = [post(spoiled, "needs-external-id", **{"attribute[external_id]": "R-1"}).status_code for _ in "12"]
    assert codes == [200, 400]


def test_a_key_is_needed_to_read(spoiled: Any) -> None:
    assert get(spoiled, "/requests.json", "key-on-reads").status_code == 403
    assert get(spoiled, "/requests.json", "key-on-reads", api_key="any").status_code == 200


@pytest.mark.parametrize(
    ("quirk", "path", "status"),
    [
        ("no-json", "/services.json", 404),
        ("no-json", "/services.xml", 200),
        ("no-xml", "/services.xml", 500),
        ("no-suffix", "/Services", 200),
        ("no-suffix", "/services.xml", 404),
        ("no-discovery", "/discovery.json", 404),
        ("no-updates", "/servicerequestupdates.xml", 404),
        ("strict-arguments", "/requests.json?page=2", 400),
        ("private-403", "/requests/10001.json", 403),
        ("unknown-request-empty", "/requests/none.json", 200),
    ],
)
def test_a_path_answers_as_on_that_server(spoiled: Any, quirk: str, path: str, status: int) -> None:
    assert get(spoiled, path, quirk).status_code == status


@pytest.mark.parametrize(
    ("quirk", "name", "kept"),
    [
        ("values-by-brackets", "attribute[SEEN]", ["G"]),
        ("values-by-brackets", "attribute[SEEN][]", ["W", "G"]),
        ("values-by-repeating", "attribute[SEEN]", ["W", "G"]),
        ("one-value-only", "attribute[SEEN]", ["W"]),
        ("one-value-only", "attribute[SEEN][]", None),
    ],
)
def test_several_values_arrive_by_one_way_only(spoiled: Any, quirk: str, name: str, kept: Any) -> None:
    answer = post(spoiled, quirk, **LAMP, **{name: ["W", "G"]})
    assert spoiled.desk.answers(answer.json()[0]["service_request_id"]).get("SEEN") == kept


def test_brackets_are_refused_where_values_are_repeated(spoiled: Any) -> None:
    fields = LAMP | {"attribute[SEEN][]": ["W", "G"]}
    assert post(spoiled, "values-by-repeating", **fields).status_code == 400


@pytest.mark.parametrize(
    ("quirk", "arguments", "found"),
    [
        ("first-id-only", {"service_request_id": "10001,10002"}, ["10001"]),
        ("ids-ignored", {"service_request_id": "10001"}, ["10002", "10001"]),
        ("status-ignored", {"status": "closed"}, ["10002", "10001"]),
        ("one-status-only", {"status": "open,closed"}, []),
        ("open-by-default", {}, ["10001"]),
        ("dates-swapped", {"start_date": "2026-03-01T12:30:00Z"}, ["10001"]),
        ("dates-without-zone", {"start_date": "2026-03-01T12:30:00"}, ["10002"]),
        ("windows-ignored", {"page_size": "1"}, ["10002", "10001"]),
        ("row-cap=1", {}, ["10002"]),
        ("fresh-hidden", {}, ["10002"]),
        ("fresh-hidden-for=60", {}, ["10001"]),
    ],
)
def test_a_list_is_narrowed_as_on_that_server(spoiled: Any, quirk: str, arguments: Any, found: list[str]) -> None:
    spoiled.clock.forward(hours=1)
    spoiled.file()
    spoiled.clock.forward(seconds=1)
    spoiled.desk.change_status("10002", "closed")
    answer = get(spoiled, "/requests.json", quirk, **arguments)
    assert [row["service_request_id"] for row in answer.json()] == found


@pytest.mark.parametrize(
    ("quirk", "form", "body"),
    [
        ("errors-without-code", "json", '[{"description": "api_key is not valid."}]'),
        (
            "errors-as-message",
            "json",
            '{"type": "error", "code": "middleware_15", "message": "api_key is not valid."}',
        ),
        ("errors-as-text", "json", "api_key is not valid."),
        ("errors-empty-xml", "xml", '<?xml version="1.0" encoding="utf-8"?>\n'),
        (
            "errors-unwrapped",
            "xml",
            '<?xml version="1.0" encoding="utf-8"?>\n'
            "<error><code>403</code><description>api_key is not valid.</description></error>",
        ),
        ("errors-in-json", "xml", '[{"code": 403, "description": "Refused"}]'),
    ],
)
def test_an_error_reads_as_on_that_server(spoiled: Any, quirk: str, form: str, body: str) -> None:
    answer = post(spoiled, quirk, form, api_key="wrong")
    assert (answer.status_code, answer.text) == (403, body)


# -------------------------------------------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("quirk", "body"),
    [
        ("receipt-bare", {"service_request_id": "10002"}),
        ("receipt-nested", {"service_requests": {"request": {"service_request_id": "10002"}}}),
        ("receipt-enveloped", {"data": {"service_request_id": "10002"}, "success": True}),
        ("receipt-id", [{"id": "10002"}]),
        ("ids-as-numbers", [{"service_request_id": 10002}]),
        ("ids-from-zero", [{"service_request_id": 1}]),
        ("ids-as-uuids", [{"service_request_id": "00000000-0000-0000-0000-000000002712"}]),
    ],
)
def test_a_receipt_is_shaped_as_on_that_server(spoiled: Any, quirk: str, body: Any) -> None:
    assert post(spoiled, quirk).json() == body


def test_a_receipt_is_201(spoiled: Any) -> None:
    assert post(spoiled, "created-201").status_code == 201


def test_a_receipt_has_both_keys(spoiled: Any) -> None:
    [row] = post(spoiled, "receipt-null-token").json()
    assert (row["service_request_id"], row["token"]) == ("10002", None)


def test_a_receipt_in_odd_xml(spoiled: Any) -> None:
    root = fromstring(post(spoiled, "receipt-odd-xml", "xml").content)
    assert root.findtext("service_requests/service_request_id") == "10002"


@pytest.mark.parametrize("quirk", ["ids-as-uuids", "ids-with-zeros", "ids-from-zero", "ids-as-numbers"])
def test_an_id_of_any_kind_leads_back_to_its_request(spoiled: Any, quirk: str) -> None:
    given = post(spoiled, quirk, description="found again").json()[0]["service_request_id"]
    [single] = get(spoiled, f"/requests/{given}.json", quirk).json()
    [listed] = get(spoiled, "/requests.json", quirk, service_request_id=str(given)).json()
    assert single == listed
    assert (single["service_request_id"], single["description"]) == (given, "found again")


@pytest.mark.parametrize(
    ("quirk", "path", "field", "value"),
    [
        ("coordinates-as-text", "/requests.json", "lat", "39.17"),
        ("coordinates-rounded", "/requests.json", "lat", 39.16999816894531),
        ("codes-differ", "/requests.json", "service_code", 1),
        ("booleans-as-text", "/services.json", "metadata", "false"),
        ("nulls-as-empty", "/requests.json", "zipcode", ""),
        (
            "media-as-objects",
            "/requests.json",
            "media_url",
            [{"id": 1, "url": "https://photos.example/1.jpg", "tags": []}],
        ),
        ("media-as-list", "/requests.json", "media_url", ["https://photos.example/1.jpg"]),
        ("status-words", "/requests.json", "status", "In progress"),
        ("status-upper", "/requests.json", "status", "OPEN"),
        ("updated-null", "/requests.json", "updated_datetime", None),
        ("local-times", "/requests.json", "requested_datetime", "2026-03-01T07:00:00Z"),
        ("times-without-zone", "/requests.json", "requested_datetime", "2026-03-01T12:00:00"),
        ("times-with-milliseconds", "/requests.json", "requested_datetime", "2026-03-01T12:00:00.123Z"),
        ("times-in-minutes", "/requests.json", "requested_datetime", "2026-03-01 12:00"),
        ("times-with-offset", "/requests.json", "requested_datetime", "2026-03-01T04:00:00-08:00"),
        ("services-with-blanks", "/services.json", "service_name", " Pothole  "),
        ("services-groups", "/services.json", "groups", ["street"]),
    ],
)
def test_a_field_is_written_as_on_that_server(spoiled: Any, quirk: str, path: str, field: str, value: Any) -> None:
    assert get(spoiled, path, quirk).json()[0][field] == value


@pytest.mark.parametrize(
    ("quirk", "field"),
    [
        ("without-service-code", "service_code"),
        ("without-service-name", "service_name"),
        ("nulls-absent", "zipcode"),
    ],
)
def test_a_field_is_missing_as_on_that_server(spoiled: Any, quirk: str, field: str) -> None:
    assert field not in get(spoiled, "/requests.json", quirk).json()[0]


def test_updated_datetime_stands_still(spoiled: Any) -> None:
    spoiled.clock.forward(hours=1)
    spoiled.desk.change_status("10001", "closed")
    [row] = get(spoiled, "/requests/10001.json", "updated-frozen").json()
    assert (row["status"], row["updated_datetime"]) == ("closed", "2026-03-01T12:00:00Z")


def test_a_single_request_is_bare(spoiled: Any) -> None:
    assert get(spoiled, "/requests/10001.json", "single-bare").json()["service_request_id"] == "10001"


def test_json_keeps_its_root(spoiled: Any) -> None:
    definition = get(spoiled, "/services/004.json", "wrapped-json").json()
    assert definition["service_definition"]["service_code"] == "004"


@pytest.mark.parametrize(
    ("quirk", "path", "pattern"),
    [
        ("rows-named-service-request", "/requests.xml", rb"<service_requests><service_request>"),
        ("xml-type-array", "/requests.xml", rb'<service_requests type="array">'),
        ("xml-namespace", "/services.xml", rb'<services xmlns="http://wiki.open311.org/GeoReport_v2">'),
        ("xml-blanks", "/requests.xml", rb"<zipcode>\n  </zipcode>.*\.jpg </media_url>"),
        ("xml-control-characters", "/requests.xml", rb"<description>A\x10 hole"),
        ("definition-flat", "/services/004.xml", rb"</service_code><attribute>"),
        ("rows-without-ids", "/requests.xml", rb"<request><service_request_id/>"),
    ],
)
def test_xml_is_written_as_on_that_server(spoiled: Any, quirk: str, path: str, pattern: bytes) -> None:
    content = get(spoiled, path, quirk).content
    assert re.search(pattern, content, re.DOTALL), content


@pytest.mark.parametrize(
    ("quirk", "path", "kind"),
    [
        ("type-application-xml", "/services.xml", "application/xml"),
        ("type-plain", "/services.json", "text/html; charset=UTF-8"),
        ("json-as-xml", "/services.json", "text/xml"),
    ],
)
def test_a_content_type_misleads(spoiled: Any, quirk: str, path: str, kind: str) -> None:
    assert get(spoiled, path, quirk).headers["content-type"] == kind


@pytest.mark.parametrize(("quirk", "status"), [("token-pending-404", 404), ("token-pending-500", 500)])
def test_a_pending_token_is_an_error(run_city: Any, quirk: str, status: int) -> None:
    with run_city(imitate=(), batch_delay_s=60) as city:
        token = city.post(service_code="002").json()[0]["token"]
        assert get(city, f"/tokens/{token}.json", quirk).status_code == status
        city.clock.forward(seconds=60)
        assert get(city, f"/tokens/{token}.json", quirk).json()[0]["service_request_id"] == "10001"


# --------------------------------------------------------------------------------------------------- lists


@pytest.mark.parametrize(
    ("quirk", "count"),
    [
        ("services-twice", 6),
        ("services-without-codes", 7),
        ("services-fake", 7),
        ("services-many", 5000),
        ("services-empty", 0),
    ],
)
def test_a_service_list_as_found_in_the_wild(spoiled: Any, quirk: str, count: int) -> None:
    assert len(get(spoiled, "/services.json", quirk).json()) == count


@pytest.mark.parametrize(
    ("quirk", "field", "values"),
    [
        ("order-as-text", "order", ["1", "2", "3", "4", "5", "6", "7"]),
        ("values-null", "values", [None] * 5),
        ("values-number", "values", [0] * 5),
        ("values-empty", "values", [[]] * 5),
        (
            "datatypes-odd",
            "datatype",
            ["Informational", "Text", "Boolean (checkbox)", "datetime", "Informational"],
        ),
        ("attributes-automated", "automated", ["server_set", "hidden_field", None]),
    ],
)
def test_a_definition_as_found_in_the_wild(spoiled: Any, quirk: str, field: str, values: list[Any]) -> None:
    attributes = get(spoiled, "/services/004.json", quirk).json()["attributes"]
    assert [row.get(field) for row in attributes][: len(values)] == values


def test_a_definition_is_a_page_or_nothing(spoiled: Any) -> None:
    assert get(spoiled, "/services/004.json", "definition-html").text.startswith("<!DOCTYPE")
    assert get(spoiled, "/services/004.json", "definition-blank").text == ""
    assert get(spoiled, "/services/004.json", "definition-empty").json()["attributes"] == []


def test_discovery_points_elsewhere(spoiled: Any) -> None:
    document = json.loads(get(spoiled, "/discovery.json", "discovery-foreign=https://x.example").text)
    assert {endpoint["url"] for endpoint in document["endpoints"]} == {"https://x.example"}
