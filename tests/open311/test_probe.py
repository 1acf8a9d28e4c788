"""`city check` finds what is odd about an endpoint by reading alone, and suggests a profile that copes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bridge.errors import Permanent, SettingsError
from bridge.open311.probe import Check, probe
from bridge.open311.profile import load
from bridge.vocabulary import Submission
from tests.open311.embedded import EmbeddedCity, RunEmbedded
from tests.open311.scripted import ENDPOINT, ManualClock, ScriptedCity


def fill(city: EmbeddedCity, count: int = 8) -> None:
    """Gives the city some history, a third of it closed."""
    for number in range(count):
        city.desk.file(Submission("", "001", f"Hole {number}", lat=39.17, long=-86.53))
        city.clock.pass_(3600)
    for row in city.desk.requests(public=False)[::3]:
        city.desk.change_status(row.service_request_id, "closed", "Filled")


async def check(city: EmbeddedCity, **settings: Any) -> Check:
    settings = {"reads_per_minute": 0, **settings}
    return await probe(city.endpoint, clock=city.clock, sleep=city.clock.sleep, **settings)


async def test_a_city_that_keeps_to_the_specification_gets_a_clean_bill(run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        fill(city)
        found = await check(city)
    assert found.verdict == "clean", found.report()
    assert load(found.suggestion()) == found.profile
    assert found.profile.updated_after
    assert found.profile.discovery_url == f"{city.endpoint}/discovery.json"


async def test_a_check_writes_nothing(run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        fill(city, 4)
        await check(city)
        assert len(city.stored()) == 4


@pytest.mark.parametrize(
    ("quirk", "switches"),
    [
        ("no-json", {"formats": ("xml",)}),
        ("no-xml", {"formats": ("json",)}),
        ("no-suffix", {"suffix": False}),
        ("first-id-only", {"many_ids": False}),
        ("ids-ignored", {"many_ids": False}),
        ("status-ignored", {"status_filter": "no"}),
        ("one-status-only", {"status_filter": "one"}),
        ("open-by-default", {"list_states": ("open", "closed")}),
        ("dates-swapped", {"swapped_dates": True}),
        ("dates-without-zone", {"query_times": "local"}),
        ("status-words", {"status_words": {"in progress": "open", "fixed - council": "closed"}}),
        ("local-times=5", {"false_utc": True}),
        ("private-403", {"single_reads": False}),
    ],
)
async def test_a_quirk_is_found_and_its_switch_set(
    quirk: str, switches: dict[str, Any], run_embedded: RunEmbedded
) -> None:
    with run_embedded() as city:
        fill(city)
        city.quirks.append(quirk)
        found = await check(city)
    assert found.verdict != "clean"
    assert {name: getattr(found.profile, name) for name in switches} == switches
    assert all(name in found.suggestion() for name in switches)


@pytest.mark.parametrize(
    ("quirk", "subject", "words"),
    [
        ("services-twice", "services", "one name for several services"),
        ("services-without-codes", "services", "without a service_code are left out: No code, Empty"),
        ("services-with-blanks", "services", "blanks around names are trimmed"),
        ("services-fake", "services", "not meant for residents"),
        ("services-many=5000", "services", "5000 of them"),
        ("definition-empty", "definition of 004", "empty or unreadable"),
        ("definition-html", "definition of 004", "answered 200 with html"),
        ("definition-blank", "definition of 004", "answered 200 with empty"),
        ("datatypes-odd", "definition of 004", "datatypes outside the specification"),
        ("no-discovery", "discovery", "none beneath the endpoint"),
        ("discovery-foreign", "discovery", "names other endpoints, which are not followed"),
        ("times-without-zone", "times", "without a zone"),
        ("updated-null", "requests", "updated_datetime is never set"),
        ("without-service-code", "requests", "rows lack service_code"),
        ("unknown-request-empty", "unknown request", "answered 200, not 404"),
    ],
)
async def test_an_oddity_is_told_in_words(quirk: str, subject: str, words: str, run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        fill(city)
        city.quirks.append(quirk)
        found = await check(city)
    assert [f for f in found.findings if f.subject == subject and words in f.words], found.report()


async def test_the_delay_is_told_where_single_ids_are_all_there_is(run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        fill(city)
        city.quirks += ["no-lists", "no-updates"]
        found = await check(city, reads_per_minute=10)
    assert (found.profile.many_ids, found.profile.list_windows) == (False, False)
    delay = next(finding for finding in found.findings if finding.subject == "delay")
    assert (delay.level, delay.words) == (
        "odd",
        "with 10 reads a minute a change is seen after at most 15 with 100, 62 with 500, 250 with 2000 "
        "open requests of the last two days (minutes)",
    )


async def test_a_check_keeps_to_ten_reads_a_minute(run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        fill(city)
        city.quirks.append("rate-limit=10")
        found = await check(city, reads_per_minute=10)
    assert not [finding for finding in found.findings if finding.subject == "pace"], found.report()


async def test_any_url_of_the_endpoint_will_do(run_embedded: RunEmbedded) -> None:
    with run_embedded() as city:
        found = await probe(f"{city.endpoint}/services.xml", reads_per_minute=0, clock=city.clock)
    assert found.profile.endpoint == city.endpoint


async def test_a_page_that_is_no_endpoint_is_said_to_be_none() -> None:
    with pytest.raises(Permanent, match="no GeoReport v2 service list"):
        await probe(ENDPOINT, reads_per_minute=0, transport=httpx.MockTransport(lambda _: httpx.Response(404)))


async def test_what_is_no_url_is_said_to_be_none() -> None:
    with pytest.raises(SettingsError, match=r"endpoint: .*http"):
        await probe("city.test/open311")


async def test_the_key_is_in_no_finding() -> None:
    city = ScriptedCity()
    city.replies["GET requests.json"] = (403, [{"description": "bad key s3cret-key-9f"}])
    found = await probe(ENDPOINT, api_key="s3cret-key-9f", reads_per_minute=0, transport=httpx.MockTransport(city))
    assert "s3cret" not in found.report()
    assert "bad key [key]" in found.report()


@pytest.mark.parametrize(
    ("place", "endpoint", "level"),
    [
        ("https://city.test/v2", "https://city.test/v2", "odd"),
        ("http://other.test/v2", "http://city.test/v2", "bad"),
    ],
)
async def test_an_endpoint_that_has_moved_is_told_since_posts_follow_no_redirect(
    place: str, endpoint: str, level: str
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not str(request.url).startswith(place):
            return httpx.Response(301, headers={"location": f"{place}{request.url.path.removeprefix('/v2')}"})
        if request.url.path == "/v2/services.json":
            return httpx.Response(200, json=[{"service_code": "1", "service_name": "Pothole"}])
        return httpx.Response(404)

    transport, clock = httpx.MockTransport(answer), ManualClock()
    found = await probe("http://city.test/v2", reads_per_minute=0, transport=transport, clock=clock)
    assert found.profile.endpoint == endpoint
    assert [str(f) for f in found.findings if (f.subject, f.level) == ("endpoint", level)] == [
        f"endpoint: moved to {place}: reads are redirected there, a report would be refused here"
        + ("" if level == "odd" else "; check again with the address the city gives you")
    ]
