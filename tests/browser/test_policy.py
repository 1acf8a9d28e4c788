"""No page of any test may have said an error to its browser. The file comes last, so that all have been opened."""

from __future__ import annotations

import pytest

from tests.browser.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_no_page_breaks_its_own_policy(hall: House):
    asked_for = ("404", "400")  # a page that is missing, a photo that is none
    assert [fault for fault in hall.faults if not any(code in fault for code in asked_for)] == []
