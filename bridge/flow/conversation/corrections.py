"""What changes a report after it was told. Before sending it goes in; after sending the city is told of it."""

from __future__ import annotations

from dataclasses import replace

from bridge.flow import commands, personal
from bridge.flow.conversation.turn import Turn
from bridge.vocabulary import (
    Decision,
    Draft,
    Effect,
    LearnFrom,
    MessageArrived,
    Policy,
    PostUpdate,
    Report,
    Say,
    ToStaff,
)

SURE_BESIDE_A_PLACE = 0.75  # of a service, in words that correct a place
TAKEN_BACK = "The resident takes this report back."
PHOTO = "The resident sent a photo."
PIN = "The resident sent the place: "


def corrected(draft: Draft, event: MessageArrived, policy: Policy) -> Draft:
    """The draft with what a correction names put in the place of what was wrong."""
    understood, text = event.understanding, event.message.text
    located, best = understood.located, understood.guesses[0] if understood.guesses else None
    draft = replace(draft, words=(*draft.words, text.strip()))
    if located.candidates:
        sure = located.candidates[0] if not located.ask else None
        draft = replace(draft, place=sure, candidates=() if sure else located.candidates, outside=False)
    elif located.outside or commands.is_wrong_place(text):
        draft = replace(draft, place=None, candidates=(), outside=located.outside)
    if best and best.p >= _sure_enough(event, policy) and not commands.is_wrong_place(text):
        before = draft.service_code or (draft.guesses[0].service_code if draft.guesses else "")
        draft = replace(draft, guesses=understood.guesses, service_code="", chosen=False, attributes={}, asking="")
        draft = replace(draft, mistaken=before if before != best.service_code else draft.mistaken)
    return draft


def afterwards(turn: Turn) -> Decision | None:
    """ "no, Oak St", the photo ten minutes later: about the report that just went out, never a second request."""
    latest = turn.latest
    if turn.state.draft or latest is None:
        return None
    words = _about_what_was_sent(turn)
    if not words:
        return None
    told, meant = to_the_city(turn, latest, words, turn.event.photos), _meant(turn, latest)
    return Decision(turn.state, (*told, LearnFrom(latest, meant)) if meant else told)


def _meant(turn: Turn, latest: Report) -> str:
    """The service that a correction surely names, where it is another than the report's; else ""."""
    best = next(iter(turn.event.understanding.guesses), None)
    if best is None or not commands.is_correction(turn.text) or commands.is_wrong_place(turn.text):
        return ""
    sure = best.p >= _sure_enough(turn.event, turn.policy)
    return best.service_code if sure and best.service_code != latest.service_code else ""


def _sure_enough(event: MessageArrived, policy: Policy) -> float:
    return SURE_BESIDE_A_PLACE if event.understanding.located.candidates else policy.submit


def _about_what_was_sent(turn: Turn) -> str:
    """What the city should hear; "" when the message is something of its own."""
    message, text = turn.message, turn.text.strip()
    if commands.is_correction(text):
        return _with_place(text, turn)
    if commands.is_about_it(text) and _adds_nothing_new(turn):
        return text
    located = turn.event.understanding.located
    if located.candidates and commands.is_place_alone(text, located.mentions):
        return text
    if message.pin and not text:
        return f"{PIN}{message.pin.lat:.6f}, {message.pin.long:.6f}"
    if not text and (turn.event.photos or (message.attachments and not turn.event.refused)):
        return "" if turn.event.recordings else PHOTO
    return ""


def _adds_nothing_new(turn: Turn) -> bool:
    """Whether no other place and no other problem is in the words."""
    understood, latest = turn.event.understanding, turn.latest
    best = understood.guesses[0] if understood.guesses else None
    other = best and latest and best.p >= turn.policy.submit and best.service_code != latest.service_code
    asks = commands.is_question(turn.text) or commands.is_insult(turn.text)
    return not understood.located.candidates and not other and not asks


def _with_place(text: str, turn: Turn) -> str:
    """ "wrong address, 510" with the whole address beside it."""
    located = turn.event.understanding.located
    place = located.candidates[0].address if located.candidates and not located.ask else ""
    return f"{text} ({place})" if place and place.lower() not in text.lower() else text


def taken_back(turn: Turn, report: Report) -> tuple[Effect, ...]:
    """A report that has gone out cannot be called back; the city is asked to drop it."""
    about = {"id": report.service_request_id or report.reference}
    if turn.policy.takes_updates:
        return PostUpdate(report, TAKEN_BACK), Say("undo.sent", about)
    return ToStaff("correction", TAKEN_BACK, report.id), Say("undo.staff", about)


def to_the_city(turn: Turn, report: Report, words: str, photos: tuple[str, ...] = ()) -> tuple[Effect, ...]:
    """The words go to the city where it takes updates, else to staff; the resident hears which."""
    if turn.policy.takes_updates:
        public, _ = personal.published(words, turn.facts.services.get(report.service_code))
        return PostUpdate(report, public, photos), Say("update.sent")
    return ToStaff("correction", words, report.id, media=photos), Say("update.staff")
