"""Mail to the city's own people, apart from what residents are told."""

from __future__ import annotations

from typing import Protocol


class Mailer(Protocol):
    """A mail server that takes letters for staff."""

    async def send(self, to: str, subject: str, text: str) -> None:
        """Hands one letter over. Raises Retryable, Permanent or Unsure."""
        ...
