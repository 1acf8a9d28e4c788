"""One marked request shows what reading cannot."""

from __future__ import annotations

import pytest

from bridge.open311.trial import Written, marked_submission, write_test
from tests.open311.embedded import RunEmbedded

TRIAL = marked_submission("TR1ALTR1", "001", 39.17, -86.53)


async def written(run_embedded: RunEmbedded, *quirks: str, service_code: str = "001") -> Written:
    with run_embedded() as city:
        city.quirks += quirks
        client = city.client(fresh_requests_listed=False)
        trial = marked_submission("TR1ALTR1", service_code, 39.17, -86.53)
        found = await write_test(client, trial, pause=0)
        await client.close()
        assert len([text for text in city.stored() if "TR1ALTR1" in text]) <= 1
    return found


async def test_a_city_that_lists_fresh_requests_can_prove_absence(run_embedded: RunEmbedded) -> None:
    found = await written(run_embedded)
    assert found.profile.fresh_requests_listed
    assert {finding.level for finding in found.findings} == {"fine"}


async def test_a_city_that_hides_them_cannot(run_embedded: RunEmbedded) -> None:
    found = await written(run_embedded, "fresh-hidden")
    assert not found.profile.fresh_requests_listed
    assert [finding.subject for finding in found.findings if finding.level == "odd"] == ["list"]


async def test_a_token_is_followed_to_its_id(run_embedded: RunEmbedded) -> None:
    found = await written(run_embedded, service_code="002")
    assert [finding.subject for finding in found.findings] == ["post", "token", "list", "single request"]


@pytest.mark.parametrize("quirk", ["status=400", "html", "drop"])
async def test_a_post_that_fails_is_a_finding(quirk: str, run_embedded: RunEmbedded) -> None:
    with run_embedded(lambda asked: [quirk] if asked.posts else []) as city:
        client = city.client()
        found = await write_test(client, TRIAL, pause=0)
        await client.close()
    assert (found.receipt, [finding.level for finding in found.findings]) == (None, ["bad"])
