"""A report in the making: what a message adds, the hold for what else may come, its questions, its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bridge.flow import commands
from bridge.flow.conversation.corrections import corrected
from bridge.flow.conversation.turn import Turn, after, without_draft
from bridge.flow.draft import Gap, complete, description, gap, gather, offer, remaining, service_of
from bridge.vocabulary import (
    Decision,
    Draft,
    Effect,
    Facts,
    FileReport,
    Policy,
    Report,
    Say,
    SetTimer,
    StaffReason,
    State,
    TakeBack,
    ToStaff,
)

MOST_TIMES_ASKED = 2  # the same thing
LONGEST_HOLD = 3  # times the usual one, however long a resident goes on writing


def report(turn: Turn) -> Decision:
    """Everything else is about a report: a new one, or what the open one lacked."""
    draft = turn.state.draft
    if draft and commands.is_correction(turn.text):
        return held(turn, corrected(draft, turn.event, turn.policy))
    return held(turn, gather(turn.state, turn.event, turn.facts, turn.now))


def held(turn: Turn, draft: Draft, later: tuple[Draft, ...] | None = None) -> Decision:
    """The draft, kept for a moment: a burst of messages is one report, and a correction in time goes in."""
    state = replace(turn.state, draft=draft, aside=None, misses=0)
    state = state if later is None else replace(state, later=later)
    taken_back: tuple[Effect, ...] = ()
    if turn.facts.unsent and draft.asked:
        state = replace(state, draft=replace(draft, asked=draft.asked[:-1]))
        taken_back = (TakeBack(),)
    if not turn.policy.hold or turn.facts.channel == "mail":
        return after(taken_back, progress(state, turn.facts, turn.policy, turn.now))
    since = state.held_since or turn.now
    until = min(turn.now + turn.policy.hold, since + LONGEST_HOLD * turn.policy.hold)
    return Decision(replace(state, held_since=since), (*taken_back, SetTimer("hold", until)))


def progress(state: State, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The next step of the draft: a question, a person, or the city."""
    state = replace(state, held_since=None)
    draft = state.draft
    if draft is None:
        return Decision(state)
    draft = replace(draft, service_code=service_of(draft, facts, policy))
    missing = gap(draft, state, facts, policy)
    if missing is None and not state.opted_out and len(draft.asked) < policy.most_questions:
        missing = offer(draft, state, facts, policy)
        if missing and missing.key in draft.asked:
            missing = None
    if missing is None:
        return _filed(state, draft, facts, policy, now)
    if state.opted_out or _asked_enough(draft, missing, policy):
        return _handed_over(state, draft, facts, policy, now)
    return _asked(state, draft, missing, facts, policy, now)


def _asked_enough(draft: Draft, missing: Gap, policy: Policy) -> bool:
    if missing.goes_on:
        return False
    return len(draft.asked) >= policy.most_questions or draft.asked.count(missing.key) >= MOST_TIMES_ASKED


def _asked(state: State, draft: Draft, missing: Gap, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """One question; in mail, where a letter takes a day, everything that is missing at once."""
    keys = () if missing.goes_on else (missing.key,)
    asked = replace(missing.draft, asked=(*draft.asked, *keys), reminded=False)
    say = replace(missing.say, question=True)
    if facts.channel == "mail":
        say = replace(say, also=remaining(missing, asked, state, facts, policy))
    state = replace(state, draft=asked, question=missing.question, offered=say.choices, about=missing.about)
    return Decision(state, (say, SetTimer("silence", now + policy.remind_after)))


def _handed_over(state: State, draft: Draft, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """A person takes the draft on; what else was told goes its own way."""
    reason: StaffReason = "no_place" if draft.service_code else "no_service"
    if draft.service_code and draft.place:
        reason = "no_answer"
    task = ToStaff(reason, description(draft), draft=draft)
    return after((task, Say("to_staff")), _next(state, draft, facts, policy, now))


def _filed(state: State, draft: Draft, facts: Facts, policy: Policy, now: datetime) -> Decision:
    return after((complete(draft, facts),), _next(state, draft, facts, policy, now))


def _next(state: State, done: Draft, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The second of two problems, at the place of the first if it named none; else nothing more."""
    if not state.later:
        return Decision(without_draft(state))
    following, *rest = state.later
    following = replace(following, place=following.place or done.place)
    state = replace(without_draft(state), draft=following, later=tuple(rest))
    return progress(state, facts, policy, now)


def unfinished(state: State, policy: Policy) -> Decision:
    """Nobody answered: the draft is kept for staff or dropped, by the city's policy, and never silently."""
    assert state.draft
    drafts = (state.draft, *state.later)
    if policy.unfinished == "drop":
        return Decision(without_draft(state), (Say("dropped"),))
    tasks = tuple(ToStaff("unfinished", description(draft), draft=draft) for draft in drafts)
    return Decision(without_draft(state), (*tasks, Say("to_staff")))


def follow_up(closed: Report) -> FileReport:
    """A new request for what the city closed and its resident says is not fixed."""
    number = closed.service_request_id or closed.reference
    words = f"{closed.description}\nStill not fixed. See request {number}."
    return FileReport(
        closed.service_code,
        words,
        closed.place,
        closed.attributes,
        closed.contact,
        closed.service_request_id or "",
    )
