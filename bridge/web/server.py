"""uvicorn as one task among others of a process: it leaves signals to the process, and ends with its block."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator, MutableMapping

import uvicorn
from starlette.types import ASGIApp

from bridge.errors import SettingsError

FIRST_HANDED_OVER = 3
LINGER_SECONDS = 0.3
GRACE_SECONDS = 3  # requests in hand may end within it


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes no more connections; those just taken get time to send their request before idle ones are
        closed."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, the service manager's if it hands one over; port 0 takes a free one. Raises SettingsError
    where the address is taken or not ours."""
    if handed_over := _handed_over(os.environ):
        return handed_over
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingsError(f"server: {host}:{port} cannot be listened on ({error.strerror})") from None
    return listener


def _handed_over(environ: MutableMapping[str, str]) -> socket.socket | None:
    """The socket that systemd keeps while the service restarts, so that no webhook is refused
    (sd_listen_fds(3)): the first descriptor after standard error, meant for this very process."""
    if environ.pop("LISTEN_PID", "") != str(os.getpid()) or not environ.pop("LISTEN_FDS", ""):
        return None
    return socket.socket(fileno=FIRST_HANDED_OVER)


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serves `app` on `listener` for the length of the block.

    The access log is off: it would write queries, and clients put keys and addresses there.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.ready.wait()
        yield
    finally:
        server.should_exit = True
        await task
