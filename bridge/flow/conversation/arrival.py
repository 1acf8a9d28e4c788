"""What is learnt when a message of ours did not arrive. Nothing is said about it: there is nobody to say it to."""

from __future__ import annotations

from dataclasses import replace

from bridge.flow.conversation.reporting import told as words_of
from bridge.flow.conversation.turn import without_draft
from bridge.vocabulary import Decision, DeliveryTold, DropTimer, State, ToStaff


def told(state: State, event: DeliveryTold) -> Decision:
    """Who opted out is not written to again; who cannot be reached is staff's, once."""
    match event.state:
        case "opted_out" if not state.opted_out:
            stopped = replace(without_draft(state), opted_out=True, news=())
            drafts = [draft for draft in (state.draft, *state.later) if draft]
            kept = tuple(ToStaff("unfinished", words_of(draft, stopped), draft=draft) for draft in drafts)
            return Decision(stopped, (*kept, DropTimer("news")))
        case "unreachable" | "failed" | "filtered" if not (state.unreachable or state.opted_out):
            return Decision(
                replace(state, unreachable=True), (ToStaff("undelivered", event.reason or event.code),)
            )
        case _:
            return Decision(state)
