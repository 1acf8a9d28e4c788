"""learn, models list, models restore: a city's own model."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bridge import learning, logs
from bridge.cli.opened import opened
from bridge.cli.terminal import DEFAULT_CONFIG, ConfigFile, one_line, progress, say, settings_of
from bridge.errors import BridgeError, SettingsError
from bridge.learning import Lesson
from bridge.ports import Store
from bridge.store.blobs import FolderBlobs
from bridge.vocabulary import SERVICE_MODEL, PerService
from config.settings import CitySettings, Settings

app = typer.Typer()
CityId = Annotated[str, typer.Option("--city", help="Which [[city]]; the first when left out.")]


@app.command("learn")
def learn(
    config: ConfigFile = DEFAULT_CONFIG,
    city: CityId = "",
    history: Annotated[
        Path | None, typer.Option("--from", help="Learn from this JSONL or export instead of the city's own list.")
    ] = None,
    days: Annotated[int, typer.Option(help="How far back to read.", min=1)] = learning.HISTORY_DAYS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure only.")] = False,
) -> None:
    """Learns from a city's public history, and takes the new model into use if it is better there."""
    logs.configure("error")
    with one_line():
        settings = settings_of(config)
        chosen = _chosen(settings, city)
        try:
            asyncio.run(_learn(settings, chosen, history, datetime.now(UTC) - timedelta(days=days), dry_run))
        except BridgeError as error:
            raise SettingsError(f"city.{chosen.id}: {error}; call again to go on where it stopped") from None


async def _learn(
    settings: Settings, city: CitySettings, history: Path | None, since: datetime, dry_run: bool
) -> None:
    async with opened(settings) as store:
        lesson = await learning.lesson(settings, city, store, progress, since, history)
        _show(lesson)
        if dry_run or not lesson.better:
            say(
                "The running model stays."
                if not lesson.better
                else "The new model is better; it was only measured."
            )
            return
        blobs = FolderBlobs(settings.data_dir / "blobs")
        await learning.keep(lesson, city.id, store, blobs, take=True)
        say("The new model is better and is now in use; the old one is kept (open311-bridge models list).")


MOST_IN_TABLE = 15
SHOWN = {"top1": "right at once", "top3": "among three", "macro_f1": "macro-F1", "ece": "calibration error"}


def _show(lesson: Lesson) -> None:
    say(f"{'':<22} running      new     on {lesson.measured_on} reports, none of them learned from")
    for name, label in SHOWN.items():
        say(f"{label:<22} {lesson.running[name]:>7.3f}  {lesson.new[name]:>7.3f}")
    say("")
    say(f"{'service':<32} {'reports':>7} {'precision':>9} {'recall':>7}  most often taken for")
    for row in sorted(lesson.per_service, key=_by_reports):
        numbers = f"{row.reports:>7} {row.precision:>9.2f} {row.recall:>7.2f}"
        say(f"{row.service_code[:32]:<32} {numbers}  {row.confused}")
    say("")
    _show_confusion(lesson)


def _show_confusion(lesson: Lesson) -> None:
    """A row a service, a column what its reports were taken for, the commonest services first."""
    codes = [row.service_code for row in sorted(lesson.per_service, key=_by_reports)][:MOST_IN_TABLE]
    say(f"taken for{'':<25}" + "".join(f"{number:>5}" for number in range(1, len(codes) + 1)) + "  other")
    for number, code in enumerate(codes, 1):
        said = [lesson.confusion.get((code, other), 0) for other in codes]
        all_of_it = sum(times for (true, _), times in lesson.confusion.items() if true == code)
        cells = "".join(f"{times:>5}" for times in said)
        say(f"{number:>3} {code[:30]:<30}{cells}{all_of_it - sum(said):>7}")
    say("")


def _by_reports(row: PerService) -> int:
    return -row.reports


def _chosen(settings: Settings, city_id: str) -> CitySettings:
    found = [city for city in settings.city if city.id == city_id or not city_id]
    if not found:
        raise SettingsError(f"--city: there is no [[city]] with id {city_id!r}")
    return found[0]


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Store, FolderBlobs]]:
    """The store beside a bridge that may be running."""
    async with opened(settings) as store:
        yield store, FolderBlobs(settings.data_dir / "blobs")


def list_models(config: ConfigFile = DEFAULT_CONFIG, city: CityId = "") -> None:
    """Lists a city's models, the one in use marked."""
    with one_line():
        settings = settings_of(config)
        asyncio.run(_list(settings, _chosen(settings, city).id))


async def _list(settings: Settings, city_id: str) -> None:
    async with _opened(settings) as (store, _):
        active = await store.read(lambda tx: tx.active_artifact(city_id, SERVICE_MODEL))
        kept = await store.read(lambda tx: tx.artifacts(city_id, SERVICE_MODEL))
    for artifact in kept:
        mark = "*" if active and active.blob_id == artifact.blob_id else " "
        scores = artifact.manifest.get("scores", {})
        top1 = f"  top-1 {scores['top1']:.3f}" if scores else ""
        say(f"{mark} {artifact.blob_id[:12]}  {artifact.manifest.get('source')}{top1}")


def restore_model(
    model: Annotated[str, typer.Argument(help="The first digits of its id.")],
    config: ConfigFile = DEFAULT_CONFIG,
    city: CityId = "",
) -> None:
    """Takes an earlier model back into use."""
    with one_line():
        settings = settings_of(config)
        asyncio.run(_restore(settings, _chosen(settings, city).id, model))


async def _restore(settings: Settings, city_id: str, prefix: str) -> None:
    async with _opened(settings) as (store, _):
        kept = await store.read(lambda tx: tx.artifacts(city_id, SERVICE_MODEL))
        found = [artifact for artifact in kept if artifact.blob_id.startswith(prefix)]
        if len(found) != 1:
            raise SettingsError(f"{prefix}: {'no' if not found else 'more than one'} model begins so")
        await store.write(lambda tx: tx.activate(city_id, SERVICE_MODEL, found[0]))
    say(f"{found[0].blob_id[:12]} is in use; a running bridge takes it within a minute.")
