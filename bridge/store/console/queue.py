"""What a person must look at, and what they did about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store import values
from bridge.store.console.part import Part, beyond, within
from bridge.store.values import QUEUES
from bridge.vocabulary import Draft
from bridge.vocabulary.console import Account, Example, GivenUp, QueueItem, SilentResident, StaffAction

OPEN = col(t.StaffTask.closed_at).is_(None)


class QueuePart(Part):
    """Tasks, silent residents, deeds and examples."""

    def queue(
        self, cities: Sequence[str], after: str = "", reason: str = "", city_id: str = "", limit: int = 50
    ) -> tuple[QueueItem, ...]:
        statement = _tasks().where(OPEN, within(col(t.StaffTask.city_id), cities))
        if reason:
            statement = statement.where(t.StaffTask.reason == reason)
        if city_id:
            statement = statement.where(t.StaffTask.city_id == city_id)
        statement = beyond(
            statement, col(t.StaffTask.due_at), col(t.StaffTask.id), after, newest_first=False
        ).limit(limit)
        return tuple(_item(*row) for row in self._session.execute(statement))

    def queue_counts(self, cities: Sequence[str]) -> Mapping[str, int]:
        statement = (
            select(t.StaffTask.reason, func.count())
            .where(OPEN, within(col(t.StaffTask.city_id), cities))
            .group_by(t.StaffTask.reason)
        )
        return dict(self._session.execute(statement).all())

    def item(self, task_id: str) -> QueueItem | None:
        row = self._session.execute(_tasks().where(t.StaffTask.id == task_id)).first()
        return _item(*row) if row else None

    def next_item(self, cities: Sequence[str], item: QueueItem) -> str:
        statement = select(t.StaffTask.id).where(
            OPEN, within(col(t.StaffTask.city_id), cities), t.StaffTask.id != item.id
        )
        ordered = statement.order_by(col(t.StaffTask.due_at), col(t.StaffTask.id)).limit(1)
        return self._session.exec(ordered).first() or ""

    def hold(self, task_id: str, account: Account, now: datetime) -> None:
        statement = update(t.StaffTask).where(col(t.StaffTask.id) == task_id)
        self._session.execute(statement.values(held_by=account.id, held_name=account.name, held_at=now))

    def release(self, task_id: str, account: Account) -> None:
        mine = update(t.StaffTask).where(col(t.StaffTask.id) == task_id, col(t.StaffTask.held_by) == account.id)
        self._session.execute(mine.values(held_by="", held_name="", held_at=None))

    def close_task(self, task_id: str, who: str, outcome: str) -> bool:
        closing = update(t.StaffTask).where(col(t.StaffTask.id) == task_id, OPEN)
        changed = closing.values(closed_at=self._clock.now(), closed_by=who, outcome=outcome)
        return self._session.execute(changed.returning(col(t.StaffTask.id))).first() is not None

    def reopen_task(self, task_id: str) -> None:
        opening = update(t.StaffTask).where(col(t.StaffTask.id) == task_id)
        self._session.execute(opening.values(closed_at=None, closed_by="", outcome=""))

    def keep_draft(self, task_id: str, draft: Draft) -> None:
        self._session.get_one(t.StaffTask, task_id).draft = values.to_json(values.DRAFT, draft)

    def silent(self, cities: Sequence[str], after: str = "", limit: int = 50) -> tuple[SilentResident, ...]:
        statement: Any = (
            select(t.Timer, t.Conversation)
            .join(t.Conversation, col(t.Conversation.id) == col(t.Timer.conversation_id))
            .where(t.Timer.state == "open", t.Timer.name == "silence", within(col(t.Conversation.city_id), cities))
        )
        paged = beyond(statement, col(t.Timer.due_at), col(t.Timer.id), after, newest_first=False).limit(limit)
        return tuple(_silent(timer, conversation) for timer, conversation in self._session.execute(paged))

    def given_up(self, cities: Sequence[str], limit: int = 50) -> tuple[GivenUp, ...]:
        rows = [row for table in QUEUES for row in self._given_up(table, cities, limit)]
        return tuple(sorted(rows, key=lambda row: row.id, reverse=True)[:limit])

    def _given_up(self, table: Any, cities: Sequence[str], limit: int) -> list[GivenUp]:
        dead = (
            select(table, t.Conversation)
            .join(t.Conversation, col(t.Conversation.id) == table.conversation_id, isouter=True)
            .where(table.state == "dead", within(col(t.Conversation.city_id), cities))
            .order_by(table.id.desc())
            .limit(limit)
        )
        return [_given_up(QUEUES[table], row, talk) for row, talk in self._session.execute(dead)]

    def add_action(self, action: StaffAction) -> str:
        row = t.StaffDeed(
            task_id=action.task_id,
            conversation_id=action.conversation_id,
            report_id=action.report_id,
            account_id=action.account_id,
            kind=action.kind,
            outbox_ids=list(action.outbox_ids),
            at=action.at,
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def action(self, action_id: str) -> StaffAction | None:
        row = self._session.get(t.StaffDeed, action_id)
        return _action(row) if row else None

    def actions_of(self, task_id: str) -> tuple[StaffAction, ...]:
        rows = select(t.StaffDeed).where(t.StaffDeed.task_id == task_id).order_by(col(t.StaffDeed.id).desc())
        return tuple(map(_action, self._session.exec(rows)))

    def mark_undone(self, action_id: str) -> None:
        self._session.get_one(t.StaffDeed, action_id).undone_at = self._clock.now()

    def add_example(self, example: Example) -> None:
        self._session.add(
            t.TrainingExample(
                city_id=example.city_id,
                text=example.text,
                language=example.language,
                service_code=example.service_code,
                guessed=example.guessed,
                at=example.at,
            )
        )

    def examples(self, city_id: str) -> tuple[Example, ...]:
        rows = select(t.TrainingExample).where(t.TrainingExample.city_id == city_id)
        return tuple(
            Example(row.city_id, row.text, row.language, row.service_code, row.guessed, row.at)
            for row in self._session.exec(rows.order_by(col(t.TrainingExample.id)))
        )

    def unalerted(self, now: datetime, limit: int) -> tuple[QueueItem, ...]:
        late = _tasks().where(OPEN, t.StaffTask.due_at <= now, col(t.StaffTask.alerted_at).is_(None))
        rows = self._session.execute(late.order_by(col(t.StaffTask.due_at)).limit(limit))
        return tuple(_item(*row) for row in rows)

    def mark_alerted(self, task_ids: Sequence[str]) -> None:
        told = update(t.StaffTask).where(col(t.StaffTask.id).in_(task_ids))
        self._session.execute(told.values(alerted_at=self._clock.now()))

    def stuck_accounts(self, before: datetime) -> tuple[tuple[str, datetime], ...]:
        statement: Any = (
            select(t.Conversation.account_id, func.min(t.Outbox.created_at))
            .join(t.Outbox, col(t.Outbox.conversation_id) == col(t.Conversation.id))
            .where(
                t.Outbox.state == "open",
                t.Outbox.kind == "reply",
                t.Outbox.created_at < before,
                col(t.Outbox.attempts) > 0,
            )
            .group_by(t.Conversation.account_id)
        )
        return tuple((account, since) for account, since in self._session.execute(statement))

    def unfollow(self, report_id: str, conversation_id: str) -> None:
        self._session.execute(
            delete(t.Follower).where(
                col(t.Follower.report_id) == report_id, col(t.Follower.conversation_id) == conversation_id
            )
        )


def _tasks() -> Any:
    return select(t.StaffTask, t.Conversation).join(
        t.Conversation, col(t.Conversation.id) == col(t.StaffTask.conversation_id)
    )


def _item(task: t.StaffTask, conversation: t.Conversation) -> QueueItem:
    return QueueItem(
        id=task.id,
        city_id=task.city_id,
        conversation_id=task.conversation_id,
        reason=task.reason,
        note=task.note,
        channel=conversation.channel,
        address=conversation.address,
        created_at=task.created_at,
        due_at=task.due_at,
        report_id=task.report_id or "",
        draft=values.DRAFT.validate_python(task.draft) if task.draft else None,
        held_by=task.held_by,
        held_name=task.held_name,
        held_at=task.held_at,
        closed_at=task.closed_at,
        closed_by=task.closed_by,
        outcome=task.outcome,
    )


def _silent(timer: t.Timer, conversation: t.Conversation) -> SilentResident:
    state = values.STATE.validate_python(conversation.state)
    return SilentResident(
        conversation_id=conversation.id,
        city_id=conversation.city_id,
        channel=conversation.channel,
        address=conversation.address,
        words="\n".join(state.draft.words) if state.draft else "",
        question=state.question or "",
        due_at=timer.due_at,
    )


def _action(row: t.StaffDeed) -> StaffAction:
    return StaffAction(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]  # written by us alone, from the same Literal
        account_id=row.account_id,
        at=row.at,
        conversation_id=row.conversation_id,
        task_id=row.task_id,
        report_id=row.report_id,
        outbox_ids=tuple(row.outbox_ids),
        undone_at=row.undone_at,
    )


def _given_up(queue: str, row: Any, talk: t.Conversation | None) -> GivenUp:
    return GivenUp(
        id=row.id,
        queue=queue,
        kind=getattr(row, "kind", "") or getattr(row, "name", ""),
        created_at=row.created_at,
        attempts=row.attempts,
        error=row.error,
        city_id=talk.city_id if talk else "",
        conversation_id=talk.id if talk else "",
        address=talk.address if talk else "",
        report_id=getattr(row, "report_id", None) or "",
    )
