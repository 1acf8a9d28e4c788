"""What the bridge does next: a pure function of the conversation, what happened, and what is known.

`decide` is total: every event in every state has a defined answer. A message runs through `RULES` in order;
the first rule that has something to say decides. A report needs a service and a place; whatever is missing is
asked, one question at a time, the least number of times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bridge.flow import commands
from bridge.flow.draft import complete, description, gap, gather, service_of
from bridge.vocabulary import (
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Decision,
    Event,
    Facts,
    InboundKind,
    MessageArrived,
    Policy,
    Report,
    Say,
    State,
    StatusChanged,
    ToStaff,
)


def decide(state: State, event: Event, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The state to store and the effects to commit with it."""
    decision = _decide(state, event, facts, policy, now)
    if state.opted_out and decision.state.opted_out:
        # Someone who opted out is never written to; what they report is filed all the same.
        return replace(decision, effects=tuple(e for e in decision.effects if not isinstance(e, Say)))
    return decision


def _decide(state: State, event: Event, facts: Facts, policy: Policy, now: datetime) -> Decision:
    match event:
        case MessageArrived():
            return _message(state, event, facts, policy, now)
        case CityAccepted():
            return Decision(state, (_accepted(event),))
        case CityRefused():
            return Decision(state, (Say("report.refused", _about(event.report)), ToStaff("refused", event.words)))
        case CityUnreachable():
            return Decision(state, (Say("report.held", _about(event.report)),))
        case StatusChanged():
            return Decision(state, (_status_changed(event),))


# ---------------------------------------------------------------------------------------------- messages

Rule = Callable[[State, MessageArrived, Facts, Policy, datetime], Decision | None]


def _message(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision:
    state = replace(state, language=event.understanding.language)
    for rule in RULES:
        decision = rule(state, event, facts, policy, now)
        if decision is not None:
            return decision
    return Decision(state)


def automatic(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """An auto-reply, bounce or bot is never answered."""
    return Decision(state) if event.message.automatic else None


def late_edit(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """An edit of a message whose report has gone out changes nothing by itself."""
    is_late = event.message.kind is InboundKind.EDIT and state.draft is None
    return Decision(state) if is_late else None


def opt_out(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """STOP and its kin: nothing more is sent after one confirmation."""
    if not commands.is_stop(event.message.text):
        return None
    stopped = replace(_without_draft(state), opted_out=True)
    return Decision(stopped, (Say("stopped"),))


def opt_in(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """START, or a chat's opening command."""
    if not commands.is_start(event.message.text):
        return None
    return Decision(replace(state, opted_out=False), (Say("welcome", {"city": facts.city_name}),))


def help_wanted(
    state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime
) -> Decision | None:
    """HELP: what to write, and whom to call when it is urgent."""
    if not commands.is_help(event.message.text):
        return None
    return Decision(state, (Say("help", {"city": facts.city_name, "emergency": policy.emergency_number}),))


def status_wanted(
    state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime
) -> Decision | None:
    """STATUS: the newest report of this conversation."""
    if not commands.is_status(event.message.text):
        return None
    if not facts.reports:
        return Decision(state, (Say("status.none"),))
    return Decision(state, (Say(*_standing(facts.reports[0])),))


def thanks(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Thanks get silence: an answer to it would cost the resident a message and say nothing."""
    if state.question or not commands.is_thanks(event.message.text):
        return None
    return Decision(state)


def empty(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Nothing to read and no pin."""
    message = event.message
    if message.text.strip() or message.pin:
        return None
    if state.question:
        return Decision(state)
    return Decision(state, (Say("photo_only" if message.attachments else "empty"),))


def not_civic(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Chat and spam outside any report: one kind sentence, nothing filed."""
    understood = event.understanding
    if state.draft or event.message.pin or understood.civic >= 0.5:
        return None
    return Decision(state, (Say("not_understood"),))


def report(state: State, event: MessageArrived, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Everything else is about a report: a new one, or what the open one lacked."""
    draft = gather(state, event, facts, now)
    code = service_of(draft, facts, policy)
    missing = gap(draft, code, facts, policy)
    if missing is None:
        return Decision(_without_draft(state), (complete(draft, code, facts),))
    if len(draft.asked) >= policy.most_questions:
        reason = ToStaff("no_place" if code else "no_service", description(draft))
        return Decision(_without_draft(state), (reason, Say("to_staff")))
    asked = replace(missing.draft, service_code=code, asked=(*draft.asked, missing.question))
    return Decision(
        replace(state, draft=asked, question=missing.question, offered=missing.say.choices), (missing.say,)
    )


def _without_draft(state: State) -> State:
    return replace(state, draft=None, question=None, offered=())


RULES: tuple[Rule, ...] = (
    automatic,
    opt_out,
    opt_in,
    late_edit,
    help_wanted,
    status_wanted,
    thanks,
    empty,
    not_civic,
    report,
)

# ------------------------------------------------------------------------------------ what the city does


def _about(report: Report) -> dict[str, str]:
    return {"service": report.service_name, "place": report.place.address, "reference": report.reference}


def _accepted(event: CityAccepted) -> Say:
    receipt, about = event.receipt, _about(event.report)
    if receipt.service_request_id:
        return Say("report.accepted", {**about, "id": receipt.service_request_id})
    return Say("report.accepted_token" if receipt.token else "report.accepted_blackbox", about)


def _status_changed(event: StatusChanged) -> Say:
    report = replace(
        event.report,
        status=event.now.status,
        raw_status=event.now.raw_status,
        status_notes=event.now.status_notes,
    )
    return Say(*_standing(report))


def _standing(report: Report) -> tuple[str, dict[str, str]]:
    """The message and its parameters that say where a report stands."""
    about = {**_about(report), "id": report.service_request_id or report.reference, "note": report.status_notes}
    if report.status == "closed":
        return ("status.closed_note" if report.status_notes else "status.closed"), about
    if report.state == "queued":
        return "status.queued", about
    return ("status.open_note" if report.status_notes else "status.open"), about
