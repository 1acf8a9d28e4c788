"""learn: from a city's own history to a model that is better there, or to none.

    fetch_history   GET requests in windows, politely, resumable: a JSONL file grows by a window at a time
    learn           trains on the older part, measures on the most recent, which it has not seen
    keep            puts the new model beside the running one, or in its place; the old one stays on record
    taught          all of it for a run that was asked for, in a process of its own

The history stays in the city's data folder. It is third-party data: it and what is trained on it belong to that
city's bridge alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bridge.app import SystemClock, build_models, client_of
from bridge.app.database import open_beside
from bridge.app.parts import LEARNED, history_file
from bridge.errors import BridgeError, Retryable
from bridge.open311.client import Client
from bridge.open311.listing import Listing, Query
from bridge.ports import Blobs, Store
from bridge.store.blobs import FolderBlobs
from bridge.vocabulary import (
    SERVICE_MODEL,
    Artifact,
    Classified,
    LearningResult,
    LearningRun,
    PerService,
    Service,
    ServiceRequest,
)
from classifiers import model as models
from classifiers import services
from classifiers.model import Model
from classifiers.policy import Thresholds
from classifiers.services import ServiceClassifier
from classifiers.training import warm
from classifiers.training.cleaning import cleaned
from classifiers.training.data import Row, code_of, in_time, read_rows, services_of
from classifiers.training.evaluate import quality
from config.settings import CitySettings, Settings

Progress = Callable[[str], None]

WINDOW = timedelta(days=14)
READS_A_WINDOW = 50
TRIES = 4  # of a window
SHORTEST_REST, LONGEST_REST = 30.0, 900.0  # seconds between them
PATIENCE = 61.0  # seconds that a read of the history waits for its turn in a city's limit
HELD_BACK = 0.15  # the most recent share of a history, to measure on
FEWEST_ROWS = 200  # below that a history says more of chance than of the city
BAR = 24  # characters
HISTORY_DAYS = 730
TOLD_SECONDS = 2.0
WORSE_ALLOWED = 0.02  # of macro-F1, for a gain in top-1


# --------------------------------------------------------------------------------------------- the history


async def fetch_history(
    client: Client,
    file: Path,
    since: datetime,
    now: datetime,
    progress: Progress,
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> int:
    """Appends what the city lists from `since` to `now`; goes on where an earlier call ended. Rows added.

    `file` holds one report a line; beside it `file`.until holds the end of the last whole window and the size of
    the file then, so that whoever is killed within a window leaves nothing of it. Half of the reads that the city
    allows are left to the bridge that serves. A city that says "later" is asked again after that time, `rest`ed in
    between. Raises Retryable or Permanent as the client does; what was written by then stays.
    """
    start = max(since, _resumed(file) or since)
    added = 0
    while start < now:
        end = min(start + WINDOW, now)
        listed = await _listed(client, Query(start, end, reads=READS_A_WINDOW), rest)
        rows = sorted(listed.rows, key=lambda row: row.requested_datetime or start)
        with file.open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(_line(row)) + "\n" for row in rows if row.description)
        _mark(file, end)
        added += len(rows)
        cut = "" if listed.complete else " (this window was cut by the city)"
        progress(f"{_bar((end - since) / (now - since))} {end:%Y-%m-%d}  {added} requests{cut}")
        start = end
    return added


def _resumed(file: Path) -> datetime | None:
    """Until when the history was read; what a window that was not finished left in the file is cut off."""
    mark = _mark_of(file)
    until, size = mark.read_text().split() if mark.is_file() else ("", "0")
    if not file.is_file() or file.stat().st_size < int(size):
        return None
    with file.open("ab") as out:
        out.truncate(int(size))
    return datetime.fromisoformat(until) if until else None


def _mark(file: Path, end: datetime) -> None:
    written = _mark_of(file).with_suffix(".part")
    written.write_text(f"{end.isoformat()} {file.stat().st_size}")
    written.replace(_mark_of(file))  # whole or not at all


def _mark_of(file: Path) -> Path:
    return file.with_suffix(file.suffix + ".until")


async def _listed(client: Client, query: Query, rest: Callable[[float], Awaitable[None]]) -> Listing:
    """One window; asked again a few times where the city wants it asked later. Raises Retryable or Permanent."""
    spare = client.profile.reads_per_minute // 2
    for _ in range(TRIES - 1):
        try:
            return await client.listing(query, spare=spare)
        except Retryable as later:
            await rest(min(later.after or SHORTEST_REST, LONGEST_REST))
    return await client.listing(query, spare=spare)


def _bar(share: float) -> str:
    done = round(BAR * min(share, 1.0))
    return f"[{'#' * done}{'.' * (BAR - done)}] {share:4.0%}"


def _line(row: ServiceRequest) -> dict[str, Any]:
    return {
        "text": row.description,
        "service_code": row.service_code,
        "category": row.service_name,
        "lat": row.lat,
        "lon": row.long,
        "address": row.address,
        "date": row.requested_datetime.isoformat() if row.requested_datetime else "",
    }


# ----------------------------------------------------------------------------------------------- learning


@dataclass(frozen=True, slots=True)
class Lesson:
    """A trained candidate and how it did, beside the running model, on reports neither has learned from."""

    candidate: Model
    trained_on: int
    measured_on: int
    running: Mapping[str, float]
    new: Mapping[str, float]
    per_service: tuple[PerService, ...]
    confusion: Mapping[tuple[str, str], int]  # how often a service (first) was taken for one (second)

    @property
    def better(self) -> bool:
        """More reports right, and no service sacrificed for it."""
        gain = self.new["top1"] > self.running["top1"]
        return gain and self.new["macro_f1"] >= self.running["macro_f1"] - WORSE_ALLOWED


def learn(
    history: Path,
    built_in: Path,
    running: Path,
    offered: Sequence[Service],
    progress: Progress,
    corrections: Sequence[Row] = (),
) -> Lesson:
    """Trains on the older part of a history, and on what residents, staff or the city corrected; measures on the
    most recent part.

    `offered` empty: the labels of the history are the services. Raises ValueError for a history too small.
    """
    rows = cleaned(in_time(read_rows(history)))
    if len(rows) < FEWEST_ROWS:
        raise ValueError(f"{history}: {len(rows)} usable reports; at least {FEWEST_ROWS} are needed to learn from")
    listed = tuple(offered) or services_of(rows)
    past, recent = rows[: -round(len(rows) * HELD_BACK)], rows[-round(len(rows) * HELD_BACK) :]
    progress(f"learning from {len(past)} reports, measuring on the {len(recent)} after them")
    taught = _unmeasured(cleaned(corrections), recent)
    retold = {_words(row.text) for row in taught}  # a city may go on listing a report as it was first filed
    learnable = [*(row for row in past if _words(row.text) not in retold), *taught]
    reports = [warm.Report(row.text, code_of(row, listed), row.language) for row in learnable]
    candidate = warm.learn(services.load(built_in), reports, listed, progress)
    current = services.load(running)
    before, after = (_answers(model, listed, recent) for model in (current, candidate))
    return Lesson(
        candidate=candidate,
        trained_on=len(learnable),
        measured_on=len(recent),
        running=quality(recent, before, listed, Thresholds(submit=current.learned.submit)),
        new=quality(recent, after, listed, Thresholds(submit=candidate.learned.submit)),
        per_service=_per_service(recent, before, after, listed),
        confusion=_pairs(recent, after, listed),
    )


def _unmeasured(corrections: Sequence[Row], recent: Sequence[Row]) -> list[Row]:
    """The corrections whose words are not among those that are measured on: a city lists what it corrected too."""
    measured = {_words(row.text) for row in recent}
    return [row for row in corrections if _words(row.text) not in measured]


def _words(text: str) -> str:
    return " ".join(text.lower().split())


def _answers(model: Model, listed: Sequence[Service], rows: Sequence[Row]) -> list[Classified]:
    return ServiceClassifier(model, listed).classify_batch(
        [row.text for row in rows], [row.language for row in rows]
    )


def _per_service(
    rows: Sequence[Row], before: Sequence[Classified], after: Sequence[Classified], listed: Sequence[Service]
) -> tuple[PerService, ...]:
    old, new = _pairs(rows, before, listed), _pairs(rows, after, listed)
    codes = sorted({true for true, _ in new})
    return tuple(replace(_told_apart(code, new), before=_told_apart(code, old).recall) for code in codes)


def _pairs(
    rows: Sequence[Row], answers: Sequence[Classified], listed: Sequence[Service]
) -> Mapping[tuple[str, str], int]:
    return Counter(
        (code_of(row, listed), said.guesses[0].service_code if said.guesses else "")
        for row, said in zip(rows, answers, strict=True)
    )


def _told_apart(code: str, pairs: Mapping[tuple[str, str], int]) -> PerService:
    right = pairs.get((code, code), 0)
    true = sum(times for (is_, _), times in pairs.items() if is_ == code)
    said = sum(times for (_, said), times in pairs.items() if said == code)
    wrong = Counter({said: times for (is_, said), times in pairs.items() if is_ == code and said != code})
    confused = wrong.most_common(1)[0][0] if wrong else ""
    return PerService(code, true, right / said if said else 0.0, right / true if true else 0.0, confused)


# -------------------------------------------------------------------------------------- the running model


async def keep(lesson: Lesson, city_id: str, store: Store, blobs: Blobs, *, take: bool) -> Artifact:
    """Puts the candidate on record; `take`: in the place of the running model, which can be restored."""
    with tempfile.TemporaryDirectory() as folder:
        models.save(lesson.candidate, Path(folder) / "model")
        blob_id = blobs.put(Path(folder) / "model")
    manifest = {
        "source": LEARNED,
        "trained_on": lesson.trained_on,
        "measured_on": lesson.measured_on,
        "scores": dict(lesson.new),
        "submit": lesson.candidate.learned.submit,
    }
    artifact = Artifact(blob_id, manifest)
    if take:
        await store.write(lambda tx: tx.activate(city_id, SERVICE_MODEL, artifact))
    else:
        await store.write(lambda tx: tx.keep_artifact(city_id, SERVICE_MODEL, artifact))
    return artifact


# ------------------------------------------------------------------------------------------- a whole run


async def lesson(
    settings: Settings, city: CitySettings, store: Store, progress: Progress, since: datetime, history: Path | None
) -> Lesson:
    """Reads the city's history since then, unless `history` is one, and learns from it and from what people
    corrected. Raises BridgeError as the city's client does, ValueError for a history too small."""
    built_in = build_models(settings.models_path, progress).services
    file = history or history_file(settings.data_dir, city.id)
    offered: Sequence[Service] = ()
    if not history:
        client = client_of(settings, city, None, SystemClock(), patience=PATIENCE)
        try:
            offered = await client.services()
            await fetch_history(client, file, since, datetime.now(UTC), progress)
        finally:
            await client.close()
    active = await store.read(lambda tx: tx.active_artifact(city.id, SERVICE_MODEL))
    running = FolderBlobs(settings.data_dir / "blobs").path(active.blob_id) if active else built_in
    taught = await store.read(lambda tx: tx.console.examples(city.id))
    corrections = [Row(each.text, each.language or "en", each.service_code, each.service_code) for each in taught]
    return await asyncio.to_thread(learn, file, built_in, running, offered, progress, corrections)


