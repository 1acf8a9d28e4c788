"""The city's HTTP surface: GeoReport v2 as a Starlette application.

Mount it under any prefix, or serve it alone. The format is the suffix of the path (.xml, .json); an answer
to a path without one is XML, the format every client must read.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge.city import rows
from bridge.city.answers import FORMATS, Format, Problem, Refused, answer, refusal, refuse
from bridge.city.desk import Desk
from bridge.city.filing import check
from bridge.city.filters import read_filter
from bridge.city.forms import Form, read_form
from bridge.city.settings import CitySettings
from bridge.errors import Permanent
from bridge.ports import Clock

log = structlog.get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def create(settings: CitySettings, clock: Clock) -> Starlette:
    """The city as an application; its desk is `app.state.desk`. Raises SettingsError for a bad catalog."""
    return surface(Desk(settings, clock))


def surface(desk: Desk) -> Starlette:
    """The HTTP surface of a desk that someone else opened."""
    application = Starlette(
        routes=[
            Route("/discovery.{suffix}", _discovery),
            Route("/services.{suffix}", _services),
            Route("/services/{name}", _definition),
            Route("/requests.{suffix}", _post_request, methods=["POST"]),
            Route("/requests.{suffix}", _requests),
            Route("/requests/{name}", _request),
            Route("/request/{name}", _request),  # as open311/schema-validation's Swagger file has it
            Route("/tokens/{name}", _token),
        ],
        exception_handlers={Refused: _refused, HTTPException: _http_error, Exception: _failed},
    )
    application.router.redirect_slashes = False
    application.state.desk = desk
    return application


# --------------------------------------------------------------------------------------------- the methods


async def _discovery(request: Request) -> Response:
    form = _format(request)
    return answer(form, "discovery", rows.discovery(_desk(request), _endpoint(request)))


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
    form = _format(request)
    sent = await read_form(request)
    _key(request, sent)
    _jurisdiction(request, sent.fields)
    desk = _desk(request)
    code = sent.get("service_code")
    if not code:
        raise refuse(400, "service_code was not provided.")
    if code not in desk.catalog.services:
        raise refuse(404, f"service_code {code} was not found.")
    checked = check(sent, desk.catalog.definition(code))
    if checked.submission is None:
        raise Refused(*checked.problems)
    receipt = await run_in_threadpool(desk.file, checked.submission)
    return answer(form, "service_requests", [rows.receipt(receipt)])


async def _requests(request: Request) -> Response:
    form = _format(request)
    _jurisdiction(request, request.query_params)
    desk = _desk(request)
    found = await run_in_threadpool(desk.requests, read_filter(request.query_params, desk.now()))
    return answer(form, "service_requests", await _extended(request, [rows.request(row) for row in found]))


async def _request(request: Request) -> Response:
    form, service_request_id = _named(request)
    _jurisdiction(request, request.query_params)
    found = await run_in_threadpool(_desk(request).request, service_request_id)
    if found is None:
        raise refuse(404, f"service_request_id {service_request_id} was not found.")
    return answer(form, "service_requests", await _extended(request, [rows.request(found)]))


async def _extended(request: Request, public: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if request.query_params.get("extensions", "").lower() != "true":
        return public
    ids = [row["service_request_id"] for row in public]
    history = await run_in_threadpool(_desk(request).notes, ids)
    return [row | {"notes": rows.notes(history.get(row["service_request_id"], ()))} for row in public]


async def _token(request: Request) -> Response:
    form, token = _named(request)
    _jurisdiction(request, request.query_params)
    try:
        service_request_id = await run_in_threadpool(_desk(request).resolve, token)
    except Permanent:
        raise refuse(404, "token was not found.") from None
    return answer(form, "service_requests", [rows.token(token, service_request_id)])


# --------------------------------------------------------------------------------- what every method needs


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


def _jurisdiction(request: Request, arguments: Mapping[str, str]) -> None:
    settings, given = _desk(request).settings, arguments.get("jurisdiction_id", "").strip()
    if not given and settings.jurisdiction_required:
        raise refuse(400, "jurisdiction_id was not provided.")
    if given and settings.jurisdiction_id and given != settings.jurisdiction_id:
        raise refuse(404, f"jurisdiction_id {given} was not found.")


def _key(request: Request, form: Form) -> None:
    given = form.get("api_key").encode()
    if not given:
        raise refuse(403, "api_key was not provided.")
    keys = [key.get_secret_value().encode() for key in _desk(request).settings.api_keys]
    if sum(hmac.compare_digest(given, key) for key in keys) == 0:  # sum, not any: every key is compared
        raise refuse(403, "api_key is not valid.")


# --------------------------------------------------------------------------------------------------- errors


def _asked(request: Request) -> Format:
    return "json" if request.url.path.lower().endswith(".json") else "xml"


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(_asked(request), error.problems)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = refusal(_asked(request), [Problem(error.status_code, str(error.detail))])
    response.headers.update(error.headers or {})
    return response


async def _failed(request: Request, error: Exception) -> Response:
    return refusal(_asked(request), [Problem(500, "The service failed. Please tell the city.")])
