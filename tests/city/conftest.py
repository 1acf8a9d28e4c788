"""A small city on a real socket, with a clock the test sets."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import httpx
import pytest
import uvicorn
from defusedxml.ElementTree import fromstring
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.city.app import create
from bridge.city.database import migrate
from bridge.city.desk import DATABASE, Desk
from bridge.city.imitation import Choose, droppable
from bridge.city.serve import server_config
from bridge.city.settings import CitySettings

KEY = "a-key-for-tests"

SERVICES = [
    {"service_code": "001", "service_name": "Pothole", "type": "realtime", "group": "street"},
    {"service_code": "002", "service_name": "Abandoned car", "type": "batch", "keywords": "wreck, parked"},
    {"service_code": "003", "service_name": "A tip for the city", "type": "blackbox"},
    {"service_code": "004", "service_name": "Street lamp", "expected_hours": 48, "service_notice": "Soon."},
]
DEFINITIONS = {
    "004": {
        "attributes": [
            {"code": "INFO", "datatype": "text", "variable": False, "order": 1, "description": "Stay clear."},
            {"code": "POLE", "datatype": "string", "required": True, "order": 2, "description": "Number?"},
            {"code": "COUNT", "datatype": "number", "order": 3, "description": "How many?"},
            {"code": "SINCE", "datatype": "datetime", "order": 4, "description": "Since when?"},
            {"code": "MORE", "datatype": "text", "order": 5, "description": "Anything else?"},
            {
                "code": "STATE",
                "datatype": "singlevaluelist",
                "order": 6,
                "description": "What is wrong?",
                "values": [{"key": "OUT", "name": "Out"}, {"key": "DAY", "name": "On by day"}],
            },
            {
                "code": "SEEN",
                "datatype": "multivaluelist",
                "order": 7,
                "description": "What do you see?",
                "values": [{"key": "W", "name": "Wires"}, {"key": "G", "name": "Glass"}],
            },
        ]
    }
}


@dataclass
class SetClock:
    """A clock that stands until moved."""

    at: datetime = datetime(2026, 3, 1, 12, 0, 0, 400_000, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class RunningCity:
    """A served city as a test sees it."""

    http: httpx.Client
    desk: Desk
    clock: SetClock

    def post(self, form: str = "json", **fields: Any) -> httpx.Response:
        """POSTs a request that is right as it stands; None takes a field away."""
        usual = {
            "api_key": KEY,
            "service_code": "001",
            "lat": "39.17",
            "long": "-86.53",
            "description": "A hole.",
        }
        sent = {name: value for name, value in (usual | fields).items() if value is not None}
        return self.http.post(f"/requests.{form}", data=sent)

    def file(self, **fields: Any) -> str:
        """The service_request_id of a request just posted."""
        answer = self.post(**fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0]["service_request_id"])

    def json(self, path: str, **arguments: str) -> Any:
        return self.http.get(path, params=arguments).raise_for_status().json()

    def xml(self, path: str, **arguments: str) -> Element:
        root: Element = fromstring(self.http.get(path, params=arguments).raise_for_status().content)
        return root


def settings_for(folder: Path, **settings: Any) -> CitySettings:
    (folder / "services.json").write_text(json.dumps(SERVICES))
    (folder / "definitions.json").write_text(json.dumps(DEFINITIONS))
    usual = {
        "services": folder / "services.json",
        "definitions": folder / "definitions.json",
        "data": folder / "data",
        "api_keys": (KEY,),
    }
    return CitySettings.model_validate(usual | settings)


RunCity = Callable[..., AbstractContextManager[RunningCity]]


class House:
    """One listening socket for the whole run; whichever application lives in it answers."""

    tenant: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.tenant(scope, receive, send)


@dataclass(frozen=True)
class Address:
    house: House
    url: str


@pytest.fixture(scope="session")
def address() -> Iterator[Address]:
    house = House()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else 40 ms an answer: Nagle
        port = listener.getsockname()[1]
        config = server_config(droppable(house), "127.0.0.1", port)
        config.lifespan = "off"
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        yield Address(house, f"http://127.0.0.1:{port}")
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once and copied, which is quicker than migrating for every test."""
    path = tmp_path_factory.mktemp("city") / DATABASE
    migrate(path)
    return path


@pytest.fixture(scope="session")
def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def run_city(tmp_path: Path, clock: SetClock, address: Address, empty_database: Path) -> RunCity:
    """Starts a city with settings of the test's own, at /open311/v2 when `mounted`."""

    @contextmanager
    def run(*, mounted: bool = False, choose: Choose | None = None, **settings: Any) -> Iterator[RunningCity]:
        if not (tmp_path / "data").exists():
            (tmp_path / "data").mkdir()
            shutil.copy(empty_database, tmp_path / "data" / DATABASE)
        application = create(settings_for(tmp_path, **settings), clock, choose)
        desk: Desk = application.state.desk
        prefix = "/open311/v2" if mounted else ""
        address.house.tenant = Starlette(routes=[Mount(prefix, application)]) if mounted else application
        try:
            with httpx.Client(base_url=address.url + prefix, verify=False, timeout=60) as http:  # no TLS here
                yield RunningCity(http, desk, clock)
        finally:
            desk.close()

    return run


@pytest.fixture
def city(run_city: RunCity) -> Iterator[RunningCity]:
    with run_city() as running:
        yield running
