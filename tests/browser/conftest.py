"""One browser and one bridge for all browser tests. Where Debian's Chromium is absent they are skipped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from tests.browser.house import House, house

CHROMIUM = Path("/usr/bin/chromium")
ABSENT = not CHROMIUM.exists()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hall(models_dir: Path) -> AsyncIterator[House]:
    if ABSENT:
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        async with house(models_dir, browser) as made:
            yield made
        await browser.close()
