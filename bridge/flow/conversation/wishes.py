"""Commands: what a resident can always ask for, whatever else is under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bridge.flow import commands
from bridge.flow.conversation.city import line, where_it_stands
from bridge.flow.conversation.corrections import taken_back
from bridge.flow.conversation.reporting import repeated, told
from bridge.flow.conversation.turn import Turn, without_draft
from bridge.vocabulary import CIVIC, Decision, Effect, Forget, Report, Say, State, TakeBack, ToStaff

MOST_LISTED = 4  # reports in one text
TALK = timedelta(hours=24)  # how long words are taken to be for the person who was asked for
LONGEST_NOTE = 500


def opt_out(turn: Turn) -> Decision | None:
    """STOP and its kin: nothing more is sent after one confirmation. What was being told goes to staff."""
    if turn.message.keyword != "stop" and not commands.is_stop(turn.text):
        return None
    stopped = replace(without_draft(turn.state), opted_out=True, news=())
    drafts = [draft for draft in (turn.state.draft, *turn.state.later) if draft]
    kept = tuple(ToStaff("unfinished", told(draft, stopped), draft=draft) for draft in drafts)
    return Decision(stopped, (*kept, *_unless_answered(turn, Say("stopped"))))


def opt_in(turn: Turn) -> Decision | None:
    """START, or a chat's opening command; YES of someone who opted out, as carriers take it."""
    came_back = commands.is_start(turn.text) or (turn.state.opted_out and commands.is_yes(turn.text))
    if turn.message.keyword != "start" and not came_back:
        return None
    welcome = Say("welcome", {"city": turn.facts.city_name})
    return Decision(replace(turn.state, opted_out=False), _unless_answered(turn, welcome))


def _unless_answered(turn: Turn, say: Say) -> tuple[Say, ...]:
    """Nothing where the provider answers the keyword itself: two answers would be one too many."""
    return () if turn.message.keyword else (say,)


def help_wanted(turn: Turn) -> Decision | None:
    """HELP: what to write, and whom to call when it is urgent."""
    if turn.message.keyword == "help":
        return turn.silent()
    if not commands.is_help(turn.text):
        return None
    return turn.answer("help", city=turn.facts.city_name, emergency=turn.policy.emergency_number)


def language(turn: Turn) -> Decision | None:
    """The name of a language: from now on in that one, and so is the open question."""
    chosen = commands.language_in(turn.text)
    if chosen is None:
        return turn.answer("language.which") if commands.is_language(turn.text) else None
    state = replace(turn.state, language=chosen, language_chosen=True)
    again = repeated(state, turn.facts, turn.policy)
    said = Say("language", choices=again.choices, also=(again,)) if again else Say("language")
    return Decision(state, (said,))


def forget(turn: Turn) -> Decision | None:
    """Messages stop and saved data goes; what the law lets us erase is erased, or staff decide, as they do where a
    legal hold stands."""
    if not commands.is_forget(turn.text):
        return None
    erase = turn.policy.forget == "erase" and not turn.facts.held
    rest = (Say("forgotten"),) if erase else (ToStaff("forget"), Say("forgotten.staff"))
    gone = State(language=turn.state.language, language_chosen=turn.state.language_chosen, opted_out=True)
    return Decision(replace(gone, introduced=True), (Forget(erase), *rest))


def human(turn: Turn) -> Decision | None:
    """A person is asked for: staff get the conversation, and the resident hears when it will be read."""
    if not commands.is_human(turn.text):
        return None
    words = "\n".join(turn.state.draft.words) if turn.state.draft else ""
    hours = turn.policy.staff_hours
    said = Say("human.hours", {"hours": hours}) if hours else Say("human")
    state = replace(turn.state, with_staff=turn.now + TALK, awaits_staff=True)
    return Decision(state, (ToStaff("human", words, draft=turn.state.draft), said))


def robot(turn: Turn) -> Decision | None:
    """Who answers here? A computer, and how to reach a person."""
    return turn.answer("robot", city=turn.facts.city_name) if commands.is_robot(turn.text) else None


def for_staff(turn: Turn) -> Decision | None:
    """What is said to the person who was asked for, or who has just written: theirs to read, unless it is a report
    or a wish."""
    until, understood = turn.state.with_staff, turn.event.understanding
    if turn.state.draft or until is None or turn.now > until or not turn.text.strip():
        return None
    best = understood.guesses[0].p if understood.guesses else 0.0
    if understood.civic >= CIVIC and best >= turn.policy.submit and not commands.is_question(turn.text):
        return None
    if turn.state.awaits_staff:  # they are called already, and will read this too
        return turn.silent()
    called = ToStaff("human", turn.text[:LONGEST_NOTE])
    return Decision(replace(turn.state, awaits_staff=True), (called,))


def reports(turn: Turn) -> Decision | None:
    """MY REPORTS: a line for each of the newest."""
    if not commands.is_reports(turn.text):
        return None
    known = turn.facts.reports[:MOST_LISTED]
    if len(known) < 2:
        return _standing(turn, known[0] if known else None)
    more = (Say("reports.more"),) if len(turn.facts.reports) > MOST_LISTED else ()
    lines = tuple(line(report) for report in known)
    return Decision(turn.state, (Say("reports", also=(*lines, *more)),))


def status_of_one(turn: Turn) -> Decision | None:
    """STATUS 1234: one of the resident's own reports, by the city's number or ours."""
    number = commands.status_of(turn.text)
    if number is None:
        return None
    known = (r for r in turn.facts.reports if number in (str(r.service_request_id).lower(), r.reference.lower()))
    found = next(known, None)
    return _standing(turn, found) if found else turn.answer("status.unknown", id=number)


def status(turn: Turn) -> Decision | None:
    """STATUS: the newest report of this conversation; before there is one, the draft's open question once more."""
    if not commands.is_status(turn.text):
        return None
    again = repeated(turn.state, turn.facts, turn.policy)
    if again and not turn.facts.reports:
        return Decision(turn.state, (Say("status.draft", choices=again.choices, also=(again,)),))
    return _standing(turn, turn.facts.reports[0] if turn.facts.reports else None)


def _standing(turn: Turn, report: Report | None) -> Decision:
    return Decision(turn.state, (where_it_stands(report) if report else Say("status.none"),))


def undo(turn: Turn) -> Decision | None:
    """UNDO: the draft is dropped; a report that has gone out cannot be called back, so the city is told."""
    if not commands.is_undo(turn.text):
        return None
    if turn.state.draft:
        return Decision(without_draft(turn.state), (*_withdrawn(turn), Say("undone")))
    if turn.latest is None:
        return turn.answer("undo.nothing")
    return Decision(turn.state, taken_back(turn, turn.latest))


def _withdrawn(turn: Turn) -> tuple[Effect, ...]:
    """A question that has not left yet has no more to ask."""
    return (TakeBack(),) if turn.facts.unsent else ()


def anonymous(turn: Turn) -> Decision | None:
    """ANONYMOUS: no contact data goes to the city, unless it takes no report without."""
    if not commands.is_anonymous(turn.text):
        return None
    if turn.facts.contact_needed:
        needed = "anonymous.needed" if turn.state.draft else "anonymous.not_here"
        return turn.answer(needed, city=turn.facts.city_name)
    if turn.state.draft is None:
        return turn.answer("anonymous")
    draft = replace(turn.state.draft, anonymous=True)
    return Decision(replace(turn.state, draft=draft), (Say("anonymous"),))
