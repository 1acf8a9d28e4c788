"""Serves a Starlette application on a loopback port inside the running event loop."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.types import ASGIApp

from bridge.web.server import listen, serving


@contextlib.asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Runs `app` on 127.0.0.1 for the length of the block; gives its base URL. Port 0 takes a free one."""
    listener = listen("127.0.0.1", port)
    async with serving(app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
