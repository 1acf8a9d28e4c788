"""What the bridge does next: a pure function of the conversation, what happened, and what is known.

`decide` is total: every event in every state has a defined answer. A message runs through the table of rules in
`messages`, and the first that has something to say decides. A report needs a service and a place; whatever is
missing is asked, one question at a time, the least number of times, after a short hold for what else may come.

    messages     the table of rules for a message, in order
    silence      who gets no answer: machines, floods, thanks
    safety       emergencies and threats
    wishes       commands: stop, help, status, undo, a person, another language
    asides       what is no report: questions, referrals, small talk
    corrections  "no, it's the street light", before and after sending
    answers      yes and no to our own questions
    reporting    a draft, its hold, its questions, its end
    timers       what the passing of time brings
    city         what the city does
    staff        what a person of the city does
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bridge.flow.conversation import city, messages, safety, staff, timers
from bridge.vocabulary import (
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Decision,
    DropTimer,
    EmergencyHeard,
    Event,
    Facts,
    MessageArrived,
    Policy,
    Say,
    StaffBlocked,
    StaffFiled,
    StaffMerged,
    StaffReplied,
    StaffTookOver,
    State,
    StatusChanged,
    TimerFired,
)


def decide(state: State, event: Event, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The state to store and the effects to commit with it."""
    decision = _decide(state, event, facts, policy, now)
    for amend in (_silent_to_who_opted_out, _introduced, _timers_of_no_draft):
        decision = amend(state, decision, policy)
    return decision


def _decide(state: State, event: Event, facts: Facts, policy: Policy, now: datetime) -> Decision:
    match event:
        case MessageArrived():
            return messages.arrived(state, event, facts, policy, now)
        case EmergencyHeard():
            return safety.heard(state, event, policy)
        case TimerFired():
            return timers.fired(state, event, facts, policy, now)
        case StaffReplied():
            return Decision(state, (Say("staff.reply", {"text": event.words}),))
        case StaffFiled():
            return staff.filed(state, event)
        case StaffMerged():
            return staff.merged(state, event)
        case StaffBlocked():
            return staff.blocked(state, event)
        case StaffTookOver():
            return staff.took_over(state)
        case CityAccepted():
            return city.accepted(state, event)
        case CityRefused():
            return city.refused(state, event)
        case CityUnreachable():
            return city.unreachable(state, event)
        case StatusChanged():
            return city.status_changed(state, event, facts, policy, now)


def _silent_to_who_opted_out(before: State, decision: Decision, policy: Policy) -> Decision:
    """Someone who opted out is never written to; what they report is filed all the same."""
    if not (before.opted_out and decision.state.opted_out):
        return decision
    return replace(decision, effects=tuple(e for e in decision.effects if not isinstance(e, Say)))


def _introduced(before: State, decision: Decision, policy: Policy) -> Decision:
    """What happens to a resident's data is said with the first words to them, where the city has such a text."""
    if before.introduced or not any(isinstance(effect, Say) for effect in decision.effects):
        return decision
    told = (Say("privacy", {"url": policy.privacy_url}),) if policy.privacy_url else ()
    return Decision(replace(decision.state, introduced=True), (*decision.effects, *told))


def _timers_of_no_draft(before: State, decision: Decision, policy: Policy) -> Decision:
    """A draft that is done wakes nobody."""
    if before.draft is None or decision.state.draft is not None:
        return decision
    return replace(decision, effects=(*decision.effects, DropTimer("hold"), DropTimer("silence")))
