"""What was filed: a list, a map, and everything about one report, with what was really sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from bridge.flow import staffing
from bridge.flow.staffing import Unknown
from bridge.ports import Transaction
from bridge.vocabulary import Hold, Media
from bridge.vocabulary.console import RequestFile, Spot
from bridge.web.console.paging import PAGE, ended
from bridge.web.console.taking import clusters
from bridge.web.console.visit import Visit, to
from classifiers.places.drawing import Box

STATES = ("open", "closed", "queued", "refused", "unsure", "cancelled")
WIDE = 0.03  # degrees: from there on a map is drawn of what was counted beforehand
FEW = 2000  # reports that are looked up while somebody waits
CELLS = 12  # of a side of the map, each a cluster where reports are many
PERSONAL = ("first_name", "last_name", "email", "phone", "device_id", "account_id")
_SECRET = re.compile(r"(?i)((?:api_?key|token|secret|authorization|password)\W{1,4})[\w\-+/=.]{6,}")


async def requests(visit: Visit) -> Response:
    words, state, service, city, after = (
        visit.query.get(name, "")[:120] for name in ("words", "state", "service", "city", "after")
    )
    mine = visit.me.cities
    chosen = city if city in visit.cities else ""
    rows = await visit.console.handling.store.read(
        lambda tx: tx.console.requests(
            mine, after, chosen, state if state in STATES else "", service, words.strip(), PAGE
        )
    )
    return visit.page(
        "requests.html",
        rows=rows,
        words=words,
        state=state,
        service=service,
        city=chosen,
        services=_services(visit),
        more=ended(rows, "created_at"),
    )


async def request_map(visit: Visit) -> Response:
    return visit.page("map.html", state=visit.query.get("state", ""))


async def extent(visit: Visit) -> Response:
    """The box of the newest reports, to begin a map with."""
    city = visit.query.get("city", "")
    mine = (city,) if city in visit.cities else visit.me.cities
    return JSONResponse(await visit.console.handling.store.read(lambda tx: tx.console.extent(mine)))


async def spots(visit: Visit) -> Response:
    """What a map shows in a box: reports, or clusters where they are many."""
    box = _box(visit)
    if box is None:
        return JSONResponse([], 400)
    state = visit.query.get("state", "")
    if box[2] - box[0] > WIDE:
        _, cells = await visit.console.taken.cells.get(visit.console.handling, visit.me.cities)
        found: Sequence[Spot] = clusters(cells, box, CELLS, state)
        if sum(spot.count for spot in found) > FEW:
            return _as_json(found)
    found = await visit.store.read(lambda tx: tx.console.spots(visit.me.cities, box, CELLS, state))
    return _as_json(found)


def _as_json(found: Sequence[Spot]) -> Response:
    return JSONResponse(
        [
            {
                "lat": spot.lat,
                "long": spot.long,
                "count": spot.count,
                "id": spot.id,
                "label": spot.label,
                "status": spot.status,
            }
            for spot in found
        ]
    )


async def streets(visit: Visit) -> Response:
    """Lines to be drawn beneath the spots where there are no tiles: streets, each with its name, and outlines."""
    box, city = _box(visit), visit.query.get("city", "")
    if box is None:
        return JSONResponse({}, 400)
    shown = [city] if city in visit.cities else list(visit.cities)
    drawing = visit.console.drawing
    drawn = [await drawing(city_id, box) for city_id in shown] if drawing else []
    answer = JSONResponse(
        {
            "lines": [line for one in drawn for line in one.lines],
            "outline": [ring for one in drawn for ring in one.outline],
        }
    )
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def _box(visit: Visit) -> Box | None:
    """South, west, north, east of what a map shows, in degrees."""
    try:
        south, west, north, east = (float(part) for part in visit.query.get("box", "").split(","))
    except ValueError:
        return None
    return south, west, north, east


async def request(visit: Visit) -> Response:
    found = await file_of(visit, visit.path("id"))
    await visit.looked("report", found.report.id)

    def read(tx: Transaction) -> tuple[tuple[Media, ...], tuple[Hold, ...], bool]:
        contact_id = tx.conversation(found.report.conversation_id).contact_id
        return tx.media_of(found.report.id), tx.holds(), tx.is_held(contact_id)

    media, holds, is_held = await visit.store.read(read)
    return visit.page(
        "request.html",
        found=found,
        report=found.report,
        zone=visit.zone(found.report.city_id),
        wires=[masked(attempt.request) or wire(attempt.submission) for attempt in found.attempts],
        forms=[form_of(attempt.request) for attempt in found.attempts],
        details=[masked(attempt.answer or attempt.detail) for attempt in found.attempts],
        photos=[file.token for file in media if file.is_photo],
        endpoint=_endpoint(visit, found.report.city_id),
        holds=[one for one in holds if (one.scope, one.target) == ("report", found.report.id)],
        is_held=is_held,
    )


async def resend(visit: Visit) -> Response:
    found = await file_of(visit, visit.path("id"))
    await staffing.resend(visit.console.handling, visit.person, found.report.id)
    task = visit.field("task", 64)
    if task:
        await staffing.close(visit.console.handling, visit.person, task)
    return to(f"/requests/{found.report.id}", resent="yes")


async def cancel(visit: Visit) -> Response:
    found = await file_of(visit, visit.path("id"))
    await staffing.cancel(visit.console.handling, visit.person, found.report.id)
    return to(f"/requests/{found.report.id}", saved="yes")


def wire(submission: Mapping[str, Any]) -> str:
    """What was posted, as it was but for what is secret or says who wrote."""
    shown = {
        name: "•••" if name in PERSONAL and value else value
        for name, value in submission.items()
        if value not in ("", None, [], {})
    }
    return masked(json.dumps(shown, ensure_ascii=False, indent=2))


def form_of(request: str) -> list[tuple[str, str]]:
    """The fields of a form that was sent, to be read."""
    head, _, body = request.partition("\n\n")
    return parse_qsl(body) if "x-www-form-urlencoded" in head else []


def masked(text: str) -> str:
    """A text without the keys and tokens that an answer may repeat."""
    return _SECRET.sub(r"\1•••", text)


def _endpoint(visit: Visit, city_id: str) -> str:
    settings = visit.console.city_settings.get(city_id, {})
    return str(settings.get("endpoint") or ("the embedded city" if settings.get("embedded") else "the city"))


def _services(visit: Visit) -> list[tuple[str, str]]:
    known = {
        service.service_code: service.service_name
        for city_id in visit.cities
        for service in visit.console.handling.jurisdictions[city_id].services.values()
    }
    return sorted(known.items(), key=lambda pair: pair[1])


async def file_of(visit: Visit, report_id: str) -> RequestFile:
    """Raises Unknown unless there is such a report and this person may see it."""
    found = await visit.store.read(lambda tx: tx.console.request_file(report_id))
    if found is None:
        raise Unknown("there is no such report")
    visit.see(found.report.city_id)
    return found
