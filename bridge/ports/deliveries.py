"""What became of what was sent: delivery reports, their cost, and accounts in trouble."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from bridge.vocabulary import Conversation, Delivery, Outbound, Told, Trouble, Used


class DeliveriesOf(Protocol):
    """Deliveries, usage and account trouble."""

    def note_delivery(self, account_id: str, delivery: Delivery) -> Told | None:
        """Records a report; None for a message that is not known (or not yet: a report may overtake the answer to
        the send). What came late (`sent` after `delivered`) changes nothing."""
        ...

    def say_again(self, conversation: Conversation, reply: Outbound, after: timedelta) -> None:
        """Sends a reply once more, later."""
        ...

    def at_address(self, account_id: str, address: str) -> Conversation | None:
        """The newest conversation of an account with that address."""
        ...

    def used(self, account_id: str, month: str) -> Used:
        """What an account sent in a month (YYYY-MM, UTC)."""
        ...

    def in_trouble(self, account_id: str, trouble: Trouble) -> bool:
        """Marks an account; False when it was marked so already."""
        ...

    def out_of_trouble(self, account_id: str, reason: str) -> None: ...

    def troubles(self, account_id: str) -> tuple[Trouble, ...]:
        """Red before amber."""
        ...
