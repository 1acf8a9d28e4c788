"""What an administrator does, in a real browser from signing in to its effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from bridge.app.parts import history_file, history_mark
from bridge.vocabulary import SERVICE_MODEL
from tests.browser.house import CITY, House
from tests.e2e.waiting import until
from tests.learning.test_learning import reports
from tests.photos.made import photo

pytestmark = pytest.mark.asyncio(loop_scope="session")
ODD = ("noise", "rats", "graffiti", "tree", "pothole")  # what a city may call what others call otherwise
LEARNED_MS = 240_000  # on a machine that is busy with other things too


async def test_a_model_is_learned_compared_promoted_and_the_old_one_restored(hall: House):
    """The city files its kinds of reports oddly, as only its history tells."""
    kinds = sorted({code for _, code in reports()})
    said = [{"text": text, "service_code": ODD[kinds.index(code)], "category": code} for text, code in reports()]
    data = hall.town.bridge.settings.data_dir
    history_file(data, CITY).write_text("\n".join(map(json.dumps, said)) + "\n")
    now, size = hall.town.bridge.handling.clock.now(), history_file(data, CITY).stat().st_size
    history_mark(data, CITY).write_text(f"{now.isoformat()} {size}")
    page = await hall.clerk()
    await page.goto(hall.url("/setup/models"))
    await page.get_by_role("button", name="Learn a new model").click()
    await expect(page.get_by_text("Learning since").or_(page.get_by_text("It waits for its turn"))).to_be_visible()
    await page.get_by_role("link", name="Compare").first.click(timeout=LEARNED_MS)
    await expect(page.get_by_text("Better", exact=True)).to_be_visible()
    await expect(page.get_by_role("row", name="Noise complaint")).to_be_visible()
    before = hall.town.bridge.handling.jurisdictions[CITY].model_id
    await page.get_by_role("button", name="Take the new one into use").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert (await _active(hall)) != before
    await page.get_by_role("button", name=f"Use {before[:12]}").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert (await _active(hall)) == before


async def _active(hall: House) -> str:
    found = await hall.store.read(lambda tx: tx.active_artifact(CITY, SERVICE_MODEL))
    assert found
    return found.blob_id


async def test_ages_are_kept_after_a_look_at_what_goes(hall: House):
    page = await hall.clerk()
    await page.goto(hall.url("/setup/retention"))
    await page.get_by_label("Messages").fill("400")
    await page.get_by_role("button", name="See what would go").click()
    await expect(page.get_by_text("0 rows would go now")).to_be_visible()
    await page.get_by_role("button", name="Keep these ages and delete").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert await hall.store.read(lambda tx: tx.retention_ages()) == {"messages": 400}


async def test_a_residents_data_is_handed_out_and_deleted(hall: House):
    phone: Any = hall.town.phone("sms", 930)
    await phone.say("graffiti on the wall at 412 Oak St")
    await until(lambda: any("went to the city" in text for text in phone.messages()))
    rows = await hall.store.read(lambda tx: tx.console.conversations(()))
    row = next(row for row in rows if row.address == phone.number)
    page = await hall.clerk()
    await page.goto(hall.url(f"/conversations/{row.id}"))
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Hand it out as a file").click()
    assert (await download.value).suggested_filename.endswith(".zip")
    await page.locator("summary", has_text="Delete it").click()
    await page.get_by_label("Write “delete” to confirm").fill("delete")
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_text("It is deleted.")).to_be_visible()
    assert await hall.store.read(lambda tx: tx.contacts(phone.number)) == ()


async def test_a_photo_of_the_fix_is_shown_at_the_desk(hall: House, tmp_path: Path):
    phone: Any = hall.town.phone("sms", 931)
    await phone.say("huge pothole at 412 Oak St")
    await until(lambda: any("went to the city" in text for text in phone.messages()))
    request = hall.town.bridge.desks[CITY].requests()[0]
    taken = tmp_path / "fixed.jpg"
    taken.write_bytes(photo())
    page = await hall.clerk("agent")
    await page.goto(hall.url(f"/desk/{CITY}/{request.service_request_id}"))
    await page.set_input_files("#photo", str(taken))
    await page.fill("#note", "Filled, see the photo.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    shown = page.locator("img.photo")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("image => image.complete && image.naturalWidth > 0")


async def test_a_file_that_is_no_photo_is_refused_with_a_reason(hall: House, tmp_path: Path):
    request = hall.town.bridge.desks[CITY].requests()[0]
    note = tmp_path / "note.jpg"
    note.write_text("not a photo")
    page = await hall.clerk("agent")
    await page.goto(hall.url(f"/desk/{CITY}/{request.service_request_id}"))
    await page.set_input_files("#photo", str(note))
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_be_visible()
