"""Yes and no to our own questions. Anything else that is said then is read as words."""

from __future__ import annotations

from dataclasses import replace

from bridge.flow import commands
from bridge.flow.conversation.corrections import to_the_city
from bridge.flow.conversation.reporting import follow_up, held, next_of, parted
from bridge.flow.conversation.turn import Turn
from bridge.flow.draft import description
from bridge.flow.gaps import name_of
from bridge.vocabulary import CIVIC, Decision, Follow, Marked, PostUpdate, Report, Say, ToStaff

STILL_BROKEN = "The resident says it is not fixed."
LOW_MARK = 2  # of five


def two_reports(turn: Turn) -> Decision | None:
    """ "Are these two reports?" """
    draft = turn.state.draft
    if turn.state.question != "split" or draft is None:
        return None
    if commands.is_yes(turn.text) or commands.choice_number(turn.text) == 2:
        first, later = parted(draft)
        return held(turn, first, later)
    if commands.is_no(turn.text) or commands.choice_number(turn.text) == 1:
        return held(turn, replace(draft, problems=()))
    return None


def twin(turn: Turn) -> Decision | None:
    """Someone told of the same before: follow theirs, or report anyway."""
    draft = turn.state.draft
    if turn.state.question != "twin" or draft is None:
        return None
    number = commands.choice_number(turn.text)
    near = (*turn.facts.nearby, *draft.at_city)
    found = next((report for report in near if name_of(report) == turn.state.about), None)
    if found and (number == 1 or commands.is_follow(turn.text)):
        own = any(report.id == found.id for report in turn.facts.reports)
        more = to_the_city(turn, found, description(draft)) if own else (Follow(found), Say("following"))
        return next_of(turn, draft, more)
    if number == 2 or commands.is_anyway(turn.text):
        return held(turn, draft)
    return None


def confirmed(turn: Turn) -> Decision | None:
    """ "Is that right?" """
    draft = turn.state.draft
    if turn.state.question != "confirm" or draft is None:
        return None
    if commands.is_yes(turn.text):
        return held(turn, replace(draft, chosen=True))
    if commands.is_no(turn.text) and draft.asked.count("confirm") < 2:
        asked = replace(draft, asked=(*draft.asked, "confirm"), turns=draft.turns + 1)
        return Decision(replace(turn.state, draft=asked), (Say("ask.change", question=True),))
    return None


def consented(turn: Turn) -> Decision | None:
    """ "May we send your number or address?" No means that the city takes no report."""
    draft = turn.state.draft
    if turn.state.question != "consent" or draft is None:
        return None
    if commands.is_yes(turn.text):
        return held(replace(turn, state=replace(turn.state, consented=True)), draft)
    if commands.is_no(turn.text):
        return turn.answer("anonymous.needed", city=turn.facts.city_name)
    return None


def at_home(turn: Turn) -> Decision | None:
    """ "Is it at the address you saved?" """
    draft, home = turn.state.draft, turn.state.home
    if turn.state.question != "home" or draft is None:
        return None
    if commands.is_yes(turn.text) and home:
        return held(turn, replace(draft, place=home, at_home=False))
    if commands.is_no(turn.text):
        return held(turn, replace(draft, at_home=False))
    return None


def is_it_fixed(turn: Turn) -> Decision | None:
    """After closing. "No" makes a new request that cites the old one, once: GeoReport v2 cannot reopen."""
    if turn.state.question != "fixed":
        return None
    closed = next((report for report in turn.facts.reports if report.id == turn.state.about), None)
    if closed and _is_of_its_own(turn, closed):
        return None
    done = replace(turn.state, question=None, about="")
    if closed and commands.is_fixed(turn.text):
        more = turn.policy.satisfaction
        state = replace(done, question="satisfied", about=closed.id) if more else done
        return Decision(state, (Say("ask.satisfied" if more else "fixed"),))
    if closed and commands.is_still_broken(turn.text):
        return _reopened(replace(turn, state=done), closed)
    return None


def _is_of_its_own(turn: Turn, closed: Report) -> bool:
    """Words that begin with "no" and tell of another place or problem ("no trash pickup at 412 Oak St")."""
    understood = turn.event.understanding
    best = understood.guesses[0] if understood.guesses else None
    sure = best is not None and best.p >= turn.policy.submit and understood.civic >= CIVIC
    other = sure and best is not None and best.service_code != closed.service_code
    bare_answer = commands.is_yes(turn.text) or commands.is_no(turn.text)
    return not bare_answer and (other or bool(understood.located.candidates))


def _reopened(turn: Turn, closed: Report) -> Decision:
    if closed.cites:  # it was reopened once already
        return Decision(turn.state, (ToStaff("not_fixed", STILL_BROKEN, closed.id), Say("to_staff")))
    if turn.policy.takes_updates:
        return Decision(turn.state, (PostUpdate(closed, STILL_BROKEN), Say("update.sent")))
    return Decision(turn.state, (follow_up(closed),))


def satisfied(turn: Turn) -> Decision | None:
    """How the city did. It is not answered; who was not served well is read by a person."""
    number, about = commands.choice_number(turn.text), turn.state.about
    if turn.state.question != "satisfied" or number is None:
        return None
    told = (ToStaff("dissatisfied", f"{number} of 5", about),) if number <= LOW_MARK else ()
    return Decision(replace(turn.state, question=None, about=""), (Marked(about, number), *told))
