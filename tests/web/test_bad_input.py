"""Forged forms, others' things, and script in what residents send."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge.web.bounds import Bounded
from bridge.web.console.parts import MOUNT
from tests.web.world import CITY, OTHER_CITY, World

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


async def test_a_form_without_the_sessions_token_changes_nothing(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    for token in ("", "forged", "ä"):
        assert (await clerk.post(f"/queue/{task.id}/block", csrf=token)).status_code == 403
    (left,) = await world.tasks()
    assert left.closed_at is None


async def test_another_persons_token_is_not_enough(world: World):
    task, clerk, other = await world.stuck(), await world.clerk(), await world.clerk()
    assert (await clerk.post(f"/queue/{task.id}/close", csrf=other.csrf)).status_code == 403


async def test_a_form_from_another_site_is_refused(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    answer = await clerk.browser.post(
        f"{MOUNT}/queue/{task.id}/close", data={"csrf": clerk.csrf}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


async def test_nothing_of_another_city_is_seen_or_done(world: World):
    task = await world.task_in(OTHER_CITY)
    clerk = await world.clerk("agent", (CITY,))
    assert OTHER_CITY.title() not in (await clerk.get("/queue")).text
    assert (await clerk.get(f"/queue/{task.id}")).status_code == 404
    for deed in ("close", "block"):
        assert (await clerk.post(f"/queue/{task.id}/{deed}")).status_code == 404
    assert (await clerk.post(f"/queue/{task.id}/answer", words="hello")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/queue/none", "/conversations/none", "/requests/none", "/nowhere", "/queue/%00"]
)
async def test_what_is_not_there_is_a_page_that_says_so(world: World, path: str):
    answer = await (await world.clerk()).get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


async def test_a_viewer_only_looks(world: World):
    task, viewer = await world.stuck(), await world.clerk("viewer")
    assert (await viewer.get(f"/queue/{task.id}")).status_code == 200
    for path in (
        f"/queue/{task.id}/send",
        f"/queue/{task.id}/block",
        f"/conversations/{task.conversation_id}/reply",
    ):
        assert (await viewer.post(path)).status_code == 403
    assert (await viewer.get("/people")).status_code == 403
    assert (await viewer.get("/audit")).status_code == 403


async def test_script_in_a_text_a_name_or_a_file_name_is_only_text(world: World):
    await world.hears(f"lamp {SCRIPT}", name=SCRIPT, files=[f"{SCRIPT}.jpg"])
    task = await world.stuck(f"lamp {SCRIPT}", "+15550102")
    clerk = await world.clerk()
    rows = await world.store.read(lambda tx: tx.console.conversations(()))
    paths = ["/queue", f"/queue/{task.id}", "/conversations", *(f"/conversations/{row.id}" for row in rows)]
    for path in paths:
        page = (await clerk.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;" in page or any(["&lt;script&gt;" in (await clerk.get(path)).text for path in paths])


async def test_a_search_for_signs_finds_nothing_and_breaks_nothing(world: World):
    await world.hears("a hole on Oak")
    clerk = await world.clerk()
    for words in ('"', "hole AND (", "* OR *", "' --", "%", "\x00", "NEAR(", SCRIPT):
        answer = await clerk.get("/conversations", words=words)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


async def test_cursors_and_boxes_that_are_none_are_taken_as_none(world: World):
    clerk = await world.clerk()
    for path in ("/queue", "/conversations", "/requests"):
        assert (await clerk.get(path, after="'; DROP TABLE x.1")).status_code == 200
    for box in ("", "1,2,3", "a,b,c,d", "nan,nan,nan,nan"):
        assert (await clerk.get("/requests/spots", box=box)).status_code in (200, 400)


async def test_every_answer_says_what_a_browser_may_do_with_it(world: World):
    clerk = await world.clerk()
    for path in ("/queue", "/nowhere", "/me"):
        headers = (await clerk.get(path)).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


async def test_no_file_outside_the_folder_is_served(world: World):
    async with world.visitor() as browser:
        for name in ("../app.py", "..%2fapp.py", "vendor/../../app.py", "console.css/x", "vendor"):
            assert (await browser.get(f"{MOUNT}/static/{name}")).status_code == 404


async def test_a_stranger_s_form_is_small_and_brings_no_file(world: World):
    async with world.visitor() as browser:
        assert (await browser.post(f"{MOUNT}/login", data={"email": "x" * 100_000})).status_code == 413
        assert (await browser.post(f"{MOUNT}/login", files={"f": bytes(200_000)})).status_code == 400


async def test_no_body_is_larger_than_the_site_takes():
    async def read(request: Request) -> Response:
        return Response(str(len(await request.body())))

    app = Bounded(Starlette(routes=[Route("/", read, methods=["POST"])]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here.test") as stranger:

        async def body(size: int) -> AsyncIterator[bytes]:
            for _ in range(size):
                yield bytes(1024 * 1024)

        assert (await stranger.post("/", content=body(2))).text == str(2 * 1024 * 1024)
        assert (await stranger.post("/", content=body(40))).status_code == 413
