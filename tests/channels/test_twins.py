"""The stand-ins answer with what the providers' documentation records."""

import json
from pathlib import Path
from typing import Any

import httpx

from bridge.demo.telegram_twin import TelegramTwin
from bridge.demo.twilio_twin import TwilioTwin

PAYLOADS = Path(__file__).parents[1] / "payloads"
SID = "AC" + "1" * 32


def shape(value: Any) -> Any:
    """Names and types, without the values."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items())}
    return type(value).__name__


def recorded(name: str) -> Any:
    return shape(json.loads((PAYLOADS / name).read_text()))


async def test_twilio_creates_a_message_as_recorded() -> None:
    async with TwilioTwin(SID, "token", "+15550100311") as twin, httpx.AsyncClient(auth=(SID, "token")) as client:
        url = f"{twin.url}/2010-04-01/Accounts/{SID}/Messages.json"
        answer = await client.post(url, data={"To": "+15550100001", "From": twin.number, "Body": "Hi there"})
        listed = (await client.get(url, params={"To": "+15550100001"})).json()
    assert answer.status_code == 201
    assert shape(answer.json()) == recorded("sms/answers/created.json")
    assert listed["messages"] == [answer.json()]


async def test_twilio_refuses_who_opted_out_as_recorded() -> None:
    async with TwilioTwin(SID, "token", "+15550100311") as twin, httpx.AsyncClient(auth=(SID, "token")) as client:
        twin.opted_out.add("+15550100001")
        url = f"{twin.url}/2010-04-01/Accounts/{SID}/Messages.json"
        answer = await client.post(url, data={"To": "+15550100001", "From": twin.number, "Body": "Hi there"})
    assert answer.status_code == 400
    assert answer.json() == json.loads((PAYLOADS / "sms/answers/refused.json").read_text())


async def test_twilio_wants_the_auth_token() -> None:
    async with TwilioTwin(SID, "token", "+15550100311") as twin, httpx.AsyncClient(auth=(SID, "guess")) as client:
        answer = await client.post(f"{twin.url}/2010-04-01/Accounts/{SID}/Messages.json")
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


async def test_telegram_answers_as_recorded() -> None:
    async with (
        TelegramTwin("4242:token") as twin,
        httpx.AsyncClient(base_url=f"{twin.url}/bot4242:token/") as client,
    ):
        assert shape((await client.get("getMe")).json()) == recorded("chat/answers/get_me.json")
        sent = (await client.post("sendMessage", data={"chat_id": 5, "text": "Thanks!"})).json()
        twin.refuse(429, "Too Many Requests: retry after 7", retry_after=7)
        busy = (await client.post("sendMessage", data={"chat_id": 5, "text": "Thanks!"})).json()
        twin.blocked.add(5)
        blocked = (await client.post("sendMessage", data={"chat_id": 5, "text": "Thanks!"})).json()
    kept = recorded("chat/answers/sent.json")
    assert shape(sent["result"]).keys() == kept["result"].keys()
    assert busy == json.loads((PAYLOADS / "chat/answers/too_many_requests.json").read_text())
    assert blocked == json.loads((PAYLOADS / "chat/answers/blocked.json").read_text())


async def test_telegram_keeps_updates_until_an_offset_confirms_them() -> None:
    async with (
        TelegramTwin("4242:token") as twin,
        httpx.AsyncClient(base_url=f"{twin.url}/bot4242:token/") as client,
    ):
        first = await twin.text(5, "one")
        second = await twin.text(5, "two")
        for _ in range(2):
            assert (await client.get("getUpdates")).json()["result"] == [first, second]
        offset = second["update_id"]
        assert (await client.get("getUpdates", params={"offset": offset})).json()["result"] == [second]
        assert (await client.get("getUpdates", params={"offset": 0})).json()["result"] == [second]


async def test_telegram_knows_no_other_token() -> None:
    async with TelegramTwin("4242:token") as twin, httpx.AsyncClient(base_url=twin.url) as client:
        answer = await client.get("/bot4242:guess/getMe")
    assert (answer.status_code, answer.json()["description"]) == (401, "Unauthorized")
