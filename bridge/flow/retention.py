"""What is old enough goes, a little at a time, so that nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from bridge.ports import Clock, Store, Transaction
from bridge.vocabulary import Kept, Retention

log = logging.getLogger(__name__)

AT_ONCE = 200


async def look(store: Store, clock: Clock, rules: Retention) -> None:
    """Deletes all that the rules let go. What a legal hold covers stays."""
    for kind, keep in rules.keep.items():
        gone = await _delete(store, kind, clock.now() - keep)
        if gone:
            log.info("records deleted", extra={"kind": kind, "rows": gone})


async def _delete(store: Store, kind: Kept, before: datetime) -> int:
    gone, after = 0, ""
    while ids := await store.read(partial(_expired, kind, before, after)):
        gone += await store.write(partial(_delete_expired, kind, ids))
        after = ids[-1]
    return gone


def _expired(kind: Kept, before: datetime, after: str, tx: Transaction) -> Sequence[str]:
    return tx.expired(kind, before, after, AT_ONCE)


def _delete_expired(kind: Kept, ids: Sequence[str], tx: Transaction) -> int:
    return tx.delete_expired(kind, ids)