async def teach(settings: Settings, run: LearningRun) -> None:
    """Does a run in a process of its own: learning takes all of a core, and memory that serving need not keep."""
    process = multiprocessing.get_context("spawn").Process(target=taught, args=(settings, run))
    process.start()
    try:
        await asyncio.to_thread(process.join)
    finally:
        process.terminate()


def taught(settings: Settings, run: LearningRun) -> None:
    """One run, from its row to its result in it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began it ends it
    asyncio.run(_run(settings, run))


async def _run(settings: Settings, run: LearningRun) -> None:
    city = next(city for city in settings.city if city.id == run.city_id)
    store, blobs = open_beside(settings, SystemClock()), FolderBlobs(settings.data_dir / "blobs")
    since = datetime.now(UTC) - timedelta(days=HISTORY_DAYS)
    try:
        async with _followed(store, run.id) as progress:
            found = await lesson(settings, city, store, progress, since, None)
            kept = await keep(found, city.id, store, blobs, take=run.take) if found.better else None
        result = _result(found, kept.blob_id if kept else "", taken=bool(kept and run.take))
        await store.write(lambda tx: tx.end_learning(run.id, result=result))
    except (BridgeError, ValueError) as error:
        reason = str(error)
        await store.write(lambda tx: tx.end_learning(run.id, error=reason))
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def _followed(store: Store, run_id: str) -> AsyncIterator[Progress]:
    """What is said of a run's progress is kept in its row, every few seconds, and so is that it is alive."""
    said = [""]

    async def tell() -> None:
        while True:
            await store.write(lambda tx: tx.tell_learning(run_id, said[-1]))
            await asyncio.sleep(TOLD_SECONDS)

    telling = asyncio.create_task(tell())
    try:
        yield said.append
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


def _result(found: Lesson, model: str, *, taken: bool) -> LearningResult:
    return LearningResult(
        found.trained_on, found.measured_on, found.running, found.new, found.per_service, model, taken
    )
