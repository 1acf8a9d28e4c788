"""Each job of the console in a real browser, from signing in to its effect; frequent ones by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bridge.vocabulary.console import Invitation
from bridge.web.console.signin import invite
from tests.browser.house import CITY, PASSWORD, House
from tests.e2e.waiting import again_until, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_first_link_leads_to_an_account(hall: House):
    now = hall.town.bridge.handling.clock.now()
    link = await invite(hall.store, Invitation("", "admin", now.replace(year=now.year + 1)))
    page = await hall.visitor()
    await page.goto(hall.town.url + link)
    await page.fill("#name", "Ada Field")
    await page.fill("#email", "ada@city.example")
    await page.fill("#password", PASSWORD)
    await page.fill("#again", PASSWORD)
    await page.click("button")
    await page.wait_for_url("**/queue")
    await expect(page.locator(".who")).to_contain_text("Ada Field")


async def test_keyboard_a_corrected_service_reaches_the_city_and_the_examples(hall: House):
    task, heard = await hall.waiting()
    page = await hall.clerk()
    await page.goto(hall.url(f"/queue/{task.id}"))
    await page.keyboard.press("c")
    await page.keyboard.type("Graffiti")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The report goes out")).to_be_visible()
    await until(lambda: any("went to the city: Graffiti" in text for text in heard()))
    filed = hall.town.bridge.desks[CITY].requests()[0]
    assert (filed.service_code, filed.address) == ("graffiti", "412 Oak St")
    examples = await hall.store.read(lambda tx: tx.console.examples(CITY))
    assert ("graffiti", "street-light") in [(one.service_code, one.guessed) for one in examples]


async def test_keyboard_an_answer_reaches_the_resident(hall: House):
    task, heard = await hall.waiting()
    page = await hall.clerk()
    await page.goto(hall.url(f"/queue/{task.id}"))
    await page.keyboard.press("a")
    await page.keyboard.type("Which school do you mean?")
    await page.keyboard.press("Control+Enter")
    await until(lambda: "Which school do you mean?" in heard())


async def test_keyboard_a_merge_makes_a_follower(hall: House):
    other = hall.town.phone("sms", 900)
    await other.say("the street light at 412 Oak St is dark")
    await other.hear()
    task, heard = await hall.waiting()
    page = await hall.clerk()
    await page.goto(hall.url(f"/queue/{task.id}"))
    await expect(page.get_by_role("heading", name="Reported near here")).to_be_visible()
    await page.keyboard.press("m")
    await expect(page.get_by_text("Merged.")).to_be_visible()
    await until(lambda: any("We will tell you what happens" in text for text in heard()))


async def test_keyboard_a_block_and_its_undoing(hall: House):
    task, _ = await hall.waiting()
    page = await hall.clerk()
    await page.goto(hall.url(f"/queue/{task.id}"))
    await page.keyboard.press("b")
    await expect(page.get_by_text("Sender blocked.")).to_be_visible()
    await page.keyboard.press("z")
    await expect(page.get_by_text("Undone.")).to_be_visible()
    who = await hall.store.read(lambda tx: tx.console.conversation_row(task.conversation_id))
    assert who
    assert not who.blocked


async def test_keyboard_a_conversation_is_found(hall: House):
    task, _ = await hall.waiting()
    await hall.store.write(lambda tx: tx.console.add_note(task.conversation_id, _someone(tx), "prefers marzipan"))
    page = await hall.clerk()
    await page.keyboard.press("/")
    await expect(page.locator("input[type=search]")).to_be_focused()
    await page.keyboard.type("marzipan")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("prefers marzipan")).to_be_visible()


def _someone(tx):  # any account will do
    return tx.console.accounts()[0]


async def test_single_keys_can_be_switched_off(hall: House):
    task, _ = await hall.waiting()
    page = await hall.clerk()
    await page.goto(hall.url("/me"))
    await page.uncheck("[name=shortcuts]")
    await page.click("main button")
    await page.goto(hall.url(f"/queue/{task.id}"))
    await page.keyboard.press("b")
    await page.keyboard.press("d")
    assert task.id in page.url
    left = await hall.store.read(lambda tx: tx.console.item(task.id))
    assert left
    assert left.closed_at is None


async def test_the_list_is_walked_by_keyboard(hall: House):
    await hall.waiting()
    page = await hall.clerk()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/queue/*")


async def test_a_place_is_found_while_it_is_typed(hall: House):
    task, _ = await hall.waiting()
    page = await hall.clerk()
    await page.goto(hall.url(f"/queue/{task.id}"))
    await page.fill("#address", "corner of elm and 7th")
    await page.get_by_role("button", name="Elm St & 7th St").click()
    assert await page.input_value("#address") == "Elm St & 7th St"
    assert await page.input_value("[name=lat]") != ""


async def test_the_reasons_of_a_guess_are_told(hall: House):
    task, _ = await hall.waiting("the street light on our corner is dark")
    page = await hall.clerk()
    await page.goto(hall.url(f"/queue/{task.id}"))
    await expect(page.get_by_text("It leans on the words")).to_be_visible(timeout=60_000)


async def test_a_conversation_grows_while_it_is_read(hall: House):
    phone = hall.town.phone("sms", 901)
    await phone.say("hello")
    await phone.hear()
    rows = await hall.store.read(lambda tx: tx.console.conversations(()))
    row = next(row for row in rows if row.address == phone.number)  # type: ignore[attr-defined]
    page = await hall.clerk()
    await page.goto(hall.url(f"/conversations/{row.id}"))
    await page.fill("#note", "a friendly one")
    await page.get_by_role("button", name="Keep the note").click()
    await expect(page.get_by_text("a friendly one")).to_be_visible()
    await page.fill("#words", "Hello from the city hall")
    await page.get_by_role("button", name="Send", exact=True).click()
    await until(lambda: "Hello from the city hall" in phone.messages())  # type: ignore[attr-defined]
    await phone.say("the street light at 412 Oak St is dark, by the way")
    await expect(page.get_by_text("by the way")).to_be_visible(timeout=20_000)


async def test_the_desk_closes_a_request_and_the_resident_hears(hall: House):
    phone = hall.town.phone("sms", 902)
    await phone.say("huge pothole on 5th near the library")
    await phone.hear()
    request = hall.town.bridge.desks[CITY].requests()[0]
    page = await hall.clerk("agent")
    await page.goto(hall.url(f"/desk/{CITY}/{request.service_request_id}"))
    await page.select_option("#status", "fixed")
    await page.fill("#note", "Filled this morning.")
    await page.fill("#agency", "Street crew")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await until(lambda: any("Filled this morning" in text for text in phone.messages()))  # type: ignore[attr-defined]
    assert hall.town.bridge.desks[CITY].requests()[0].agency_responsible == "Street crew"


async def test_a_request_tells_what_was_sent(hall: House):
    phone = hall.town.phone("sms", 903)
    await phone.say("graffiti on the wall at 412 Oak St")
    await phone.hear()
    page = await hall.clerk("viewer")
    await page.goto(hall.url("/requests"))
    await page.locator("td a").first.click()
    await page.locator("details summary").last.click()
    request, answer = page.locator("pre.wire").first, page.locator("pre.wire").nth(1)
    await expect(request).to_contain_text("POST /open311/fairview/v2/requests")
    await expect(request).to_contain_text("api_key=•••")
    await expect(answer).to_contain_text("HTTP/1.1 20")
    await expect(answer).to_contain_text("service_request_id")
    key = hall.town.bridge.desks[CITY].settings.api_keys[-1].get_secret_value()
    assert key not in await page.content()


async def test_the_map_shows_what_was_filed(hall: House):
    page = await hall.clerk("viewer")
    await page.goto(hall.url("/requests/map"))
    await expect(page.locator(".dot, .cluster").first).to_be_visible()


async def test_a_test_message_reaches_its_address(hall: House):
    phone = hall.town.phone("sms", 904)
    page = await hall.clerk()
    await page.goto(hall.url("/setup/channels"))
    await page.get_by_label("Address for a test of texts").fill(phone.number)  # type: ignore[attr-defined]
    await page.locator("tr", has_text="texts").get_by_role("button").click()
    await expect(page.get_by_text("took the test message")).to_be_visible()
    await until(lambda: any("This is a test" in text for text in phone.messages()))  # type: ignore[attr-defined]


async def test_a_changed_text_is_what_residents_hear(hall: House):
    page = await hall.clerk()
    await page.goto(hall.url("/setup/words"))
    row = page.locator("details.word", has_text="welcome").first
    await row.locator("summary").click()
    await row.locator("textarea").fill("Welcome to %(city)s. What is broken, and where?")
    await expect(row.get_by_text("1 segment", exact=True).last).to_be_visible()
    await row.get_by_role("button", name="Keep").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    phone = hall.town.phone("sms", 905)
    await phone.say("START")
    assert await phone.hear() == "Welcome to City of Fairview. What is broken, and where?"


async def test_a_threshold_takes_effect_at_once(hall: House):
    page = await hall.clerk()
    await page.goto(hall.url("/setup"))
    await page.get_by_label("Percent for Noise complaint").fill("99")
    await page.locator("tr", has_text="Noise complaint").get_by_role("button").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    policy = hall.town.bridge.handling.jurisdictions[CITY].policy
    assert policy.needed("noise") == 0.99


async def test_figures_come_as_plots_and_as_a_file(hall: House):
    page = await hall.clerk("viewer")

    async def plotted() -> bool:
        await page.goto(hall.url("/figures?days=30"))
        return await page.locator("svg.plot rect").count() > 0

    await again_until(plotted, pause=1)  # what was counted before anything was filed may be shown first
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download as CSV").first.click()
    assert (await download.value).suggested_filename == "reports.csv"


async def test_on_a_phone_the_menu_opens(hall: House):
    page = await hall.clerk("agent", viewport={"width": 390, "height": 800}, has_touch=True)
    await page.locator("summary", has_text="Menu").click()
    await page.get_by_role("link", name="Requests").click()
    await page.wait_for_url("**/requests")
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
