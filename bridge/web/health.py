"""Health, readiness and metrics.

/healthz says that the process serves, /readyz that it can do its work (503 while it cannot), /metrics is for
Prometheus. None of them says anything of a resident; a proxy in front keeps /metrics to itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Ready = Callable[[], Awaitable[str]]
"""Says what keeps the bridge from its work, "" when nothing does."""

Metrics = Callable[[], Awaitable[bytes]]


def health(ready: Ready, metrics: Metrics) -> Sequence[Route]:
    """The three routes."""

    async def readyz(_request: Request) -> JSONResponse:
        why = await ready()
        return JSONResponse({"status": why or "ready"}, 503 if why else 200)

    async def exposed(_request: Request) -> Response:
        return Response(await metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route("/healthz", _healthz), Route("/readyz", readyz), Route("/metrics", exposed)]


async def _healthz(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
