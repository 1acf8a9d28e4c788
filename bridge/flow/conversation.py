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
from bridge.vocabulary import (
    Choice,
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Decision,
    Draft,
    Event,
    Facts,
    FileReport,
    InboundKind,
    MessageArrived,
    Place,
    Policy,
    Question,
    Report,
    Say,
    State,
    StatusChanged,
    ToStaff,
)

MOST_CHOICES = 3
LONGEST_DESCRIPTION = 3800  # GeoReport v2 allows 4,000 characters; the rest is for the marker and a note


def decide(state: State, event: Event, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The state to store and the effects to commit with it."""
    decision = _decide(state, event, facts, policy)
    if state.opted_out and decision.state.opted_out:
        # Someone who opted out is never written to; what they report is filed all the same.
        return replace(decision, effects=tuple(e for e in decision.effects if not isinstance(e, Say)))
    return decision


def _decide(state: State, event: Event, facts: Facts, policy: Policy) -> Decision:
    match event:
        case MessageArrived():
            return _message(state, event, facts, policy)
        case CityAccepted():
            return Decision(state, (_accepted(event),))
        case CityRefused():
            return Decision(state, (Say("report.refused", _about(event.report)), ToStaff("refused", event.words)))
        case CityUnreachable():
            return Decision(state, (Say("report.held", _about(event.report)),))
        case StatusChanged():
            return Decision(state, (_status_changed(event),))


# ---------------------------------------------------------------------------------------------- messages

Rule = Callable[[State, MessageArrived, Facts, Policy], Decision | None]


def _message(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision:
    state = replace(state, language=event.understanding.language)
    for rule in RULES:
        decision = rule(state, event, facts, policy)
        if decision is not None:
            return decision
    return Decision(state)


def automatic(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """An auto-reply, bounce or bot is never answered."""
    return Decision(state) if event.message.automatic else None


def late_edit(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """An edit of a message whose report has gone out changes nothing by itself."""
    is_late = event.message.kind is InboundKind.EDIT and state.draft is None
    return Decision(state) if is_late else None


def opt_out(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """STOP and its kin: nothing more is sent after one confirmation."""
    if not commands.is_stop(event.message.text):
        return None
    stopped = replace(state, opted_out=True, draft=None, question=None, offered=())
    return Decision(stopped, (Say("stopped"),))


def opt_in(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """START, or a chat's opening command."""
    if not commands.is_start(event.message.text):
        return None
    return Decision(replace(state, opted_out=False), (Say("welcome", {"city": facts.city_name}),))


def help_wanted(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """HELP: what to write, and whom to call when it is urgent."""
    if not commands.is_help(event.message.text):
        return None
    return Decision(state, (Say("help", {"city": facts.city_name, "emergency": policy.emergency_number}),))


def status_wanted(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """STATUS: the newest report of this conversation."""
    if not commands.is_status(event.message.text):
        return None
    if not facts.reports:
        return Decision(state, (Say("status.none"),))
    return Decision(state, (Say(*_standing(facts.reports[0])),))


def thanks(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """Thanks get silence: an answer to it would cost the resident a message and say nothing."""
    if state.question or not commands.is_thanks(event.message.text):
        return None
    return Decision(state)


def empty(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """Nothing to read and no pin."""
    message = event.message
    if message.text.strip() or message.pin:
        return None
    if state.question:
        return Decision(state)
    return Decision(state, (Say("photo_only" if message.attachments else "empty"),))


def not_civic(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """Chat and spam outside any report: one kind sentence, nothing filed."""
    understood = event.understanding
    if state.draft or event.message.pin or understood.civic >= 0.5:
        return None
    return Decision(state, (Say("not_understood"),))


def report(state: State, event: MessageArrived, facts: Facts, policy: Policy) -> Decision | None:
    """Everything else is about a report: a new one, or what the open one lacked."""
    draft = state.draft or Draft()
    picked = _picked(state, event)
    draft = picked or _gather(draft, state.question, event)
    return _advance(replace(state, draft=draft, question=None, offered=()), draft, facts, policy)


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

# -------------------------------------------------------------------------------------------- the draft


def _picked(state: State, event: MessageArrived) -> Draft | None:
    """The draft with the chosen service or place, when the message is a bare number we offered."""
    number = commands.choice_number(event.message.text)
    if number is None or state.draft is None or number > len(state.offered):
        return None
    match state.question:
        case "which_place":
            return replace(state.draft, place=state.draft.candidates[number - 1])
        case "service":
            return replace(state.draft, service_code=state.draft.guesses[number - 1].service_code)
        case _:
            return None


def _gather(draft: Draft, question: Question | None, event: MessageArrived) -> Draft:
    """The draft with what this message adds: words, a service, a place."""
    text = event.message.text.strip()
    understood = event.understanding
    words = (*draft.words, text) if text else draft.words
    draft = replace(draft, words=words, files=draft.files + len(event.message.attachments))
    if not draft.guesses or question == "service":
        draft = replace(draft, guesses=understood.guesses)
    return draft if draft.place else _place(draft, question, event)


def _place(draft: Draft, question: Question | None, event: MessageArrived) -> Draft:
    located = event.understanding.located
    sure = () if located.ask else located.candidates[:1]
    if sure:
        return replace(draft, place=sure[0], candidates=())
    if question in ("place", "which_place") and located.mentions and not located.outside:
        named = [mention for mention in located.mentions if mention.kind != "relative"]
        if named and len(located.candidates) <= 1:
            # Asked once already: the resident's own words go to the city, as words.
            return replace(draft, place=Place(address=event.message.text.strip()[:200], why="resident's words"))
    return replace(draft, candidates=located.candidates or draft.candidates)


def _advance(state: State, draft: Draft, facts: Facts, policy: Policy) -> Decision:
    """Asks for what is missing, or files."""
    service_code = draft.service_code or _sure_service(draft, facts, policy)
    missing = None if service_code else _ask_service(draft, facts, policy)
    if missing is None and draft.place is None:
        missing = _ask_place(draft, facts)
    if missing is None and draft.place and service_code:
        filed = FileReport(service_code, _description(draft), draft.place)
        return Decision(replace(state, draft=None), (filed,))
    if missing is None or len(draft.asked) >= policy.most_questions:
        return _hand_over(state, draft, service_code)
    question, say = missing
    asked = replace(draft, service_code=service_code, asked=(*draft.asked, question))
    return Decision(replace(state, draft=asked, question=question, offered=say.choices), (say,))


def _hand_over(state: State, draft: Draft, service_code: str) -> Decision:
    reason = ToStaff("no_place" if service_code else "no_service", _description(draft))
    return Decision(replace(state, draft=None), (reason, Say("to_staff")))


def _sure_service(draft: Draft, facts: Facts, policy: Policy) -> str:
    best = draft.guesses[0] if draft.guesses else None
    return best.service_code if best and best.p >= policy.submit and best.service_code in facts.services else ""


def _ask_service(draft: Draft, facts: Facts, policy: Policy) -> tuple[Question, Say]:
    offered = [guess for guess in draft.guesses if guess.p >= policy.ask][:MOST_CHOICES]
    if not offered or "service" in draft.asked:
        return "words", Say("ask.words")
    names = [facts.services[guess.service_code].service_name for guess in offered]
    return "service", Say("ask.service", choices=_numbered(names))


def _ask_place(draft: Draft, facts: Facts) -> tuple[Question, Say]:
    if len(draft.candidates) > 1:
        addresses = [place.address for place in draft.candidates[:MOST_CHOICES]]
        return "which_place", Say("ask.which_place", choices=_numbered(addresses))
    if draft.candidates:
        return "place", Say("ask.where_on", {"street": draft.candidates[0].address}, asks_place=True)
    again = "place" in draft.asked
    return "place", Say("ask.place_again" if again else "ask.place", asks_place=True)


def _numbered(labels: list[str]) -> tuple[Choice, ...]:
    return tuple(Choice(str(number), label) for number, label in enumerate(labels, start=1))


def _description(draft: Draft) -> str:
    return "\n".join(draft.words)[:LONGEST_DESCRIPTION]


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
