"""One message and everything it is decided by, and the few moves that all rules share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.vocabulary import Decision, Effect, Facts, Inbound, MessageArrived, Policy, Report, Say, State


@dataclass(frozen=True, slots=True)
class Turn:
    """A message in its conversation."""

    state: State
    event: MessageArrived
    facts: Facts
    policy: Policy
    now: datetime

    @property
    def message(self) -> Inbound:
        return self.event.message

    @property
    def text(self) -> str:
        return self.event.message.text

    @property
    def latest(self) -> Report | None:
        """The resident's newest report, while words may still be about it."""
        newest = self.facts.reports[0] if self.facts.reports else None
        if newest is None or newest.created_at is None:
            return None
        return newest if self.now - newest.created_at <= self.policy.correct_within else None

    def answer(self, message_id: str, **params: str) -> Decision:
        """Says one thing and changes nothing."""
        return Decision(self.state, (Say(message_id, params),))

    def silent(self) -> Decision:
        return Decision(self.state)


Rule = Callable[[Turn], Decision | None]


def without_draft(state: State) -> State:
    """The conversation with nothing under way."""
    return replace(
        state, draft=None, later=(), aside=None, question=None, offered=(), about="", held_since=None, misses=0
    )


def after(effects: tuple[Effect, ...], decision: Decision) -> Decision:
    """The decision with other effects before its own."""
    return replace(decision, effects=(*effects, *decision.effects))
