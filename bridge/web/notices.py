"""/privacy and /terms: what residents may read before they write, and what carriers ask to see before a number may
send (10DLC). Anyone may read them; nothing on them is anyone's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from config.settings import Settings

PAGES: Final = Path(__file__).with_name("notice_pages")
LABELS: Final = {
    "en": {"privacy": "Privacy", "terms": "Terms"},
    "es": {"privacy": "Privacidad", "terms": "Condiciones"},
}
LANGUAGES: Final = (("en", "English"), ("es", "Español"))
FOOT: Final = {"en": "Questions about your data? {}", "es": "¿Preguntas sobre sus datos? {}"}
AND: Final = {"en": " and ", "es": " y "}


def notices(settings: Settings) -> Sequence[Route]:
    """The two pages, in the language asked for by `?language=`, else by the browser, else English."""
    environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True)
    style = (PAGES / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headers = {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }

    async def show(request: Request) -> Response:
        language = _language(request)
        name = request.url.path.strip("/")
        page = environment.get_template(f"{name}.{language}.html")
        cities = AND[language].join(city.name for city in settings.city)
        contact = settings.server.contact
        html = page.render(
            language=language,
            programme=f"{cities} 311",
            cities=cities,
            emergency=settings.city[0].emergency_number,
            pages=LABELS[language].items(),
            languages=LANGUAGES,
            style=style,
            foot=FOOT[language].format(contact) if contact else "",
        )
        return HTMLResponse(html, headers=headers)

    return [Route(f"/{name}", show, methods=["GET"]) for name in LABELS["en"]]


def _language(request: Request) -> str:
    asked = [request.query_params.get("language", ""), request.headers.get("Accept-Language", "")]
    return next((said[:2].lower() for said in asked if said[:2].lower() in LABELS), "en")
