"""How long things are kept, what is held, and one resident's data handed out or deleted: by administrators."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

from bridge.flow import retention
from bridge.vocabulary import Retention
from tests.web.world import CITY, OTHER_CITY, World

SENDER = "+15550101"


async def conversation(world: World) -> str:
    """Of a resident whose report went to the city."""
    await world.hears("a lamp is dark at 412 Oak St", SENDER, name="Ada Field")
    await world.passes(60)
    (row,) = await world.store.read(lambda tx: tx.console.conversations(()))
    return row.id


async def audited(world: World) -> list[str]:
    return [one.action for one in await world.store.read(lambda tx: tx.console.audited())]


async def test_ages_are_kept_once_it_was_seen_what_would_go(world: World):
    await conversation(world)
    await world.passes(40 * 86400)
    clerk = await world.clerk("admin")
    seen = await clerk.post("/setup/retention", messages="30")
    assert "rows would go now" in seen.text
    assert await world.store.read(lambda tx: tx.retention_ages()) == {}
    await clerk.post("/setup/retention", messages="30", seen="yes")
    rules = Retention({"photos": timedelta(days=5)})
    assert retention.ruled(rules, await world.store.read(lambda tx: tx.retention_ages())).keep == {
        "photos": timedelta(days=5),
        "messages": timedelta(days=30),
    }
    await retention.look(world.store, world.clock, rules)
    (row,) = await world.store.read(lambda tx: tx.console.conversations(()))
    assert await world.store.read(lambda tx: tx.console.transcript(row.id)) == ()
    assert "retention.set" in await audited(world)
    assert "Deleted lately" in (await clerk.get("/setup/retention")).text


async def test_an_age_that_is_none_is_not_kept(world: World):
    clerk = await world.clerk("admin")
    for age in ("-3", "0", "soon", "99999999"):
        assert (await clerk.post("/setup/retention", messages=age, seen="yes")).status_code == 400
    assert await world.store.read(lambda tx: tx.retention_ages()) == {}


async def test_ages_are_every_citys_and_not_for_who_serves_one(world: World):
    assert (await (await world.clerk("agent")).post("/setup/retention", messages="3")).status_code == 403
    bound = await world.clerk("admin", cities=(CITY,))
    assert (await bound.post("/setup/retention", messages="3", seen="yes")).status_code == 400


async def test_a_resident_gets_all_that_is_kept_of_them(world: World):
    id_, clerk = await conversation(world), await world.clerk("admin")
    await world.hears("a couch lies at 7 Elm St", "+15550202")
    answer = await clerk.post(f"/conversations/{id_}/export")
    assert answer.headers["content-disposition"].endswith('.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        said = [json.loads(line) for line in archive.read("messages.jsonl").decode().splitlines()]
        reports = archive.read("reports.jsonl").decode()
    assert said[0]["text"] == "a lamp is dark at 412 Oak St"
    assert all("couch" not in one["text"] for one in said)
    assert "412 Oak St" in reports
    assert "resident.exported" in await audited(world)


async def test_a_resident_is_deleted_once_the_word_is_written(world: World):
    id_, clerk = await conversation(world), await world.clerk("admin")
    assert (await clerk.post(f"/conversations/{id_}/erase", sure="yes")).status_code == 400
    assert "a lamp is dark" in (await clerk.get(f"/conversations/{id_}")).text
    assert (
        await clerk.post(f"/conversations/{id_}/erase", sure="Delete", reason="asked by letter")
    ).status_code == 303
    page = (await clerk.get(f"/conversations/{id_}")).text
    assert "a lamp is dark" not in page
    assert SENDER not in page
    (deletion,) = await world.store.read(lambda tx: tx.deletions(5))
    assert (deletion.kind, deletion.cause) == ("resident", "asked by letter")
    assert "resident.deleted" in await audited(world)


async def test_a_hold_beats_the_deletion_until_it_is_lifted(world: World):
    id_, clerk = await conversation(world), await world.clerk("admin")
    await clerk.post("/setup/holds", conversation=id_, reason="Case 12")
    assert (await clerk.post(f"/conversations/{id_}/erase", sure="delete")).status_code == 400
    assert "A legal hold covers this resident" in (await clerk.get(f"/conversations/{id_}")).text
    (held,) = await world.store.read(lambda tx: tx.holds())
    await clerk.post(f"/setup/holds/{held.id}/lift")
    assert (await clerk.post(f"/conversations/{id_}/erase", sure="delete")).status_code == 303
    assert {"hold.set", "hold.lifted"} <= set(await audited(world))


async def test_a_report_is_held_and_released_on_its_own_page(world: World):
    id_ = await conversation(world)
    (report,) = await world.store.read(lambda tx: tx.reports_of(id_))
    page, clerk = f"/requests/{report.id}", await world.clerk("admin", cities=(CITY,))
    assert (await clerk.post("/setup/holds", report=report.id, reason="")).status_code == 400
    assert (
        (await clerk.post("/setup/holds", report=report.id, reason="Case 13"))
        .headers["location"]
        .startswith(f"/console{page}")
    )
    (held,) = await world.store.read(lambda tx: tx.holds())
    assert (held.scope, held.target, held.reason) == ("report", report.id, "Case 13")
    assert "Case 13" in (await clerk.get(page)).text
    assert "Case 13" in (await clerk.get("/setup/retention")).text
    assert (await clerk.post(f"/conversations/{id_}/erase", sure="delete")).status_code == 400
    lifted = await clerk.post(f"/setup/holds/{held.id}/lift", report=report.id)
    assert lifted.headers["location"].startswith(f"/console{page}")
    assert "A legal hold covers" not in (await clerk.get(page)).text
    assert (await clerk.post(f"/conversations/{id_}/erase", sure="delete")).status_code == 303
    assert {"hold.set", "hold.lifted"} <= set(await audited(world))


async def test_a_report_is_held_by_administrators_of_its_city_alone(world: World):
    id_ = await conversation(world)
    (report,) = await world.store.read(lambda tx: tx.reports_of(id_))
    agent, bound = await world.clerk("agent"), await world.clerk("admin", cities=(OTHER_CITY,))
    assert "Legal hold" not in (await agent.get(f"/requests/{report.id}")).text
    for someone, refused in ((agent, 403), (bound, 404)):
        assert (await someone.post("/setup/holds", report=report.id, reason="x")).status_code == refused
    hold = await world.store.write(lambda tx: tx.set_hold("report", report.id, "Case 14", "Ada"))
    assert "Case 14" not in (await bound.get("/setup/retention")).text
    assert (await bound.post(f"/setup/holds/{hold.id}/lift", report=report.id)).status_code == 404
    assert (await (await world.clerk("admin")).post("/setup/holds", report="f00", reason="x")).status_code == 404


async def test_what_is_kept_of_residents_is_for_administrators_of_their_city(world: World):
    id_ = await conversation(world)
    agent, bound = await world.clerk("agent"), await world.clerk("admin", cities=(OTHER_CITY,))
    for path in ("export", "erase"):
        assert (await agent.post(f"/conversations/{id_}/{path}", sure="delete")).status_code == 403
        assert (await bound.post(f"/conversations/{id_}/{path}", sure="delete")).status_code == 404
    assert (await bound.post("/setup/holds", conversation=id_, reason="x")).status_code == 404
    assert (await bound.post("/setup/holds", target=CITY, reason="x")).status_code == 400
    assert await world.store.read(lambda tx: tx.deletions(5)) == ()
