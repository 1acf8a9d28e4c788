"""What is old enough goes, a little at a time, so that nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from bridge.ports import Clock, Store, Transaction
from bridge.vocabulary import Kept, Retention

log = logging.getLogger(__name__)

AT_ONCE = 200


def ruled(rules: Retention, ages: Mapping[Kept, int]) -> Retention:
    """The settings' rules with what staff said since in their place."""
    own = {kind: timedelta(days=days) for kind, days in ages.items()}
    return Retention({kind: keep for kind, keep in {**rules.keep, **own}.items() if keep})


async def look(store: Store, clock: Clock, rules: Retention) -> None:
    """Deletes all that the rules let go, or what staff said in their place. What a legal hold covers stays."""
    now_ruled = ruled(rules, await store.read(lambda tx: tx.retention_ages()))
    for kind, keep in now_ruled.keep.items():
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
