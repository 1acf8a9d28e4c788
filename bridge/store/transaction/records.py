"""Records as they are handed out: who somebody is, what was said, what was filed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, literal, tuple_
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store import values
from bridge.store.transaction.unit import Unit
from bridge.store.types import first_id
from bridge.vocabulary import KnownContact, Page, Query, Report, Said, StoredFile

LETS_IN = ("staff_session", "staff_invitation")
LEFT_OUT = (("staff_account", "password_hash"), ("media", "token"), ("inbox", "raw"))


class Records(Unit):
    """The part of a transaction that reads records for export. Ids are in the order of time."""

    def contacts(self, address: str) -> tuple[KnownContact, ...]:
        rows = self._session.exec(select(t.Contact).where(t.Contact.address == address))
        return tuple(
            KnownContact(row.id, row.city_id, row.channel, row.address, row.name, row.last_seen_at) for row in rows
        )

    def said(self, query: Query, after: str, limit: int) -> tuple[Said, ...]:
        rows = self._session.exec(_fitting(select(t.Inbox), t.Inbox, query, after, limit, of=_heard_from))
        return tuple(_said(row) for row in rows)

    def told(self, query: Query, after: str, limit: int) -> tuple[Said, ...]:
        replies = select(t.Outbox).where(t.Outbox.kind == "reply")
        rows = self._session.exec(_fitting(replies, t.Outbox, query, after, limit, of=_in_talk_with))
        return tuple(_told(row) for row in rows)

    def files(self, query: Query, after: str, limit: int) -> tuple[StoredFile, ...]:
        kept = select(t.Media).where(col(t.Media.revoked_at).is_(None))
        rows = self._session.exec(_fitting(kept, t.Media, query, after, limit, of=_sent_by))
        return tuple(
            StoredFile(
                row.id, row.conversation_id, row.report_id or "", row.blob_id, row.media_type, row.created_at
            )
            for row in rows
        )

    def tables(self) -> tuple[str, ...]:
        return tuple(table.name for table in t.Base.metadata.sorted_tables if table.name not in LETS_IN)

    def rows(self, table: str, after: Sequence[object], limit: int) -> Page | None:
        there = t.Base.metadata.tables[table]
        key = list(there.primary_key.columns)
        shown = [column for column in there.columns if (table, column.name) not in LEFT_OUT]
        statement = select_columns(*shown).order_by(*key).limit(limit)
        if after:
            bound = [literal(value, column.type) for value, column in zip(after, key, strict=True)]
            statement = statement.where(tuple_(*key) > tuple_(*bound))
        rows = [dict(row) for row in self._session.execute(statement).mappings()]
        return Page(rows, [rows[-1][column.name] for column in key]) if rows else None

    def filed(self, query: Query, after: str, limit: int) -> tuple[Report, ...]:
        rows = self._session.exec(_fitting(select(t.Report), t.Report, query, after, limit, of=_reported_by))
        return tuple(values.report(row) for row in rows)


def _fitting(statement: Any, table: Any, query: Query, after: str, limit: int, *, of: Any) -> Any:
    since = max(after, first_id(query.since) if query.since else "")
    statement = statement.where(table.id > since)
    if query.until:
        statement = statement.where(table.id < first_id(query.until))
    if query.sender or query.contact_id:
        statement = statement.where(of(_contacts(query)))
    return statement.order_by(table.id).limit(limit)


def _contacts(query: Query) -> Select[Any]:
    found = select(t.Contact.id)
    if query.sender:
        found = found.where(t.Contact.address == query.sender)
    return found.where(t.Contact.id == query.contact_id) if query.contact_id else found


def _talks(contacts: Select[Any]) -> Select[Any]:
    return select(t.Conversation.id).where(col(t.Conversation.contact_id).in_(contacts))


def _heard_from(contacts: Select[Any]) -> Any:
    return col(t.Inbox.conversation_id).in_(_talks(contacts))


def _in_talk_with(contacts: Select[Any]) -> Any:
    return col(t.Outbox.conversation_id).in_(_talks(contacts))


def _sent_by(contacts: Select[Any]) -> Any:
    return col(t.Media.conversation_id).in_(_talks(contacts))


def _reported_by(contacts: Select[Any]) -> Any:
    return col(t.Report.contact_id).in_(contacts)


def _said(row: t.Inbox) -> Said:
    message = values.INBOUND.validate_python(row.message)
    return Said(
        id=row.id,
        direction="in",
        at=message.received_at,
        account_id=row.account_id,
        channel=row.channel,
        address=message.sender,
        conversation_id=row.conversation_id or "",
        subject=message.subject,
        text=message.text,
        state=row.state,
        provider_id=message.provider_id or row.provider_key,
        details=row.message,
        raw=row.raw,
        raw_type=message.raw_type,
    )


def _told(row: t.Outbox) -> Said:
    message = values.OUTBOUND.validate_python(row.message) if row.message else None
    return Said(
        id=row.id,
        direction="out",
        at=row.finished_at or row.created_at,
        account_id=message.account_id if message else "",
        channel=message.channel if message else "",
        address=message.to if message else "",
        conversation_id=row.conversation_id,
        subject=message.subject if message else "",
        text=message.text if message else "",
        state=row.state,
        provider_id=row.provider_id,
        details=row.message or {},
    )
