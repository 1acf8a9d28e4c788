"""The map, drawn of the gazetteer's streets, and with the tiles of a server that the settings name."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from PIL import Image
from playwright.async_api import expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bridge.web.console.app import console_app
from bridge.web.console.parts import MOUNT
from bridge.web.server import listen, serving
from tests.browser.house import House
from tests.e2e.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_without_tiles_the_streets_are_drawn_and_named(hall: House):
    phone = hall.town.phone("sms", 950)
    await phone.say("graffiti on the wall at 412 Oak St")
    await phone.hear()
    page = await hall.clerk("viewer")
    await page.goto(hall.url("/requests/map"))
    await expect(page.locator("path.street").first).to_be_attached()
    await expect(page.locator(".street-name span", has_text="Main St").first).to_be_visible()


@dataclass
class Tiles:
    """A tile server: what was asked of it, and from where."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    referers: set[str] = field(default_factory=set)

    async def tile(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        self.referers.add(request.headers.get("referer", ""))
        out = io.BytesIO()
        Image.new("RGB", (256, 256), (170, 200, 220)).save(out, "PNG")
        return Response(out.getvalue(), media_type="image/png")


@contextlib.asynccontextmanager
async def tiles() -> AsyncIterator[Tiles]:
    made, listener = Tiles(), listen("127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listener.getsockname()[1]}/{{z}}/{{x}}/{{y}}.png"
    async with serving(Starlette(routes=[Route("/{z}/{x}/{y}.png", made.tile)]), listener):
        yield made


async def test_with_a_tile_server_its_pictures_are_shown_and_it_alone_is_allowed(hall: House):
    page = await hall.clerk("viewer")
    console = hall.town.bridge.console
    async with tiles() as server:
        named = {"tile_url": server.url, "tile_attribution": "Map by <b>Fairview</b>"}
        settings = console.settings.model_copy(update=named)
        listener = listen("127.0.0.1", 0)
        here = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = Starlette(routes=[Mount(MOUNT, console_app(replace(console, settings=settings)))])
        async with serving(app, listener):
            answer = await page.goto(f"{here}{MOUNT}/requests/map")
            await expect(page.locator("img.leaflet-tile-loaded").first).to_be_visible()
            await expect(page.get_by_text("Map by <b>Fairview</b>")).to_be_visible()
            await until(lambda: len(server.asked) > 1)
            assert await page.locator("path.street").count() == 0
        assert answer
        policy = answer.headers["content-security-policy"]
        host = server.url.partition("/{z}")[0]
        assert f"img-src 'self' data: {host};" in policy
        assert server.referers == {f"{here}/"}
