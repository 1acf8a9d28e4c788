"""A report in the making: what a message adds, the hold for what else may come, its questions, its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bridge.flow import commands
from bridge.flow.conversation.corrections import corrected
from bridge.flow.conversation.turn import Turn, after, without_draft
from bridge.flow.draft import UNANSWERABLE, complete, description, gather
from bridge.flow.gaps import SURE_OF_TWO, Gap, all_gaps, gap, offer, service_of, twins
from bridge.vocabulary import (
    Decision,
    Draft,
    Effect,
    Facts,
    FileReport,
    LookForTwins,
    Policy,
    Report,
    Say,
    SetTimer,
    StaffReason,
    State,
    TakeBack,
    ToStaff,
    TwinsFound,
)

MOST_TIMES_ASKED = 2  # the same thing
LONGEST_HOLD = 3  # times the usual one, however long a resident goes on writing
LONGEST_LOOK = timedelta(seconds=15)  # a report waits no longer for the city's list
PHOTO_WAIT = timedelta(minutes=10)  # for a photo that is only wished for


def report(turn: Turn) -> Decision:
    """Everything else is about a report: a new one, or what the open one lacked."""
    draft = turn.state.draft
    if draft and (commands.is_correction(turn.text) or turn.state.question == "confirm"):
        return held(turn, corrected(draft, turn.event, turn.policy))
    gathered = gather(turn.state, turn.event, turn.facts, turn.now)
    return held(turn, gathered if draft else _like_the_last(turn, gathered))


def _like_the_last(turn: Turn, draft: Draft) -> Draft:
    """ "There is another one at 412 Oak St": the same problem as was just told of."""
    unsure = not service_of(draft, turn.facts, turn.policy)
    if turn.latest is None or not unsure or not commands.is_another(turn.text):
        return draft
    return replace(draft, service_code=turn.latest.service_code, chosen=True)


def held(turn: Turn, draft: Draft, later: tuple[Draft, ...] | None = None) -> Decision:
    """The draft, kept for a moment: a burst of messages is one report, and a correction in time goes in."""
    draft = replace(draft, looking=False)
    state = replace(turn.state, draft=draft, aside=None, misses=0)
    state = state if later is None else replace(state, later=later)
    taken_back: tuple[Effect, ...] = ()
    if turn.facts.unsent and draft.letter:
        state = replace(state, draft=_unasked(draft))
        taken_back = (TakeBack(),)
    if not turn.policy.hold or turn.facts.channel == "mail":
        return after(taken_back, progress(state, turn.facts, turn.policy, turn.now))
    since = state.held_since or turn.now
    until = min(turn.now + turn.policy.hold, since + LONGEST_HOLD * turn.policy.hold)
    return Decision(replace(state, held_since=since), (*taken_back, SetTimer("hold", max(until, turn.now))))


def _unasked(draft: Draft) -> Draft:
    """The draft as it was before the last question, which nobody will read."""
    asked = draft.asked[: len(draft.asked) - len(draft.letter)]
    return replace(draft, asked=asked, turns=draft.turns - 1, letter=())


def progress(state: State, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The next step of the draft: a question, a person, or the city."""
    state = replace(state, held_since=None)
    draft = state.draft
    if draft is None:
        return Decision(state)
    if _surely_two(draft, state):
        draft, later = parted(draft)
        state = replace(state, draft=draft, later=later)
    draft = replace(draft, service_code=service_of(draft, facts, policy), looking=False)
    missing = gap(draft, state, facts, policy)
    if missing is None and not state.opted_out:
        if _worth_a_look(draft, facts, policy):
            return _looking(state, draft, now)
        missing = _wished_for(draft, state, facts, policy)
    if missing is None:
        return _filed(state, draft, facts, policy, now)
    if state.opted_out or _asked_enough(draft, missing, policy):
        return _handed_over(state, draft, facts, policy, now)
    return _asked(state, draft, missing, facts, policy, now)


def _surely_two(draft: Draft, state: State) -> bool:
    untold = len(draft.problems) > 1 and "split" not in draft.asked and not state.later
    return untold and all(problem.p >= SURE_OF_TWO for problem in draft.problems)


def parted(draft: Draft) -> tuple[Draft, tuple[Draft, ...]]:
    """Two problems as two drafts; what was said or shown beside them stays with the first."""
    first, *rest = (
        Draft(
            words=(problem.words,),
            service_code=problem.service_code,
            place=problem.place,
            city_id=draft.city_id,
            asked=("split",),
            turns=draft.turns,
            chosen=True,
            anonymous=draft.anonymous,
        )
        for problem in draft.problems
    )
    words = (*first.words, *draft.words[1:])
    first = replace(first, words=words, place=first.place or draft.place, files=draft.files, photos=draft.photos)
    return first, tuple(rest)


def _wished_for(draft: Draft, state: State, facts: Facts, policy: Policy) -> Gap | None:
    """What a complete report is asked for once, while a question is left."""
    if draft.turns >= policy.most_questions:
        return None
    found = offer(draft, state, facts, policy)
    return found if found and found.key not in draft.asked else None


def _asked_enough(draft: Draft, missing: Gap, policy: Policy) -> bool:
    if missing.goes_on:
        return False
    return draft.turns >= policy.most_questions or draft.asked.count(missing.key) >= MOST_TIMES_ASKED


