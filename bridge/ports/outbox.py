"""What goes out: replies to residents, reports to a city, updates of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bridge.vocabulary import Conversation, Outbound, OutboxRow, Report, Sent


class OutboxOf(Protocol):
    """The outbox. `made` names the rows that this transaction added."""

    made: list[str]

    def on_behalf_of(self, author: str, wait: timedelta) -> None:
        """What is added from here on is that person's, and leaves only after `wait`: until then it can be
        withdrawn."""
        ...

    def add_reply(self, conversation: Conversation, say: Outbound, *, question: bool = False) -> None: ...
    def add_submission(self, report: Report) -> None: ...
    def add_update(self, report: Report, words: str, photos: Sequence[str] = ()) -> None:
        """More words and photos on a report; they go out after the report itself."""
        ...

    def add_twin_search(self, conversation: Conversation) -> None:
        """Has the city asked for twins of the conversation's draft."""
        ...

    def unsent_question(self, conversation: Conversation) -> bool:
        """Whether a question of ours waits that nobody has claimed yet."""
        ...

    def take_back(self, conversation: Conversation) -> None:
        """Withdraws those questions."""
        ...

    def claim_outbox(self, now: datetime, lease: timedelta) -> OutboxRow | None: ...
    def sent_beside(self, row: OutboxRow) -> frozenset[str]:
        """The provider's ids of everything else that the row's conversation was sent."""
        ...

    def finish_outbox(self, row: OutboxRow, sent: Sent | None) -> None: ...
