"""What a person must look at."""

from __future__ import annotations

from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.vocabulary import Conversation, ToStaff


class Staff(Unit):
    """The part of a transaction that is about the staff."""

    def add_staff_task(self, conversation: Conversation, task: ToStaff, report_id: str | None) -> None:
        self._session.add(
            t.StaffTask(
                city_id=conversation.city_id,
                conversation_id=conversation.id,
                report_id=report_id,
                reason=task.reason,
                note=task.note,
                created_at=self._clock.now(),
            )
        )
