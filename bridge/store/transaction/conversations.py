"""Conversations, their state, and the contacts behind them."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import select

from bridge.store import tables as t
from bridge.store import values
from bridge.store.transaction.unit import Unit
from bridge.vocabulary import Conversation, Inbound, State


class Conversations(Unit):
    """The part of a transaction that is about conversations. Reading one for use locks it."""

    def conversation_of(self, message: Inbound, city_id: str) -> Conversation:
        statement = select(t.Conversation).where(
            t.Conversation.account_id == message.account_id, t.Conversation.thread == message.thread
        )
        row = self._session.exec(self._locked(statement)).first()
        if row is None:
            self._in_turn("conversation", message.account_id, message.thread)
            row = self._session.exec(self._locked(statement)).first() or self._new_conversation(message, city_id)
        last_heard, row.heard_at = row.heard_at, message.received_at
        row.address = message.sender
        row.reply_to = message.provider_id or row.reply_to
        row.subject = row.subject or message.subject
        self._session.add(row)
        self._session.flush()
        return replace(values.conversation(row), last_heard=last_heard)

    def conversation(self, conversation_id: str) -> Conversation:
        statement = select(t.Conversation).where(t.Conversation.id == conversation_id)
        found = self._session.exec(self._locked(statement).execution_options(populate_existing=True))
        return values.conversation(found.one())

    def locked(self, message: Inbound) -> Conversation | None:
        statement = select(t.Conversation).where(
            t.Conversation.account_id == message.account_id, t.Conversation.thread == message.thread
        )
        row = self._session.exec(self._locked(statement)).first()
        return values.conversation(row) if row else None

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
        self._in_turn("contact", city_id, message.channel, message.sender)
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
