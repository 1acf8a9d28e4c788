"""What goes out: replies to residents, reports to a city, updates of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from bridge import trace
from bridge.ports import Clock, Wake
from bridge.store import tables as t
from bridge.store import values
from bridge.store.transaction.claims import Claims
from bridge.vocabulary import Conversation, Outbound, OutboxRow, Report, Sent


class OutboxPart(Claims):
    """The part of a transaction that is about the outbox. `made` names the rows this transaction added."""

    def __init__(
        self, session: Session, clock: Clock, wake: Wake, *, reading: bool = False, holder: str = ""
    ) -> None:
        super().__init__(session, clock, wake, reading=reading, holder=holder)
        self.made: list[str] = []
        self._author = ""
        self._wait = timedelta(0)

    def on_behalf_of(self, author: str, wait: timedelta) -> None:
        self._author, self._wait = author, wait

    def add_reply(self, conversation: Conversation, say: Outbound, *, question: bool = False) -> None:
        row = self._outbox("reply", f"conversation/{conversation.id}", conversation.id)
        row.question = question
        row.message = values.to_json(values.OUTBOUND, replace(say, id=row.id))
        self._session.add(row)
        self._session.flush()
        self._remember(row.id, conversation.id, say.text)

    def add_submission(self, report: Report) -> None:
        row = self._outbox("submission", f"report/{report.id}", report.conversation_id)
        row.report_id = report.id
        self._session.add(row)
        self._session.flush()

    def add_update(self, report: Report, words: str, photos: Sequence[str] = ()) -> None:
        # In the lane of the report: no update goes out before the report itself.
        row = self._outbox("update", f"report/{report.id}", report.conversation_id)
        row.report_id, row.words, row.photos = report.id, words, list(photos)
        self._session.add(row)
        self._session.flush()

    def add_twin_search(self, conversation: Conversation) -> None:
        self._session.add(self._outbox("twins", f"twins/{conversation.id}", conversation.id))
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
        return values.outbox_row(row, now) if row else None

    def sent_beside(self, row: OutboxRow) -> frozenset[str]:
        theirs = select(t.Part.provider_id).join(t.Outbox, col(t.Part.outbox_id) == t.Outbox.id)
        theirs = theirs.where(t.Outbox.conversation_id == row.conversation_id, t.Outbox.id != row.id)
        return frozenset(self._session.exec(theirs))

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
        if row.reply:
            self._count(row.id, row.reply.account_id, sent)

    def _count(self, outbox_id: str, account_id: str, sent: Sent) -> None:
        """The provider's messages, to know their reports by, and what the account used this month."""
        now = self._clock.now()
        for provider_id in sent.parts or (sent.provider_id,):
            part = t.Part(account_id=account_id, provider_id=provider_id, outbox_id=outbox_id, updated_at=now)
            self._session.merge(part)
        month = f"{now:%Y-%m}"
        self._in_turn("usage", account_id)
        usage = self._session.get(t.Usage, (account_id, month)) or t.Usage(account_id=account_id, month=month)
        usage.messages += len(sent.parts) or 1
        usage.segments += sent.segments
        self._session.add(usage)
        self._session.flush()

    def _outbox(self, kind: str, lane: str, conversation_id: str) -> t.Outbox:
        now = self._clock.now()
        self._wake.wake(self, "outbox", self._wait.total_seconds())
        row = t.Outbox(
            id=self._next_id(t.Outbox, lane),
            kind=kind,
            lane=lane,
            conversation_id=conversation_id,
            author=self._author,
            trace=trace.current(),
            due_at=now + self._wait,
            created_at=now,
        )
        self.made.append(row.id)
        return row


def _unsent_questions(conversation: Conversation) -> tuple[Any, ...]:
    """Nobody has claimed them, so none of them can be on its way."""
    return (
        t.Outbox.conversation_id == conversation.id,
        col(t.Outbox.question).is_(True),
        t.Outbox.state == "open",
        col(t.Outbox.attempts) == 0,
    )
