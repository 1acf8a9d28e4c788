"""Messages as they came, until they are handled."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store import values
from bridge.store.transaction.claims import Claims
from bridge.vocabulary import Conversation, Inbound, InboxRow


class InboxPart(Claims):
    """The part of a transaction that is about the inbox."""

    def add_inbound(self, message: Inbound) -> str:
        now = self._clock.now()
        lane = f"{message.account_id}/{message.thread}"
        id_ = self._next_id(t.Inbox, lane)
        added = self._insert_once(
            t.Inbox,
            {
                "id": id_,
                "lane": lane,
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
        return id_ if added else ""

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

    def finish_inbound(self, row: InboxRow, conversation_id: str | None) -> None:
        self._end(row, "done", conversation_id=conversation_id)
        if conversation_id and row.message.text.strip():
            self._remember(row.id, conversation_id, row.message.text)
