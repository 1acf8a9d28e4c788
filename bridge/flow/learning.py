"""Learning runs that were asked for, one after another; each is done elsewhere, in a process of its own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from bridge.ports import Clock, Store, Transaction
from bridge.vocabulary import LearningRun

log = logging.getLogger(__name__)

Teach = Callable[[LearningRun], Awaitable[None]]

SILENT = timedelta(minutes=2)  # a run says that it is alive every few seconds
NO_RESULT = "it ended without a result"


async def look(store: Store, clock: Clock, teach: Teach) -> None:
    """Does what is queued."""
    while run := await store.write(lambda tx: tx.claim_learning(clock.now() - SILENT)):
        log.info("learning", extra={"city_id": run.city_id, "run_id": run.id})
        reason = NO_RESULT
        try:
            await teach(run)
        except Exception as error:  # whatever it was: the run is over, the bridge goes on
            log.exception("learning failed", extra={"run_id": run.id})
            reason = repr(error)
        await store.write(partial(_over, run.id, reason))


def _over(run_id: str, reason: str, tx: Transaction) -> None:
    """A run that ended well says so itself; then this changes nothing."""
    tx.end_learning(run_id, error=reason)
