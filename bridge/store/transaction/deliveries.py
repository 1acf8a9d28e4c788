"""What became of what was sent: delivery reports, their cost, and accounts in trouble."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store import values
from bridge.store.transaction.outbox import OutboxPart
from bridge.vocabulary import Conversation, Delivery, Outbound, Told, Trouble, Used

ORDER = {"queued": 0, "sent": 1, "delivered": 2}  # every other state is an end, like delivered


class Deliveries(OutboxPart):
    """The part of a transaction that is about deliveries."""

    def note_delivery(self, account_id: str, delivery: Delivery) -> Told | None:
        part = self._session.get(t.Part, (account_id, delivery.provider_id))
        if part is None:
            return None
        row = self._session.get_one(t.Outbox, part.outbox_id)
        if delivery.price_micros is not None and part.price_micros is None:
            self._priced(account_id, part, delivery)
        news = ORDER.get(delivery.state, 2) > ORDER.get(part.state, 2)
        if news:
            part.state, part.code, part.updated_at = delivery.state, delivery.code, self._clock.now()
            row.delivery = delivery.state
        reply = values.OUTBOUND.validate_python(row.message) if row.message else None
        return Told(row.conversation_id, reply, news, row.again)

    def say_again(self, conversation: Conversation, reply: Outbound, after: timedelta) -> None:
        row = self._outbox("reply", f"conversation/{conversation.id}", conversation.id)
        row.again = True
        row.due_at = self._clock.now() + after
        # Not in its conversation's lane: what is said meanwhile does not wait for it.
        row.lane = f"again/{row.id}"
        row.message = values.to_json(values.OUTBOUND, replace(reply, id=row.id))
        self._session.add(row)
        self._session.flush()
        self._wake.wake(self, "outbox", after.total_seconds())

    def at_address(self, account_id: str, address: str) -> Conversation | None:
        theirs = select(t.Conversation).where(
            t.Conversation.account_id == account_id, t.Conversation.address == address
        )
        row = self._session.exec(theirs.order_by(col(t.Conversation.updated_at).desc()).with_for_update()).first()
        return values.conversation(row) if row and address else None

    def used(self, account_id: str, month: str) -> Used:
        row = self._session.get(t.Usage, (account_id, month))
        return Used(row.messages, row.segments, row.price_micros, row.currency) if row else Used()

    def in_trouble(self, account_id: str, trouble: Trouble) -> bool:
        row = self._session.get(t.AccountTrouble, (account_id, trouble.reason))
        if row and (row.colour, row.code) == (trouble.colour, trouble.code):
            return False
        made = t.AccountTrouble(
            account_id=account_id,
            reason=trouble.reason,
            colour=trouble.colour,
            code=trouble.code,
            since=self._clock.now(),
        )
        self._session.merge(made)
        self._session.flush()
        return True

    def out_of_trouble(self, account_id: str, reason: str) -> None:
        row = t.AccountTrouble
        self._session.execute(delete(row).where(col(row.account_id) == account_id, col(row.reason) == reason))

    def troubles(self, account_id: str) -> tuple[Trouble, ...]:
        rows = self._session.exec(select(t.AccountTrouble).where(t.AccountTrouble.account_id == account_id))
        found = [Trouble(row.colour, row.reason, row.code, row.since) for row in rows]  # type: ignore[arg-type]
        return tuple(sorted(found, key=lambda trouble: trouble.colour, reverse=True))

    def _priced(self, account_id: str, part: t.Part, delivery: Delivery) -> None:
        micros = delivery.price_micros or 0
        self._in_turn("usage", account_id)
        part.price_micros, part.currency = micros, delivery.currency
        usage = self._session.get(t.Usage, (account_id, f"{part.updated_at:%Y-%m}"))
        if usage:
            usage.price_micros, usage.currency = usage.price_micros + micros, delivery.currency
