"""Learning is asked for in the console and done by the bridge; its model is compared, promoted, restored."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.flow import learning
from bridge.flow.learning import Teach
from bridge.ports import Transaction
from bridge.vocabulary import SERVICE_MODEL, Artifact, LearningResult, LearningRun, PerService
from bridge.vocabulary.console import Example
from tests.web.world import CITY, OTHER_CITY, World

BUILT_IN, LEARNED = Artifact("1" * 64, {"source": "built-in 9"}), Artifact("2" * 64, {"source": "learned"})
BEFORE = {"top1": 0.5, "top3": 0.7, "macro_f1": 0.4, "ece": 0.1}
AFTER = {"top1": 0.83, "top3": 0.9, "macro_f1": 0.7, "ece": 0.05}
ROWS = (PerService("light", 12, 0.9, 0.75, "pothole", 0.25),)


def teacher(world: World) -> Teach:
    """Does as a learning process would: says how far it is, keeps the model, and ends the run."""

    async def teach(run: LearningRun) -> None:
        result = LearningResult(800, 120, BEFORE, AFTER, ROWS, LEARNED.blob_id, run.take)

        def work(tx: Transaction) -> None:
            (tx.activate if run.take else tx.keep_artifact)(run.city_id, SERVICE_MODEL, LEARNED)
            tx.end_learning(run.id, result=result)

        await world.store.write(work)

    return teach


async def active(world: World) -> str:
    found = await world.store.read(lambda tx: tx.active_artifact(CITY, SERVICE_MODEL))
    assert found
    return found.blob_id


async def runs(world: World) -> Sequence[LearningRun]:
    return await world.store.read(lambda tx: tx.learning_runs(CITY, 10))


async def test_a_model_is_learned_compared_promoted_and_the_old_one_restored(world: World):
    await world.store.write(lambda tx: tx.activate(CITY, SERVICE_MODEL, BUILT_IN))
    clerk = await world.clerk("admin")
    await clerk.post("/setup/models/learn", city=CITY)
    assert "It waits for its turn" in (await clerk.get("/setup/models")).text
    await learning.look(world.store, world.clock, teacher(world))
    (run,) = await runs(world)
    page = (await clerk.get(f"/setup/models/runs/{run.id}")).text
    assert all(part in page for part in ("0.500", "0.830", "Street light out", "25%", "75%", "Pothole"))
    assert await active(world) == BUILT_IN.blob_id
    await clerk.post("/setup/models", city=CITY, model=LEARNED.blob_id)
    assert await active(world) == LEARNED.blob_id
    await clerk.post("/setup/models", city=CITY, model=BUILT_IN.blob_id)
    assert await active(world) == BUILT_IN.blob_id
    audited = [one.action for one in await world.store.read(lambda tx: tx.console.audited())]
    assert audited.count("model.used") == 2
    assert "learning.asked" in audited


async def test_a_better_model_is_taken_unasked_where_that_was_asked_for(world: World):
    clerk = await world.clerk("admin")
    await clerk.post("/setup/models/learn", city=CITY, take="yes")
    await learning.look(world.store, world.clock, teacher(world))
    assert await active(world) == LEARNED.blob_id


async def test_a_city_has_one_run_at_a_time(world: World):
    clerk = await world.clerk("admin")
    await clerk.post("/setup/models/learn", city=CITY)
    await clerk.post("/setup/models/learn", city=CITY)
    assert len(await runs(world)) == 1


async def test_a_run_that_breaks_or_falls_silent_has_failed(world: World):
    async def breaks(_: LearningRun) -> None:
        raise OSError("no space left")

    def ask(tx: Transaction) -> None:
        tx.ask_learning(CITY, "", take=True)

    await world.store.write(ask)
    await learning.look(world.store, world.clock, breaks)
    await world.store.write(ask)
    assert await world.store.write(lambda tx: tx.claim_learning(world.clock.now()))
    await world.passes(learning.SILENT.total_seconds() + 1)
    await learning.look(world.store, world.clock, breaks)
    assert [run.state for run in await runs(world)] == ["failed", "failed"]
    page = (await (await world.clerk("admin")).get("/setup/models")).text
    assert "no space left" in page
    assert "was cut off" in page


async def test_corrections_wait_until_a_run_has_read_them(world: World):
    def corrected(tx: Transaction) -> None:
        tx.console.add_example(Example(CITY, "dark lamp", "en", "light", "pothole", world.clock.now()))

    clerk = await world.clerk("admin")
    await world.store.write(corrected)
    assert "1 correction of staff" in (await clerk.get("/setup/models")).text
    await world.passes(60)
    await clerk.post("/setup/models/learn", city=CITY)
    await learning.look(world.store, world.clock, teacher(world))
    assert "0 corrections of staff" in (await clerk.get("/setup/models")).text


async def test_only_an_administrator_of_the_city_has_it_learn(world: World):
    assert (await (await world.clerk("agent")).post("/setup/models/learn", city=CITY)).status_code == 403
    bound = await world.clerk("admin", cities=(OTHER_CITY,))
    assert (await bound.post("/setup/models/learn", city=CITY)).status_code == 404
    assert await runs(world) == ()
