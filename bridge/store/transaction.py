"""One unit of work: implements `bridge.ports.Transaction` on a SQLModel session, the same on both databases."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Table, exists, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bridge.ports import Clock, Queue, Wake
from bridge.store import tables as t
from bridge.store import values, watching
from bridge.store.types import new_id, new_reference
from bridge.vocabulary import (
    Artifact,
    Attempt,
    Conversation,
    FileReport,
    Inbound,
    InboxRow,
    Outbound,
    OutboxRow,
    Outcome,
    Receipt,
    Report,
    Sent,
    ServiceRequest,
    State,
    Submission,
    TimerName,
    TimerRow,
    ToStaff,
    Watched,
)

W = TypeVar("W", t.Inbox, t.Outbox, t.Timer)
Row = InboxRow | OutboxRow | TimerRow

METRES_A_DEGREE = 111_320.0


class SqlTransaction:
    """Bound to a session that somebody else commits; `callbacks` are called by them once it is durable."""

    def __init__(self, session: Session, clock: Clock, wake: Wake) -> None:
        self._session = session
        self._clock = clock
        self._wake = wake
        self.callbacks: list[Callable[[], object]] = []

    def after_commit(self, callback: Callable[[], object]) -> None:
        self.callbacks.append(callback)

    # ------------------------------------------------------------------------------------------- inbox

    def add_inbound(self, message: Inbound) -> bool:
        now = self._clock.now()
        added = self._insert_once(
            t.Inbox,
            {
                "id": new_id(),
                "lane": f"{message.account_id}/{message.thread}",
                "state": "open",
                "due_at": now,
                "attempts": 0,
                "error": "",
                "created_at": now,
                "account_id": message.account_id,
                "channel": message.channel,
                "kind": str(message.kind),
                "provider_key": message.provider_key,
                "message": values.inbound_to_json(message),
                "raw": message.raw,
            },
        )
        if added:
            self._wake.wake(self, "inbox")
        return added

    def claim_inbound(self, now: datetime, lease: timedelta) -> InboxRow | None:
        row = self._claim(t.Inbox, now, lease)
        return values.inbox_row(row) if row else None

    def unhandled(self, conversation: Conversation) -> bool:
        statement = select(t.Inbox.id).where(
            t.Inbox.lane == f"{conversation.account_id}/{conversation.thread}",
            t.Inbox.state == "open",
            col(t.Inbox.kind).in_(("message", "edit")),
        )
        return self._session.exec(statement.limit(1)).first() is not None

    def still_mine(self, row: Row) -> bool:
        table = _table(row)
        found = self._session.exec(select(table.lease).where(table.id == row.id, table.state == "open")).first()
        return found == row.lease

    def finish_inbound(self, row: InboxRow, conversation_id: str | None) -> None:
        self._end(row, "done", conversation_id=conversation_id)

    # ----------------------------------------------------------------------------------- conversations

    def conversation_of(self, message: Inbound, city_id: str) -> Conversation:
        statement = select(t.Conversation).where(
            t.Conversation.account_id == message.account_id, t.Conversation.thread == message.thread
        )
        row = self._session.exec(statement.with_for_update()).first() or self._new_conversation(message, city_id)
        last_heard, row.heard_at = row.heard_at, message.received_at
        row.address = message.sender
        row.reply_to = message.provider_id or row.reply_to
        row.subject = row.subject or message.subject
        self._session.add(row)
        self._session.flush()
        return replace(values.conversation(row), last_heard=last_heard)

    def conversation(self, conversation_id: str) -> Conversation:
        statement = select(t.Conversation).where(t.Conversation.id == conversation_id).with_for_update()
        return values.conversation(self._session.exec(statement).one())

    def glimpse(self, message: Inbound) -> Conversation | None:
        statement = select(t.Conversation).where(
            t.Conversation.account_id == message.account_id, t.Conversation.thread == message.thread
        )
        row = self._session.exec(statement).first()
        return values.conversation(row) if row else None

    def save_state(self, conversation: Conversation, state: State) -> None:
        row = self._session.get_one(t.Conversation, conversation.id)
        row.state = values.to_json(values.STATE, state)
        row.updated_at = self._clock.now()
        contact = self._session.get_one(t.Contact, row.contact_id)
        contact.language = state.language
        contact.opted_out_at = (contact.opted_out_at or row.updated_at) if state.opted_out else None
        contact.last_seen_at = row.updated_at

    # ----------------------------------------------------------------------------------------- reports

    def add_report(self, conversation: Conversation, city_id: str, filed: FileReport, service_name: str) -> Report:
        now = self._clock.now()
        row = t.Report(
            reference=new_reference(),
            city_id=city_id,
            endpoint_id=city_id,
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
            service_code=filed.service_code,
            service_name=service_name,
            description=filed.description,
            place=values.to_json(values.PLACE, filed.place),
            lat=filed.place.lat,
            long=filed.place.long,
            attributes={code: list(given) for code, given in filed.attributes.items()},
            contact=dict(filed.contact),
            cites=filed.cites,
            created_at=now,
            updated_at=now,
        )
        self._session.add(row)
        self._session.flush()
        return values.report(row)

    def report(self, report_id: str) -> Report:
        return values.report(self._session.get_one(t.Report, report_id))

    def reports_of(self, conversation_id: str) -> tuple[Report, ...]:
        statement = (
            select(t.Report)
            .where(t.Report.conversation_id == conversation_id)
            .order_by(col(t.Report.id).desc())
            .limit(20)
        )
        return tuple(values.report(row) for row in self._session.exec(statement))

    def nearby(self, city_id: str, lat: float, long: float, metres: float, since: datetime) -> tuple[Report, ...]:
        high = metres / METRES_A_DEGREE
        wide = high / max(0.01, math.cos(math.radians(lat)))
        statement = (
            select(t.Report)
            .where(
                t.Report.city_id == city_id,
                col(t.Report.lat).between(lat - high, lat + high),
                col(t.Report.long).between(long - wide, long + wide),
                t.Report.created_at >= since,
                t.Report.status != "closed",
                col(t.Report.state).in_(("queued", "accepted")),
            )
            .order_by(col(t.Report.id).desc())
            .limit(20)
        )
        return tuple(values.report(row) for row in self._session.exec(statement))

    def add_follower(self, report: Report, conversation: Conversation) -> None:
        self._session.merge(t.Follower(report_id=report.id, conversation_id=conversation.id))

    def followers(self, report: Report) -> tuple[Conversation, ...]:
        statement = select(t.Follower.conversation_id).where(t.Follower.report_id == report.id)
        return tuple(self.conversation(id_) for id_ in self._session.exec(statement).all())

    def save_report(self, report: Report, *, poll_at: datetime | None = None) -> None:
        row = self._session.get_one(t.Report, report.id)
        row.state = report.state
        row.service_request_id = report.service_request_id
        row.token = report.token
        row.status = report.status
        row.raw_status = report.raw_status
        row.status_notes = report.status_notes
        row.fingerprint = report.fingerprint
        row.poll_at = poll_at
        row.updated_at = self._clock.now()
        self._session.flush()

    def add_status(self, report: Report, seen: ServiceRequest, now: datetime) -> None:
        self._session.add(
            t.StatusHistory(
                report_id=report.id,
                seen_at=now,
                status=seen.status,
                raw_status=seen.raw_status,
                status_notes=seen.status_notes,
                row=dict(seen.raw),
            )
        )

    def watched(self, city_id: str, now: datetime, limit: int) -> tuple[Watched, ...]:
        return watching.watched(self._session, city_id, now, limit)

    def watch_again(self, times: Mapping[Watched, datetime | None]) -> None:
        watching.watch_again(self._session, times)

    def numbered(self, city_id: str, receipt: Receipt) -> str | None:
        return watching.numbered(self._session, city_id, receipt)

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

    def forget(self, conversation: Conversation, *, erase: bool) -> None:
        contact = self._session.get_one(t.Contact, conversation.contact_id)
        contact.name = ""
        if not erase:
            return
        for row in self._session.exec(select(t.Inbox).where(t.Inbox.conversation_id == conversation.id)):
            row.raw = b""
            row.message = {**row.message, "text": "", "subject": "", "pin": None, "sender_name": ""}
        replies = select(t.Outbox).where(t.Outbox.conversation_id == conversation.id, t.Outbox.state == "done")
        for sent in self._session.exec(replies):
            sent.message = {**sent.message, "text": "", "choices": []} if sent.message else None

    # ------------------------------------------------------------------------------------------ timers

    def set_timer(self, conversation: Conversation, name: TimerName, at: datetime) -> None:
        now = self._clock.now()
        moved = update(t.Timer).where(*_open_timer(conversation, name)).values(due_at=at, **_UNCLAIMED)
        if not self._session.execute(moved.returning(col(t.Timer.id))).first():
            lane = f"{conversation.id}/{name}"
            row = t.Timer(lane=lane, conversation_id=conversation.id, name=name, due_at=at, created_at=now)
            self._session.add(row)
            self._session.flush()
        self._wake.wake(self, "timers", max(0.0, (at - now).total_seconds()))

    def drop_timer(self, conversation: Conversation, name: TimerName) -> None:
        dropped = update(t.Timer).where(*_open_timer(conversation, name))
        self._session.execute(dropped.values(state="done", finished_at=self._clock.now(), **_UNCLAIMED))

    def claim_timer(self, now: datetime, lease: timedelta) -> TimerRow | None:
        row = self._claim(t.Timer, now, lease)
        return values.timer_row(row) if row else None

    def finish_timer(self, row: TimerRow) -> None:
        self._end(row, "done")

    # ------------------------------------------------------------------------------------------ outbox

    def add_reply(self, conversation: Conversation, say: Outbound, *, question: bool = False) -> None:
        row = self._outbox("reply", f"conversation/{conversation.id}", conversation.id)
        row.question = question
        row.message = values.to_json(values.OUTBOUND, replace(say, id=row.id))
        self._session.add(row)
        self._session.flush()

    def add_submission(self, report: Report) -> None:
        row = self._outbox("submission", f"report/{report.id}", report.conversation_id)
        row.report_id = report.id
        self._session.add(row)
        self._session.flush()

    def add_update(self, report: Report, words: str) -> None:
        # In the lane of the report: no update goes out before the report itself.
        row = self._outbox("update", f"report/{report.id}", report.conversation_id)
        row.report_id, row.words = report.id, words
        self._session.add(row)
        self._session.flush()

    def unsent_question(self, conversation: Conversation) -> bool:
        statement = select(t.Outbox.id).where(*_unsent_questions(conversation))
        return self._session.exec(statement.limit(1)).first() is not None

    def take_back(self, conversation: Conversation) -> None:
        unsent = update(t.Outbox).where(*_unsent_questions(conversation))
        self._session.execute(unsent.values(state="withdrawn", finished_at=self._clock.now()))
        self._wake.wake(self, "outbox")

    def claim_outbox(self, now: datetime, lease: timedelta) -> OutboxRow | None:
        row = self._claim(t.Outbox, now, lease)
        return values.outbox_row(row) if row else None

    def finish_outbox(self, row: OutboxRow, sent: Sent | None) -> None:
        if sent is None:
            self._end(row, "done")
            return
        self._end(
            row,
            "done",
            provider_id=sent.provider_id,
            segments=sent.segments,
            price_micros=sent.price_micros,
            currency=sent.currency,
        )

    def retry(self, row: Row, at: datetime, error: str) -> None:
        table = _table(row)
        self._session.execute(
            update(table).where(*_held(row)).values(lease=None, lease_until=None, due_at=at, error=error[:500])
        )

    def bury(self, row: Row, error: str) -> None:
        self._end(row, "dead", error=error[:500])

    # --------------------------------------------------------------------------------------- artifacts

    def active_artifact(self, city_id: str, kind: str) -> Artifact | None:
        statement = (
            select(t.Artifact)
            .join(t.ActiveArtifact, col(t.ActiveArtifact.artifact_id) == col(t.Artifact.id))
            .where(t.ActiveArtifact.city_id == city_id, t.ActiveArtifact.kind == kind)
        )
        row = self._session.exec(statement).first()
        return Artifact(row.blob_id, row.manifest) if row else None

    def artifacts(self, city_id: str, kind: str) -> tuple[Artifact, ...]:
        statement = select(t.Artifact).where(t.Artifact.city_id == city_id, t.Artifact.kind == kind)
        rows = self._session.exec(statement.order_by(col(t.Artifact.id)))
        return tuple(Artifact(row.blob_id, row.manifest) for row in rows)

    def activate(self, city_id: str, kind: str, artifact: Artifact) -> None:
        now = self._clock.now()
        same = select(t.Artifact).where(
            t.Artifact.city_id == city_id, t.Artifact.kind == kind, t.Artifact.blob_id == artifact.blob_id
        )
        row = self._session.exec(same).first() or t.Artifact(
            city_id=city_id,
            kind=kind,
            blob_id=artifact.blob_id,
            manifest=dict(artifact.manifest),
            created_at=now,
        )
        self._session.add(row)
        self._session.flush()
        active = t.ActiveArtifact(city_id=city_id, kind=kind, artifact_id=row.id, since=now)
        self._session.merge(active)

    # ---------------------------------------------------------------------------------------- attempts

    def open_attempt(self, row: OutboxRow, submission: Submission, deadline: datetime) -> Attempt:
        attempt = t.Attempt(
            outbox_id=row.id,
            report_id=row.report_id or "",
            submission=values.to_json(values.SUBMISSION, submission),
            opened_at=self._clock.now(),
            deadline=deadline,
        )
        self._session.add(attempt)
        self._session.flush()
        return values.attempt(attempt)

    def attempts(self, outbox_id: str) -> tuple[Attempt, ...]:
        statement = select(t.Attempt).where(t.Attempt.outbox_id == outbox_id).order_by(col(t.Attempt.id))
        return tuple(values.attempt(row) for row in self._session.exec(statement))

    def close_attempt(self, attempt: Attempt, outcome: Outcome, detail: str) -> None:
        row = self._session.get_one(t.Attempt, attempt.id)
        row.outcome = outcome
        row.detail = detail[:500]
        row.closed_at = self._clock.now()

    # ----------------------------------------------------------------------------------------- helpers

    def _insert_once(self, table: type[Any], row: Mapping[str, Any]) -> bool:
        """Inserts unless a unique constraint already holds the row; says whether it did."""
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        target: Table = table.__table__
        statement = dialect.insert(target).values(**row).on_conflict_do_nothing().returning(target.c.id)
        return self._session.execute(statement).first() is not None

    def _claim(self, table: type[W], now: datetime, lease: timedelta) -> W | None:
        """The oldest row that is open, due, not leased, and first of its lane; leased to this caller."""
        earlier = aliased(table)
        first_of_lane = ~exists().where(
            col(earlier.lane) == col(table.lane), col(earlier.id) < col(table.id), col(earlier.state) == "open"
        )
        chosen = (
            select(table.id)
            .where(
                table.state == "open",
                col(table.due_at) <= now,
                or_(col(table.lease_until).is_(None), col(table.lease_until) <= now),
                first_of_lane,
            )
            .order_by(col(table.due_at), col(table.id))
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        statement = (
            update(table)
            .where(col(table.id) == chosen)
            .values(lease=new_id(), lease_until=now + lease, attempts=table.attempts + 1)
            .returning(table)
        )
        return self._session.scalars(statement).first()

    def _new_conversation(self, message: Inbound, city_id: str) -> t.Conversation:
        contact = self._contact(message, city_id)
        now = self._clock.now()
        row = t.Conversation(
            account_id=message.account_id,
            city_id=city_id,
            channel=message.channel,
            thread=message.thread,
            address=message.sender,
            contact_id=contact.id,
            state=values.to_json(values.STATE, State(opted_out=contact.opted_out_at is not None)),
            created_at=now,
            updated_at=now,
        )
        self._session.add(row)
        return row

    def _contact(self, message: Inbound, city_id: str) -> t.Contact:
        key = (
            t.Contact.city_id == city_id,
            t.Contact.channel == message.channel,
            t.Contact.address == message.sender,
        )
        now = self._clock.now()
        contact = self._session.exec(select(t.Contact).where(*key)).first() or t.Contact(
            city_id=city_id,
            channel=message.channel,
            address=message.sender,
            name=message.sender_name,
            created_at=now,
            last_seen_at=now,
        )
        self._session.add(contact)
        self._session.flush()
        return contact

    def _outbox(self, kind: str, lane: str, conversation_id: str) -> t.Outbox:
        now = self._clock.now()
        self._wake.wake(self, "outbox")
        return t.Outbox(kind=kind, lane=lane, conversation_id=conversation_id, due_at=now, created_at=now)

    def _end(self, row: Row, state: str, **changes: Any) -> None:
        table = _table(row)
        self._session.execute(
            update(table)
            .where(*_held(row))
            .values(state=state, finished_at=self._clock.now(), lease=None, lease_until=None, **changes)
        )
        # What waited behind this row in its lane is free now.
        self._wake.wake(self, _QUEUES[table])


_UNCLAIMED: dict[str, None] = {"lease": None, "lease_until": None}
_QUEUES: dict[type[t.Work], Queue] = {t.Inbox: "inbox", t.Outbox: "outbox", t.Timer: "timers"}
_TABLES: dict[type[Row], type[t.Inbox] | type[t.Outbox] | type[t.Timer]] = {
    InboxRow: t.Inbox,
    OutboxRow: t.Outbox,
    TimerRow: t.Timer,
}


def _table(row: Row) -> type[t.Inbox] | type[t.Outbox] | type[t.Timer]:
    return _TABLES[type(row)]


def _open_timer(conversation: Conversation, name: TimerName) -> tuple[Any, ...]:
    return t.Timer.lane == f"{conversation.id}/{name}", t.Timer.state == "open"


def _unsent_questions(conversation: Conversation) -> tuple[Any, ...]:
    """Nobody has claimed them, so none of them can be on its way."""
    return (
        t.Outbox.conversation_id == conversation.id,
        col(t.Outbox.question).is_(True),
        t.Outbox.state == "open",
        col(t.Outbox.attempts) == 0,
    )


def _held(row: Row) -> tuple[Any, ...]:
    table = _table(row)
    return (col(table.id) == row.id, col(table.lease) == row.lease)
