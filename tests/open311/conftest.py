"""One listening socket for all tests of the client, and an embedded city of a test's own behind it."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.city.app import create
from bridge.city.database import migrate
from bridge.city.desk import DATABASE
from bridge.city.imitation import droppable
from bridge.city.imitation.exchange import Asked
from bridge.city.serve import server_config
from bridge.city.settings import CitySettings
from tests.open311.embedded import EmbeddedCity, RunEmbedded, catalog
from tests.open311.scripted import KEY, ManualClock

MEMORY = Path("/dev/shm")


@dataclass
class House:
    """Whichever application lives in it answers."""

    url: str = ""
    tenant: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.tenant
        await self.tenant(scope, receive, send)


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    house = House()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        house.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = server_config(droppable(house), "127.0.0.1", 0)
        config.lifespan = "off"
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        yield house
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("city") / DATABASE
    migrate(path)
    return path


@pytest.fixture(scope="session")
def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where a test's city keeps its file: in memory where there is such a place, since each of its commits
    waits for the disk."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture
def run_embedded(folder: Path, house: House, migrated: Path) -> RunEmbedded:
    """Runs an embedded city; `choose` names what it imitates for each request, beside its `quirks`."""

    @contextmanager
    def run(choose: Callable[[Asked], Sequence[str]] | None = None, **settings: Any) -> Iterator[EmbeddedCity]:
        data = folder / "data"
        data.mkdir()
        shutil.copy(migrated, data / DATABASE)
        clock, quirks = ManualClock(), list[str]()

        def chosen(asked: Asked) -> Sequence[str]:
            return [*quirks, *(choose(asked) if choose else ())]

        keys = {"api_keys": (SecretStr(KEY),)}
        application = create(CitySettings(data=data, **catalog(folder), **{**keys, **settings}), clock, chosen)
        house.tenant = Starlette(routes=[Mount("/open311/v2", application)])
        try:
            yield EmbeddedCity(f"{house.url}/open311/v2", application.state.desk, clock, quirks)
        finally:
            application.state.desk.close()

    return run
