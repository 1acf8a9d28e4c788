"""Times that conversations set themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from bridge import trace
from bridge.store import tables as t
from bridge.store import values
from bridge.store.transaction.claims import UNCLAIMED, Claims
from bridge.vocabulary import Conversation, TimerName, TimerRow


class Timers(Claims):
    """The part of a transaction that is about timers."""

    def set_timer(self, conversation: Conversation, name: TimerName, at: datetime) -> None:
        now = self._clock.now()
        moved = (
            update(t.Timer)
            .where(*_open_timer(conversation, name))
            .values(due_at=at, trace=trace.current(), **UNCLAIMED)
        )
        if not self._session.execute(moved.returning(col(t.Timer.id))).first():
            lane = f"{conversation.id}/{name}"
            row = t.Timer(
                lane=lane,
                conversation_id=conversation.id,
                name=name,
                trace=trace.current(),
                due_at=at,
                created_at=now,
            )
            self._session.add(row)
            self._session.flush()
        self._wake.wake(self, "timers", max(0.0, (at - now).total_seconds()))

    def drop_timer(self, conversation: Conversation, name: TimerName) -> None:
        dropped = update(t.Timer).where(*_open_timer(conversation, name))
        self._session.execute(dropped.values(state="done", finished_at=self._clock.now(), **UNCLAIMED))

    def claim_timer(self, now: datetime, lease: timedelta) -> TimerRow | None:
        row = self._claim(t.Timer, now, lease)
        return values.timer_row(row) if row else None

    def finish_timer(self, row: TimerRow) -> None:
        self._end(row, "done")


def _open_timer(conversation: Conversation, name: TimerName) -> tuple[Any, ...]:
    return t.Timer.lane == f"{conversation.id}/{name}", t.Timer.state == "open"
