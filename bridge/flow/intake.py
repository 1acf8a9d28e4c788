"""Durable before acknowledged: the one way in for every channel.

Words of an emergency are answered here, in the transaction that stores the message, before it is understood and
before any hold, quiet hour or limit.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import perf_counter

from bridge import trace
from bridge.flow.settling import Handling, settle
from bridge.ports import Accept, Transaction
from bridge.vocabulary import Alarm, EmergencyHeard, Inbound, InboundKind

log = logging.getLogger(__name__)


def accepting(handling: Handling) -> Accept:
    """An `Accept` that stores all messages of one delivery in one transaction."""

    async def accept(messages: Sequence[Inbound]) -> None:
        began = perf_counter()
        log.debug("inbound received", extra={"messages": len(messages)})
        heard = [(message, _alarm(handling, message)) for message in messages]
        added = await handling.store.write(lambda tx: [_store(handling, tx, *one) for one in heard], first=True)
        seconds = perf_counter() - began
        for (message, alarm), new in zip(heard, added, strict=True):
            log.info(
                "inbound stored" if new else "inbound already known",
                extra={
                    "trace": new,
                    "account_id": message.account_id,
                    "kind": str(message.kind),
                    "seconds": round(seconds, 4),
                },
            )
            if alarm and new:
                log.warning("emergency heard", extra={"trace": new, "rule": alarm.rule})

    return accept


def _store(handling: Handling, tx: Transaction, message: Inbound, alarm: Alarm | None) -> str:
    """The message's id, "" when it was known already."""
    new = tx.add_inbound(message)
    if new and alarm:
        with trace.following(new):
            conversation = tx.conversation_of(message, handling.cities_of[message.account_id][0])
            settle(handling, tx, conversation, EmergencyHeard(message, alarm))
    return new


def _alarm(handling: Handling, message: Inbound) -> Alarm | None:
    if message.kind not in (InboundKind.MESSAGE, InboundKind.EDIT) or message.automatic or not message.text:
        return None
    return handling.jurisdictions_of(message.account_id)[0].alarms(message.text)
