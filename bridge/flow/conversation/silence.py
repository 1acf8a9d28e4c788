"""Who gets no answer, so that no machine talks to another and no thanks cost a message."""

from __future__ import annotations

from dataclasses import replace

from bridge.flow import commands
from bridge.flow.conversation.city import where_it_stands
from bridge.flow.conversation.reporting import held
from bridge.flow.conversation.turn import Turn
from bridge.flow.draft import UNANSWERABLE, read
from bridge.vocabulary import CIVIC, Decision, Draft, InboundKind, Report, Say, ToStaff

MOST_REPEATS = 3  # the same words again and again are a machine's, or nobody reads our answers


def automatic(turn: Turn) -> Decision | None:
    """An auto-reply, bounce or bot is never answered."""
    return turn.silent() if turn.message.automatic else None


def blocked(turn: Turn) -> Decision | None:
    """A sender whom a person has blocked; an emergency was answered before any rule is asked."""
    return turn.silent() if turn.state.blocked else None


def flood(turn: Turn) -> Decision | None:
    """More messages in an hour than a person writes: kept for staff, who are told once."""
    count, most = len(turn.state.arrivals), turn.policy.most_an_hour
    if count <= most:
        return None
    told = (ToStaff("flood", turn.text[:500]),) if count == most + 1 else ()
    return Decision(turn.state, told)


def repeated(turn: Turn) -> Decision | None:
    """The same words over and over; a number may be the answer to several questions."""
    is_answer = turn.state.question and len(turn.text.strip()) <= 3
    return turn.silent() if turn.state.repeats >= MOST_REPEATS and not is_answer else None


def late_edit(turn: Turn) -> Decision | None:
    """An edit of a message whose report has gone out changes nothing by itself."""
    is_late = turn.message.kind is InboundKind.EDIT and turn.state.draft is None
    return turn.silent() if is_late else None


def reaction(turn: Turn) -> Decision | None:
    """Liked "…", or a phone's own reply while its owner drives."""
    return turn.silent() if commands.is_reaction(turn.text) else None


def thanks(turn: Turn) -> Decision | None:
    """Thanks get silence: an answer to it would cost the resident a message and say nothing."""
    waiting = turn.state.question in ("twin", "confirm", "split", "home", "consent")
    understood = turn.event.understanding
    tells = understood.civic >= CIVIC or understood.located.candidates
    said = commands.is_thanks(turn.text) or (commands.begins_with_thanks(turn.text) and not tells)
    return turn.silent() if said and not waiting else None


def stray_answer(turn: Turn) -> Decision | None:
    """Yes, no or a number when nothing is asked any more."""
    answers = (
        commands.is_yes(turn.text) or commands.is_no(turn.text) or commands.choice_number(turn.text) is not None
    )
    idle = turn.state.draft is None and turn.state.question is None
    return turn.silent() if answers and idle and turn.facts.reports else None


def said_already(turn: Turn) -> Decision | None:
    """The very words of a report that just went out, sent once more: where it stands, no second one."""
    latest = turn.latest
    if turn.state.draft or not latest or _own_words(latest) != turn.text.strip():
        return None
    return Decision(turn.state, (where_it_stands(latest),))


def _own_words(report: Report) -> str:
    return report.description.removesuffix(UNANSWERABLE).strip()


def empty(turn: Turn) -> Decision | None:
    """Nothing to read and no pin."""
    message, state = turn.message, turn.state
    if message.text.strip() or message.pin:
        return None
    if state.draft:
        return _more_files(turn, state.draft)
    if turn.event.recordings or (turn.event.refused and not turn.event.photos):
        return turn.silent()  # what became of the file is said in `files`
    if state.misses > 1:
        return turn.silent()
    if turn.event.photos:  # before any words it is the beginning of a report; it may say where it was taken
        return held(turn, read(Draft(), None, turn.event))
    said = Say("photo_only" if message.attachments else "empty")
    return Decision(replace(state, misses=state.misses + 1), (said,))


def _more_files(turn: Turn, draft: Draft) -> Decision | None:
    """Files for the draft. One that answers the open question is read as an answer."""
    tells_where = turn.event.understanding.located.candidates and not draft.place
    if turn.state.question == "photo" or (turn.state.question in ("place", "which_place") and tells_where):
        return None
    return Decision(replace(turn.state, draft=read(draft, None, turn.event)))
