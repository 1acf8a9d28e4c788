"""What the city does with a report, told in words a person understands."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.flow.reports import change, shown
from bridge.vocabulary import (
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Decision,
    Facts,
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


def accepted(state: State, event: CityAccepted) -> Decision:
    receipt, about = event.receipt, _about(event.report)
    if receipt.service_request_id:
        return Decision(state, (Say("report.accepted", {**about, "id": receipt.service_request_id}),))
    return Decision(state, (Say("report.accepted_token" if receipt.token else "report.accepted_blackbox", about),))


def refused(state: State, event: CityRefused) -> Decision:
    say = Say("report.refused", _about(event.report))
    return Decision(state, (say, ToStaff("refused", event.words, event.report.id)))


def unreachable(state: State, event: CityUnreachable) -> Decision:
    return Decision(state, (Say("report.held", _about(event.report)),))


def status_changed(state: State, event: StatusChanged, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Told at once, or with the other news when the quiet hours end."""
    quiet_until = _quiet_until(policy, facts, now)
    if quiet_until:
        waiting = tuple(dict.fromkeys((*state.news, event.report.id)))
        return Decision(replace(state, news=waiting), (SetTimer("news", quiet_until),))
    report = shown(event.report, event.now)
    say = _news(event, report, facts)
    own = any(known.id == report.id for known in facts.reports)
    if own and _may_ask(state, report):
        asked = replace(state, question="fixed", about=report.id, closed=(*state.closed, report.id)[-20:])
        return Decision(asked, (replace(say, also=(*say.also, Say("ask.fixed"))),))
    return Decision(state, (say,))


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
        return (Say("status.expected", {"date": seen.expected_datetime.date().isoformat()}),)
    if seen.status == "closed" and seen.media_url:
        return (Say("status.photo", {"link": seen.media_url}),)
    return ()


def standing(report: Report) -> tuple[str, dict[str, str]]:
    """The message and its parameters that say where a report stands."""
    about = {**_about(report), "id": report.service_request_id or report.reference, "note": report.status_notes}
    if report.status == "closed":
        return ("status.closed_note" if report.status_notes else "status.closed"), about
    if report.state == "queued":
        return "status.queued", about
    return ("status.open_note" if report.status_notes else "status.open"), about


def line(report: Report) -> Say:
    """A report in a few words, for a list."""
    about = {"id": report.service_request_id or report.reference, "service": report.service_name}
    return Say("line.closed" if report.status == "closed" else "line.open", about)


def _about(report: Report) -> dict[str, str]:
    return {"service": report.service_name, "place": report.place.address, "reference": report.reference}


def _quiet_until(policy: Policy, facts: Facts, now: datetime) -> datetime | None:
    """The end of the quiet hours `now` lies in, in the city's time; they may go over midnight."""
    if policy.quiet is None:
        return None
    local = now.astimezone(ZoneInfo(facts.time_zone))
    begin, end = policy.quiet
    clock = local.time()
    inside = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not inside:
        return None
    until = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)
