"""Photos and recordings of residents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bridge.vocabulary import Conversation, Media


class MediaOf(Protocol):
    """Residents' files. Their bytes are in the blobs; here is who may see them, and for how long."""

    def add_media(self, conversation: Conversation, media: Sequence[Media]) -> None: ...

    def attach(self, report_id: str, tokens: Sequence[str]) -> None:
        """Makes files a report's."""
        ...

    def media(self, token: str) -> Media | None:
        """The file of that public name; None when there is none, or it was revoked."""
        ...

    def revoke(self, token: str) -> bool:
        """Nobody sees the file from now on; False when there is none of that name."""
        ...

    def media_of(self, report_id: str) -> tuple[Media, ...]:
        """What a report has, oldest first, without what was revoked."""
        ...

    def media_in(self, conversation_id: str) -> tuple[Media, ...]:
        """What came in a conversation, oldest first, without what was revoked."""
        ...

    def take_unseen(self, before: datetime) -> tuple[str, ...]:
        """Forgets files all of whose links were revoked before then; their blobs, which may be deleted."""
        ...
