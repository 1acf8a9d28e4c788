"""What the city does with a report, told in words a person understands."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from bridge.flow.conversation.quiet import is_awake, quiet_until
from bridge.flow.reports import change, shown
from bridge.flow.reports import standing as known_standing
from bridge.vocabulary import (
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Decision,
    Facts,
    News,
    Policy,
    Report,
    Say,
    SetTimer,
    State,
    StatusChanged,
    ToStaff,
)

# Closed, but not by repair: asking whether it is fixed would be mockery.
_NOT_DONE = re.compile(
    r"\b(duplicate|not (found|ours|valid|warranted|a city)|no (issue|problem|action|violation|cause)|unfounded|"
    r"(could|did|can) ?n[o']?t (find|locate)|unable to|referred|transferred|private (property|owner)|"
    r"declin\w*|reject\w*|den(ied|y)|invalid|outside (of )?(the )?(city|our)|another (agency|department)|"
    r"state (road|highway)|"
    r"duplicad[oa]|no (se encontr\w+|corresponde|procede)|rechazad[oa]|remitid[oa]|propiedad privada)\b",
    re.IGNORECASE,
)


def accepted(state: State, event: CityAccepted, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """The number. Who wrote hours ago, before the city's system was down, is not woken for it."""
    receipt, about = event.receipt, _about(event.report)
    until = quiet_until(policy, facts, now)
    if until and not is_awake(facts, now):
        return _later(state, News(event.report.id), until)
    if receipt.service_request_id:
        return Decision(state, (Say("report.accepted", {**about, "id": receipt.service_request_id}),))
    return Decision(state, (Say("report.accepted_token" if receipt.token else "report.accepted_blackbox", about),))


def refused(state: State, event: CityRefused) -> Decision:
    say = Say("report.refused", _about(event.report))
    return Decision(state, (say, ToStaff("refused", event.words, event.report.id)))


def unreachable(state: State, event: CityUnreachable) -> Decision:
    return Decision(state, (Say("report.held", _about(event.report)),))


def status_changed(state: State, event: StatusChanged, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Told at once, or in one message with other news: at the end of the quiet hours, or some minutes after news
    of another report."""
    until = quiet_until(policy, facts, now) or _others_told_until(state, event.report, policy, now)
    if until:
        link = event.now.media_url if event.now.status == "closed" else ""
        return _later(state, News(event.report.id, link), until)
    report = shown(event.report, event.now)
    return told(state, report, _news(event, report, facts), facts, now)


def told(state: State, report: Report, say: Say, facts: Facts, now: datetime) -> Decision:
    """News of one report, and the question whether it is fixed where that is worth asking."""
    state = replace(state, told_at=now, told_about=report.id)
    own = any(known.id == report.id for known in facts.reports)
    if own and _may_ask(state, report):
        asked = replace(state, question="fixed", about=report.id, closed=(*state.closed, report.id)[-20:])
        return Decision(asked, (replace(say, also=(*say.also, Say("ask.fixed"))),))
    return Decision(state, (say,))


def _later(state: State, news: News, until: datetime) -> Decision:
    others = tuple(waiting for waiting in state.news if waiting.report_id != news.report_id)
    return Decision(replace(state, news=(*others, news)), (SetTimer("news", until),))


def _others_told_until(state: State, report: Report, policy: Policy, now: datetime) -> datetime | None:
    """Until when this waits, so that a day on which the city does much is no day of many texts."""
    if state.told_at is None or (state.told_about == report.id and not state.news):
        return None
    until = state.told_at + policy.news_in_one
    return until if until > now else None


def _may_ask(state: State, report: Report) -> bool:
    """Once per request, when it was closed as done and nothing else is being asked."""
    idle = state.draft is None and state.question is None and not state.opted_out
    said = f"{report.raw_status} {report.status_notes}"
    return idle and report.status == "closed" and report.id not in state.closed and not _NOT_DONE.search(said)


def _news(event: StatusChanged, report: Report, facts: Facts) -> Say:
    """A sentence on what changed: another service or another date where that is all, else where it stands."""
    seen, about = event.now, standing(report)[1]
    match change(event.report, seen):
        case "service":
            known = facts.services.get(seen.service_code)
            other = seen.service_name or (known.service_name if known else seen.service_code)
            return Say("status.moved", {**about, "other": other})
        case "date" if seen.expected_datetime:
            return Say("status.due", {**about, "date": seen.expected_datetime.date().isoformat()})
        case _:
            return replace(Say(*standing(report)), also=_details(event))


def _details(event: StatusChanged) -> tuple[Say, ...]:
    """The date the city expects, while it is open; its photo, once it is done."""
    seen = event.now
    if seen.status == "open" and seen.expected_datetime:
        return (_expected(seen.expected_datetime.date().isoformat()),)
    return photo(seen.media_url) if seen.status == "closed" else ()


def photo(link: str) -> tuple[Say, ...]:
    """The sentence with the city's photo, where it gives one."""
    return (Say("status.photo", {"link": link}),) if link else ()


def _expected(date: str) -> Say:
    return Say("status.expected", {"date": date})


def standing(report: Report) -> tuple[str, dict[str, str]]:
    """The message and its parameters that say where a report stands."""
    about = {**_about(report), "id": report.service_request_id or report.reference, "note": report.status_notes}
    if report.state in ("refused", "unsure"):
        return "status.staff", about
    if report.status == "closed":
        return ("status.closed_note" if report.status_notes else "status.closed"), about
    if report.state == "queued":
        return "status.queued", about
    return ("status.open_note" if report.status_notes else "status.open"), about


def where_it_stands(report: Report) -> Say:
    """All that is known of a report, for who asks: the city's words, and the date it expects."""
    said = Say(*standing(report))
    seen = known_standing(report.fingerprint)
    if report.status == "closed" or seen is None or not seen.expected:
        return said
    return replace(said, also=(_expected(seen.expected[:10]),))


def line(report: Report) -> Say:
    """A report in a few words, for a list."""
    about = {"id": report.service_request_id or report.reference, "service": report.service_name}
    return Say("line.closed" if report.status == "closed" else "line.open", about)


def _about(report: Report) -> dict[str, str]:
    return {"service": report.service_name, "place": report.place.address, "reference": report.reference}
