"""The city's HTTP surface: GeoReport v2 as a Starlette application.

Mount it under any prefix, or serve it alone. The format is the suffix of the path (.xml, .json); an answer
to a path without one is XML, the format every client must read.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

import anyio
import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bridge.city import photos, rows, updates
from bridge.city.answers import FORMATS, Format, Problem, Refused, answer, refusal, refuse
from bridge.city.desk import Desk
from bridge.city.filing import check
from bridge.city.filters import read_filter
from bridge.city.forms import Form, read_form
from bridge.city.imitation import Choose, Imitation, by_header, parse
from bridge.city.settings import CitySettings
from bridge.errors import Permanent
from bridge.ports import Clock
from bridge.vocabulary import ServiceRequest

log = structlog.get_logger(__name__)

PHOTOS_AT_ONCE = 2  # a decoded photo takes up to 200 MB


def create(settings: CitySettings, clock: Clock, choose: Choose | None = None) -> Starlette:
    """The city as an application; its desk is `app.state.desk`. Raises SettingsError for a bad catalog."""
    return surface(Desk(settings, clock), choose)


def surface(desk: Desk, choose: Choose | None = None) -> Starlette:
    """The HTTP surface of a desk that someone else opened. With `settings.imitate` or `choose` a front that
    imitates bad servers stands before it. Raises SettingsError for an unknown quirk."""
    quirks = desk.settings.imitate
    parse(quirks or ())
    application = Starlette(
        routes=[
            Route("/discovery.{suffix}", _discovery),
            Route("/services.{suffix}", _services),
            Route("/services/{name:path}", _definition),
            Route("/requests.{suffix}", _post_request, methods=["POST"]),
            Route("/requests.{suffix}", _requests),
            Route("/requests/{name}", _request),
            Route("/request/{name}", _request),  # as open311/schema-validation's Swagger file has it
            Route("/tokens/{name}", _token),
            Route("/servicerequestupdates.{suffix}", _post_update, methods=["POST"]),
            Route("/servicerequestupdates.{suffix}", _updates),
            Route(f"/{photos.FOLDER}/{{name}}", _photo),
        ],
        exception_handlers={
            Refused: _refused,
            Permanent: _unknown,
            HTTPException: _http_error,
            Exception: _failed,
        },
    )
    application.router.redirect_slashes = False
    application.state.desk = desk
    application.state.photo_room = anyio.CapacityLimiter(PHOTOS_AT_ONCE)
    if choose or quirks is not None:
        application.add_middleware(Imitation, choose=choose or by_header(quirks or ()), clock=desk)
    return application


# --------------------------------------------------------------------------------------------- the methods


async def _discovery(request: Request) -> Response:
    desk = _desk(request)
    found = rows.discovery(desk.settings, desk.catalog, _endpoint(request))
    return answer(_format(request), "discovery", found)


async def _services(request: Request) -> Response:
    form = _format(request)
    _jurisdiction(request, request.query_params)
    return answer(form, "services", rows.services(_desk(request).catalog))


async def _definition(request: Request) -> Response:
    form, code = _named(request)
    _jurisdiction(request, request.query_params)
    catalog = _desk(request).catalog
    if code not in catalog.services:
        raise refuse(404, f"service_code {code} was not found.")
    return answer(form, "service_definition", rows.definition(catalog, code))


async def _post_request(request: Request) -> Response:
    form, sent = await _posted(request)
    desk, code = _desk(request), sent.get("service_code")
    catalog = desk.catalog
    if not code:
        raise refuse(400, "service_code was not provided.")
    if code not in catalog.services:
        raise refuse(404, f"service_code {code} was not found.")
    checked = check(sent, catalog.definition(code))
    if checked.submission is None:
        raise Refused(*checked.problems)
    taken = await _taken(request, sent)
    receipt = await run_in_threadpool(desk.file, checked.submission, taken)
    return answer(form, "service_requests", [rows.receipt(receipt)])


async def _requests(request: Request) -> Response:
    form = _format(request)
    _jurisdiction(request, request.query_params)
    desk = _desk(request)
    wanted = read_filter(request.query_params, desk.now())
    return await run_in_threadpool(lambda: _shown(request, form, desk.requests(wanted)))


async def _request(request: Request) -> Response:
    form, service_request_id = _named(request)
    _jurisdiction(request, request.query_params)
    found = await run_in_threadpool(_desk(request).request, service_request_id)
    if found is None:
        raise refuse(404, f"service_request_id {service_request_id} was not found.")
    return await run_in_threadpool(_shown, request, form, [found])


async def _token(request: Request) -> Response:
    form, token = _named(request)
    _jurisdiction(request, request.query_params)
    service_request_id = await run_in_threadpool(_desk(request).resolve, token)
    return answer(form, "service_requests", [rows.token(token, service_request_id)])


async def _updates(request: Request) -> Response:
    form = _format(request)
    _jurisdiction(request, request.query_params)
    desk, endpoint = _desk(request), _endpoint(request)
    wanted = updates.read_update_filter(request.query_params, desk.now())

    def written() -> Response:
        found = [rows.update(row, endpoint) for row in desk.updates(wanted)]
        return answer(form, "service_request_updates", found)

    return await run_in_threadpool(written)


async def _post_update(request: Request) -> Response:
    form, sent = await _posted(request)
    update = updates.read_update(sent)
    taken = await _taken(request, sent)
    update_id = await run_in_threadpool(_desk(request).post_update, update, taken)
    return answer(form, "service_request_updates", [{"update_id": update_id}])


async def _photo(request: Request) -> Response:
    path = await run_in_threadpool(photos.find, request.path_params["name"], _desk(request).photo_folder)
    if path is None:
        raise refuse(404, "There is no such photo.")
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return FileResponse(path, media_type="image/jpeg", headers=headers)


# --------------------------------------------------------------------------------- what the methods share


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _endpoint(request: Request) -> str:
    """Our own address: as set, else as this request was addressed, the prefix we are mounted at included."""
    here = request.url.replace(path=request.scope.get("root_path", ""), query="")
    return _desk(request).settings.public_url.rstrip("/") or str(here).rstrip("/")


def _format(request: Request) -> Format:
    return _known(request.path_params["suffix"])


def _named(request: Request) -> tuple[Format, str]:
    name, dot, suffix = request.path_params["name"].rpartition(".")
    if not (dot and name):
        raise refuse(404, "The path must end in .xml or .json.")
    return _known(suffix), name


def _known(suffix: str) -> Format:
    for form in FORMATS:
        if form == suffix.lower():
            return form
    raise refuse(404, f"There is no format {suffix}: use .xml or .json.")


async def _posted(request: Request) -> tuple[Format, Form]:
    """The form of a POST whose sender may post here."""
    form = _format(request)
    sent = await read_form(request)
    _key(request, sent)
    _jurisdiction(request, {name: values[-1] for name, values in sent.fields.items()})
    return form, sent


def _key(request: Request, form: Form) -> None:
    given = form.get("api_key").encode()
    if not given:
        raise refuse(403, "api_key was not provided.")
    keys = [key.get_secret_value().encode() for key in _desk(request).settings.api_keys]
    if sum(hmac.compare_digest(given, key) for key in keys) == 0:  # sum, not any: every key is compared
        raise refuse(403, "api_key is not valid.")


def _jurisdiction(request: Request, arguments: Mapping[str, str]) -> None:
    settings, given = _desk(request).settings, arguments.get("jurisdiction_id", "").strip()
    if not given and settings.jurisdiction_required:
        raise refuse(400, "jurisdiction_id was not provided.")
    if given and settings.jurisdiction_id and given != settings.jurisdiction_id:
        raise refuse(404, f"jurisdiction_id {given} was not found.")


async def _taken(request: Request, sent: Form) -> list[photos.Photo]:
    room: anyio.CapacityLimiter = request.app.state.photo_room
    return [await anyio.to_thread.run_sync(photos.take, file, limiter=room) for file in sent.files]


def _shown(request: Request, form: Format, found: list[ServiceRequest]) -> Response:
    """Rows written out, with `extensions=true` also their history and all their photos. A thousand rows take
    a tenth of a second: call it from a thread."""
    endpoint = _endpoint(request)
    public = [rows.request(row, endpoint) for row in found]
    if request.query_params.get("extensions", "").lower() == "true":
        ids = [row.service_request_id for row in found]
        history, media = _desk(request).notes(ids), _desk(request).media(ids)
        for service_request_id, row in zip(ids, public, strict=True):
            row["notes"] = rows.notes(history.get(service_request_id, ()))
            row["media_urls"] = [rows.link(url, endpoint) for url in media.get(service_request_id, ())]
    return answer(form, "service_requests", public)


# --------------------------------------------------------------------------------------------------- errors


def _asked(request: Request) -> Format:
    return "json" if request.url.path.lower().endswith(".json") else "xml"


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(_asked(request), error.problems)


async def _unknown(request: Request, error: Exception) -> Response:
    return refusal(_asked(request), [Problem(404, str(error))])


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = refusal(_asked(request), [Problem(error.status_code, str(error.detail))])
    response.headers.update(error.headers or {})
    return response


async def _failed(request: Request, error: Exception) -> Response:
    log.error("request failed", method=request.method, path=request.url.path, error=type(error).__name__)
    return refusal(_asked(request), [Problem(500, "The service failed. Please tell the city.")])
