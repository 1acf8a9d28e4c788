"""Learning runs: asked for by staff or by the calendar, done by a process of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bridge.vocabulary import LearningResult, LearningRun


class LearningOf(Protocol):
    """Learning runs. One is under way at a time."""

    def ask_learning(self, city_id: str, by: str, *, take: bool) -> LearningRun:
        """A queued run; the one that waits or goes on already, where there is one of that city."""
        ...

    def claim_learning(self, silent_since: datetime) -> LearningRun | None:
        """The oldest queued run, now running; None while another runs. One not seen since then has failed."""
        ...

    def tell_learning(self, run_id: str, progress: str) -> None:
        """That it is alive, and how far."""
        ...

    def end_learning(self, run_id: str, *, result: LearningResult | None = None, error: str = "") -> None:
        """Ends a run that goes on, done or failed; leaves one alone that has ended."""
        ...

    def learning_runs(self, city_id: str, limit: int) -> tuple[LearningRun, ...]:
        """The newest first."""
        ...
