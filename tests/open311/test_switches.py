"""Switches that take more than one report to show: extensions, pages, a proxy."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bridge.open311 import Client, Profile, Query
from bridge.vocabulary import Submission
from tests.open311.embedded import EmbeddedCity, RunEmbedded


def fill(city: EmbeddedCity, count: int) -> None:
    for number in range(count):
        city.desk.file(Submission("", "001", f"Hole {number}", lat=39.1, long=-86.4))


async def test_with_extensions_a_row_keeps_its_notes(run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        fill(city, 1)
        city.close("Hole 0", "Filled")
        for extensions, notes in ((True, ["Filled"]), (False, [])):
            client = city.client(extensions=extensions)
            row = (await client.requests(["10001"]))["10001"]
            assert [note["description"] for note in row.raw.get("notes", ())] == notes
            await client.close()


async def test_pages_go_on_where_a_list_ends(run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        fill(city, 120)
        city.quirks.append("row-cap=50")
        start, end = city.clock.now() - timedelta(hours=1), city.clock.now() + timedelta(hours=1)
        for paging, shown in ((True, 120), (False, 50)):
            client = city.client(row_cap=50, paging=paging)
            found = await client.listing(Query(start, end))
            assert (len(found.rows), found.complete) == (shown, paging)
            await client.close()


async def test_a_proxy_is_asked_in_place_of_the_city() -> None:
    asked = list[str]()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[0])
        body = b'[{"service_code": "1", "service_name": "Pothole"}]'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Client(Profile(endpoint="http://city.invalid/v2", proxy=f"http://127.0.0.1:{port}"))
        assert [service.service_code for service in await client.services()] == ["1"]
        await client.close()
    assert asked == ["GET http://city.invalid/v2/services.json HTTP/1.1"]
