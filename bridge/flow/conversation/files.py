"""What becomes of a message's files beside the report: recordings go to a person, what cannot be shown is said."""

from __future__ import annotations

from dataclasses import replace

from bridge.flow.conversation.turn import Turn
from bridge.vocabulary import Decision, Effect, Say, ToStaff


def noticed(turn: Turn, decision: Decision) -> Decision:
    """The decision with what follows from files of this message that are no photos."""
    if turn.message.automatic:
        return decision
    effects: tuple[Effect, ...] = decision.effects
    if turn.event.recordings:
        effects = (*effects, ToStaff("recording", media=turn.event.recordings))
        if not turn.text.strip():
            effects = (*effects, Say("recording"))
    if turn.event.refused:
        effects = (*effects, Say("file_refused"))
    return replace(decision, effects=effects)
