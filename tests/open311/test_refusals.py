"""However the city says no to a report, staff read its words, nothing is stored, and nothing is sent again. A no
to our key says nothing of the report."""

from __future__ import annotations

import pytest

from bridge.errors import Permanent, Retryable
from bridge.open311 import Client, Profile
from tests.open311.embedded import RunEmbedded
from tests.open311.scripted import POTHOLE
from tests.open311.test_matrix import HOLE


@pytest.mark.parametrize(
    ("quirk", "words"),
    [
        ("slow=0", "api_key is not valid."),
        ("key-400", "api_key is not valid."),
        ("errors-without-code", "api_key is not valid."),
        ("errors-as-message", "api_key is not valid."),
        ("errors-of-fields", "api_key is not valid."),
        ("errors-in-prose", "api_key is not valid."),
        ("errors-as-text", "api_key is not valid."),
        ("errors-unwrapped", "api_key is not valid."),
    ],
)
@pytest.mark.parametrize("format", ["json", "xml"])
async def test_a_wrong_key_says_nothing_of_the_report(
    quirk: str, words: str, format: str, run_embedded: RunEmbedded
) -> None:
    with run_embedded() as city:
        city.quirks.append(quirk)
        client = Client(Profile(endpoint=city.endpoint, formats=(format,)), "wr0ng-key", clock=city.clock)
        for _ in range(2):
            with pytest.raises(Retryable) as caught:
                await client.submit(HOLE)
            assert caught.value.after == 300
        assert "wr0ng-key" not in str(caught.value)
        assert client.endpoint.refused_key.endswith(words)
        assert [str(one) for one in client.oddities if one.subject == "API key"] != []
        await client.close()
        assert city.stored() == []


@pytest.mark.parametrize(
    ("quirk", "words"),
    [
        ("errors-as-html", "Error 403"),
        ("errors-in-xml", "Refused"),
        ("errors-in-json", "Refused"),
    ],
)
@pytest.mark.parametrize("format", ["json", "xml"])
async def test_a_refusal_that_does_not_name_the_key(
    quirk: str, words: str, format: str, run_embedded: RunEmbedded
) -> None:
    with run_embedded() as city:
        city.quirks.append(quirk)
        client = Client(Profile(endpoint=city.endpoint, formats=(format,)), "wr0ng-key", clock=city.clock)
        with pytest.raises(Permanent) as caught:
            await client.submit(HOLE)
        await client.close()
        assert words in caught.value.words
        assert "wr0ng-key" not in str(caught.value)
        assert city.stored() == []


@pytest.mark.parametrize("status", ["400", "403"])
async def test_a_service_that_went_away(status: str, run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        city.quirks += ["services-empty", f"unknown-service={status}"]
        client = city.client()
        with pytest.raises(Permanent) as caught:
            await client.submit(POTHOLE)
        await client.close()
    assert (caught.value.code, caught.value.words) == (status, "service_code 4 was not found.")
