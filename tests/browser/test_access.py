"""axe-core on every page, light and dark, wide and narrow; no page may say an error to the browser's console."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser.house import CITY, House

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = (
    "/queue",
    "/queue/silent",
    "/conversations",
    "/conversations?words=lamp",
    "/requests",
    "/requests/map",
    f"/desk/{CITY}",
    "/figures",
    "/services",
    "/setup",
    "/setup/cities",
    "/setup/channels",
    "/setup/words",
    "/setup/templates",
    "/setup/models",
    "/setup/retention",
    "/people",
    "/audit",
    "/me",
    "/nowhere",
)


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(hall: House, scheme: str):
    task, _ = await hall.waiting()
    wide = scheme == "light"
    size = {"width": 1280, "height": 860} if wide else {"width": 390, "height": 800}
    page = await hall.clerk("admin", color_scheme=scheme, viewport=size)
    reports = await hall.store.read(lambda tx: tx.console.requests(()))
    desk = hall.town.bridge.desks[CITY].requests()
    own = [f"/queue/{task.id}", f"/conversations/{task.conversation_id}"]
    own += [f"/requests/{reports[0].id}"] if reports else []
    own += [f"/desk/{CITY}/{desk[0].service_request_id}"] if desk else []
    found = []
    for path in (*PAGES, *own):
        await page.goto(hall.url(path))
        found += await violations(page)
    await page.context.clear_cookies()
    await page.goto(hall.url("/login"))
    found += await violations(page)
    assert found == []


async def test_no_page_breaks_its_own_policy(hall: House):
    """Runs last: what every page of all tests has said to its console, but for the missing one asked for."""
    assert [fault for fault in hall.faults if "404" not in fault] == []
