"""What a clerk does reaches the resident, the city and the examples; until it has left it can be taken back."""

from __future__ import annotations

from dataclasses import replace

from bridge.ports import Transaction
from bridge.vocabulary import Media
from bridge.web.console.parts import MOUNT
from tests.web.world import CITY, OAK, World

FORM = {"service_code": "dumping", "address": "412 Oak St", "description": "Couch on the corner"}


async def test_a_corrected_service_reaches_the_city_and_becomes_an_example(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    answer = await clerk.post(f"/queue/{task.id}/send", **FORM)
    assert answer.status_code == 303
    assert world.city.taken == []
    await world.passes(11)
    (sent,) = world.city.taken
    assert (sent.service_code, sent.address_string, sent.lat) == ("dumping", "412 Oak St", 40.35)
    (example,) = await world.store.read(lambda tx: tx.console.examples(CITY))
    assert (example.service_code, example.guessed) == ("dumping", "light")
    assert "1001" in world.channel.said[-1].text
    assert await world.tasks() == ()


async def test_what_the_bridge_had_right_is_no_example(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    await clerk.post(f"/queue/{task.id}/send", **FORM | {"service_code": "light"})
    assert await world.store.read(lambda tx: tx.console.examples(CITY)) == ()


async def test_a_send_can_be_undone_before_it_leaves(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    sent = await clerk.post(f"/queue/{task.id}/send", **FORM)
    deed = sent.headers["location"].split("did=")[1]
    undone = await clerk.post(f"/deeds/{deed}/undo")
    assert undone.headers["location"].startswith(f"{MOUNT}/queue/{task.id}")
    await world.passes(60)
    assert world.city.taken == []
    assert [one.id for one in await world.tasks()] == [task.id]
    page = await clerk.get("/requests")
    assert "Cancelled" in page.text


async def test_a_send_cannot_be_undone_once_it_has_left(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    deed = (await clerk.post(f"/queue/{task.id}/send", **FORM)).headers["location"].split("did=")[1]
    await world.passes(11)
    assert (await clerk.post(f"/deeds/{deed}/undo")).status_code == 409
    assert len(world.city.taken) == 1


async def test_nobody_undoes_anothers_deed(world: World):
    task, clerk, other = await world.stuck(), await world.clerk(), await world.clerk()
    deed = (await clerk.post(f"/queue/{task.id}/close")).headers["location"].split("did=")[1]
    assert (await other.post(f"/deeds/{deed}/undo")).status_code == 404


async def test_an_answer_reaches_the_resident_and_closes_the_item(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    await clerk.post(f"/queue/{task.id}/answer", words="Which school do you mean?")
    await world.passes(11)
    assert world.channel.said[-1].text == "Which school do you mean?"
    assert await world.tasks() == ()
    page = await clerk.get(f"/conversations/{task.conversation_id}")
    assert "Agent Reed" in page.text


async def test_a_merge_makes_a_follower_and_undoing_ends_it(world: World):
    await world.hears("a hole in front of 412 Oak St", "+15550199")
    twin = await world.store.read(lambda tx: tx.console.requests(()))
    await world.hears("human", "+15550101")
    await world.hears("lamp is dark", "+15550102")
    for words in ("no idea", "still none"):
        await world.hears(words, "+15550102")
    task = next(task for task in await world.tasks() if task.address == "+15550102")
    clerk = await world.clerk()
    assert (await clerk.post(f"/queue/{task.id}/merge", report_id=twin[0].id)).status_code == 404  # nowhere near
    await _place(world, task.id)
    merged = await clerk.post(f"/queue/{task.id}/merge", report_id=twin[0].id)
    assert merged.status_code == 303
    followers = await world.store.read(lambda tx: len(tx.followers(tx.report(twin[0].id))))
    assert followers == 1
    await clerk.post(f"/deeds/{merged.headers['location'].split('did=')[1]}/undo")
    assert await world.store.read(lambda tx: len(tx.followers(tx.report(twin[0].id)))) == 0


async def _place(world: World, task_id: str) -> None:
    def keep(tx: Transaction) -> None:
        item = tx.console.item(task_id)
        assert item
        assert item.draft
        tx.console.keep_draft(task_id, replace(item.draft, place=OAK))

    await world.store.write(keep)


async def test_a_blocked_sender_is_not_answered_until_it_is_undone(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    deed = (await clerk.post(f"/queue/{task.id}/block")).headers["location"].split("did=")[1]
    said = len(world.channel.said)
    await world.hears("a hole in front of 412 Oak St")
    assert len(world.channel.said) == said
    assert world.city.taken == []
    await clerk.post(f"/deeds/{deed}/undo")
    await world.hears("a couch lies in front of 412 Oak St")
    assert len(world.city.taken) == 1


async def test_the_second_of_two_is_told(world: World):
    task, first, second = await world.stuck(), await world.clerk(), await world.clerk("admin")
    await first.get(f"/queue/{task.id}")
    assert "Agent Reed has this open too" in (await second.get(f"/queue/{task.id}")).text
    await first.post(f"/queue/{task.id}/close")
    late = await second.post(f"/queue/{task.id}/send", **FORM)
    assert late.status_code == 409
    assert "Agent Reed was faster" in late.text
    await world.passes(60)
    assert world.city.taken == []


async def test_what_lacks_something_comes_back_with_a_word(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    for change, said in (
        ({"service_code": "nonsense"}, "choose a service"),
        ({"address": ""}, "say where it is"),
        ({"address": "Nowhere Lane"}, "not known here"),
        ({"address": "x", "lat": "10", "long": "10"}, "not in the city"),
        ({"description": ""}, "what it is about"),
    ):
        answer = await clerk.post(f"/queue/{task.id}/send", **FORM | change)
        assert answer.status_code == 400
        assert said in answer.text
    assert len(await world.tasks()) == 1


async def test_a_refused_report_is_sent_again(world: World):
    world.city.refusing = True
    await world.hears("a hole in front of 412 Oak St")
    (task,) = await world.tasks()
    clerk = await world.clerk()
    page = await clerk.get(f"/requests/{task.report_id}")
    assert "SECRETSECRET1" not in page.text
    world.city.refusing = False
    assert (await clerk.post(f"/requests/{task.report_id}/resend", task=task.id)).status_code == 303
    await world.settle()
    assert len(world.city.taken) == 1
    assert await world.tasks() == ()


async def test_notes_are_found_but_never_sent(world: World):
    await world.hears("hello there")
    (row,) = await world.store.read(lambda tx: tx.console.conversations(()))
    clerk, said = await world.clerk(), len(world.channel.said)
    await clerk.post(f"/conversations/{row.id}/note", note="Knows the mayor, be brief")
    await world.passes(60)
    assert len(world.channel.said) == said
    assert "Knows the mayor" in (await clerk.get("/conversations", words="mayor")).text


async def test_every_look_and_every_change_is_kept(world: World):
    task, clerk, admin = await world.stuck(), await world.clerk(), await world.clerk("admin")
    await clerk.get(f"/conversations/{task.conversation_id}")
    await clerk.post(f"/queue/{task.id}/close")
    kept = await world.store.read(lambda tx: tx.console.audited())
    assert {"looked", "task.closed"} <= {trace.action for trace in kept if trace.who == "Agent Reed"}
    assert "set an item aside" in (await admin.get("/audit")).text


async def test_a_silent_residents_draft_is_taken_on(world: World):
    await world.hears("the lamp is dark")
    clerk = await world.clerk()
    page = await clerk.get("/queue/silent")
    assert "the lamp is dark" in page.text
    (silent,) = await world.store.read(lambda tx: tx.console.silent(()))
    await clerk.post(f"/queue/silent/{silent.conversation_id}")
    (task,) = await world.tasks()
    assert task.draft
    assert task.draft.service_code == "light"


async def test_a_photo_is_shown_and_goes_to_the_city(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    shown = Media("t" * 32, "0" * 64, "image/jpeg")

    def keep(tx: Transaction) -> None:
        tx.add_media(tx.conversation(task.conversation_id), (shown,))
        assert task.draft
        tx.console.keep_draft(task.id, replace(task.draft, photos=(shown.token,)))

    await world.store.write(keep)
    assert f"/media/{shown.token}" in (await clerk.get(f"/queue/{task.id}")).text
    await clerk.post(f"/queue/{task.id}/send", **FORM)
    (row,) = await world.store.read(lambda tx: tx.console.requests(()))
    assert f"/media/{shown.token}" in (await clerk.get(f"/requests/{row.id}")).text
