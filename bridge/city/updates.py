"""mySociety's extension: updates of requests, read and posted.

Source: the wiki page "Open311-FMS: Proposed differences to Open311" and the published adapter's
Open311/Endpoint/Role/mySociety.pm. A posted update is kept and shown to staff with the status its sender
proposed; the status itself stays the city's to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from starlette.datastructures import QueryParams

from bridge.city.answers import Problem, Refused, refuse
from bridge.city.filing import DESCRIPTION_LIMIT, LINE_LIMIT, links, wrong_links
from bridge.city.filters import ROW_LIMIT, WINDOW, read_time
from bridge.city.forms import Form
from bridge.city.moments import moment
from bridge.city.states import STATES, UNCHANGED

SPECIFICATION = "https://github.com/mysociety/fixmystreet/wiki/Open311-FMS---Proposed-differences-to-Open311"
REQUIRED = ("service_request_id", "update_id", "status", "updated_datetime", "description")
WHO = ("first_name", "last_name", "email", "phone", "account_id")


@dataclass(frozen=True, slots=True)
class Update:
    """One row of GET Service Request Updates. `media` are links or paths of ours; `status` is the city's word
    for the request after the update."""

    update_id: str
    service_request_id: str
    status: str
    updated_datetime: datetime
    description: str = ""
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostedUpdate:
    """What a client sends. `update_id` is its own: the same one again is the same update."""

    service_request_id: str
    update_id: str
    status: str
    description: str
    media: tuple[str, ...] = ()
    who: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class UpdateFilter:
    """Updates made from `start` to `end`, oldest first."""

    start: datetime
    end: datetime | None = None
    limit: int = ROW_LIMIT


def read_update_filter(arguments: QueryParams, now: datetime) -> UpdateFilter:
    """The window of GET Service Request Updates; without one the last 90 days. Raises Refused (400)."""
    start, end = read_time(arguments, "start_date"), read_time(arguments, "end_date")
    if start and end and end < start:
        raise refuse(400, "end_date is before start_date.")
    return UpdateFilter(start or (end or now) - WINDOW, end)


def read_update(form: Form) -> PostedUpdate:
    """A posted update. Raises Refused (400) with all that is wrong with it."""
    problems = tuple(Problem(400, complaint) for complaint in _complaints(form))
    if problems:
        raise Refused(*problems)
    return PostedUpdate(
        service_request_id=form.get("service_request_id"),
        update_id=form.get("update_id"),
        status=form.get("status").lower(),
        description=form.get("description"),
        media=tuple(str(httpx.URL(link)) for link in links(form)),
        who={name: form.get(name) for name in WHO},
    )


def _complaints(form: Form) -> Iterator[str]:
    yield from (f"{name} was not provided." for name in REQUIRED if not form.get(name))
    yield from wrong_links(form)
    if len(form.get("description")) > DESCRIPTION_LIMIT:
        yield f"description is longer than {DESCRIPTION_LIMIT} characters."
    for name in (*WHO, "update_id"):
        if len(form.get(name)) > LINE_LIMIT:
            yield f"{name} is longer than {LINE_LIMIT} characters."
    if form.get("status") and form.get("status").lower() not in (*STATES, UNCHANGED):
        yield f"status must be one of {', '.join((*STATES, UNCHANGED)).upper()}."
    if form.get("updated_datetime") and not _time(form.get("updated_datetime")):
        yield "updated_datetime must be a date and time with its zone, such as 2026-01-31T09:00:00Z."


def _time(text: str) -> bool:
    try:
        moment(text)
    except ValueError:
        return False
    return True
