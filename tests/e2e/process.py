"""A bridge as a process of its own that can be killed: started from a settings file by the real command.

Every start is a fork of one server that has imported the program already, so a start costs what it costs the
bridge and not what it costs Python. The process can be told beforehand at which log event it is to die: log
events stand between the steps of the flow, so no step needs a hook for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.e2e.waiting import PATIENCE_SECONDS, until

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["bridge.cli"])
FLOW = "bridge.flow"


@dataclass(frozen=True, slots=True)
class Orders:
    """When a process is to die: at the `nth` log event of that name (of any name when it is ""), and so many
    seconds later."""

    event: str = ""
    nth: int = 1
    seconds: float = 0


class Executioner(logging.Handler):
    """Kills its own process, with no chance to tidy up, when the orders in a file say so."""

    def __init__(self, orders: Path) -> None:
        super().__init__()
        self._orders = orders
        self._passed = 0

    def emit(self, record: logging.LogRecord) -> None:
        if not self._orders.is_file():
            return
        orders = Orders(**json.loads(self._orders.read_text()))
        self._passed += orders.event in ("", record.msg)
        if self._passed == orders.nth and orders.seconds:
            threading.Timer(orders.seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
        elif self._passed == orders.nth:
            os.kill(os.getpid(), signal.SIGKILL)


def serve(settings: Path, environ: Mapping[str, str], orders: Path, log: Path) -> None:
    """What the process runs: `open311-bridge serve`, in the roles that ROLES names."""
    from bridge.cli import app

    prepare(environ, orders, log)
    roles = [role for role in environ.get("ROLES", "").split(",") if role]
    port = [] if "intake" in roles or not roles else ["--port", "0"]
    app(["serve", "--config", str(settings), "--log-json", *(f"--role={role}" for role in roles), *port])


def prepare(environ: Mapping[str, str], orders: Path, log: Path) -> None:
    """Sets up a fresh process: its environment, its log, and an executioner who listens to it."""
    with log.open("ab") as written:
        os.dup2(written.fileno(), sys.stdout.fileno())
        os.dup2(written.fileno(), sys.stderr.fileno())
    os.environ.update(environ)
    flow = logging.getLogger(FLOW)
    flow.setLevel(logging.DEBUG)
    flow.addHandler(Executioner(orders))


Main = Callable[[Path, Mapping[str, str], Path, Path], None]
"""The function a process runs: settings file, environment, orders, log."""


class BridgeProcess:
    """One bridge, started and killed as often as a test likes."""

    def __init__(
        self, settings: Path, environ: Mapping[str, str], main: Main = serve, name: str = "bridge"
    ) -> None:
        self.starts = 0
        self.log = settings.with_name(f"{name}.log")
        self._main = main
        self._settings = settings
        self._environ = dict(environ)
        self._orders = settings.with_name(f"{name}.orders")
        self._process: ForkServerProcess | None = None
        self._log_begins = 0
        self.log.touch()

    @property
    def pid(self) -> int:
        assert self._process
        assert self._process.pid
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    async def start(self) -> None:
        """Starts it; returns before it serves."""
        arguments = (self._settings, self._environ, self._orders, self.log)
        self._process = CONTEXT.Process(target=self._main, args=arguments, daemon=True)
        self.starts += 1
        self._log_begins = self.log.stat().st_size
        await asyncio.to_thread(self._process.start)

    async def serving(self) -> None:
        """Returns once it works on messages. Raises AssertionError with the log's end when it ended instead."""
        await until(self.serves)

    def failures(self) -> list[str]:
        """What it logged as an error since it was started."""
        lines = self.log.read_bytes()[self._log_begins :].decode().splitlines()
        return [line for line in lines if '"level": "error"' in line or line.startswith("Traceback")]

    def condemn(self, orders: Orders) -> None:
        """Has it die as ordered, this time and at every later start, until pardoned."""
        written = self._orders.with_name(f"{self._orders.name}.new")
        written.write_text(json.dumps(asdict(orders)))
        written.replace(self._orders)

    def pardon(self) -> None:
        self._orders.unlink(missing_ok=True)

    def kill(self) -> None:
        """kill -9, now."""
        assert self._process
        self._process.kill()

    async def dead(self, seconds: float = 30) -> None:
        """Waits until it has been killed."""
        await self._end(seconds, -signal.SIGKILL)

    async def stop(self) -> None:
        """Asks it to end, and waits until it has; on a busy machine too."""
        assert self._process
        self._process.terminate()
        await self._end(PATIENCE_SECONDS, 0)

    def serves(self) -> bool:
        """Whether it works on messages."""
        assert self.alive, self.log.read_text()[-2000:]
        return b'"event": "serving"' in self.log.read_bytes()[self._log_begins :]

    async def _end(self, seconds: float, code: int) -> None:
        assert self._process
        await asyncio.to_thread(self._process.join, seconds)
        assert self._process.exitcode == code, self.log.read_text()[-2000:]
