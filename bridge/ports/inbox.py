"""Messages as they came, until they are handled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from bridge.vocabulary import Conversation, Inbound, InboxRow


class InboxOf(Protocol):
    """The inbox."""

    def add_inbound(self, message: Inbound) -> str:
        """Stores a message; its id, "" when (account_id, kind, provider_key) is already there."""
        ...

    def claim_inbound(self, now: datetime, lease: timedelta) -> InboxRow | None: ...
    def unhandled(self, conversation: Conversation) -> bool:
        """Whether a message of the resident waits to be handled, or is being handled."""
        ...

    def finish_inbound(self, row: InboxRow, conversation_id: str | None) -> None: ...
