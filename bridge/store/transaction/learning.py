"""Learning runs: who asked, how far it is, what came of it."""

from __future__ import annotations

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Update, update
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.store.values import to_json
from bridge.vocabulary import LearningResult, LearningRun

RESULT = TypeAdapter(LearningResult)
FELL_SILENT = "it was cut off"


class Learning(Unit):
    """The part of a transaction that is about learning runs."""

    def ask_learning(self, city_id: str, by: str, *, take: bool) -> LearningRun:
        self._in_turn("learning", city_id)
        open_ = select(t.LearningRun).where(
            t.LearningRun.city_id == city_id, col(t.LearningRun.state).in_(("queued", "running"))
        )
        row = self._session.exec(open_).first()
        if row is None:
            row = t.LearningRun(city_id=city_id, asked_by=by, take=take, asked_at=self._clock.now())
            self._session.add(row)
            self._session.flush()
        return _run(row)

    def claim_learning(self, silent_since: datetime) -> LearningRun | None:
        self._in_turn("learning")
        now, running = self._clock.now(), col(t.LearningRun.state) == "running"
        silent = update(t.LearningRun).where(running, col(t.LearningRun.seen_at) < silent_since)
        self._session.execute(silent.values(state="failed", error=FELL_SILENT, ended_at=now))
        if self._session.exec(select(t.LearningRun.id).where(running).limit(1)).first():
            return None
        queued = select(t.LearningRun).where(t.LearningRun.state == "queued").order_by(col(t.LearningRun.id))
        row = self._session.exec(queued.limit(1)).first()
        if row is None:
            return None
        row.state, row.started_at, row.seen_at = "running", now, now
        self._session.flush()
        return _run(row)

    def tell_learning(self, run_id: str, progress: str) -> None:
        told = self._under_way(run_id).values(progress=progress, seen_at=self._clock.now())
        self._session.execute(told)

    def end_learning(self, run_id: str, *, result: LearningResult | None = None, error: str = "") -> None:
        plain = to_json(RESULT, result) if result else None
        state = "done" if result else "failed"
        ended = self._under_way(run_id).values(
            state=state, result=plain, error=error, progress="", ended_at=self._clock.now()
        )
        self._session.execute(ended)

    def learning_runs(self, city_id: str, limit: int) -> tuple[LearningRun, ...]:
        theirs = select(t.LearningRun).where(t.LearningRun.city_id == city_id)
        return tuple(map(_run, self._session.exec(theirs.order_by(col(t.LearningRun.id).desc()).limit(limit))))

    @staticmethod
    def _under_way(run_id: str) -> Update:
        return update(t.LearningRun).where(col(t.LearningRun.id) == run_id, col(t.LearningRun.state) == "running")


def _run(row: t.LearningRun) -> LearningRun:
    return LearningRun(
        id=row.id,
        city_id=row.city_id,
        asked_by=row.asked_by,
        take=row.take,
        state=row.state,  # type: ignore[arg-type]  # written by us alone, from the same Literal
        asked_at=row.asked_at,
        progress=row.progress,
        error=row.error,
        started_at=row.started_at,
        ended_at=row.ended_at,
        result=RESULT.validate_python(row.result) if row.result else None,
    )
