"""Runs the city alone, at the root of its own port, and fills it with requests from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from bridge.city.app import create
from bridge.city.desk import Desk
from bridge.city.imitation import droppable
from bridge.city.moments import moment
from bridge.city.settings import CitySettings
from bridge.errors import SettingsError
from bridge.ports import Clock
from bridge.vocabulary import ServiceRequest

PORT = 8312


def serve(settings: CitySettings, clock: Clock, *, host: str = "127.0.0.1", port: int = PORT) -> None:
    """Serves until interrupted. Raises SettingsError for a bad catalog."""
    application = create(settings, clock)
    try:
        uvicorn.Server(server_config(droppable(application), host, port)).run()
    finally:
        application.state.desk.close()


def server_config(application: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """uvicorn's access log is off: it writes queries, and clients put keys and addresses there."""
    return uvicorn.Config(
        application, host=host, port=port, access_log=False, log_level="warning", server_header=False
    )


def seed(desk: Desk, path: Path) -> int:
    """Takes over the requests of a JSON file, rows as GET Service Requests gives them: a city's history, or
    examples. Those known already are left alone. Gives how many were new; raises SettingsError for a file
    that is no such list."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(rows, list):
            raise TypeError(f"a {type(rows).__name__}")
        return desk.take_over([_request(row) for row in rows])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError(f"{path}: no list of service requests: {error!r}") from error


TEXTS = (
    "status_notes",
    "service_name",
    "description",
    "agency_responsible",
    "service_notice",
    "address",
    "address_id",
    "zipcode",
    "media_url",
)
TIMES = ("requested_datetime", "updated_datetime", "expected_datetime")


def _request(row: Mapping[str, Any]) -> ServiceRequest:
    fields: dict[str, Any] = {name: str(row.get(name) or "") for name in TEXTS}
    fields |= {name: moment(row[name]) if row.get(name) else None for name in TIMES}
    fields |= {name: float(row[name]) if row.get(name) is not None else None for name in ("lat", "long")}
    return ServiceRequest(
        service_request_id=str(row["service_request_id"]),
        service_code=str(row["service_code"]),
        status="closed" if row.get("status") == "closed" else "open",
        **fields,
    )
