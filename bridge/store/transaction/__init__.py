"""One unit of work: implements `bridge.ports.Transaction` on a SQLModel session, the same on both databases.

Each file holds one subject; here they become one. A new subject is a file of its own and a name below.
"""

from __future__ import annotations

from bridge.store.console import Console
from bridge.store.transaction.artifacts import Artifacts
from bridge.store.transaction.attempts import Attempts
from bridge.store.transaction.cities import Cities
from bridge.store.transaction.deliveries import Deliveries
from bridge.store.transaction.inbox import InboxPart
from bridge.store.transaction.learning import Learning
from bridge.store.transaction.media import MediaPart
from bridge.store.transaction.records import Records
from bridge.store.transaction.reports import Reports
from bridge.store.transaction.retention import RetentionPart
from bridge.store.transaction.staff import Staff
from bridge.store.transaction.timers import Timers
from bridge.store.transaction.work import Work


class SqlTransaction(
    InboxPart,
    Deliveries,
    Timers,
    Reports,
    MediaPart,
    Staff,
    Attempts,
    Artifacts,
    Learning,
    Cities,
    RetentionPart,
    Records,
    Work,
):
    """Every subject, on one session."""

    @property
    def console(self) -> Console:
        return Console(self._session, self._clock)
