"""Twilio in depth: signatures, parts, doubles, missed webhooks, media, WhatsApp's window, floods."""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.applications import Starlette
from twilio.request_validator import RequestValidator

from bridge.demo.loopback import served
from bridge.demo.twilio_twin import Media, TwilioTwin
from bridge.errors import Permanent, Retryable, SettingsError, Unsure
from bridge.segments import count
from bridge.vocabulary import Attachment, Choice, Earlier, Inbound, Outbound
from channels.sms import Settings, Sms, create
from channels.sms_webhook import is_signed
from channels.trust import trusted

SID = "AC" + "1" * 32
TOKEN = "auth-token"
ADA, BOB = "+15550100001", "+15550100002"
PUBLIC = "https://bridge.example"
PHOTO = Media("image/jpeg", b"\xff\xd8\xff" + bytes(900))


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@asynccontextmanager
async def connected(
    number: str = "+15550100311", **more: Any
) -> AsyncIterator[tuple[Sms, TwilioTwin, list[Inbound]]]:
    kept: list[Inbound] = []

    async def accept(messages: Sequence[Inbound]) -> None:
        kept.extend(messages)

    async with TwilioTwin(SID, TOKEN, number, public_url=PUBLIC) as twin:
        base = {
            "account_sid": SID,
            "auth_token": TOKEN,
            "number": number,
            "public_url": PUBLIC,
            "api_url": twin.url,
        }
        channel = create("texts", Settings.model_validate(base | more), Now())
        async with served(Starlette(routes=list(channel.hooks(accept)))) as url:
            twin.webhook = url + channel.hook_path
            yield channel, twin, kept
        await channel.close()


def reply(text: str, to: str = ADA, **more: Any) -> Outbound:
    return Outbound(more.pop("id", "o1"), "texts", "sms", to, to, text, **more)


# --------------------------------------------------------------------------------------------- signatures


# Twilio's own example (https://www.twilio.com/docs/usage/security#validating-requests).
EXAMPLE_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
EXAMPLE = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}


def test_twilio_s_published_signature_is_believed() -> None:
    body = urlencode(EXAMPLE).encode()
    signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert is_signed(EXAMPLE_URL, body, "application/x-www-form-urlencoded", signature, ["12345"])
    assert not is_signed(EXAMPLE_URL + "&", body, "application/x-www-form-urlencoded", signature, ["12345"])


@pytest.mark.parametrize("port", ["", ":443"])
def test_a_signature_may_cover_the_port_or_not(port: str) -> None:
    signature = RequestValidator("12345").compute_signature(f"https://mycompany.com{port}/hook", EXAMPLE)
    assert is_signed("https://mycompany.com/hook", urlencode(EXAMPLE).encode(), "", signature, ["12345"])


def test_a_json_body_is_believed_by_its_hash() -> None:
    body = b'{"event": "delivered"}'
    url = f"{PUBLIC}/hooks/sms/texts?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    assert is_signed(url, body, "application/json", signature, [TOKEN])
    assert not is_signed(url, body + b" ", "application/json", signature, [TOKEN])


def test_a_json_body_without_its_hash_is_not_believed() -> None:
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/hook", {})
    assert not is_signed(f"{PUBLIC}/hook", b"{}", "application/json", signature, [TOKEN])


async def test_while_a_token_is_rotated_both_are_believed() -> None:
    async with connected(previous_auth_token="old-token") as (_, twin, kept):
        assert (await twin.text(ADA, "new")).status_code == 200
        twin.auth_token = "old-token"
        assert (await twin.text(ADA, "old")).status_code == 200
        twin.auth_token = "older-token"
        assert (await twin.text(ADA, "older")).status_code == 403
    assert [message.text for message in kept] == ["new", "old"]


