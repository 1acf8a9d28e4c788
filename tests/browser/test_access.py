"""axe-core on every page, light and dark, wide and narrow.

The pages are those of the application's routes: a new one is looked at, or it is named below as no page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page
from starlette.routing import Route

from bridge.ports import Transaction
from bridge.vocabulary import LearningResult, PerService
from bridge.vocabulary.console import Invitation
from bridge.web.console.app import console_app
from bridge.web.console.signin import invite
from tests.browser.house import CITY, House

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_PAGES = {
    "/": "leads to the queue",
    "/static/{name:path}": "files",
    "/places": "JSON",
    "/requests/extent": "JSON",
    "/requests/spots": "JSON",
    "/requests/streets": "JSON",
    "/figures/{table}.csv": "a file",
    "/desk": "leads to the first desk",
    "/desk/{city}/photo/{name}": "a picture",
    "/queue/{id}/reasons": "a part of an item",
    "/queue/{id}/questions": "a part of an item",
    "/queue/{id}/presence": "a part of an item",
    "/conversations/{id}/talk": "a part of a conversation",
    "/setup/models/run": "a part of the models",
    "/oidc": "leads to the city's own login",
    "/oidc/answer": "comes from the city's own login",
}
OUTSIDE = ("/login", "/welcome/{token}")
BESIDE = ("/conversations?words=lamp", "/nowhere")  # a page in another state


def routes(hall: House) -> list[str]:
    """The address of each thing that can be got."""
    listed = console_app(hall.town.bridge.console).routes
    return [one.path for one in listed if isinstance(one, Route) and "GET" in (one.methods or ())]


async def addresses(hall: House) -> AsyncIterator[str]:
    """Every page inside, of one thing each where it is about one."""
    task, _ = await hall.waiting()
    phone = hall.town.phone("sms", 940)
    await phone.say("graffiti on the wall at 412 Oak St")
    await phone.hear()
    report = (await hall.store.read(lambda tx: tx.console.requests(())))[0]
    now = hall.town.bridge.handling.clock.now()
    scores = dict.fromkeys(("top1", "top3", "macro_f1", "ece"), 0.5)
    result = LearningResult(9, 3, scores, scores, (PerService("noise", 3, 1.0, 0.5, "rats"),))

    def learned(tx: Transaction) -> str:
        run = tx.ask_learning(CITY, "Ana", take=False)
        tx.claim_learning(now)
        tx.end_learning(run.id, result=result)
        return run.id

    run_id = await hall.store.write(learned)
    of = {
        "/queue/{id}": task.id,
        "/conversations/{id}": task.conversation_id,
        "/requests/{id}": report.id,
        "/setup/models/runs/{id}": run_id,
    }
    for path in routes(hall):
        if path in NO_PAGES or path in OUTSIDE:
            continue
        desk = hall.town.bridge.desks[CITY].requests()[0].service_request_id
        address = path.replace("{city}", CITY).replace("{id}", of.get(path, desk))
        assert "{" not in address, f"{path} is a page that this test does not know how to open"
        yield address
    for address in BESIDE:
        yield address


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(hall: House, scheme: str):
    size = {"width": 1280, "height": 860} if scheme == "light" else {"width": 390, "height": 800}
    page = await hall.clerk("admin", color_scheme=scheme, viewport=size)
    found = []
    async for address in addresses(hall):
        answer = await page.goto(hall.url(address))
        assert answer
        assert answer.status == (404 if address == "/nowhere" else 200), address
        assert await page.evaluate(TOO_WIDE) <= 0, f"{address} is wider than the window"
        found += await violations(page)
    await page.context.clear_cookies()
    now = hall.town.bridge.handling.clock.now()
    link = await invite(hall.store, Invitation("", "viewer", now.replace(year=now.year + 1)))
    for address in (hall.url("/login"), hall.town.url + link):
        await page.goto(address)
        found += await violations(page)
    assert found == []


TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def test_what_is_no_page_is_still_there(hall: House):
    """A route that went leaves the lists above too."""
    assert {*NO_PAGES, *OUTSIDE} <= set(routes(hall))
