"""The embedded city's desk: requests come in, are triaged, assigned, worked on and closed, so that a city without
any system of its own can run on this alone."""

from __future__ import annotations

import asyncio
from datetime import datetime, time
from zoneinfo import ZoneInfo

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response

from bridge.city import photos
from bridge.city.answers import Refused
from bridge.city.desk import Desk
from bridge.city.filters import Filter
from bridge.city.states import STATES
from bridge.errors import BridgeError
from bridge.flow.staffing import Unknown
from bridge.vocabulary import ServiceRequest
from bridge.web.console.visit import Visit, to

PAGE = 50
WORDS = {
    "open": "Open",
    "reopen": "Open again",
    "for_triage": "To be sorted",
    "investigating": "Being looked at",
    "internal_referral": "Passed on",
    "planned": "Planned",
    "action_scheduled": "Scheduled",
    "in_progress": "In work",
    "closed": "Closed",
    "fixed": "Fixed",
    "duplicate": "Duplicate",
    "not_councils_responsibility": "Not ours",
    "no_further_action": "Nothing more to do",
    "cancelled": "Cancelled",
}


class NotDone(BridgeError):
    """The desk would not; the message says why."""


async def desks(visit: Visit) -> Response:
    """To the one desk there is, or the first."""
    mine = [city_id for city_id in visit.console.desks if visit.me.serves(city_id)]
    if not mine:
        raise Unknown("no city here is embedded")
    return to(f"/desk/{mine[0]}")


async def requests(visit: Visit) -> Response:
    city_id, desk = _desk(visit)
    status, service = visit.query.get("status", "open"), visit.query.get("service", "")
    number, start = visit.query.get("number", "").strip()[:40], _count(visit.query.get("from", ""))
    wanted = Filter(
        ids=(number,) if number else (),
        statuses=(status,) if status in ("open", "closed") and not number else (),
        service_codes=(service,) if service and not number else (),
        limit=PAGE,
        offset=start,
    )
    rows = await asyncio.to_thread(desk.requests, wanted, public=False)
    return visit.page(
        "desk.html",
        city_id=city_id,
        rows=rows,
        chosen=status,
        service=service,
        number=number,
        services=sorted(desk.catalog.services.values(), key=lambda one: one.service_name),
        words=WORDS,
        more=start + PAGE if len(rows) == PAGE else 0,
    )


async def request(visit: Visit) -> Response:
    city_id, desk = _desk(visit)
    row = await asyncio.to_thread(_request, desk, visit.path("id"))
    await visit.looked("city request", row.service_request_id)
    return await _page(visit, city_id, desk, row)


async def _page(
    visit: Visit, city_id: str, desk: Desk, row: ServiceRequest, wrong: str = "", status: int = 200
) -> Response:
    id_ = row.service_request_id

    def read() -> tuple[object, ...]:
        return desk.notes([id_]).get(id_, []), desk.contact(id_), desk.answers(id_), desk.media([id_]).get(id_, [])

    notes, contact, answers, media = await asyncio.to_thread(read)
    return visit.page(
        "desk_request.html",
        status,
        city_id=city_id,
        row=row,
        notes=notes,
        contact=contact,
        answers=answers,
        media=media,
        words=WORDS,
        zone=visit.zone(city_id),
        wrong=wrong,
    )


async def change(visit: Visit) -> Response:
    """Status, note, agency, expected date and photo: what of them was given."""
    city_id, desk = _desk(visit)
    row = await asyncio.to_thread(_request, desk, visit.path("id"))
    id_, note = row.service_request_id, visit.field("note", 1000)
    try:
        photo = await _photo(visit)
        when = _day(visit.field("expected"), visit.zone(city_id))
    except NotDone as error:
        return await _page(visit, city_id, desk, row, str(error), 400)
    status, agency = visit.field("status", 40), visit.field("agency", 120)

    def work() -> None:
        if agency != row.agency_responsible:
            desk.assign(id_, agency)
        if when != row.expected_datetime:
            desk.expect(id_, when)
        if photo:
            desk.add_photo(id_, photo, note if status == _state(row) else "")
        if status != _state(row):
            desk.change_status(id_, status, note)
        elif note and not photo:
            desk.add_note(id_, note)

    if status not in STATES:
        return await _page(visit, city_id, desk, row, "There is no such status.", 400)
    await asyncio.to_thread(work)
    await visit.trace("city.changed", "city request", id_, status=status)
    return to(f"/desk/{city_id}/{id_}", saved="yes")


async def photo(visit: Visit) -> Response:
    """A photo of a request, to staff."""
    _, desk = _desk(visit)
    found = photos.find(visit.path("name"), desk.photo_folder)
    if found is None:
        raise Unknown("there is no such photo")
    return FileResponse(found, media_type="image/jpeg")


def _desk(visit: Visit) -> tuple[str, Desk]:
    city_id = visit.path("city")
    visit.see(city_id)
    desk = visit.console.desks.get(city_id)
    if desk is None:
        raise Unknown("this city is not embedded")
    return city_id, desk


def _request(desk: Desk, id_: str) -> ServiceRequest:
    found = desk.requests(Filter(ids=(id_,)), public=False)
    if not found:
        raise Unknown("there is no such request")
    return found[0]


def _state(row: ServiceRequest) -> str:
    return row.raw_status or row.status


async def _photo(visit: Visit) -> photos.Photo | None:
    given = visit.form.get("photo")
    if not isinstance(given, UploadFile) or not given.filename:
        return None
    content = await given.read(photos.FILE_LIMIT + 1)
    try:
        return await asyncio.to_thread(photos.take, content)
    except Refused as error:
        raise NotDone(str(error) or "The file is no photo.") from None


def _day(text: str, zone: str) -> datetime | None:
    """The end of a working day in the city's zone."""
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        raise NotDone("The expected date is no date.") from None
    return datetime.combine(day, time(17), ZoneInfo(zone))


def _count(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0
