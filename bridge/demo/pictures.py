"""Pictures of the console's main pages, from a made-up city, for the documentation.

A browser is driven by Playwright, which is a tool of development: it is imported when a picture is taken.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from bridge.demo.providers import FOLDER
from bridge.demo.seed import Size, region, seed
from bridge.demo.show import CITY, Town, town
from bridge.vocabulary import ServiceRequest
from bridge.vocabulary.console import Account, Template
from bridge.web.console import passwords
from bridge.web.console.figures import SPANS
from bridge.web.console.parts import MOUNT

CHROMIUM = Path("/usr/bin/chromium")
WIDE, NARROW = (1280, 860), (390, 844)
SETTLED_MS = 2500  # maps and reasons come after the page
COLOURS = 128  # a page has few, and a small file is read by everybody
EMAIL, PASSWORD = "ana@fairview.example", "correct horse battery"  # of a city that is made up


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the page, or the first item of its list, and how it is looked at."""

    name: str
    path: str
    first: bool = False
    dark: bool = False
    narrow: bool = False


SHOTS = (
    Shot("queue", "/queue"),
    Shot("item", "/queue?reason=no_service", first=True),
    Shot("item-dark", "/queue?reason=no_service", first=True, dark=True),
    Shot("item-phone", "/queue?reason=no_service", first=True, narrow=True),
    Shot("conversations", "/conversations"),
    Shot("conversation", "/conversations", first=True),
    Shot("requests", "/requests"),
    Shot("map", "/requests/map"),
    Shot("request", "/requests", first=True),
    Shot("desk", f"/desk/{CITY}"),
    Shot("figures", "/figures"),
    Shot("figures-dark", "/figures", dark=True),
    Shot("duty", "/duty"),
    Shot("texts", "/setup/words"),
    Shot("models", "/setup/models"),
    Shot("queue-phone", "/queue", narrow=True),
)


async def take(folder: Path, models: Path, say: Callable[[str], None]) -> None:
    """Writes a PNG of each shot into the folder."""
    from playwright.async_api import async_playwright

    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with town(models, 0, say) as here, async_playwright() as playwright:
        await _furnish(here)
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for shot in SHOTS:
            picture = await _taken(browser, here, shot)
            _write(folder / f"{shot.name}.png", picture)
            say(f"{folder / shot.name}.png")
        await browser.close()


async def _furnish(here: Town) -> None:
    """A past of three months, somebody to sign in, and a desk with work on it."""
    database = here.bridge.settings.database_path
    await asyncio.to_thread(seed, database, Size(), datetime.now(UTC), region(FOLDER))
    kept = await passwords.make_hash(PASSWORD)
    ana = Account("", EMAIL, "Ana Ruiz", "admin", password_hash=kept)
    reply = Template("", "", "Where exactly?", "Could you tell us the nearest house number or corner?")
    store = here.bridge.store
    await store.write(lambda tx: tx.console.add_account(ana))
    await store.write(lambda tx: tx.console.keep_template(reply))
    rows = await store.read(lambda tx: [tx.report(row.id) for row in tx.console.requests((), limit=60)])
    taken: Sequence[ServiceRequest] = [
        ServiceRequest(
            service_request_id=row.service_request_id,
            status="open",
            service_code=row.service_code,
            service_name=row.service_name,
            description=row.description,
            requested_datetime=row.created_at,
            updated_datetime=row.created_at,
            address=row.place.address,
            lat=row.place.lat,
            long=row.place.long,
            agency_responsible=("Street crew", "Lighting", "")[index % 3],
        )
        for index, row in enumerate(rows)
        if row.service_request_id
    ]
    await asyncio.to_thread(here.bridge.desks[CITY].take_over, taken)
    await here.bridge.console.taken.ahead(here.bridge.handling, SPANS)


async def _taken(browser: Any, here: Town, shot: Shot) -> bytes:
    width, height = NARROW if shot.narrow else WIDE
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if shot.dark else "light"
    )
    page = await context.new_page()
    await page.goto(f"{here.url}{MOUNT}/login")
    await page.fill("#email", EMAIL)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/queue")
    await page.goto(f"{here.url}{MOUNT}{shot.path}")
    if shot.first:
        await page.locator("ol.rows a.row, td a").first.click()
    await page.wait_for_timeout(SETTLED_MS)
    picture: bytes = await page.screenshot()
    await context.close()
    return picture


def _write(path: Path, picture: bytes) -> None:
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
