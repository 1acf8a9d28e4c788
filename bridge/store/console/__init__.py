"""What the staff console reads and keeps, on the session of a transaction: implements `bridge.ports.ConsoleOf`.

accounts        people, sessions, invitations, the audit log
queue           what a person must look at, and what they did about it
conversations   transcripts, lists, search, notes
requests        reports, their attempts, the map
setup           thresholds and texts of the city's own
figures         how it is going
"""

from __future__ import annotations

from bridge.store.console.accounts import Accounts
from bridge.store.console.conversations import Conversations
from bridge.store.console.figures import FiguresPart
from bridge.store.console.queue import QueuePart
from bridge.store.console.requests import Requests
from bridge.store.console.setup import Setup


class Console(Accounts, QueuePart, Conversations, Requests, Setup, FiguresPart):
    """Every part, on one session."""
