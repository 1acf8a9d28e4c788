"""What the passing of time brings: the end of a hold, a reminder, the end of the quiet hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bridge.flow.conversation.city import line, standing
from bridge.flow.conversation.reporting import progress, unfinished
from bridge.vocabulary import Decision, Facts, Policy, Say, SetTimer, State, TimerFired

A_MOMENT = timedelta(seconds=1)
MOST_NEWS = 4


def fired(state: State, event: TimerFired, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The decision for a timer of any name in any state."""
    match event.name:
        case "hold":
            return _hold_ended(state, facts, policy, now)
        case "silence":
            return _silence(state, policy, now)
        case "news":
            return _morning(state, facts)


def _hold_ended(state: State, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """A message that came in time is handled first."""
    if state.draft is None:
        return Decision(replace(state, held_since=None))
    if facts.unhandled:
        return Decision(state, (SetTimer("hold", now + A_MOMENT),))
    return progress(state, facts, policy, now)


def _silence(state: State, policy: Policy, now: datetime) -> Decision:
    """One reminder, then an end."""
    if state.draft is None or state.held_since:
        return Decision(state)
    if state.draft.reminded or state.opted_out:
        return unfinished(state, policy)
    reminded = replace(state, draft=replace(state.draft, reminded=True))
    say = Say("reminder", choices=state.offered, question=True)
    return Decision(reminded, (say, SetTimer("silence", now + policy.give_up_after)))


def _morning(state: State, facts: Facts) -> Decision:
    """The news of the night, in one message."""
    about = [report for report in facts.reports if report.id in state.news][:MOST_NEWS]
    told = replace(state, news=())
    if not about:
        return Decision(told)
    if len(about) == 1:
        return Decision(told, (Say(*standing(about[0])),))
    return Decision(told, (Say("news", also=tuple(line(report) for report in about)),))
