"""What goes when it is old enough, or when a resident asks.

What a legal hold covers stays, and every deletion is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, or_, update
from sqlmodel import col, select

from bridge.errors import Permanent
from bridge.store import tables as t
from bridge.store.transaction.holds import Holds
from bridge.store.types import first_id
from bridge.vocabulary import Conversation, Deletion, Kept

NOBODY = "erased/"  # what an address begins with once nobody is known by it
RETENTION = "retention"
WORDLESS = {"text": "", "subject": "", "pin": None, "sender_name": "", "signature": ""}


class RetentionPart(Holds):
    """The part of a transaction that is about deleting."""

    def expired(self, kind: Kept, before: datetime, after: str, limit: int) -> tuple[str, ...]:
        if self._all_is_held():
            return ()
        found: list[str] = []
        for ids in self._candidates(kind, before):
            found += self._session.scalars(ids.where(_id_of(ids) > after).order_by(_id_of(ids)).limit(limit))
        return tuple(sorted(found)[:limit])

    def delete_expired(self, kind: Kept, ids: Sequence[str]) -> int:
        if self._all_is_held():
            return 0
        gone = self._delete(kind, list(ids))
        if gone:
            self._record(kind, gone, RETENTION, "scheduler")
        return gone

    def expired_count(self, kind: Kept, before: datetime) -> int:
        if self._all_is_held():
            return 0
        counts = (select(func.count()).select_from(ids.subquery()) for ids in self._candidates(kind, before))
        return sum(self._session.scalars(count).one() for count in counts)

    def retention_ages(self) -> Mapping[Kept, int]:
        rows = self._session.exec(select(t.RetentionAge))
        return {row.kind: row.days for row in rows}  # type: ignore[misc]  # written by us alone, from the same Literal

    def set_retention_age(self, kind: Kept, days: int) -> None:
        self._session.merge(t.RetentionAge(kind=kind, days=days))

    def delete_resident(self, contact_id: str, cause: str, by: str) -> int:
        contact = self._session.get_one(t.Contact, contact_id)
        if self.is_held(contact_id):
            raise Permanent("a legal hold covers this resident")
        if self._busy(contact_id):
            raise Permanent("a message or report of this resident is on its way: try again when it has arrived")
        gone = self._forget_contact(contact, words=True)
        self._record("resident", gone, cause, by, contact_id)
        return gone

    def forget(self, conversation: Conversation, *, erase: bool) -> None:
        if self.is_held(conversation.contact_id):
            return
        self._session.get_one(t.Contact, conversation.contact_id).name = ""
        gone = 1 + (self._empty(conversation.id) if erase else 0)
        self._record("resident", gone, "forget me", "resident", conversation.contact_id)

    def deletions(self, limit: int) -> tuple[Deletion, ...]:
        rows = self._session.exec(select(t.Deletion).order_by(col(t.Deletion.id).desc()).limit(limit))
        return tuple(Deletion(row.at, row.kind, row.rows, row.cause, row.by, row.subject) for row in rows)

    # ------------------------------------------------------------------------------------ what may go

    def _candidates(self, kind: Kept, before: datetime) -> tuple[Select[Any], ...]:
        """Ids are in the order of time, so that age is a range of the primary key."""
        old = first_id(before)
        match kind:
            case "raw":
                return (self._inbox(old).where(func.length(t.Inbox.raw) > 0),)
            case "messages":
                return self._inbox(old), self._replies(old)
            case "photos":
                return (self._photos(old),)
            case "reports":
                return (self._reports(old, before),)
            case "contacts":
                return (self._contacts(before),)

    def _inbox(self, old: str) -> Select[Any]:
        """Handled messages. What belongs to no conversation stays while any hold stands: whose is it?"""
        theirs = col(t.Inbox.conversation_id).not_in(self._held_conversations())
        nobodys = col(t.Inbox.conversation_id).is_(None)
        mine = theirs if self.holds() else or_(nobodys, theirs)
        return select(t.Inbox.id).where(t.Inbox.id < old, t.Inbox.state != "open", mine)

    def _replies(self, old: str) -> Select[Any]:
        return select(t.Outbox.id).where(
            t.Outbox.id < old,
            t.Outbox.state != "open",
            t.Outbox.kind == "reply",
            col(t.Outbox.conversation_id).not_in(self._held_conversations()),
        )

    def _photos(self, old: str) -> Select[Any]:
        return select(t.Media.id).where(
            t.Media.id < old,
            col(t.Media.revoked_at).is_(None),
            col(t.Media.conversation_id).not_in(self._held_conversations()),
        )

    def _reports(self, old: str, before: datetime) -> Select[Any]:
        settled = or_(col(t.Report.status) == "closed", col(t.Report.state) == "refused")
        return select(t.Report.id).where(
            t.Report.id < old,
            t.Report.updated_at < before,
            settled,
            ~_open_work(t.Outbox.report_id == t.Report.id),
            col(t.Report.contact_id).not_in(self._held_contacts()),
        )

    def _contacts(self, before: datetime) -> Select[Any]:
        """Not seen since, with no report that is still followed."""
        followed = exists().where(
            col(t.Report.contact_id) == col(t.Contact.id),
            or_(col(t.Report.poll_at).is_not(None), col(t.Report.state).in_(("queued", "unsure"))),
        )
        return select(t.Contact.id).where(
            t.Contact.last_seen_at < before,
            ~col(t.Contact.address).startswith(NOBODY),
            ~followed,
            col(t.Contact.id).not_in(self._held_contacts()),
        )

    def _held_conversations(self) -> Select[Any]:
        return select(t.Conversation.id).where(col(t.Conversation.contact_id).in_(self._held_contacts()))

    # ------------------------------------------------------------------------------------------ going

    def _delete(self, kind: Kept, ids: list[str]) -> int:
        deleting: Mapping[Kept, Callable[[list[str]], int]] = {
            "raw": self._empty_raw,
            "messages": self._delete_messages,
            "photos": self._delete_photos,
            "reports": self._delete_reports,
            "contacts": self._forget_contacts,
        }
        return deleting[kind](ids)

    def _empty_raw(self, ids: list[str]) -> int:
        held = col(t.Inbox.conversation_id).in_(self._held_conversations())
        mine = or_(col(t.Inbox.conversation_id).is_(None), ~held)
        return self._rows(update(t.Inbox).where(col(t.Inbox.id).in_(ids), mine).values(raw=b""))

    def _delete_messages(self, ids: list[str]) -> int:
        held = self._held_conversations()
        mine = or_(col(t.Inbox.conversation_id).is_(None), col(t.Inbox.conversation_id).not_in(held))
        gone = self._rows(delete(t.Inbox).where(col(t.Inbox.id).in_(ids), mine))
        theirs = col(t.Outbox.conversation_id).not_in(held)
        gone += self._rows(delete(t.Outbox).where(col(t.Outbox.id).in_(ids), theirs))
        self._rows(delete(t.Said).where(col(t.Said.row_id).in_(ids), col(t.Said.conversation_id).not_in(held)))
        return gone

    def _delete_photos(self, ids: list[str]) -> int:
        free = select(t.Media.id).where(
            col(t.Media.id).in_(ids), col(t.Media.conversation_id).not_in(self._held_conversations())
        )
        going = list(self._session.scalars(free))
        self._hide(col(t.Media.id).in_(going))
        return len(going)

    def _delete_reports(self, ids: list[str]) -> int:
        free = select(t.Report.id).where(
            col(t.Report.id).in_(ids), col(t.Report.contact_id).not_in(self._held_contacts())
        )
        going = list(self._session.scalars(free))
        self._hide(col(t.Media.report_id).in_(going))
        words = select(t.Report.description).where(col(t.Report.id).in_(going))
        self._rows(delete(t.TrainingExample).where(col(t.TrainingExample.text).in_(words)))
        for table in (t.Attempt, t.Follower, t.StatusHistory, t.StaffTask, t.Outbox):
            self._rows(delete(table).where(col(table.report_id).in_(going)))
        return self._rows(delete(t.Report).where(col(t.Report.id).in_(going)))

    def _forget_contacts(self, ids: list[str]) -> int:
        statement = select(t.Contact).where(
            col(t.Contact.id).in_(ids), col(t.Contact.id).not_in(self._held_contacts())
        )
        free = [contact for contact in self._session.exec(statement) if not self._busy(contact.id)]
        for contact in free:
            self._forget_contact(contact, words=False)
        return len(free)

    def _busy(self, contact_id: str) -> bool:
        """Whether something of a resident waits to be handled or sent."""
        theirs = select(t.Conversation.id).where(t.Conversation.contact_id == contact_id)
        open_inbox = select(t.Inbox.id).where(
            t.Inbox.state == "open",
            col(t.Inbox.lane).in_(
                select(col(t.Conversation.account_id) + "/" + col(t.Conversation.thread)).where(
                    t.Conversation.contact_id == contact_id
                )
            ),
        )
        open_outbox = select(t.Outbox.id).where(
            t.Outbox.state == "open", col(t.Outbox.conversation_id).in_(theirs)
        )
        return any(self._session.scalars(found.limit(1)).first() for found in (open_inbox, open_outbox))

    def _forget_contact(self, contact: t.Contact, *, words: bool) -> int:
        """Nobody is known by it any more; what was said goes. `words`: those of the reports too."""
        gone = 1
        nobody = f"{NOBODY}{contact.id}"
        statement = select(t.Conversation).where(t.Conversation.contact_id == contact.id)
        for conversation in self._session.exec(statement).all():
            gone += self._forget_conversation(conversation)
            self._hide(col(t.Media.conversation_id) == conversation.id, *(() if words else _NOBODYS))
        for report in self._session.exec(select(t.Report).where(t.Report.contact_id == contact.id)).all():
            gone += self._forget_reporter(report, words=words)
        contact.address, contact.name, contact.language = nobody, "", ""
        self._session.flush()
        return gone

    def _empty(self, conversation_id: str) -> int:
        """The words of its messages go; that there were messages, and the one in hand, stay."""
        self._rows(delete(t.Said).where(col(t.Said.conversation_id) == conversation_id))
        heard = self._session.exec(select(t.Inbox).where(t.Inbox.conversation_id == conversation_id)).all()
        for row in heard:
            row.raw, row.message = b"", {**row.message, **WORDLESS}
        replies = select(t.Outbox).where(t.Outbox.conversation_id == conversation_id, t.Outbox.state == "done")
        told = self._session.exec(replies).all()
        for sent in told:
            sent.message = {**sent.message, "text": "", "choices": []} if sent.message else None
        self._hide(col(t.Media.conversation_id) == conversation_id, *_NOBODYS)
        return len(heard) + len(told)

    def _forget_conversation(self, conversation: t.Conversation) -> int:
        gone = 0
        for table in (t.Inbox, t.Timer, t.Follower, t.Said, t.StaffNote):
            gone += self._rows(delete(table).where(col(table.conversation_id) == conversation.id))
        replies = delete(t.Outbox).where(
            col(t.Outbox.conversation_id) == conversation.id, col(t.Outbox.kind) == "reply"
        )
        gone += self._rows(replies)
        notes = update(t.StaffTask).where(col(t.StaffTask.conversation_id) == conversation.id)
        self._rows(notes.values(note=""))
        conversation.thread = conversation.address = f"{NOBODY}{conversation.id}"
        conversation.reply_to = conversation.subject = ""
        conversation.state = {}
        return gone

    def _forget_reporter(self, report: t.Report, *, words: bool) -> int:
        """The report stays, as the city's; it is followed no more, since nobody is left to tell."""
        report.contact, report.poll_at = {}, None
        attempts = update(t.Attempt).where(col(t.Attempt.report_id) == report.id)
        blank = {"reference": report.reference, "service_code": report.service_code, "description": ""}
        self._rows(attempts.values(submission=blank, request="", answer=""))
        if words:
            theirs = col(t.TrainingExample.text) == report.description
            self._rows(delete(t.TrainingExample).where(col(t.TrainingExample.city_id) == report.city_id, theirs))
            report.description, report.attributes = "", {}
            self._rows(update(t.Outbox).where(col(t.Outbox.report_id) == report.id).values(words=""))
        return 1

    def _hide(self, *whose: Any) -> None:
        """Photos and recordings are shown no more; `media sweep` deletes what nobody is shown."""
        shown = update(t.Media).where(*whose, col(t.Media.revoked_at).is_(None))
        self._rows(shown.values(revoked_at=self._clock.now()))
        self._rows(update(t.Media).where(*whose).values(report_id=None, lat=None, long=None))

    def _rows(self, statement: Any) -> int:
        self._session.flush()
        done: int = self._session.connection().execute(statement).rowcount
        return done

    def _record(self, kind: str, rows: int, cause: str, by: str, subject: str = "") -> None:
        self._session.add(
            t.Deletion(at=self._clock.now(), kind=kind, rows=rows, cause=cause, by=by, subject=subject)
        )


_NOBODYS = (col(t.Media.report_id).is_(None),)  # what belongs to no report


def _id_of(ids: Select[Any]) -> Any:
    return ids.selected_columns[0]


def _open_work(of: Any) -> Any:
    return exists().where(of, col(t.Outbox.state) == "open")
