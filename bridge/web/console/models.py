"""Model versions of a city: learn a new one, compare it with the running one, promote it, restore an older one."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from bridge.flow.staffing import Unknown
from bridge.ports import Transaction
from bridge.vocabulary import SERVICE_MODEL, Artifact, LearningRun
from bridge.vocabulary.console import Example
from bridge.web.console.visit import Visit, to

RUNS = 10
SCORES = (
    ("top1", "Right at once"),
    ("top3", "Among the first three"),
    ("macro_f1", "Balanced over services (macro-F1)"),
    ("ece", "Off in its certainty (less is better)"),
)


async def models(visit: Visit) -> Response:
    city_id = visit.city()

    def read(tx: Transaction) -> tuple[tuple[Artifact, ...], Artifact | None, tuple[Example, ...]]:
        return (
            tx.artifacts(city_id, SERVICE_MODEL),
            tx.active_artifact(city_id, SERVICE_MODEL),
            tx.console.examples(city_id),
        )

    kept, active, examples = await visit.store.read(read)
    runs = await visit.store.read(lambda tx: tx.learning_runs(city_id, RUNS))
    return visit.page(
        "setup_models.html",
        tab="models",
        city_id=city_id,
        rows=kept[::-1],
        active=active.blob_id if active else "",
        examples=len(examples),
        waiting=_waiting(examples, runs),
        runs=runs,
        under_way=_under_way(runs),
        learns=visit.console.learns,
    )


async def runs(visit: Visit) -> Response:
    """The run that goes on, asked for again and again while it does; at its end the whole page is."""
    city_id = visit.city()
    found = await visit.store.read(lambda tx: tx.learning_runs(city_id, 1))
    shown = visit.page("setup_models_run.html", run=_under_way(found), city_id=city_id)
    if not _under_way(found):
        shown.headers["HX-Refresh"] = "true"
    return shown


async def run(visit: Visit) -> Response:
    """What came of one run, service by service."""
    city_id = visit.city()
    found = await visit.store.read(lambda tx: tx.learning_runs(city_id, RUNS))
    chosen = next((one for one in found if one.id == visit.path("id")), None)
    if chosen is None:
        raise Unknown("there is no such run")
    active = await visit.store.read(lambda tx: tx.active_artifact(city_id, SERVICE_MODEL))
    known = visit.console.handling.jurisdictions[city_id].services
    return visit.page(
        "setup_models_result.html",
        tab="models",
        city_id=city_id,
        run=chosen,
        active=active.blob_id if active else "",
        scores=SCORES,
        names={code: service.service_name for code, service in known.items()},
    )


async def learn(visit: Visit) -> Response:
    """Asks for a run; the bridge does it, not this request."""
    city_id = visit.field("city", 60)
    if city_id not in visit.cities or not visit.console.learns:
        raise Unknown("there is nothing to learn here")
    take = visit.field("take") == "yes"
    asked = await visit.store.write(lambda tx: tx.ask_learning(city_id, visit.me.name, take=take))
    await visit.trace("learning.asked", "learning run", asked.id, city=city_id, take="yes" if take else "no")
    return to("/setup/models", city=city_id)


async def use(visit: Visit) -> Response:
    """Takes a kept model into use; the one before stays kept."""
    city_id, blob_id = visit.field("city", 60), visit.field("model", 80)
    if city_id not in visit.cities:
        raise Unknown("there is no such city")

    def work(tx: Transaction) -> None:
        chosen = next((kept for kept in tx.artifacts(city_id, SERVICE_MODEL) if kept.blob_id == blob_id), None)
        if chosen is None:
            raise Unknown("there is no such model")
        tx.activate(city_id, SERVICE_MODEL, chosen)

    await visit.store.write(work)
    await visit.trace("model.used", "model", blob_id[:12], city=city_id)
    return to("/setup/models", city=city_id, saved="yes")


def _under_way(runs: tuple[LearningRun, ...]) -> LearningRun | None:
    return next((run for run in runs if run.state in ("queued", "running")), None)


def _waiting(examples: tuple[Example, ...], runs: tuple[LearningRun, ...]) -> int:
    """Corrections that no run has read yet."""
    read: datetime | None = next((run.started_at for run in runs if run.state == "done"), None)
    return sum(1 for example in examples if read is None or example.at > read)
