"""How the work stands, for whoever operates the bridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue: rows that wait, for how many seconds the oldest due one has, rows given up."""

    open: int = 0
    oldest_seconds: float = 0.0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """All queues, and what waits for a person."""

    queues: Mapping[str, QueueFigures] = field(default_factory=dict)
    staff_tasks: int = 0


@dataclass(frozen=True, slots=True)
class DeadRow:
    """Work that was given up: what it was, and why."""

    id: str
    queue: str
    kind: str
    created_at: datetime
    attempts: int
    error: str
    about: str = ""  # a report's or conversation's id
