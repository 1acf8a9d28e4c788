"""What a message leads to: the rules in their order, one small question each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bridge.flow import commands
from bridge.flow.conversation import answers, asides, corrections, files, reporting, safety, silence, wishes
from bridge.flow.conversation.turn import Rule, Turn
from bridge.vocabulary import Decision, Facts, MessageArrived, Policy, State

RECYCLED = timedelta(days=180)  # phone numbers are given to somebody else: old data is not trusted

RULES: tuple[Rule, ...] = (
    silence.automatic,
    silence.blocked,
    safety.emergency,
    wishes.opt_out,
    wishes.opt_in,
    silence.flood,
    silence.repeated,
    silence.late_edit,
    silence.reaction,
    wishes.help_wanted,
    wishes.language,
    wishes.forget,
    wishes.human,
    wishes.robot,
    wishes.reports,
    wishes.status_of_one,
    wishes.status,
    wishes.undo,
    wishes.anonymous,
    asides.reported_all_the_same,
    answers.is_it_fixed,
    answers.satisfied,
    silence.thanks,
    answers.two_reports,
    answers.twin,
    answers.confirmed,
    answers.consented,
    answers.at_home,
    silence.stray_answer,
    corrections.afterwards,
    silence.said_already,
    wishes.for_staff,
    asides.home,
    silence.empty,
    asides.greeting,
    asides.known_answer,
    asides.question,
    asides.place_first,
    asides.insult,
    asides.not_civic,
    reporting.report,
)


def arrived(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The decision of the first rule that has one."""
    turn = Turn(_heard(state, event, facts, now), event, facts, policy, now)
    return files.noticed(turn, next(decision for rule in RULES if (decision := rule(turn))))


def _language(event: MessageArrived) -> str:
    return "es" if commands.is_spanish(event.message.text) else event.understanding.language


def _heard(state: State, event: MessageArrived, facts: Facts, now: datetime) -> State:
    """The conversation as it is before this message is judged: its language, its pace, and nothing stale."""
    if facts.last_heard and now - facts.last_heard > RECYCLED:
        state = State(opted_out=state.opted_out, blocked=state.blocked)
    language = state.language if state.language_chosen else _language(event)
    text = event.message.text.strip()[:200]
    return replace(
        state,
        language=language,
        home=state.home or event.understanding.home,
        arrivals=(*(at for at in state.arrivals if now - at <= timedelta(hours=1)), now)[-100:],
        repeats=state.repeats + 1 if text and text == state.said else 0,
        said=text,
        greeted=state.greeted and text == state.said,
        unreachable=False,
    )
