"""What every channel promises, over real sockets against its provider's stand-in."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import BridgeError, Permanent, Retryable, Unsure
from bridge.vocabulary import Inbound, InboundKind, Outbound
from channels import REGISTRY
from tests.contract.worlds import WORLDS, Trouble, World

ROOT = Path(__file__).parents[2]
PAYLOADS = ROOT / "tests/payloads"
WAYS = [pytest.param(way, id=f"{name}-{kind}") for name, ways in WORLDS.items() for kind, way in ways.items()]
CASES = [
    pytest.param(name, expected, id=f"{name}-{expected.name.removesuffix('.expected.json')}")
    for name in REGISTRY
    for expected in sorted((PAYLOADS / name).glob("*.expected.json"))
]
SAID = "my very own words"
ANSWERED = "an answer in confidence"
TEXTS = {
    "emoji": "🕳️ pothole 😡",
    "foreign": "Schlagloch – ¡muy grande! 路面陥没",
    "injection": "hi\nBcc: x@y.example\n\n*bold* _it_ [a](b) <b>",
    "dots": "first\n.\nlast",
    "spaces": "a  b\n\n  c",
}
JUNK = {
    "empty": b"",
    "binary": bytes(range(256)) * 8,
    "nul": b"\0" * 100,
    "json": b'{"update_id": 7, "message": [1, {"chat": null}]}',
    "deep": b"[" * 50_000,
    "header": b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
    "large": (b"0123456789" * 90 + b"\n") * 11_640,
}


@pytest.fixture(params=WAYS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with request.param() as built:
        yield built


def outbound(world: World, text: str) -> Outbound:
    channel = world.channel
    return Outbound("0b1", channel.account_id, channel.name, world.resident, world.resident, text)


def identity(message: Inbound) -> tuple[str, InboundKind, str]:
    return message.account_id, message.kind, message.provider_key


# ------------------------------------------------------------------------------------ what it must have


def test_every_registered_channel_has_a_world() -> None:
    assert set(WORLDS) == set(REGISTRY)


@pytest.mark.parametrize("name", REGISTRY)
def test_every_channel_has_recorded_payloads_and_a_page(name: str) -> None:
    assert list((PAYLOADS / name).glob("*.expected.json"))
    assert (ROOT / f"docs/channels/{name}.md").read_text().startswith("# ")


@pytest.mark.parametrize("name", REGISTRY)
def test_every_setting_is_documented(name: str) -> None:
    page = (ROOT / f"docs/channels/{name}.md").read_text()
    assert [field for field in REGISTRY[name].settings.model_fields if f"`{field}`" not in page] == []


@pytest.mark.parametrize(("name", "expected"), CASES)
def test_a_recorded_payload_is_read_as_written_beside_it(name: str, expected: Path) -> None:
    (payload,) = (
        path for path in expected.parent.glob(expected.name.replace(".expected.json", ".*")) if path != expected
    )
    world: World = next(iter(WORLDS[name].values()))()
    read = [json.loads(json.dumps(asdict(message), default=str)) for message in world.parse(payload.read_bytes())]
    wanted = json.loads(expected.read_text())
    assert [{key: message[key] for key in want} for message, want in zip(read, wanted, strict=True)] == wanted


@pytest.mark.parametrize("name", REGISTRY)
def test_an_unknown_kind_of_traffic_is_named_unknown(name: str) -> None:
    (payload,) = (path for path in (PAYLOADS / name).glob("unknown.*") if ".expected." not in path.name)
    world: World = next(iter(WORLDS[name].values()))()
    assert [message.kind for message in world.parse(payload.read_bytes())] == [InboundKind.UNKNOWN]


# ------------------------------------------------------------------------------------------------- in


async def test_a_message_is_stored_whole_before_it_is_acknowledged(world: World) -> None:
    assert await world.write("Pothole on Main St")
    (message,) = world.intake.kept
    assert message.kind is InboundKind.MESSAGE
    assert (message.account_id, message.channel) == (world.channel.account_id, world.channel.name)
    assert (message.sender, message.text) == (world.resident, "Pothole on Main St")
    assert message.thread
    assert message.raw


async def test_what_cannot_be_stored_is_not_acknowledged_and_its_redelivery_is_taken(world: World) -> None:
    world.intake.failures = 1
    assert not await world.write("Pothole on Main St")
    assert world.intake.kept == []
    assert await world.redeliver()
    assert [message.text for message in world.intake.kept] == ["Pothole on Main St"]


async def test_a_redelivery_carries_the_same_identity(world: World) -> None:
    await world.write("Pothole on Main St")
    await world.redeliver()
    first, second = world.intake.kept
    assert identity(first) == identity(second)


async def test_two_messages_with_the_same_words_are_two(world: World) -> None:
    await world.write("Pothole on Main St")
    await world.write("Pothole on Main St")
    assert len({identity(message) for message in world.intake.kept}) == 2


async def test_a_stranger_past_the_provider_is_refused_and_nothing_is_kept(world: World) -> None:
    assert await world.forge()
    assert world.intake.tries == []


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
async def test_no_bytes_crash_it(world: World, junk: bytes) -> None:
    assert await world.throw(junk) != 500
    assert await world.write("still here")
    assert world.intake.kept[-1].text == "still here"


async def test_nul_and_control_characters_are_taken_out_of_a_text(world: World) -> None:
    await world.write("pot\0hole\x07\ton\x1b[31m Main\x9b St")
    assert world.intake.kept[-1].text == "pothole\ton[31m Main St"


async def test_an_emoji_text_stays_as_it_is(world: World) -> None:
    await world.write("🕳️ on Main 😡")
    assert world.intake.kept[-1].text == "🕳️ on Main 😡"


async def test_twenty_thousand_characters_are_kept(world: World) -> None:
    text = "schl glöch 😀 " * 1_666
    await world.write(text.strip())
    assert world.intake.kept[-1].text == text.strip()


# ------------------------------------------------------------------------------------------------ out


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_a_reply_reaches_the_resident_unchanged(world: World, text: str) -> None:
    sent = await world.channel.send(outbound(world, text))
    assert sent.provider_id
    assert await world.hear() == text


@pytest.mark.parametrize(("trouble", "error"), [("busy", Retryable), ("refused", Permanent), ("gone", Permanent)])
async def test_a_provider_that_refuses_is_told_apart(
    world: World, trouble: Trouble, error: type[BridgeError]
) -> None:
    world.trouble(trouble)
    with pytest.raises(error):
        await world.channel.send(outbound(world, "hello"))


@pytest.mark.parametrize("way", WAYS)
async def test_a_provider_that_takes_a_message_and_falls_silent_leaves_us_unsure(way: Any) -> None:
    async with way(timeout=0.4) as world:
        world.trouble("silent")
        with pytest.raises(Unsure):
            await world.channel.send(outbound(world, "hello"))


async def test_secrets_texts_and_addresses_stay_out_of_logs_and_errors(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    world.intake.failures = 1
    await world.write(SAID)
    await world.redeliver()
    await world.forge()
    seen = ""
    for trouble in ("busy", "refused", "gone"):
        await world.channel.send(outbound(world, ANSWERED))
        world.trouble(trouble)
        try:
            await world.channel.send(outbound(world, ANSWERED))
        except BridgeError as error:
            seen += "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
    seen += (
        caplog.text + "".join(capfd.readouterr()) + repr(world.channel) + repr(vars(world.channel)["_settings"])
    )
    private = [*world.secrets, SAID, ANSWERED]
    assert [word for word in private if word in seen] == []