@pytest.mark.parametrize(("trouble", "status"), [("unsigned", 403), ("too large", 413), ("disk full", 503)])
async def test_an_error_page_says_nothing(trouble: str, status: int) -> None:
    async def accept(messages: Sequence[Inbound]) -> None:
        raise OSError(f"disk full of {TOKEN}")

    base = {"account_sid": SID, "auth_token": TOKEN, "number": "+15550100311", "public_url": PUBLIC}
    channel = create("texts", Settings.model_validate(base), Now())
    form = {"From": ADA, "MessageSid": "SM1", "Body": "hi", "AccountSid": SID, "To": "+15550100311"}
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + channel.hook_path, form)
    headers = {"X-Twilio-Signature": "" if trouble == "unsigned" else signature}
    data = form | {"Body": "x" * 600_000} if trouble == "too large" else form
    app = httpx.ASGITransport(Starlette(routes=list(channel.hooks(accept))))
    async with httpx.AsyncClient(transport=app, base_url="http://bridge") as client:
        answer = await client.post(channel.hook_path, data=data, headers=headers)
    await channel.close()
    assert (answer.status_code, answer.content) == (status, b"")


async def test_another_twilio_account_is_refused() -> None:
    async with connected() as (_, twin, kept):
        assert (await twin.text(ADA, "hi", AccountSid="AC" + "2" * 32)).status_code == 403
    assert kept == []


# --------------------------------------------------------------------------------------------- any bytes


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=6))
async def test_no_webhook_is_answered_with_a_server_error(raw: bytes, form: dict[str, str]) -> None:
    kept: list[Inbound] = []

    async def accept(messages: Sequence[Inbound]) -> None:
        kept.extend(messages)

    base = {"account_sid": SID, "auth_token": TOKEN, "number": "+15550100311", "public_url": PUBLIC}
    channel = create("texts", Settings.model_validate(base), Now())
    app = httpx.ASGITransport(Starlette(routes=list(channel.hooks(accept))))
    async with httpx.AsyncClient(transport=app, base_url="http://bridge") as client:
        unsigned = await client.post(channel.hook_path, content=raw, headers={"Content-Type": "application/json"})
        body = urlencode({**form, "AccountSid": SID})
        signature = RequestValidator(TOKEN).compute_signature(
            PUBLIC + channel.hook_path, {**form, "AccountSid": SID}
        )
        signed = await client.post(
            channel.hook_path,
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature},
        )
    await channel.close()
    assert unsigned.status_code == 403
    assert signed.status_code in (200, 403)
    assert len(kept) == (signed.status_code == 200)


# ------------------------------------------------------------------------------------------------- sending


async def test_choices_are_lines_to_answer_by_typing() -> None:
    async with connected() as (channel, twin, _):
        await channel.send(reply("Which?", choices=(Choice("1", "Pothole"), Choice("0", "Other"))))
        assert (await twin.next_text()).body == "Which?\n1) Pothole\n0) Other"
        await channel.send(
            reply("Which?", id="o2", choices=(Choice("pothole", "Pothole"), Choice("other", "Other")))
        )
        assert (await twin.next_text()).body == "Which?\n1) Pothole\n2) Other"


async def test_a_long_reply_leaves_in_numbered_parts_and_counts_its_segments() -> None:
    async with connected(max_segments=1) as (channel, twin, _):
        sent = await channel.send(reply("pothole " * 40))
        parts = [text.body for text in twin.texts]
    assert [part[-6:] for part in parts] == [" (1/3)", " (2/3)", " (3/3)"]
    assert all(count(part) == 1 for part in parts)
    assert (sent.segments, sent.provider_id) == (3, twin.texts[-1].sid)


async def test_a_failure_between_parts_goes_on_where_it_stopped() -> None:
    async with connected(max_segments=1) as (channel, twin, _):
        await channel.send(reply("x", id="warm"))
        long = reply("pothole " * 40, id="long")
        twin.refuse(429, 20429)
        with pytest.raises(Retryable):
            await channel.send(long)
        twin.refuse(429, 20429)
        with pytest.raises(Retryable):
            await channel.send(long, Earlier(Now().now()))
        sent = await channel.send(long, Earlier(Now().now()))
    assert sent.parts == tuple(text.sid for text in twin.texts[1:])
    assert [text.body[-5:] for text in twin.texts[1:]] == ["(1/3)", "(2/3)", "(3/3)"]


@pytest.mark.parametrize("to", [ADA, f"whatsapp:{ADA}"])
async def test_a_text_whose_answer_was_lost_is_not_sent_again_by_another_process(to: str) -> None:
    async with connected(timeout_seconds=0.4, number="+15550311", sms_number="+15550312") as (channel, twin, _):
        twin.stall(1.2)
        with pytest.raises(Unsure):
            await channel.send(reply("Thank you.", to=to))
        another = create("texts", channel._settings, Now())
        sent = await another.send(reply("Thank you.", to=to), Earlier(Now().now()))
        await another.close()
    assert [text.sid for text in twin.texts] == [sent.provider_id]


