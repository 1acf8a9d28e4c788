"""What a person of the city does to a conversation."""

from __future__ import annotations

from dataclasses import replace

from bridge.flow.conversation.turn import without_draft
from bridge.flow.draft import description
from bridge.vocabulary import (
    Decision,
    Draft,
    Follow,
    Say,
    StaffBlocked,
    StaffFiled,
    StaffMerged,
    State,
    ToStaff,
)


def filed(state: State, event: StaffFiled) -> Decision:
    """The report goes out; the resident hears of it once the city has it."""
    return Decision(_done_with(state, event.draft), (event.filed,))


def merged(state: State, event: StaffMerged) -> Decision:
    """The resident hears of the other report from now on, and that they do."""
    return Decision(_done_with(state, event.draft), (Follow(event.report), Say("following")))


def blocked(state: State, event: StaffBlocked) -> Decision:
    """What was under way with a blocked sender ends."""
    ended = without_draft(state) if event.blocked else state
    return Decision(replace(ended, blocked=event.blocked))


def took_over(state: State) -> Decision:
    """The drafts become tasks; the resident, who was asked and is silent, is not written to."""
    drafts = (state.draft, *state.later) if state.draft else ()
    tasks = tuple(ToStaff("unfinished", description(draft), draft=draft) for draft in drafts)
    return Decision(without_draft(state), tasks)


def _done_with(state: State, draft: Draft | None) -> State:
    """Without the draft that a person has just completed; one that was begun since goes on."""
    same = state.draft is not None and draft is not None and state.draft.words[:1] == draft.words[:1]
    return without_draft(state) if same else state
