"""Learning from a city's history: a run that was asked for, and how its model did beside the running one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

LearningState = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class PerService:
    """How well one service is told from the others; `before` is the running model's recall. `confused` holds the
    service most often taken for it."""

    service_code: str
    reports: int
    precision: float
    recall: float
    confused: str
    before: float = 0.0


@dataclass(frozen=True, slots=True)
class LearningResult:
    """Scores of the running and the new model on reports neither has learned from, by name, of 1. `model` is the
    new model's blob, "" where it was not better and so not kept; `taken` whether it was taken into use at once."""

    trained_on: int
    measured_on: int
    running: Mapping[str, float]
    new: Mapping[str, float]
    per_service: tuple[PerService, ...]
    model: str = ""
    taken: bool = False


@dataclass(frozen=True, slots=True)
class LearningRun:
    """One run. `take`: a better model is taken into use without asking. `progress` is the last line it said."""

    id: str
    city_id: str
    asked_by: str
    take: bool
    state: LearningState
    asked_at: datetime
    progress: str = ""
    error: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: LearningResult | None = field(default=None)
