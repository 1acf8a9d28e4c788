"""A POST is sent once, and every answer to it is one of: stored, certainly not stored, refused, unsure."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from bridge.errors import Permanent, Retryable, Unsure
from bridge.vocabulary import Receipt
from tests.open311.scripted import KEY, NOON, POTHOLE, ManualClock, ScriptedCity, client_of, row

POST = "POST requests.json"


def answering(reply: object, **replies: object) -> ScriptedCity:
    city = ScriptedCity()
    city.replies[POST] = reply
    return city


STORED = {
    "specification": [{"service_request_id": 101, "service_notice": "Thanks"}],
    "bare object (Tampere)": {"service_request_id": "101", "service_notice": "Thanks"},
    "wrapped (Mark-a-Spot)": {"service_requests": {"request": {"service_request_id": "101"}}},
    "data and success (govflow)": {"data": {"service_request_id": 101}, "success": True},
    "id instead (SeeClickFix)": {"id": 101},
    "both keys, token null (simple-crm)": [{"service_request_id": "101", "token": None}],
    "odd XML (codefornl)": "<service_requests><service_requests><service_request_id>101</service_request_id>"
    "</service_requests></service_requests>",
    "whole row echoed (uReport)": [row(service_request_id=101)],
    "array in mapping (FixMyStreet)": {"service_requests": [{"service_request_id": "101"}]},
}


@pytest.mark.parametrize("body", STORED.values(), ids=STORED.keys())
async def test_one_row_with_an_id_is_success_in_every_wrapping(body: object) -> None:
    receipt = await client_of(answering((201, body))).submit(POTHOLE)
    assert receipt.service_request_id == "101"


async def test_an_id_of_zero_is_an_id() -> None:
    assert (
        await client_of(answering((200, [{"service_request_id": 0}]))).submit(POTHOLE)
    ).service_request_id == "0"


async def test_leading_zeros_of_an_id_are_kept() -> None:
    receipt = await client_of(answering((200, '[{"service_request_id": 001}]'))).submit(POTHOLE)
    assert receipt.service_request_id == "001"


async def test_a_batch_service_gives_a_token() -> None:
    receipt = await client_of(answering((200, [{"token": "t-1"}]))).submit(POTHOLE)
    assert receipt == Receipt(token="t-1")


async def test_a_blackbox_service_gives_neither_and_is_stored() -> None:
    city = answering((200, [{"service_notice": "Thank you"}]))
    receipt = await client_of(city).submit(replace(POTHOLE, service_code="tip"))
    assert receipt == Receipt(service_notice="Thank you")


UNSURE = {
    "empty list (simple-crm and an emoji)": (200, []),
    "another resident's row": (200, [row(description="Graffiti on the bridge")]),
    "the same words without our reference": (200, [row(description="A deep pothole by the school gate")]),
    "another service's row": (200, [row(service_code="9")]),
    "everybody's rows": (200, [row(), row(service_request_id="102")]),
    "neither id nor token": (200, [{"service_notice": "Thanks"}]),
    "HTML": (200, "<!DOCTYPE html><html><title>Welcome</title></html>"),
    "nothing": (200, ""),
    "broken JSON": (200, '[{"service_request_id": '),
    "500": (500, [{"code": 500, "description": "internal"}]),
    "502": (502, "<html>Bad gateway</html>"),
    "504": (504, ""),
    "303 after a success": httpx.Response(303, headers={"location": "/open311/v2/requests/101.json"}),
    "302": httpx.Response(302, headers={"location": "/open311/v2/requests.json"}),
    "time-out": httpx.ReadTimeout("slow"),
    "cut connection": httpx.RemoteProtocolError("Server disconnected without sending a response."),
    "cut while sending": httpx.WriteError("broken pipe"),
}


@pytest.mark.parametrize("reply", UNSURE.values(), ids=UNSURE.keys())
async def test_what_proves_nothing_is_unsure_and_sent_once(reply: object) -> None:
    city = answering(reply)
    with pytest.raises(Unsure):
        await client_of(city).submit(POTHOLE)
    assert len([r for r in city.asked if r.method == "POST"]) == 1


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow")], ids=repr)
async def test_a_connection_that_never_opened_is_retryable(error: Exception) -> None:
    with pytest.raises(Retryable):
        await client_of(answering(error)).submit(POTHOLE)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("30", 30), ("Mon, 01 Jun 2026 12:05:00 GMT", 300), ("", 60), ("soon", 60), ("99999999", 6 * 3600)],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_city_that_says_later_is_asked_later(status: int, told: str, seconds: float) -> None:
    city = answering(httpx.Response(status, headers={"retry-after": told}))
    with pytest.raises(Retryable) as caught:
        await client_of(city).submit(POTHOLE)
    assert caught.value.after == seconds


REFUSALS = {
    "specification": ([{"code": 400, "description": "lat is missing"}], "lat is missing"),
    "no code (uReport)": ([{"description": "services/unknown"}], "services/unknown"),
    "XML": ("<errors><error><code>400</code><description>No lat</description></error></errors>", "No lat"),
    "lone error (simple-crm)": ("<error><code>400</code><description>No lat</description></error>", "No lat"),
    "message (codefornl)": ({"type": "error", "code": "middleware_15", "message": "No lat"}, "No lat"),
    "lists (SeeClickFix)": ({"base": ["No lat", "No text"], "duplicate": []}, "No lat; No text"),
    "many rows (mySociety)": (
        [{"code": 400, "description": "Error in input"}, {"code": 400, "description": "lat: not a number"}],
        "Error in input; lat: not a number",
    ),
    "plain text (Boston)": ("No lat given", "No lat given"),
    "HTML": ("<html><body><h1>Bad request</h1><p>No lat</p></body></html>", "Bad request No lat"),
}


@pytest.mark.parametrize(("body", "words"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_a_refusal_goes_to_staff_in_the_citys_words(body: object, words: str) -> None:
    with pytest.raises(Permanent) as caught:
        await client_of(answering((400, body))).submit(POTHOLE)
    assert caught.value.words == words


async def test_a_moved_endpoint_is_not_followed() -> None:
    city = answering(httpx.Response(308, headers={"location": "https://elsewhere.test/requests.json"}))
    with pytest.raises(Permanent, match=r"moved to https://elsewhere\.test"):
        await client_of(city).submit(POTHOLE)
    assert {r.url.host for r in city.asked} == {"city.test"}


async def test_a_refused_second_external_id_means_the_first_send_landed() -> None:
    city = answering((400, [{"code": 400, "description": "Duplicate external_id"}]))
    with pytest.raises(Unsure):
        await client_of(city, marker_attribute="external_id").submit(POTHOLE)


async def test_the_key_is_blotted_out_of_a_refusal_that_repeats_it() -> None:
    city = answering((403, [{"description": f"unknown api_key {KEY}"}]))
    client = client_of(city)
    with pytest.raises(Retryable) as caught:
        await client.submit(POTHOLE)
    assert KEY not in str(caught.value) + client.endpoint.refused_key
    assert "unknown api_key [key]" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, ""),
        (400, [{"description": "clients/unknownApiKey"}]),  # uReport
        (403, [{"code": 403, "description": "api_key was not provided."}]),
    ],
)
async def test_a_refused_key_is_the_citys_account_and_not_the_report(status: int, body: object) -> None:
    client = client_of(answering((status, body)))
    with pytest.raises(Retryable, match="refuses our API key"):
        await client.submit(POTHOLE)


@pytest.mark.parametrize(
    "words", ["service_code 4 is not open to your api_key", "api_key may not post this description", "Forbidden"]
)
async def test_a_403_that_speaks_of_one_report_is_for_staff(words: str) -> None:
    client = client_of(answering((403, [{"description": words}])))
    with pytest.raises(Permanent):
        await client.submit(POTHOLE)
    assert client.endpoint.refused_key == ""


async def test_a_mended_key_lets_reports_through() -> None:
    clock, city = ManualClock(), answering((401, ""))
    client = client_of(city, clock)
    with pytest.raises(Retryable):
        await client.submit(POTHOLE)
    city.replies[POST] = (200, [{"service_request_id": "5"}])
    with pytest.raises(Retryable, match="reports are held"):
        await client.submit(POTHOLE)
    clock.pass_(300)
    assert (await client.submit(POTHOLE)).service_request_id == "5"
    assert client.endpoint.refused_key == ""


async def test_a_refused_key_does_not_end_the_looking_up() -> None:
    city = ScriptedCity()
    city.replies["GET requests.json"] = (403, [{"description": "api_key is not valid."}])
    with pytest.raises(Retryable, match="refuses our API key"):
        await client_of(city, ManualClock()).look_up(POTHOLE, NOON)


async def test_a_service_the_city_does_not_offer_is_refused_before_sending() -> None:
    city = answering((200, []))
    with pytest.raises(Permanent, match="no service 77"):
        await client_of(city).submit(replace(POTHOLE, service_code="77"))
    assert not city.calls(POST)


async def test_a_city_whose_reads_all_fail_for_good_still_gets_reports() -> None:
    city = answering((200, {"data": {"service_request_id": 5}, "success": True}))
    city.replies["GET services.json"] = city.replies["GET services.xml"] = (405, {"message": "not offered"})
    assert (await client_of(city).submit(POTHOLE)).service_request_id == "5"


async def test_the_form_carries_what_the_specification_names() -> None:
    city = answering((200, [{"service_request_id": 101}]))
    await client_of(city, jurisdiction_id="city.test").submit(replace(POTHOLE, media=("https://b.test/1.jpg",)))
    assert city.form() == [
        ("jurisdiction_id", "city.test"),
        ("api_key", KEY),
        ("service_code", "4"),
        ("lat", "39.17"),
        ("long", "-86.53"),
        ("description", "A deep pothole by the school gate\nRef K7QM2F9P"),
        ("media_url", "https://b.test/1.jpg"),
    ]
    assert city.asked[-1].headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"


async def test_after_failures_in_a_row_the_endpoint_is_left_alone_and_then_tried_once() -> None:
    clock, city = (
        ManualClock(),
        answering([*[httpx.ConnectError("refused")] * 3, (200, [{"service_request_id": 1}])]),
    )
    client = client_of(city, clock, circuit_failures=3, circuit_seconds=60)
    for _ in range(3):
        with pytest.raises(Retryable):
            await client.submit(POTHOLE)
    with pytest.raises(Retryable) as held:
        await client.submit(POTHOLE)
    assert held.value.after == 60
    assert len(city.calls(POST)) == 3
    clock.pass_(60)
    assert (await client.submit(POTHOLE)).service_request_id == "1"
