"""What a person must look at."""

from __future__ import annotations

from datetime import datetime

from bridge.store import tables as t
from bridge.store import values
from bridge.store.transaction.unit import Unit
from bridge.vocabulary import Conversation, ToStaff


class Staff(Unit):
    """The part of a transaction that is about the staff."""

    def add_staff_task(
        self, conversation: Conversation, task: ToStaff, report_id: str | None, due_at: datetime | None = None
    ) -> str:
        now = self._clock.now()
        row = t.StaffTask(
            city_id=(task.draft.city_id if task.draft else "") or conversation.city_id,
            conversation_id=conversation.id,
            report_id=report_id,
            reason=task.reason,
            note=task.note,
            draft=values.to_json(values.DRAFT, task.draft) if task.draft else None,
            due_at=due_at or now,
            created_at=now,
        )
        self._session.add(row)
        self._session.flush()
        return row.id
