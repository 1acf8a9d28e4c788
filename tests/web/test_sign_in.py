"""Who comes in, and who does not."""

from __future__ import annotations

from datetime import timedelta

from bridge.web.console.parts import MOUNT
from bridge.web.console.signin import first_link
from tests.web.world import PASSWORD, World, field_of


async def _try(world: World, email: str, password: str) -> int:
    async with world.visitor() as browser:
        page = await browser.get(f"{MOUNT}/login")
        form = {"email": email, "password": password, "token": field_of(page.text, "token")}
        return (await browser.post(f"{MOUNT}/login", data=form)).status_code


async def test_nobody_sees_a_page_without_signing_in(world: World):
    async with world.visitor() as browser:
        for path in ("/queue", "/conversations", "/requests", "/people", "/audit", "/me"):
            answer = await browser.get(f"{MOUNT}{path}")
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, f"{MOUNT}/login")


async def test_the_first_link_makes_an_administrator_once(world: World):
    link = await first_link(world.store, world.clock.now())
    assert link
    form = {"name": "Ada", "email": "ada@city.example", "password": PASSWORD, "again": PASSWORD}
    async with world.visitor() as browser:
        page = await browser.get(link)
        made = await browser.post(link, data={**form, "token": field_of(page.text, "token")})
        assert made.status_code == 303
        assert (await browser.get(f"{MOUNT}/people")).status_code == 200
    async with world.visitor() as browser:
        assert (await browser.get(link)).status_code == 404
    assert await first_link(world.store, world.clock.now()) is None


async def test_a_weak_password_is_refused(world: World):
    link = await first_link(world.store, world.clock.now())
    assert link
    async with world.visitor() as browser:
        page = await browser.get(link)
        form = {"name": "Ada", "email": "a@c.example", "token": field_of(page.text, "token")}
        for password in ("short", "aaaaaaaaaaaaaaaa", "password1234"):
            answer = await browser.post(link, data={**form, "password": password, "again": password})
            assert answer.status_code == 400, password


async def test_wrong_passwords_are_slowed_down(world: World):
    account = await world.account("agent")
    assert [await _try(world, account.email, "wrong") for _ in range(5)] == [401] * 5
    assert await _try(world, account.email, PASSWORD) == 429
    world.clock.time += timedelta(minutes=16)
    assert await _try(world, account.email, PASSWORD) == 303


async def test_an_unknown_address_is_answered_as_a_wrong_password(world: World):
    assert await _try(world, "nobody@city.example", PASSWORD) == 401


async def test_a_closed_account_is_out_at_once(world: World):
    clerk, admin = await world.clerk("agent"), await world.clerk("admin")
    assert (await admin.post(f"/people/{clerk.account.id}", role="agent")).status_code == 303
    assert (await clerk.get("/queue")).status_code == 303
    assert await _try(world, clerk.account.email, PASSWORD) == 401


async def test_a_session_ends(world: World):
    clerk = await world.clerk()
    assert (await clerk.get("/queue")).status_code == 200
    world.clock.time += timedelta(hours=11)
    assert (await clerk.get("/queue")).status_code == 303
    answer = await clerk.post("/me", csrf="anything", name="X")
    assert answer.headers["location"].startswith(f"{MOUNT}/login")


async def test_signing_out_ends_the_session(world: World):
    clerk = await world.through_the_door()
    assert (await clerk.post("/logout")).status_code == 303
    assert (await clerk.get("/queue")).status_code == 303


async def test_the_cookie_is_not_for_scripts_and_the_database_not_for_thieves(world: World):
    clerk = await world.through_the_door()
    (cookie,) = [c for c in clerk.browser.cookies.jar if c.name == "console_session"]
    assert cookie.has_nonstandard_attr("HttpOnly")
    found = await world.store.read(lambda tx: tx.console.session(cookie.value or "", world.clock.now()))
    assert found is None


async def test_a_login_leads_nowhere_else(world: World):
    account = await world.account("agent")
    async with world.visitor() as browser:
        page = await browser.get(f"{MOUNT}/login?next=//evil.example")
        form = {"email": account.email, "password": PASSWORD, "next": "//evil.example"}
        answer = await browser.post(f"{MOUNT}/login", data={**form, "token": field_of(page.text, "token")})
        assert answer.headers["location"] == MOUNT
