"""Commands: what a resident can always ask for, whatever else is under way."""

from __future__ import annotations

from dataclasses import replace

from bridge.flow import commands
from bridge.flow.conversation.city import line, standing
from bridge.flow.conversation.corrections import to_the_city
from bridge.flow.conversation.turn import Turn, without_draft
from bridge.vocabulary import Decision, Forget, Report, Say, State, ToStaff

MOST_LISTED = 4  # reports in one text


def opt_out(turn: Turn) -> Decision | None:
    """STOP and its kin: nothing more is sent after one confirmation. What was being told goes to staff."""
    if not commands.is_stop(turn.text):
        return None
    stopped = replace(without_draft(turn.state), opted_out=True, news=())
    kept = (
        (ToStaff("unfinished", "\n".join(turn.state.draft.words), draft=turn.state.draft),)
        if turn.state.draft
        else ()
    )
    return Decision(stopped, (*kept, Say("stopped")))


def opt_in(turn: Turn) -> Decision | None:
    """START, or a chat's opening command."""
    if not commands.is_start(turn.text):
        return None
    return Decision(replace(turn.state, opted_out=False), (Say("welcome", {"city": turn.facts.city_name}),))


def help_wanted(turn: Turn) -> Decision | None:
    """HELP: what to write, and whom to call when it is urgent."""
    if not commands.is_help(turn.text):
        return None
    return turn.answer("help", city=turn.facts.city_name, emergency=turn.policy.emergency_number)


def language(turn: Turn) -> Decision | None:
    """The name of a language: from now on in that one."""
    chosen = commands.language_in(turn.text)
    if chosen is None:
        return None
    return Decision(replace(turn.state, language=chosen, language_chosen=True), (Say("language"),))


def forget(turn: Turn) -> Decision | None:
    """Messages stop and saved data goes; what the law lets us erase is erased, or staff decide."""
    if not commands.is_forget(turn.text):
        return None
    erase = turn.policy.forget == "erase"
    staff = () if erase else (ToStaff("forget"),)
    gone = State(language=turn.state.language, language_chosen=turn.state.language_chosen, opted_out=True)
    return Decision(replace(gone, introduced=True), (Forget(erase), *staff, Say("forgotten")))


def human(turn: Turn) -> Decision | None:
    """A person is asked for: staff get the conversation, and the resident hears when it will be read."""
    if not commands.is_human(turn.text):
        return None
    words = "\n".join(turn.state.draft.words) if turn.state.draft else ""
    hours = turn.policy.staff_hours
    said = Say("human.hours", {"hours": hours}) if hours else Say("human")
    return Decision(turn.state, (ToStaff("human", words, draft=turn.state.draft), said))


def reports(turn: Turn) -> Decision | None:
    """MY REPORTS: a line for each of the newest."""
    if not commands.is_reports(turn.text):
        return None
    known = turn.facts.reports[:MOST_LISTED]
    if len(known) < 2:
        return _standing(turn, known[0] if known else None)
    return Decision(turn.state, (Say("reports", also=tuple(line(report) for report in known)),))


def status_of_one(turn: Turn) -> Decision | None:
    """STATUS 1234: one of the resident's own reports, by the city's number or ours."""
    number = commands.status_of(turn.text)
    if number is None:
        return None
    known = (r for r in turn.facts.reports if number in (str(r.service_request_id).lower(), r.reference.lower()))
    found = next(known, None)
    return _standing(turn, found) if found else turn.answer("status.unknown", id=number)


def status(turn: Turn) -> Decision | None:
    """STATUS: the newest report of this conversation."""
    if not commands.is_status(turn.text):
        return None
    return _standing(turn, turn.facts.reports[0] if turn.facts.reports else None)


def _standing(turn: Turn, report: Report | None) -> Decision:
    return Decision(turn.state, (Say(*standing(report)) if report else Say("status.none"),))


def undo(turn: Turn) -> Decision | None:
    """UNDO: the draft is dropped; a report that has gone out cannot be called back, so the city is told."""
    if not commands.is_undo(turn.text):
        return None
    if turn.state.draft:
        return Decision(without_draft(turn.state), (Say("undone"),))
    if turn.latest is None:
        return turn.answer("undo.nothing")
    return Decision(turn.state, to_the_city(turn, turn.latest, "The resident takes this report back."))


def anonymous(turn: Turn) -> Decision | None:
    """ANONYMOUS: no contact data goes to the city, unless it takes no report without."""
    if not commands.is_anonymous(turn.text):
        return None
    if turn.facts.contact_needed:
        return turn.answer("anonymous.needed", city=turn.facts.city_name)
    if turn.state.draft is None:
        return turn.answer("anonymous")
    draft = replace(turn.state.draft, anonymous=True)
    return Decision(replace(turn.state, draft=draft), (Say("anonymous"),))
