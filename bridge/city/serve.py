"""Runs the city alone, at the root of its own port."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from bridge.city.app import create
from bridge.city.imitation import droppable
from bridge.city.settings import CitySettings
from bridge.ports import Clock


def serve(settings: CitySettings, clock: Clock, *, host: str = "127.0.0.1", port: int = 8312) -> None:
    """Serves until interrupted. Raises SettingsError for a bad catalog."""
    uvicorn.Server(server_config(droppable(create(settings, clock)), host, port)).run()


def server_config(application: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """uvicorn's access log is off: it writes queries, and clients put keys and addresses there."""
    return uvicorn.Config(
        application, host=host, port=port, access_log=False, log_level="warning", server_header=False
    )
