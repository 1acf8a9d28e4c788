"""Durable before acknowledged: the one way in for every channel."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bridge.ports import Accept, Store
from bridge.vocabulary import Inbound

log = logging.getLogger(__name__)


def accepting(store: Store) -> Accept:
    """An `Accept` that stores all messages of one delivery in one transaction."""

    async def accept(messages: Sequence[Inbound]) -> None:
        log.debug("inbound received", extra={"messages": len(messages)})
        added = await store.write(lambda tx: [tx.add_inbound(message) for message in messages])
        for message, new in zip(messages, added, strict=True):
            log.info(
                "inbound stored" if new else "inbound already known",
                extra={"account_id": message.account_id, "kind": str(message.kind), "key": message.provider_key},
            )

    return accept
