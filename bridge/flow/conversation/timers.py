"""What the passing of time brings: the end of a hold, a reminder, the end of the quiet hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bridge.flow.conversation.city import line, photo, told, where_it_stands
from bridge.flow.conversation.quiet import quiet_until
from bridge.flow.conversation.reporting import progress, repeated, unanswered
from bridge.vocabulary import Decision, Facts, Policy, Say, SetTimer, State, TimerFired

A_MOMENT = timedelta(seconds=1)
MOST_NEWS = 4


def fired(state: State, event: TimerFired, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The decision for a timer of any name in any state."""
    match event.name:
        case "hold":
            return _hold_ended(state, facts, policy, now)
        case "silence":
            return _silence(state, facts, policy, now)
        case "news":
            return _news(state, facts, policy, now)


def _hold_ended(state: State, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """A message that came in time is handled first."""
    if state.draft is None:
        idle = replace(state, held_since=None, greeted=False)
        return Decision(idle, (Say("welcome", {"city": facts.city_name}),) if state.greeted else ())
    if state.held_since is None:  # it was ended by something else meanwhile, such as the city's list
        return Decision(state)
    if facts.unhandled:
        return Decision(state, (SetTimer("hold", now + A_MOMENT),))
    return progress(state, facts, policy, now)


def _silence(state: State, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """One reminder, by day and with the question once more; then an end."""
    if state.draft is None or state.held_since:
        return Decision(state)
    if state.draft.reminded or state.opted_out or state.question == "photo":
        return unanswered(state, facts, policy, now)
    until = quiet_until(policy, facts, now)
    if until:
        return Decision(state, (SetTimer("silence", until),))
    reminded = replace(state, draft=replace(state.draft, reminded=True))
    again = repeated(state, facts, policy)
    say = Say("reminder", choices=again.choices if again else (), also=(again,) if again else (), question=True)
    return Decision(reminded, (say, SetTimer("silence", now + policy.give_up_after)))


def _news(state: State, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """What waited, in one message."""
    until = quiet_until(policy, facts, now)
    if until and state.news:
        return Decision(state, (SetTimer("news", until),))
    links = {news.report_id: news.link for news in state.news}
    about = list(facts.waiting)
    state = replace(state, news=())
    if not about:
        return Decision(state)
    if len(about) == 1:
        report = about[0]
        say = where_it_stands(report)
        return told(state, report, replace(say, also=(*say.also, *photo(links[report.id]))), facts, now)
    lines = tuple(line(report) for report in about[:MOST_NEWS])
    more = (Say("reports.more"),) if len(about) > MOST_NEWS else ()
    return Decision(replace(state, told_at=now, told_about=""), (Say("news", also=(*lines, *more)),))
