"""What is kept of residents: retention, legal holds, handing out, deleting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bridge.vocabulary import (
    Conversation,
    Deletion,
    Hold,
    HoldScope,
    Kept,
    KnownContact,
    Page,
    Query,
    Report,
    Said,
    StoredFile,
)


class RecordsOf(Protocol):
    """Retention and records. A legal hold beats every deletion here."""

    def expired(self, kind: Kept, before: datetime, after: str, limit: int) -> tuple[str, ...]:
        """Ids of rows of a kind from before then that may go, in order, behind the id `after`."""
        ...

    def delete_expired(self, kind: Kept, ids: Sequence[str]) -> int:
        """Deletes them, but for what is held by now, and records that. How many went."""
        ...

    def expired_count(self, kind: Kept, before: datetime) -> int:
        """How many rows of a kind from before then may go."""
        ...

    def retention_ages(self) -> Mapping[Kept, int]:
        """For how many days staff said that a kind is kept, 0 for good; for others the settings hold."""
        ...

    def set_retention_age(self, kind: Kept, days: int) -> None: ...
    def delete_resident(self, contact_id: str, cause: str, by: str) -> int:
        """Deletes all that was said with a resident and who they are; their reports stay, without words and
        contact. Records that. Raises Permanent where it may not be done, or not now."""
        ...

    def forget(self, conversation: Conversation, *, erase: bool) -> None:
        """Drops what is saved of a resident who wishes so; `erase`: the words of every message and photos that are
        part of no report, too. Records that. Nothing goes that a legal hold keeps."""
        ...

    def contacts(self, address: str) -> tuple[KnownContact, ...]:
        """Who has this address, on any channel and in any city."""
        ...

    def set_hold(self, scope: HoldScope, target: str, reason: str, by: str) -> Hold: ...
    def lift_hold(self, hold_id: str) -> bool: ...
    def is_held(self, contact_id: str) -> bool:
        """Whether a hold covers a resident."""
        ...

    def holds(self) -> tuple[Hold, ...]:
        """Those that stand."""
        ...

    def deletions(self, limit: int) -> tuple[Deletion, ...]:
        """The newest first."""
        ...

    def said(self, query: Query, after: str, limit: int) -> tuple[Said, ...]:
        """Messages to the bridge that fit, in order, behind the id `after`. `word` is left to the caller."""
        ...

    def told(self, query: Query, after: str, limit: int) -> tuple[Said, ...]:
        """Messages to residents that fit, in order, behind the id `after`. `word` is left to the caller."""
        ...

    def files(self, query: Query, after: str, limit: int) -> tuple[StoredFile, ...]:
        """Photos and recordings that fit, in order, behind the id `after`."""
        ...

    def tables(self) -> Sequence[str]:
        """The names of all tables that are handed out: all but those that let somebody in."""
        ...

    def rows(self, table: str, after: Sequence[object], limit: int) -> Page | None:
        """Rows of one of them behind that primary key, () for the first; None when there are no more. Without
        password hashes, the public names of photos, and what providers sent, which is handed out as files."""
        ...

    def filed(self, query: Query, after: str, limit: int) -> tuple[Report, ...]:
        """Reports that fit, in order, behind the id `after`. `word` is left to the caller."""
        ...
