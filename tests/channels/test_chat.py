"""Telegram in depth: what confirms an update, groups, buttons, files, limits, floods."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from bridge.demo.telegram_twin import TelegramTwin
from bridge.errors import Permanent, Retryable, SettingsError
from bridge.vocabulary import Attachment, Choice, Inbound, InboundKind, Outbound
from channels.chat import Chat, Settings, create
from channels.chat_update import parse

TOKEN = "4242:secret"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADA, BOB = 70001, 70002
GROUP = {"id": -1001, "title": "Elm St", "type": "supergroup"}


class Noon:
    def now(self) -> datetime:
        return NOW


class Desk:
    """Takes what a channel stores, and waits for it."""

    def __init__(self) -> None:
        self.kept: list[Inbound] = []
        self._new: asyncio.Queue[Inbound] = asyncio.Queue()

    async def accept(self, messages: Sequence[Inbound]) -> None:
        for message in messages:
            self.kept.append(message)
            self._new.put_nowait(message)

    async def next(self) -> Inbound:
        return await asyncio.wait_for(self._new.get(), 10)


@asynccontextmanager
async def polling(twin: TelegramTwin, **more: Any) -> AsyncIterator[tuple[Chat, Desk]]:
    desk = Desk()
    channel = make(twin.url, **more)
    running = asyncio.create_task(channel.run(desk.accept))
    try:
        yield channel, desk
    finally:
        running.cancel()
        await asyncio.wait([running])
        await channel.close()


def make(url: str, **more: Any) -> Chat:
    base = {"bot_token": TOKEN, "api_url": url, "poll_seconds": 1, "timeout_seconds": 10}
    return create("bot", Settings.model_validate(base | more), Noon())


def reply(text: str, to: int = ADA, **more: Any) -> Outbound:
    return Outbound("o1", "bot", "chat", str(to), more.pop("thread", str(to)), text, **more)


# ------------------------------------------------------------------------------------------- confirmation


async def test_an_update_that_was_not_stored_comes_again_after_a_restart() -> None:
    async def fail(messages: Sequence[Inbound]) -> None:
        tried.set()
        raise OSError("disk full")

    tried = asyncio.Event()
    async with TelegramTwin(TOKEN) as twin:
        update = await twin.text(ADA, "pothole")
        first = make(twin.url)
        running = asyncio.create_task(first.run(fail))
        await tried.wait()
        running.cancel()
        await asyncio.wait([running])
        await first.close()
        assert twin.pending == [update]
        async with polling(twin) as (_, desk):
            assert (await desk.next()).text == "pothole"


async def test_updates_are_stored_in_their_order() -> None:
    async with TelegramTwin(TOKEN) as twin, polling(twin) as (_, desk):
        for word in ("one", "two", "three"):
            await twin.text(ADA, word)
        assert [(await desk.next()).text for _ in range(3)] == ["one", "two", "three"]


async def test_one_odd_update_does_not_hold_up_the_others() -> None:
    async with TelegramTwin(TOKEN) as twin, polling(twin) as (_, desk):
        await twin.push(message={"chat": 7})
        await twin.text(ADA, "pothole")
        odd, plain = await desk.next(), await desk.next()
    assert (odd.kind, plain.text) == (InboundKind.UNKNOWN, "pothole")


async def test_polling_goes_on_after_telegram_was_away() -> None:
    async with TelegramTwin(TOKEN) as twin, polling(twin) as (_, desk):
        await twin.text(ADA, "before")
        await desk.next()
        twin.away = True
        await twin.text(ADA, "after")
        await asyncio.sleep(0.1)
        twin.away = False
        assert (await desk.next()).text == "after"


async def test_the_webhook_is_registered_with_its_secret_and_polling_takes_it_away() -> None:
    async with TelegramTwin(TOKEN) as twin:
        hook = {"mode": "webhook", "public_url": "https://bridge.example/", "webhook_secret": "s3cret"}
        channel = make(twin.url, **hook)
        await channel.run(Desk().accept)
        assert twin.webhook["url"] == "https://bridge.example/hooks/chat/bot"
        assert twin.webhook["secret_token"] == "s3cret"
        await channel.close()
        async with polling(twin) as (_, desk):
            await twin.polled.get()
            assert twin.webhook == {}
            await twin.text(ADA, "pothole")
            assert (await desk.next()).text == "pothole"


async def test_the_menu_is_set_for_each_language() -> None:
    async with (
        TelegramTwin(TOKEN) as twin,
        polling(twin, commands={"": {"help": "How"}, "es": {"help": "Cómo"}}) as (
            _,
            desk,
        ),
    ):
        await twin.text(ADA, "hi")
        await desk.next()
    assert twin.commands == {
        "": [{"command": "help", "description": "How"}],
        "es": [{"command": "help", "description": "Cómo"}],
    }


# ------------------------------------------------------------------------------------------ what is read


def read(update: dict[str, Any]) -> list[Inbound]:
    return parse(json.dumps(update).encode(), "bot", NOW, bot_id=4242, bot_name="fairview_bot")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_json_is_read_without_failing(document: Any) -> None:
    for update in (document, {"update_id": 1, "message": document}, {"update_id": 1, "callback_query": document}):
        assert all(message.account_id == "bot" for message in parse(json.dumps(update).encode(), "bot", NOW))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_failing(raw: bytes) -> None:
    assert [message.kind for message in parse(raw, "bot", NOW)] == [InboundKind.UNKNOWN]


async def test_members_of_a_group_hold_conversations_of_their_own() -> None:
    async with TelegramTwin(TOKEN) as twin, polling(twin) as (channel, desk):
        await twin.text(ADA, "@fairview_bot pothole at 5 Elm", chat=GROUP)
        await twin.text(BOB, "what did she say?", chat=GROUP)
        await twin.text(BOB, "/report@fairview_bot light at 7 Elm", chat=GROUP)
        first, second = await desk.next(), await desk.next()
        assert (first.text, second.text) == ("pothole at 5 Elm", "/report light at 7 Elm")
        assert first.thread != second.thread
        await channel.send(reply("Thanks", thread=first.thread, in_reply_to=first.provider_id, ask_location=True))
        said = await twin.next_said()
    assert said.chat_id == GROUP["id"]
    assert str(said.params["reply_parameters"]["message_id"]) == first.provider_id.partition(":")[2]
    assert said.markup == {}


def test_where_a_resident_walks_is_not_kept() -> None:
    place = {"latitude": 1.0, "longitude": 2.0, "live_period": 60}
    message = {"message_id": 1, "date": 1, "chat": {"id": ADA, "type": "private"}, "location": place}
    assert len(read({"update_id": 1, "message": message})) == 1
    assert read({"update_id": 2, "edited_message": {**message, "edit_date": 2}}) == []


def test_a_shared_contact_is_its_number() -> None:
    contact = {"phone_number": "+15550100001", "first_name": "Ada"}
    message = {"message_id": 1, "date": 1, "chat": {"id": ADA, "type": "private"}, "contact": contact}
    assert read({"update_id": 1, "message": message})[0].text == "+15550100001"


# ---------------------------------------------------------------------------------------- what is said


async def test_a_pressed_button_is_its_value_and_the_buttons_go() -> None:
    async with TelegramTwin(TOKEN) as twin, polling(twin) as (channel, desk):
        sent = await channel.send(reply("Which?", choices=(Choice("1", "Pothole"), Choice("0", "Other"))))
        said = await twin.next_said()
        assert said.buttons == {"Pothole": "1", "Other": "0"}
        await twin.press(ADA, said, "0")
        pressed = await desk.next()
        assert (pressed.text, pressed.in_reply_to) == ("0", sent.provider_id)
        assert await twin.unbuttoned.get() == said.message_id
    assert len(twin.answered) == 1


async def test_values_too_long_for_buttons_become_lines() -> None:
    async with TelegramTwin(TOKEN) as twin:
        channel = make(twin.url)
        await channel.send(reply("Which?", choices=(Choice("x" * 65, "Pothole"),)))
        await channel.close()
    assert twin.said[0].text == "Which?\n1) Pothole"
    assert twin.said[0].buttons == {}


async def test_a_question_for_the_place_offers_the_location_key() -> None:
    async with TelegramTwin(TOKEN) as twin:
        channel = make(twin.url)
        await channel.send(reply("Where?", ask_location=True))
        await channel.send(reply("Thanks"))
        await channel.close()
    assert twin.said[0].markup["keyboard"][0][0]["request_location"] is True
    assert twin.said[1].markup == {"remove_keyboard": True}


@hypothesis_settings(max_examples=6, deadline=None)
@given(st.integers(4_000, 13_000), st.sampled_from(["word ", "😀", "a", "ñ\n"]))
async def test_a_long_text_leaves_whole_in_pieces(length: int, unit: str) -> None:
    text = (unit * length)[:length].strip()
    async with TelegramTwin(TOKEN) as twin:
        channel = make(twin.url)
        await channel.send(reply(text))
        await channel.close()
    assert "".join(said.text for said in twin.said) == text


@pytest.mark.parametrize("text", ["*a* _b_ [c](d) `e`", "<b>&amp;</b>", "\\_*[]()~`>#+-=|{}.!"])
async def test_markup_in_a_text_is_only_text(text: str) -> None:
    async with TelegramTwin(TOKEN) as twin:
        channel = make(twin.url)
        await channel.send(reply(text))
        await channel.close()
    assert twin.said[0].text == text
    assert "parse_mode" not in twin.said[0].params


async def test_telegram_says_how_long_to_wait() -> None:
    async with TelegramTwin(TOKEN) as twin:
        channel = make(twin.url)
        twin.refuse(429, "Too Many Requests: retry after 17", retry_after=17)
        with pytest.raises(Retryable) as busy:
            await channel.send(reply("hi"))
        await channel.close()
    assert busy.value.after == 17


async def test_who_blocked_the_bot_has_opted_out() -> None:
    async with TelegramTwin(TOKEN) as twin:
        channel = make(twin.url)
        twin.blocked.add(ADA)
        with pytest.raises(Permanent) as refused:
            await channel.send(reply("hi"))
        await channel.close()
    assert refused.value.code == "opted_out"


async def test_a_refused_token_is_named_without_being_told() -> None:
    async with TelegramTwin("4242:rotated") as twin:
        channel = make(twin.url)
        with pytest.raises(SettingsError, match="bot: bot_token") as refused:
            await channel.check()
        with pytest.raises(Retryable):
            await channel.send(reply("hi"))
        await channel.close()
    assert "secret" not in str(refused.value)


# ----------------------------------------------------------------------------------------- files, floods


async def test_a_photo_is_fetched_in_its_largest_size() -> None:
    async with TelegramTwin(TOKEN) as twin, polling(twin) as (channel, desk):
        content = b"\xff\xd8\xff" + bytes(900)
        await twin.photo(ADA, content, "look")
        message = await desk.next()
        assert message.text == "look"
        assert await channel.fetch(message.attachments[0]) == content


async def test_a_file_too_large_or_gone_is_refused() -> None:
    async with TelegramTwin(TOKEN) as twin:
        channel = make(twin.url, media_max_bytes=10)
        twin.files["big"] = bytes(11)
        for reference in ("big", "gone"):
            with pytest.raises(Permanent):
                await channel.fetch(Attachment("image/jpeg", reference))
        await channel.close()


async def test_a_flood_is_stored_unanswered_and_others_are_unaffected() -> None:
    async with TelegramTwin(TOKEN) as twin, polling(twin, answers_per_minute=5) as (_, desk):
        for number in range(12):
            await twin.text(ADA, f"{number}")
        await twin.text(BOB, "pothole")
        answered = [not (await desk.next()).automatic for _ in range(13)]
    assert answered == [True] * 5 + [False] * 7 + [True]


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=20))
async def test_no_webhook_is_answered_with_a_server_error(raw: bytes, guess: bytes) -> None:
    desk = Desk()
    hook = {"mode": "webhook", "public_url": "https://bridge.example", "webhook_secret": "s3cret"}
    channel = make("http://127.0.0.1:9", **hook)
    app = httpx.ASGITransport(Starlette(routes=list(channel.hooks(desk.accept))))
    header = "X-Telegram-Bot-Api-Secret-Token"
    async with httpx.AsyncClient(transport=app, base_url="http://bridge") as client:
        ours = await client.post(channel.hook_path, content=raw, headers={header: "s3cret"})
        stranger = await client.post(channel.hook_path, content=raw, headers={header: guess.hex()})
    await channel.close()
    assert (ours.status_code, stranger.status_code) == (200, 403)
    assert len(desk.kept) == 1