async def test_an_equal_text_sent_before_does_not_stand_for_a_lost_one() -> None:
    async with connected(timeout_seconds=0.4) as (channel, twin, _):
        first = await channel.send(reply("Thank you.", id="first"))
        twin.stall(1.2)
        with pytest.raises(Unsure):
            await channel.send(reply("Thank you.", id="second"))
        twin.texts.pop()  # it never reached Twilio after all
        await channel.send(reply("Thank you.", id="second"), Earlier(Now().now(), frozenset(first.parts)))
    assert len({text.sid for text in twin.texts}) == 2


async def test_an_opted_out_resident_is_told_apart() -> None:
    async with connected() as (channel, twin, _):
        twin.opted_out.add(ADA)
        with pytest.raises(Permanent) as refused:
            await channel.send(reply("hi"))
    assert refused.value.code == "21610"


async def test_a_refused_token_is_tried_again_later_and_named_by_check() -> None:
    async with connected() as (channel, twin, _):
        await channel.check()
        twin.auth_token = "rotated"
        with pytest.raises(Retryable) as refused:
            await channel.send(reply("hi"))
        with pytest.raises(SettingsError, match="texts: account_sid, auth_token"):
            await channel.check()
    assert refused.value.after == 300


async def test_a_twilio_that_cannot_be_reached_is_tried_again() -> None:
    async with connected() as (channel, _, _kept):
        pass
    fresh = create("texts", channel._settings, Now())
    with pytest.raises(Retryable):
        await fresh.send(reply("hi"))
    await fresh.close()


async def test_a_message_is_sent_by_the_messaging_service_where_there_is_one() -> None:
    async with connected(messaging_service_sid="MG" + "3" * 32) as (channel, twin, _):
        await channel.send(reply("hi"))
    assert twin.texts[0].form["MessagingServiceSid"] == "MG" + "3" * 32
    assert "From" not in twin.texts[0].form


async def test_delivery_reports_come_to_the_same_hook() -> None:
    async with connected() as (channel, twin, kept):
        sent = await channel.send(reply("hi"))
        await twin.report(twin.texts[0], "undelivered", "30006")
    assert twin.texts[0].status_callback == f"{PUBLIC}{channel.hook_path}#rc=3&rp=all"
    (report,) = kept
    assert report.delivery
    assert (report.delivery.provider_id, report.delivery.state, report.delivery.code) == (
        sent.provider_id,
        "unreachable",
        "30006",
    )


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("21610", "opted_out"),
        ("30003", "missed"),
        ("30004", "unreachable"),
        ("30005", "unreachable"),
        ("30006", "unreachable"),
        ("30007", "filtered"),
        ("30008", "missed"),
        ("30032", "barred"),
        ("30034", "barred"),
        ("99999", "failed"),
        ("", "failed"),
    ],
)
async def test_an_error_code_says_whom_it_is_about(code: str, state: str) -> None:
    async with connected() as (channel, twin, kept):
        await channel.send(reply("hi"))
        await twin.report(twin.texts[0], "undelivered", code)
    assert kept[0].delivery
    assert kept[0].delivery.state == state


async def test_what_advanced_opt_out_has_answered_is_marked() -> None:
    async with connected(messaging_service_sid="MG" + "3" * 32) as (_, twin, kept):
        for word, kind in (("FIN", "STOP"), ("START", "START"), ("HELP", "HELP")):
            await twin.text(ADA, word, OptOutType=kind, MessagingServiceSid="MG" + "3" * 32)
        await twin.text(ADA, "stop", MessagingServiceSid="MG" + "3" * 32)
    assert [message.keyword for message in kept] == ["stop", "start", "help", ""]


async def test_a_text_to_another_number_or_service_is_refused() -> None:
    async with connected() as (_, twin, kept):
        assert (await twin.text(ADA, "hi", To="+15550100999")).status_code == 403
    async with connected(messaging_service_sid="MG" + "3" * 32) as (_, twin, more):
        assert (await twin.text(ADA, "hi", MessagingServiceSid="MG" + "4" * 32)).status_code == 403
        assert (await twin.text(ADA, "hi", MessagingServiceSid="MG" + "3" * 32, To="+1555010077")).is_success
    assert (kept, len(more)) == ([], 1)


