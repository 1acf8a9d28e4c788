"""The demo's page: a phone to text from, and the city's desk where a status can be changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bridge.city.desk import Desk
from bridge.demo.phones import SmsPhone
from bridge.demo.providers import Providers
from bridge.errors import BridgeError
from bridge.vocabulary import ServiceRequest

NUMBER = "+15550143999"
LONGEST_TEXT = 1600  # Twilio's own limit for one message
STATUSES = ("open", "closed")
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'"


def pages(providers: Providers, desk: Desk) -> Sequence[BaseRoute]:
    """Routes of the page and of what it asks for."""
    phone = SmsPhone(providers, NUMBER)
    said: list[dict[str, str]] = []

    async def page(_request: Request) -> Response:
        html = files("bridge.demo").joinpath("page.html").read_text(encoding="utf-8")
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    async def texts(_request: Request) -> Response:
        answers = phone.messages()
        for text in answers[sum(line["from"] == "bridge" for line in said) :]:
            said.append({"from": "bridge", "text": text})
        return JSONResponse(said)

    async def text(request: Request) -> Response:
        words = str((await request.json()).get("text", ""))[:LONGEST_TEXT]
        await texts(request)
        said.append({"from": "resident", "text": words})
        await phone.say(words)
        return JSONResponse({})

    async def requests(_request: Request) -> Response:
        rows = await asyncio.to_thread(desk.requests)
        return JSONResponse([_row(row) for row in rows])

    async def status(request: Request) -> Response:
        body = await request.json()
        if body.get("status") not in STATUSES:
            return JSONResponse({"error": "the status is open or closed"}, 400)
        try:
            id_, note = str(body.get("id", "")), str(body.get("note", ""))[:500]
            await asyncio.to_thread(desk.change_status, id_, body["status"], note)
        except BridgeError as error:
            return JSONResponse({"error": str(error)}, 404)
        return JSONResponse({})

    return [
        Route("/", page),
        Route("/demo/texts", texts),
        Route("/demo/texts", text, methods=["POST"]),
        Route("/demo/requests", requests),
        Route("/demo/status", status, methods=["POST"]),
    ]


def _row(row: ServiceRequest) -> dict[str, Any]:
    return {
        "id": row.service_request_id,
        "service": row.service_name,
        "status": row.status,
        "note": row.status_notes,
        "place": row.address,
        "lat": row.lat,
        "long": row.long,
        "description": row.description,
    }
