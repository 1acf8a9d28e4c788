"""A provider that does not take replies for a while: each still goes out, and in the order of its conversation."""

from __future__ import annotations

import pytest

from tests.e2e.residents import Chatter, hears
from tests.e2e.surroundings import Surroundings

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_reply_outlasts_a_provider_that_is_busy_again_and_again(here: Surroundings) -> None:
    for _ in range(9):
        here.providers.telegram.refuse(429, "Too Many Requests: retry after 1", retry_after=1)
    resident = Chatter(here.providers, 500)
    await resident.say("huge pothole at 710 Oak St")
    await resident.say("help")
    await hears(resident, "Send STATUS for news")
    await here.quiet()
    assert ["Its number is" in text for text in resident.heard()] in ([False, True], [True, False])
    assert len(resident.heard()) == 2