async def test_a_json_body_that_is_signed_is_read() -> None:
    event = [
        {
            "type": "com.twilio.messaging.message.delivered",
            "data": {"messageSid": "SM9", "messageStatus": "delivered", "to": ADA},
        }
    ]
    body = json.dumps(event).encode()
    async with connected() as (channel, twin, kept):
        query = f"?bodySHA256={hashlib.sha256(body).hexdigest()}"
        signature = RequestValidator(TOKEN).compute_signature(PUBLIC + channel.hook_path + query, {})
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/json"}
        async with httpx.AsyncClient(verify=trusted()) as client:
            answer = await client.post(twin.webhook + query, content=body, headers=headers)
    assert answer.status_code == 200
    assert kept[0].delivery
    assert (kept[0].delivery.provider_id, kept[0].delivery.state) == ("SM9", "delivered")


async def test_no_more_is_sent_in_a_minute_than_the_settings_say() -> None:
    async with connected(sends_per_minute=2) as (channel, twin, _):
        for number in range(2):
            await channel.send(reply("hi", id=f"o{number}"))
        with pytest.raises(Retryable):
            await channel.send(reply("hi", id="o3"))
    assert len(twin.texts) == 2


async def test_while_a_token_is_rotated_both_may_send() -> None:
    async with connected(previous_auth_token="old-token") as (channel, twin, _):
        twin.auth_token = "old-token"
        await channel.send(reply("hi"))
    assert len(twin.texts) == 1


async def test_texts_refused_while_the_token_was_wrong_are_found_with_the_right_one() -> None:
    async with connected() as (channel, twin, kept):
        twin.auth_token = "rotated"
        assert (await twin.text(ADA, "Pothole on Elm", sid="SM55")).status_code == 403
        settings = channel._settings.model_copy(update={"auth_token": SecretStr("rotated")})
        edited = create("texts", settings, Now())

        async def accept(messages: Sequence[Inbound]) -> None:
            kept.extend(messages)

        await edited.reconcile(accept, datetime.now(UTC) - timedelta(hours=1))
        await edited.close()
    assert [message.text for message in kept] == ["Pothole on Elm"]


async def test_what_became_of_our_texts_and_their_price_is_found_in_the_list() -> None:
    async with connected() as (channel, twin, kept):
        sent = await channel.send(reply("hi"))
        twin.texts[0].status, twin.texts[0].price = "delivered", "-0.0079"

        async def accept(messages: Sequence[Inbound]) -> None:
            kept.extend(messages)

        await channel.reconcile(accept, datetime.now(UTC) - timedelta(hours=1))
    (told,) = kept
    assert told.delivery
    assert (told.delivery.provider_id, told.delivery.state) == (sent.provider_id, "delivered")
    assert (told.delivery.price_micros, told.delivery.currency) == (7_900, "USD")


# ------------------------------------------------------------------------------------------------ WhatsApp


async def test_within_a_day_whatsapp_takes_a_free_text() -> None:
    async with connected(whatsapp_template_sid="HX" + "4" * 32) as (channel, twin, _):
        twin.number = "whatsapp:+15550100311"
        await twin.text(f"whatsapp:{ADA}", "hi")
        await channel.send(reply("Thank you.", to=f"whatsapp:{ADA}"))
    assert twin.texts[0].form["Body"] == "Thank you."


async def test_after_a_day_whatsapp_gets_a_template() -> None:
    async with connected(whatsapp_template_sid="HX" + "4" * 32) as (channel, twin, _):
        await channel.send(reply("Closed.", to=f"whatsapp:{ADA}"))
    form = twin.texts[0].form
    assert form["ContentSid"] == "HX" + "4" * 32
    assert json.loads(form["ContentVariables"]) == {"1": "Closed."}


async def test_after_a_day_without_a_template_whatsapp_refuses() -> None:
    async with connected() as (channel, twin, _):
        with pytest.raises(Permanent) as refused:
            await channel.send(reply("Closed.", to=f"whatsapp:{ADA}"))
    assert (refused.value.code, refused.value.fate) == ("63016", "unreachable")
    assert twin.texts == []


