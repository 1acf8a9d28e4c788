"""Photos and recordings of residents, to whoever has the link: crews open it weeks later, a city's pages show it.

A link is 192 random bits, and dead the moment its file is revoked; so nothing on the way may keep it long.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bridge.ports import Blobs, Store

HEADERS: Final = {
    "Cache-Control": "private, max-age=300",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # a city's own map may show it
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32}")


def media_route(store: Store, blobs: Blobs) -> Route:
    """`/media/TOKEN`. Every link that shows nothing is 404: one that never was, one revoked, one whose report is
    gone."""

    async def show(request: Request) -> Response:
        token = request.path_params["token"]
        file = await store.read(lambda tx: tx.media(token)) if _TOKEN.fullmatch(token) else None
        try:
            path = blobs.path(file.blob_id) if file else None
        except KeyError:
            path = None
        if file is None or path is None:
            return Response("Not found", 404, HEADERS | {"Cache-Control": "no-store"}, media_type="text/plain")
        return FileResponse(path, headers=HEADERS, media_type=file.media_type)

    return Route("/media/{token}", show, methods=["GET"])
