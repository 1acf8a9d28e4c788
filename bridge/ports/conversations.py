"""Conversations, their state, and what is known of a resident."""

from __future__ import annotations

from typing import Protocol

from bridge.vocabulary import Conversation, Inbound, State


class ConversationsOf(Protocol):
    """Conversations."""

    def conversation_of(self, message: Inbound, city_id: str) -> Conversation:
        """The conversation on (account_id, thread), made when new; keeps its newest address and subject."""
        ...

    def conversation(self, conversation_id: str) -> Conversation: ...
    def locked(self, message: Inbound) -> Conversation | None:
        """The message's conversation as it is, locked; None where there is none yet."""
        ...

    def glimpse(self, message: Inbound) -> Conversation | None:
        """The message's conversation as it is, without locking or making anything."""
        ...

    def save_state(self, conversation: Conversation, state: State) -> None: ...
