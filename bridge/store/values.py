"""Between rows and the vocabulary: frozen dataclasses to JSON and back, by pydantic, in one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bridge.ports import Queue
from bridge.store import tables as t
from bridge.vocabulary import (
    Attempt,
    Conversation,
    Draft,
    Inbound,
    InboxRow,
    Outbound,
    OutboxRow,
    Place,
    Report,
    State,
    Submission,
    TimerRow,
)

T = TypeVar("T")

QUEUES: dict[type[t.Work], Queue] = {t.Inbox: "inbox", t.Outbox: "outbox", t.Timer: "timers"}

DRAFT = TypeAdapter(Draft)
INBOUND = TypeAdapter(Inbound)
OUTBOUND = TypeAdapter(Outbound)
PLACE = TypeAdapter(Place)
STATE = TypeAdapter(State)
SUBMISSION = TypeAdapter(Submission)


def to_json(adapter: TypeAdapter[T], value: T) -> dict[str, Any]:
    """The value as JSON-ready plain data."""
    plain: dict[str, Any] = adapter.dump_python(value, mode="json")
    return plain


def inbound_to_json(message: Inbound) -> dict[str, Any]:
    """A message without its raw bytes: they have a column of their own."""
    return to_json(INBOUND, replace(message, raw=b""))


def inbox_row(row: t.Inbox) -> InboxRow:
    message = replace(INBOUND.validate_python(row.message), raw=row.raw)
    return InboxRow(row.id, row.lease or "", row.attempts, message)


def outbox_row(row: t.Outbox, claimed_at: datetime) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        lease=row.lease or "",
        attempts=row.attempts,
        kind=row.kind,  # type: ignore[arg-type]  # written by us alone, from the same Literal
        created_at=row.created_at,
        conversation_id=row.conversation_id,
        reply=OUTBOUND.validate_python(row.message) if row.message else None,
        report_id=row.report_id,
        words=row.words,
        trace=row.trace,
        photos=tuple(row.photos),
        tried_at=None if row.attempts == 1 and row.tried_at == claimed_at else row.tried_at,
    )


def timer_row(row: t.Timer) -> TimerRow:
    return TimerRow(
        id=row.id,
        lease=row.lease or "",
        attempts=row.attempts,
        conversation_id=row.conversation_id,
        name=row.name,  # type: ignore[arg-type]  # written by us alone, from the same Literal
        trace=row.trace,
    )


def conversation(row: t.Conversation) -> Conversation:
    return Conversation(
        id=row.id,
        account_id=row.account_id,
        channel=row.channel,
        thread=row.thread,
        address=row.address,
        city_id=row.city_id,
        contact_id=row.contact_id,
        state=STATE.validate_python(row.state),
        reply_to=row.reply_to,
        subject=row.subject,
        last_heard=row.heard_at,
    )


def report(row: t.Report) -> Report:
    return Report(
        id=row.id,
        reference=row.reference,
        city_id=row.city_id,
        conversation_id=row.conversation_id,
        service_code=row.service_code,
        service_name=row.service_name,
        description=row.description,
        place=PLACE.validate_python(row.place),
        attributes={code: tuple(given) for code, given in row.attributes.items()},
        contact=row.contact,
        cites=row.cites,
        photos=tuple(row.photos),
        state=row.state,  # type: ignore[arg-type]  # written by us alone, from the same Literal
        service_request_id=row.service_request_id,
        token=row.token,
        status=row.status,
        raw_status=row.raw_status,
        status_notes=row.status_notes,
        fingerprint=row.fingerprint,
        created_at=row.created_at,
        trace=row.trace,
    )


def attempt(row: t.Attempt) -> Attempt:
    return Attempt(
        id=row.id,
        outbox_id=row.outbox_id,
        report_id=row.report_id,
        submission=SUBMISSION.validate_python(row.submission),
        opened_at=row.opened_at,
        deadline=row.deadline,
        outcome=row.outcome,  # type: ignore[arg-type]  # written by us alone, from the same Literal
    )
