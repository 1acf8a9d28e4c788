"""Emergencies and threats. The rules that find them are files; here is what follows.

The emergency sentence is said the moment the message is stored (`heard`), before anything is understood. When
its turn comes the message is not filed: emergency lines take emergencies, and a city's service desk does not
open at night. The resident may still say that there is something for the city in it.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.flow.conversation.asides import set_aside
from bridge.flow.conversation.turn import Turn
from bridge.vocabulary import Decision, EmergencyHeard, Policy, Say, State, ToStaff

LONGEST_NOTE = 500


def heard(state: State, event: EmergencyHeard, policy: Policy) -> Decision:
    """The sentence, at once and in any state, and the city's duty contact is alerted."""
    alarm, words = event.alarm, event.message.text[:LONGEST_NOTE]
    if alarm.kind == "threat":
        return Decision(state, (ToStaff("threat", words),))
    spoken = replace(state, language=state.language if state.language_chosen else alarm.language)
    params = {"emergency": policy.emergency_number, "crisis": policy.crisis_number}
    said = Say("emergency.self_harm" if alarm.kind == "self_harm" else "emergency", params)
    return Decision(spoken, (said, ToStaff("emergency", f"{alarm.rule}: {words}")))


def emergency(turn: Turn) -> Decision | None:
    """An emergency is never filed unasked. A threat is staff's, and a report in the same breath is taken."""
    alarm = turn.event.understanding.alarm
    if alarm is None or alarm.kind == "threat":
        return None
    if alarm.kind == "self_harm" or turn.state.draft:
        return turn.silent()
    return Decision(set_aside(turn))
