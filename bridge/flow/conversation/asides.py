"""What is no report: questions, referrals, small talk. Never finally: REPORT makes one of it all the same."""

from __future__ import annotations

from dataclasses import replace

from bridge.flow import commands
from bridge.flow.commands import bare
from bridge.flow.conversation.reporting import held, repeated
from bridge.flow.conversation.turn import Turn
from bridge.flow.draft import read
from bridge.vocabulary import CIVIC, CityAnswer, Decision, Draft, Say, SetTimer, State, ToStaff

MOST_MISSES = 2  # answers in a row to what was not understood; more would be a loop


def set_aside(turn: Turn) -> State:
    """The conversation with the message kept, in case the resident says it is a report."""
    return replace(turn.state, aside=read(Draft(), None, turn.event))


def reported_all_the_same(turn: Turn) -> Decision | None:
    """REPORT: what was set aside becomes a draft."""
    if not commands.is_report(turn.text) or turn.state.draft:
        return None
    if turn.state.aside is None:
        return turn.answer("welcome", city=turn.facts.city_name)
    return held(turn, turn.state.aside)


def home(turn: Turn) -> Decision | None:
    """ "I live at 412 Oak St": saved, to be asked about when someone writes "in front of my house"."""
    located = turn.event.understanding.located
    if turn.state.draft or not commands.home_in(turn.text) or not located.candidates or located.ask:
        return None
    place = replace(located.candidates[0], source="saved")
    return Decision(replace(turn.state, home=place), (Say("home.saved", {"place": place.address}),))


def greeting(turn: Turn) -> Decision | None:
    """Hello, and how this works; in the middle of a report, the open question once more."""
    if not commands.is_greeting(turn.text):
        return None
    if turn.state.draft is None and (not turn.policy.hold or turn.facts.channel == "mail"):
        return turn.answer("welcome", city=turn.facts.city_name)
    if turn.state.draft is None:  # more is likely to come at once, and is answered instead
        state = replace(turn.state, greeted=True)
        return Decision(state, (SetTimer("hold", turn.now + turn.policy.hold),))
    again = repeated(turn.state, turn.facts, turn.policy)
    return Decision(turn.state, (again,) if again else ())


def insult(turn: Turn) -> Decision | None:
    """Anger with no report in it: one calm sentence, then silence. A report inside anger is a report."""
    understood = turn.event.understanding
    if turn.state.draft or not commands.is_insult(turn.text) or understood.civic >= CIVIC:
        return None
    said = () if turn.state.misses else (Say("insult"),)
    return Decision(replace(set_aside(turn), misses=turn.state.misses + 1), said)


def known_answer(turn: Turn) -> Decision | None:
    """What the city itself says to this question, or whom it refers to."""
    if turn.state.draft:
        return None
    asks = commands.is_question(turn.text)
    given = next((a for a in turn.policy.answers if (asks or a.referral) and _fits(a, turn)), None)
    if given is None:
        return None
    return Decision(set_aside(turn), (Say("answer", {"text": given.text}),))


def _fits(answer: CityAnswer, turn: Turn) -> bool:
    said = set(bare(turn.text).replace("?", " ").split())
    same_language = answer.language == turn.state.language
    return same_language and any(set(bare(phrase).split()) <= said for phrase in answer.phrases)


def question(turn: Turn) -> Decision | None:
    """A question nobody wrote an answer to goes to a person; nothing is invented. One that names a place may be a
    complaint ("when will you fix the light at 412 Oak St?"): then it is, where the problem is certain."""
    understood = turn.event.understanding
    if turn.state.draft or turn.message.pin or turn.message.attachments or not commands.is_question(turn.text):
        return None
    if understood.located.candidates and _certain(turn) and not commands.asks_for_a_date(turn.text):
        return None
    told = Say("question.to_staff", _hours(turn))
    return Decision(set_aside(turn), (ToStaff("question", turn.text[:500]), told))


def _certain(turn: Turn) -> bool:
    best = next(iter(turn.event.understanding.guesses), None)
    return best is not None and best.p >= turn.policy.needed(best.service_code)


def place_first(turn: Turn) -> Decision | None:
    """A place and nothing else: the report that belongs to it is asked for."""
    located, city_id = turn.event.understanding.located, turn.event.understanding.city_id
    if turn.state.draft or not located.candidates or not commands.is_place_alone(turn.text, located.mentions):
        return None
    if located.ask:
        return held(turn, Draft(candidates=located.candidates, city_id=city_id))
    return held(turn, Draft(place=located.candidates[0], city_id=city_id))


def not_civic(turn: Turn) -> Decision | None:
    """Chat and spam outside any report: one kind sentence, nothing filed."""
    if turn.state.draft or turn.message.pin or turn.event.understanding.civic >= CIVIC:
        return None
    state = replace(set_aside(turn), misses=turn.state.misses + 1)
    said = (Say("not_understood"),) if state.misses <= MOST_MISSES else ()
    return Decision(state, said)


def _hours(turn: Turn) -> dict[str, str]:
    return {"hours": turn.policy.staff_hours}
