"""What the network itself does to a POST or a read, on real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from bridge import trace
from bridge.errors import Retryable, Unsure
from bridge.open311 import Profile, exchange
from tests.open311.scripted import KEY, ScriptedCity, client_of

FORM = [("service_code", "4"), ("description", "hole")]
Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(behave: Behave) -> AsyncIterator[str]:
    """A server that does with each connection as it is told."""

    talks = set[asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await behave(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(talk(reader, writer)))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        await asyncio.gather(*talks)


async def post(url: str, seconds: float = 5) -> exchange.Answer:
    async with exchange.connect(Profile(endpoint=url), None, None) as http:
        return await exchange.post(http, f"{url}/requests.json", FORM, seconds)


async def read_request(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def test_a_closed_port_has_taken_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Retryable):
        await post(f"http://127.0.0.1:{port}")


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)


async def hang_up_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def stop_in_the_middle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{"service_request_id": "1"')
    await writer.drain()


async def speak_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"220 mail.city.test ESMTP\r\n")
    await writer.drain()


async def lie_about_gzip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]")
    await writer.drain()


@pytest.mark.parametrize("behave", [hang_up, hang_up_at_once, stop_in_the_middle, speak_no_http, lie_about_gzip])
async def test_a_connection_that_goes_wrong_leaves_it_unsure(behave: Behave) -> None:
    async with server(behave) as url:
        with pytest.raises(Unsure):
            await post(url)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An endless answer: each byte comes before any single time-out."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def test_the_deadline_bounds_the_whole_call_not_each_byte() -> None:
    async with server(drip) as url, asyncio.timeout(5):
        with pytest.raises(Unsure):
            await post(url, seconds=0.3)


async def test_an_answer_without_end_is_given_up() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"[" * 1_000_000)
            await writer.drain()

    async with server(flood) as url:
        with pytest.raises(Unsure, match="too large"):
            await post(url, seconds=20)


async def test_every_post_has_a_connection_of_its_own() -> None:
    connections = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        await writer.drain()

    async with server(answer) as url, exchange.connect(Profile(endpoint=url), None, None) as http:
        for _ in range(3):
            await exchange.post(http, f"{url}/requests.json", FORM, 5)
    assert len(connections) == 3


@pytest.mark.parametrize(
    ("place", "key"), [("http://elsewhere.test/services.json", None), ("/v2/services.json", KEY)]
)
async def test_a_redirected_read_takes_the_key_to_no_other_host(place: str, key: str | None) -> None:
    city = ScriptedCity()
    city.replies["GET services.json"] = httpx.Response(302, headers={"location": place})
    city.replies["GET /services.json"] = city.replies["GET /v2/services.json"] = (200, [{"service_code": "4"}])
    await client_of(city, key_on_reads="parameter").services()
    assert city.asked[-1].url.params.get("api_key") == key


async def test_cookies_are_not_kept() -> None:
    city = ScriptedCity()
    city.replies["GET services.json"] = httpx.Response(
        200, json=[{"service_code": "4"}], headers={"set-cookie": "a=1"}
    )
    client = client_of(city, cache_minutes=0)
    for _ in range(2):
        await client.services()
    assert "cookie" not in city.asked[-1].headers


ECHO = b'[{"description": "key k-123456 is not valid"}]'


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % len(ECHO) + ECHO)
    await writer.drain()


async def test_what_crossed_is_noted_without_the_key_and_without_who_wrote() -> None:
    form = [("api_key", "k-123456"), ("email", "ada@home.example"), ("description", "höle & more")]
    async with server(echo) as url, exchange.connect(Profile(endpoint=url), None, None) as http:
        with trace.crossing() as crossing:
            await exchange.post(http, f"{url}/requests.json", form, 5)
    assert crossing.request.startswith("POST /requests.json HTTP/1.1\nhost: 127.0.0.1")
    assert crossing.request.endswith("\n\napi_key=•••&email=•••&description=h%C3%B6le+%26+more")
    assert crossing.answer.startswith("HTTP/1.1 403 Forbidden\n")
    assert crossing.answer.endswith('[{"description": "key ••• is not valid"}]')


async def test_what_never_left_is_noted_as_a_request_without_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with trace.crossing() as crossing, pytest.raises(Retryable):
        await post(f"http://127.0.0.1:{port}")
    assert "service_code=4" in crossing.request
    assert crossing.answer == ""
