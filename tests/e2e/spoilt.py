"""A bridge with the cheap mind whose surroundings a test can spoil while it runs: its resolver and its clock.

Both are told by files beside the settings, as the bridge is a process of its own: `no-names` while no name can be
resolved, `seconds` for how far the clock is ahead. Names that end in .test are this machine's.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import channels
from bridge import logs
from config.settings import load
from tests.e2e.crash import mind
from tests.e2e.process import prepare

NO_NAMES, AHEAD = "no-names", "seconds"


def serve(settings: Path, environ: Mapping[str, str], orders: Path, log: Path) -> None:
    """What the process runs."""
    prepare(environ, orders, log)
    logs.configure(json=True)
    _resolve_as_told(settings.with_name(NO_NAMES))
    clock = Watch(settings.with_name(AHEAD))
    real_ns = time.time_ns
    time.time_ns = lambda: real_ns() + int(clock.ahead() * 1e9)  # ids are made by it
    kinds = {name: kind.settings for name, kind in channels.REGISTRY.items()}
    asyncio.run(mind.run(load(settings, kinds), clock))


class Watch:
    """Implements `bridge.ports.Clock`, so many seconds ahead of the machine's as a file says."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def ahead(self) -> float:
        try:
            return float(self._told.read_text())
        except (OSError, ValueError):
            return 0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead())


def _resolve_as_told(no_names: Path) -> None:
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if name.endswith(".test") and no_names.exists():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real("127.0.0.1" if name.endswith(".test") else host, *rest, **more)

    socket.getaddrinfo = resolve
