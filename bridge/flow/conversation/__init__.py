"""What the bridge does next: a pure function of the conversation, what happened, and what is known.

`decide` is total: every event in every state has a defined answer. A message runs through the table of rules in
`messages`, and the first that has something to say decides. A report needs a service and a place; whatever is
missing is asked, one question at a time, the least number of times, after a short hold for what else may come.

    messages     the table of rules for a message, in order
    silence      who gets no answer: machines, floods, thanks
    safety       emergencies and threats
    wishes       commands: stop, help, status, undo, a person, another language
    asides       what is no report: questions, referrals, small talk
    quiet        the quiet hours
    corrections  "no, it's the street light", before and after sending
    answers      yes and no to our own questions
    reporting    a draft, its hold, its questions, its end
    timers       what the passing of time brings
    city         what the city does
    staff        what a person of the city does
    files        what becomes of photos and recordings beside the report
    arrival      what is learnt when a message of ours did not arrive
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bridge.flow.conversation import arrival, city, messages, reporting, safety, staff, timers, wishes
from bridge.vocabulary import (
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Decision,
    DeliveryTold,
    DropTimer,
    Effect,
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
    TwinsFound,
)


def decide(state: State, event: Event, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The state to store and the effects to commit with it."""
    decision = _decide(state, event, facts, policy, now)
    if isinstance(
        event, EmergencyHeard
    ):  # who calls for help hears whom to call, opted out or not, and that alone
        return decision
    decision = _silent_to_who_opted_out(state, decision)
    return _timers_of_no_draft(state, _introduced(state, decision, facts, policy))


def _decide(state: State, event: Event, facts: Facts, policy: Policy, now: datetime) -> Decision:
    match event:
        case MessageArrived():
            return messages.arrived(state, event, facts, policy, now)
        case EmergencyHeard():
            return safety.heard(state, event, policy)
        case TimerFired():
            return timers.fired(state, event, facts, policy, now)
        case StaffReplied():
            talking = replace(state, with_staff=now + wishes.TALK, awaits_staff=False)
            return Decision(talking, (Say("staff.reply", {"text": event.words}),))
        case StaffFiled():
            return staff.filed(state, event)
        case StaffMerged():
            return staff.merged(state, event)
        case StaffBlocked():
            return staff.blocked(state, event)
        case StaffTookOver():
            return staff.took_over(state)
        case DeliveryTold():
            return arrival.told(state, event)
        case CityAccepted():
            return city.accepted(state, event, facts, policy, now)
        case CityRefused():
            return city.refused(state, event)
        case CityUnreachable():
            return city.unreachable(state, event)
        case StatusChanged():
            return city.status_changed(state, event, facts, policy, now)
        case TwinsFound():
            return reporting.twins_found(state, event, facts, policy, now)


def _silent_to_who_opted_out(before: State, decision: Decision) -> Decision:
    """Someone who opted out is never written to; what they report is filed all the same."""
    if not (before.opted_out and decision.state.opted_out):
        return decision
    return replace(decision, effects=tuple(e for e in decision.effects if not isinstance(e, Say)))


def _introduced(before: State, decision: Decision, facts: Facts, policy: Policy) -> Decision:
    """Who writes, what it costs and how to end it is said with the first words to a phone (CTIA messaging
    principles); what happens to a resident's data on any channel, where the city has such a text."""
    first = next((n for n, effect in enumerate(decision.effects) if isinstance(effect, Say)), None)
    if before.introduced or first is None:
        return decision
    state = replace(decision.state, introduced=True)
    return Decision(
        state, tuple(_with_notices(e, facts, policy) if n == first else e for n, e in enumerate(decision.effects))
    )


def _with_notices(effect: Effect, facts: Facts, policy: Policy) -> Effect:
    if not isinstance(effect, Say):
        return effect
    texted = policy.carrier_notice and facts.channel == "sms"
    programme = (Say("programme", {"city": facts.city_name}),) if texted else ()
    privacy = (Say("privacy", {"url": policy.privacy_url}),) if policy.privacy_url else ()
    return replace(effect, also=(*effect.also, *programme, *privacy))


def _timers_of_no_draft(before: State, decision: Decision) -> Decision:
    """A draft that is done wakes nobody."""
    if before.draft is None or decision.state.draft is not None:
        return decision
    return replace(decision, effects=(*decision.effects, DropTimer("hold"), DropTimer("silence")))
