"""The public pages on privacy and terms, as a browser asks for them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from bridge.web.notices import notices
from config.settings import Settings, parse

ROOT = Path(__file__).parents[2]
TEXT = """
[server]
contact = "privacy@fairview.example <script>"
[[city]]
id = "fairview"
name = "City of Fair<view"
gazetteer = "fairview.geojson"
endpoint = "https://city.example"
emergency_number = "112"
"""


def settings() -> Settings:
    return parse(TEXT, ROOT / "config/demo", {}, {})


async def page(path: str, language: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(Starlette(routes=list(notices(settings()))))
    async with httpx.AsyncClient(transport=transport, base_url="http://bridge") as client:
        return await client.get(path, headers={"Accept-Language": language})


@pytest.mark.parametrize("name", ["privacy", "terms"])
@pytest.mark.parametrize(("language", "stop"), [("en-US,en", "STOP"), ("es-MX,es;q=0.9", "ALTO"), ("fr", "STOP")])
async def test_a_page_is_shown_in_the_reader_s_language(name: str, language: str, stop: str) -> None:
    answer = await page(f"/{name}", language)
    assert answer.status_code == 200
    assert f"<strong>{stop}</strong>" in answer.text
    assert "City of Fair&lt;view" in answer.text
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_language_may_be_chosen() -> None:
    assert "ALTO" in (await page("/terms?language=es", "en")).text


async def test_what_carriers_ask_for_is_said() -> None:
    privacy, terms = (await page("/privacy")).text, (await page("/terms")).text
    assert "not shared with\nthird parties or affiliates for marketing" in privacy
    assert "faces and licence plates are not blurred" in privacy
    for words in ("Message and data rates may apply", "HELP", "START", "not liable", "112"):
        assert words in terms