def _asked(state: State, draft: Draft, missing: Gap, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """One question; in mail, where a letter takes a day, everything that is missing at once."""
    missing = replace(missing, draft=replace(missing.draft, turned=False))
    every = _together(missing, draft, state, facts, policy)
    keys = () if missing.goes_on else tuple(each.key for each in every)
    turns = draft.turns + (0 if missing.goes_on else 1)
    letter = tuple(each.key for each in every)
    asked = replace(missing.draft, asked=(*draft.asked, *keys), turns=turns, letter=letter, reminded=False)
    say = question(every)
    first = every[0]
    state = replace(state, draft=asked, question=first.question, offered=say.choices, about=first.about)
    wait = PHOTO_WAIT if first.question == "photo" else policy.remind_after
    return Decision(state, (say, SetTimer("silence", now + wait)))


def _together(missing: Gap, draft: Draft, state: State, facts: Facts, policy: Policy) -> tuple[Gap, ...]:
    if facts.channel != "mail":
        return (missing,)
    every = all_gaps(draft, state, facts, policy)
    fresh = tuple(each for each in every if draft.asked.count(each.key) < MOST_TIMES_ASKED)
    return fresh if len(fresh) > 1 else (missing,)


def question(every: tuple[Gap, ...]) -> Say:
    """The words of one question, or of all those of a letter."""
    first, *others = (replace(each.say, question=True) for each in every)
    if not others:
        return first
    return replace(_plain(first), also=tuple(_plain(say) for say in others))


def _plain(say: Say) -> Say:
    """A city's question among others, which is not "one more thing"."""
    return replace(say, message_id="ask.detail") if say.message_id.startswith("ask.attribute") else say


def repeated(state: State, facts: Facts, policy: Policy) -> Say | None:
    """The open question of a draft once more, in words that count for nothing."""
    if state.draft is None or state.held_since or not state.draft.letter:
        return None
    draft = _unasked(state.draft)
    found = gap(draft, state, facts, policy) or offer(draft, state, facts, policy)
    return replace(found.say, question=True) if found else None


# ------------------------------------------------------------------------------------- twins at the city


def _worth_a_look(draft: Draft, facts: Facts, policy: Policy) -> bool:
    """Whether the city may list what we do not know."""
    place = draft.place
    asked = draft.looked or "twin" in draft.asked or draft.turns >= policy.most_questions
    if not policy.twins_at_city or not policy.twin_m or asked or place is None:
        return False
    return place.lat is not None and next(twins(draft, facts, policy), None) is None


def _looking(state: State, draft: Draft, now: datetime) -> Decision:
    """The city is asked; the report waits, but not for long."""
    state = replace(state, draft=replace(draft, looking=True, looked=True), held_since=now)
    return Decision(state, (LookForTwins(), SetTimer("hold", now + LONGEST_LOOK)))


def twins_found(state: State, event: TwinsFound, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """What the city lists goes to the draft that waits for it; one that waits for more words goes on waiting."""
    draft = state.draft
    if draft is None or not draft.looked or state.question == "twin":
        return Decision(state)
    state = replace(state, draft=replace(draft, at_city=event.reports))
    if not draft.looking or facts.unhandled:
        return Decision(state)
    return progress(state, facts, policy, now)


# ----------------------------------------------------------------------------------------------- its end


def _handed_over(state: State, draft: Draft, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """A person takes the draft on; what else was told goes its own way."""
    reason: StaffReason = "no_place" if draft.service_code else "no_service"
    if draft.service_code and draft.place:
        reason = "no_answer"
    task = ToStaff(reason, told(draft, state), draft=draft)
    return after((task, Say("to_staff")), _next(state, draft, facts, policy, now))


def told(draft: Draft, state: State) -> str:
    """The resident's words for a person who takes over, and whether they can be answered."""
    return f"{description(draft)}\n{UNANSWERABLE}" if state.opted_out else description(draft)


def _filed(state: State, draft: Draft, facts: Facts, policy: Policy, now: datetime) -> Decision:
    filed = complete(draft, facts, answerable=not state.opted_out)
    return after((filed,), _next(state, draft, facts, policy, now))


def _next(state: State, done: Draft, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The second of two problems, at the place of the first if it named none; else nothing more."""
    if not state.later:
        return Decision(without_draft(state))
    following, *rest = state.later
    following = replace(following, place=following.place or done.place)
    state = replace(without_draft(state), draft=following, later=tuple(rest))
    return progress(state, facts, policy, now)


def next_of(turn: Turn, done: Draft, effects: tuple[Effect, ...]) -> Decision:
    """The effects that end a draft, and what follows it."""
    return after(effects, _next(turn.state, done, turn.facts, turn.policy, turn.now))


def unanswered(state: State, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Nobody answered. A report that only a wish was asked of is sent without; any other draft is kept for staff
    or dropped, by the city's policy, and never silently."""
    assert state.draft
    if state.question in ("photo", "twin") and gap(state.draft, state, facts, policy) is None:
        return _filed(state, state.draft, facts, policy, now)
    drafts = (state.draft, *state.later)
    if policy.unfinished == "drop" and not state.opted_out:
        return Decision(without_draft(state), (Say("dropped"),))
    tasks = tuple(ToStaff("unfinished", told(draft, state), draft=draft) for draft in drafts)
    return Decision(without_draft(state), (*tasks, Say("to_staff")))


def follow_up(closed: Report) -> FileReport:
    """A new request for what the city closed and its resident says is not fixed."""
    number = closed.service_request_id or closed.reference
    words = f"{closed.description}\nStill not fixed. See request {number}."
    return FileReport(
        closed.service_code,
        words,
        closed.place,
        closed.attributes,
        closed.contact,
        closed.service_request_id or "",
    )