async def test_what_whatsapp_does_not_take_goes_as_a_text_to_the_same_phone() -> None:
    async with connected(sms_number="+15550100312") as (channel, twin, _):
        await channel.send(reply("Closed.", to=f"whatsapp:{ADA}"))
    assert (twin.texts[0].to, twin.texts[0].sender, twin.texts[0].body) == (ADA, "+15550100312", "Closed.")


async def test_a_template_that_is_refused_gives_way_to_a_text() -> None:
    more = {"sms_number": "+15550100312", "whatsapp_template_sid": "HX" + "4" * 32}
    async with connected(**more) as (channel, twin, _):
        twin.refuse(400, 63016)
        await channel.send(reply("Closed.", to=f"whatsapp:{ADA}"))
    assert twin.texts[0].to == ADA


async def test_choices_are_whatsapp_buttons_where_there_is_content_for_so_many() -> None:
    choices = (Choice("1", "412 Oak St"), Choice("2", "412 Oak Ave"))
    async with connected(whatsapp_choices_sids={2: "HX" + "5" * 32}) as (channel, twin, _):
        twin.number = "whatsapp:+15550100311"
        await twin.text(f"whatsapp:{ADA}", "hi")
        await channel.send(reply("Which?", to=f"whatsapp:{ADA}", choices=choices))
        await channel.send(
            reply("Which?", id="o2", to=f"whatsapp:{ADA}", choices=(*choices, Choice("0", "Other")))
        )
    form = twin.texts[0].form
    assert form["ContentSid"] == "HX" + "5" * 32
    assert json.loads(form["ContentVariables"]) == {
        "1": "Which?",
        "2": "412 Oak St",
        "3": "1",
        "4": "412 Oak Ave",
        "5": "2",
    }
    assert twin.texts[1].body.endswith("0) Other")


async def test_buttons_whose_answer_was_lost_are_not_sent_again() -> None:
    choices, whatsapp = (Choice("1", "Pothole"), Choice("2", "Graffiti")), f"whatsapp:{ADA}"
    more = {"whatsapp_choices_sids": {2: "HX" + "5" * 32}, "timeout_seconds": 0.4}
    async with connected(**more) as (channel, twin, _):
        twin.number = "whatsapp:+15550100311"
        await twin.text(whatsapp, "hi")
        twin.stall(1.2)
        with pytest.raises(Unsure):
            await channel.send(reply("Which?", to=whatsapp, choices=choices))
        await channel.send(reply("Which?", to=whatsapp, choices=choices), Earlier(Now().now()))
    assert len(twin.texts) == 1


# ------------------------------------------------------------------------------------------ missed webhooks


async def test_a_text_whose_webhook_was_lost_is_found_and_is_the_same_text() -> None:
    async with connected() as (channel, twin, kept):
        twin.lose(ADA, "Pothole on Elm", media=(PHOTO,), sid="MM77")
        await twin.text(BOB, "Light out", sid="SM78")

        async def accept(messages: Sequence[Inbound]) -> None:
            kept.extend(messages)

        assert await channel.reconcile(accept, datetime.now(UTC) - timedelta(hours=1)) == 2
        hooked, lost, listed = kept
        assert (hooked.provider_key, hooked.text, hooked.sender) == (
            listed.provider_key,
            listed.text,
            listed.sender,
        )
        assert (lost.provider_key, lost.text) == ("MM77", "Pothole on Elm")
        assert await channel.fetch(lost.attachments[0]) == PHOTO.content


# --------------------------------------------------------------------------------------------------- media


async def test_a_picture_is_fetched_with_the_credentials() -> None:
    async with connected(delete_media=True) as (channel, twin, kept):
        await twin.text(ADA, "look", media=(PHOTO,))
        (photo,) = kept[0].attachments
        assert photo.content_type == "image/jpeg"
        assert await channel.fetch(photo) == PHOTO.content
        await channel.discard(photo)
        assert twin.media == {}
        with pytest.raises(Permanent):
            await channel.fetch(photo)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/2010-04-01/Accounts/x/Messages/y/Media/z",
        "https://evil.example/media",
        "https://api.twilio.com.evil.example/media",
        "https://eviltwilio.com/media",
        "http://api.twilio.com/media",
        "https://api.twilio.com:8443/media",
        "https://user@evil.example/api.twilio.com",
        "file:///etc/passwd",
        "//api.twilio.com/media",
        "",
    ],
)
async def test_nothing_is_fetched_from_another_host(url: str) -> None:
    async with connected() as (channel, _, _kept):
        with pytest.raises(Permanent) as refused:
            await channel.fetch(Attachment("image/jpeg", url))
    assert refused.value.code == "foreign_host"


