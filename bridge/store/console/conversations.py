"""What was said: transcripts, lists, search, notes and templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.console.part import LONGEST_PASSAGE, Part, beyond, hits, within
from bridge.store.types import new_id
from bridge.vocabulary.console import Account, ConversationRow, Line, Template


class Conversations(Part):
    """Conversations as a person reads them."""

    def conversations(
        self,
        cities: Sequence[str],
        after: str = "",
        channel: str = "",
        city_id: str = "",
        only: str = "",
        limit: int = 50,
    ) -> tuple[ConversationRow, ...]:
        statement = _rows().where(within(col(t.Conversation.city_id), cities))
        if channel:
            statement = statement.where(t.Conversation.channel == channel)
        if city_id:
            statement = statement.where(t.Conversation.city_id == city_id)
        if only == "blocked":
            statement = statement.where(_flag("blocked"))
        if only == "opted_out":
            statement = statement.where(_flag("opted_out"))
        if only == "open":
            statement = statement.where(
                col(t.Conversation.id).in_(
                    select(t.StaffTask.conversation_id).where(col(t.StaffTask.closed_at).is_(None))
                )
            )
        key = col(t.Conversation.updated_at), col(t.Conversation.id)
        paged = beyond(statement, *key, after, newest_first=True).limit(limit)
        return self._with_last(self._session.execute(paged).all())

    def conversation_row(self, conversation_id: str) -> ConversationRow | None:
        found = self._session.execute(_rows().where(t.Conversation.id == conversation_id)).all()
        return self._with_last(found)[0] if found else None

    def others_of(self, conversation_id: str) -> tuple[ConversationRow, ...]:
        here = self._session.get_one(t.Conversation, conversation_id)
        same = _rows().where(
            t.Conversation.contact_id == here.contact_id, col(t.Conversation.id) != conversation_id
        )
        return self._with_last(self._session.execute(same.limit(10)).all())

    def transcript(self, conversation_id: str, limit: int = 200) -> tuple[Line, ...]:
        conversation = self._session.get_one(t.Conversation, conversation_id)
        heard = _newest(t.Inbox, t.Inbox.conversation_id == conversation_id, limit)
        waiting = _newest(
            t.Inbox,
            (col(t.Inbox.lane) == f"{conversation.account_id}/{conversation.thread}")
            & (col(t.Inbox.state) == "open")
            & col(t.Inbox.conversation_id).is_(None),
            limit,
        )
        said = _newest(t.Outbox, t.Outbox.conversation_id == conversation_id, limit)
        notes = _newest(t.StaffNote, t.StaffNote.conversation_id == conversation_id, limit)
        seen = (
            select(t.StatusHistory, t.Report)
            .join(t.Report, col(t.Report.id) == col(t.StatusHistory.report_id))
            .where(t.Report.conversation_id == conversation_id)
            .limit(limit)
        )
        rows = [*self._session.exec(heard), *self._session.exec(waiting)]
        lines = [
            *map(_heard, rows),
            *(line for row in self._session.exec(said) if (line := _sent(row))),
            *map(_noted, self._session.exec(notes)),
            *(_seen(status, report) for status, report in self._session.exec(seen)),
        ]
        return tuple(sorted(lines, key=lambda line: (line.at, line.id))[-limit:])

    def found(
        self, cities: Sequence[str], words: str, limit: int = 50
    ) -> tuple[tuple[ConversationRow, str, str], ...]:
        passages: dict[str, tuple[str, str]] = {}
        for conversation_id, at, passage in hits(self._session, words, limit * 4):
            passages.setdefault(conversation_id, (passage, at.isoformat()))
        chosen = _rows().where(
            col(t.Conversation.id).in_(list(passages)), within(col(t.Conversation.city_id), cities)
        )
        rows = {row.id: row for row in self._with_last(self._session.execute(chosen).all())}
        return tuple((rows[id_], *passages[id_]) for id_ in passages if id_ in rows)[:limit]

    def add_note(self, conversation_id: str, account: Account, text: str) -> None:
        row = t.StaffNote(
            conversation_id=conversation_id,
            account_id=account.id,
            who=account.name,
            text=text,
            created_at=self._clock.now(),
        )
        self._session.add(row)
        self._session.add(t.Said(row_id=row.id, conversation_id=conversation_id, at=row.created_at, text=text))

    def templates(self, city_id: str = "") -> tuple[Template, ...]:
        statement = select(t.ReplyTemplate).order_by(col(t.ReplyTemplate.title))
        if city_id:
            statement = statement.where(col(t.ReplyTemplate.city_id).in_(("", city_id)))
        return tuple(
            Template(row.id, row.city_id, row.title, row.text, row.language)
            for row in self._session.exec(statement)
        )

    def keep_template(self, template: Template) -> None:
        self._session.merge(
            t.ReplyTemplate(
                id=template.id or new_id(),
                city_id=template.city_id,
                title=template.title,
                text=template.text,
                language=template.language,
            )
        )

    def drop_template(self, template_id: str) -> None:
        row = self._session.get(t.ReplyTemplate, template_id)
        if row:
            self._session.delete(row)

    def _with_last(self, rows: Sequence[Any]) -> tuple[ConversationRow, ...]:
        """The rows with what was said last in each; a statement for all of them."""
        ids = [conversation.id for conversation, _, _ in rows]
        newest = (
            select(func.max(t.Said.id))
            .where(col(t.Said.conversation_id).in_(ids))
            .group_by(t.Said.conversation_id)
        )
        said = select(t.Said.conversation_id, t.Said.text).where(col(t.Said.id).in_(newest))
        last: dict[str, str] = dict(self._session.execute(said).all()) if ids else {}
        return tuple(
            _row(conversation, contact, tasks, last.get(conversation.id, ""))
            for conversation, contact, tasks in rows
        )


def _rows() -> Any:
    tasks = (
        select(func.count())
        .select_from(t.StaffTask)
        .where(col(t.StaffTask.conversation_id) == col(t.Conversation.id), col(t.StaffTask.closed_at).is_(None))
        .correlate(t.Conversation)
        .scalar_subquery()
    )
    return select(t.Conversation, t.Contact, tasks).join(
        t.Contact, col(t.Contact.id) == col(t.Conversation.contact_id)
    )


def _flag(name: str) -> Any:
    return col(t.Conversation.state)[name].as_boolean()


def _newest(table: Any, where: Any, limit: int) -> Any:
    return select(table).where(where).order_by(col(table.id).desc()).limit(limit)


def _row(conversation: t.Conversation, contact: t.Contact, tasks: int, last: str) -> ConversationRow:
    state = conversation.state
    return ConversationRow(
        id=conversation.id,
        city_id=conversation.city_id,
        channel=conversation.channel,
        address=conversation.address,
        name=contact.name,
        updated_at=conversation.updated_at,
        language=str(state.get("language", "")),
        opted_out=bool(state.get("opted_out")),
        blocked=bool(state.get("blocked")),
        drafting=bool(state.get("draft")),
        last=last[:LONGEST_PASSAGE],
        tasks=tasks,
    )


def _heard(row: t.Inbox) -> Line:
    message = row.message
    pin = message.get("pin")
    return Line(
        id=row.id,
        at=row.created_at,
        who="resident",
        text=str(message.get("text", "")),
        state=row.state,
        error=row.error,
        files=tuple(
            str(file.get("name") or file.get("content_type", "")) for file in message.get("attachments", ())
        ),
        pin=(pin["lat"], pin["long"]) if pin else None,
    )


def _sent(row: t.Outbox) -> Line | None:
    if row.kind != "reply" or row.message is None:
        return None
    return Line(
        id=row.id,
        at=row.created_at,
        who="staff" if row.author else "bridge",
        by=row.author,
        text=str(row.message.get("text", "")),
        state=row.state,
        delivery=row.delivery,
        error=row.error,
        choices=tuple(str(choice["label"]) for choice in row.message.get("choices", ())),
    )


def _noted(row: t.StaffNote) -> Line:
    return Line(id=row.id, at=row.created_at, who="note", text=row.text, by=row.who)


def _seen(status: t.StatusHistory, report: t.Report) -> Line:
    said = f"{report.service_name}: {status.raw_status or status.status}"
    words = f"{said}. {status.status_notes}" if status.status_notes else said
    return Line(id=status.id, at=status.seen_at, who="city", text=words, by=report.service_request_id or "")