async def test_a_redirect_to_another_host_is_not_followed_and_credentials_stay() -> None:
    asked: list[httpx.Request] = []

    async def provider(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host == "api.twilio.com":
            target = request.url.params["to"]
            return httpx.Response(307, headers={"Location": target})
        return httpx.Response(200, content=b"photo")

    base = {"account_sid": SID, "auth_token": TOKEN, "number": "+15550100311", "public_url": PUBLIC}
    channel = create("texts", Settings.model_validate(base), Now(), httpx.MockTransport(provider))
    fetched = await channel.fetch(Attachment("", "https://api.twilio.com/x?to=https://mms.twiliocdn.com/y"))
    with pytest.raises(Permanent):
        await channel.fetch(Attachment("", "https://api.twilio.com/x?to=https://169.254.169.254/latest"))
    await channel.close()
    assert fetched == b"photo"
    assert [(request.url.host, "authorization" in request.headers) for request in asked] == [
        ("api.twilio.com", True),
        ("mms.twiliocdn.com", False),
        ("api.twilio.com", True),
    ]


async def test_a_picture_over_the_limit_is_not_read_to_its_end() -> None:
    async with connected(media_max_bytes=500) as (channel, twin, kept):
        await twin.text(ADA, "look", media=(PHOTO,))
        with pytest.raises(Permanent) as refused:
            await channel.fetch(kept[0].attachments[0])
    assert refused.value.code == "too_large"


# --------------------------------------------------------------------------------------------- flood, voice


async def test_a_flood_is_stored_unanswered_and_others_are_unaffected() -> None:
    async with connected(answers_per_minute=5) as (_, twin, kept):
        for number in range(12):
            assert (await twin.text(ADA, f"{number}")).status_code == 200
        await twin.text(BOB, "Pothole on Elm")
    assert [message.automatic for message in kept] == [False] * 5 + [True] * 7 + [False]


async def test_one_text_that_comes_again_and_again_is_no_flood() -> None:
    async with connected(answers_per_minute=5) as (_, twin, kept):
        for _ in range(12):
            await twin.text(ADA, "Pothole on Elm", sid="SM1")
        await twin.text(ADA, "and another on Oak")
    assert not any(message.automatic for message in kept)


async def test_a_thousand_texts_a_minute_of_one_sender_leave_the_others_their_answers() -> None:
    kept: list[Inbound] = []

    async def accept(messages: Sequence[Inbound]) -> None:
        kept.extend(messages)

    base = {"account_sid": SID, "auth_token": TOKEN, "number": "+15550100311", "public_url": PUBLIC}
    channel = create("texts", Settings.model_validate(base), Now())
    app = httpx.ASGITransport(Starlette(routes=list(channel.hooks(accept))))
    async with httpx.AsyncClient(transport=app, base_url="http://bridge") as client:
        for number in range(1_000):
            await _post(client, channel, {"From": ADA, "MessageSid": f"SM{number}", "Body": f"{number}"})
            if number % 100 == 50:
                await _post(client, channel, {"From": BOB, "MessageSid": f"SB{number}", "Body": "Pothole on Elm"})
    await channel.close()
    assert len(kept) == 1_010
    assert sum(not message.automatic for message in kept if message.sender == ADA) == 20
    assert all(not message.automatic for message in kept if message.sender == BOB)


async def _post(client: httpx.AsyncClient, channel: Sms, form: dict[str, str]) -> None:
    whole = {**form, "AccountSid": SID, "To": "+15550100311", "SmsStatus": "received"}
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + channel.hook_path, whole)
    answer = await client.post(channel.hook_path, data=whole, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 200


async def test_a_caller_hears_a_sentence() -> None:
    async with connected(voice_sentence="Texts only, please.") as (_, twin, kept):
        twin.webhook += "/voice"
        answer = await twin.post({"CallSid": "CA1", "AccountSid": SID, "From": ADA, "To": twin.number})
    assert '<Say language="en-US">Texts only, please.</Say>' in answer.text
    assert kept == []
