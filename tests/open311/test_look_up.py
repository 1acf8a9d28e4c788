"""After an unsure send the client looks for its own request, and says absent only where that is proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.errors import Retryable
from bridge.vocabulary import Lookup, Receipt, Submission
from tests.open311.scripted import NOON, POTHOLE, ManualClock, ScriptedCity, client_of, row


async def look(
    rows: list[Mapping[str, Any]], submission: Submission = POTHOLE, after: float = 60, **quirks: Any
) -> Lookup:
    clock, city = ManualClock(NOON + timedelta(seconds=after)), ScriptedCity()
    city.replies["GET requests.json"] = (200, rows)
    return await client_of(city, clock, **quirks).look_up(submission, NOON)


async def test_our_reference_in_a_listed_description_is_our_request() -> None:
    found = await look([row(service_request_id="7", description="other"), row()])
    assert (found.verdict, found.receipt) == ("found", Receipt("101"))


async def test_a_listed_token_is_found_too() -> None:
    assert (await look([row(service_request_id=None, token="t-9")])).receipt == Receipt(token="t-9")


async def test_a_whole_list_without_it_proves_absence_where_fresh_requests_are_listed() -> None:
    assert (await look([row(description="other")], fresh_requests_listed=True)).verdict == "absent"


async def test_nothing_is_proven_where_fresh_requests_may_be_hidden() -> None:
    assert (await look([])).verdict == "cannot_tell"


async def test_a_list_that_stays_full_proves_nothing() -> None:
    rows = [row(service_request_id=str(number), description="other") for number in range(50)]
    assert (await look(rows, fresh_requests_listed=True)).verdict == "cannot_tell"


async def test_it_is_too_early_to_say_while_the_city_may_still_be_storing_it() -> None:
    with pytest.raises(Retryable) as caught:
        await look([], after=40, fresh_requests_listed=True, submit_seconds=30, settle_seconds=120)
    assert caught.value.after == 110


UNMARKED = {"marker": "none"}
BARE = "A deep pothole by the school gate"


async def test_without_a_marker_time_service_place_and_text_must_agree() -> None:
    found = await look([row(description=BARE, lat="39.16999816894531")], **UNMARKED)
    assert found.receipt == Receipt("101")


@pytest.mark.parametrize(
    "difference",
    [
        {"description": "A deep pothole by the church"},
        {"service_code": "9"},
        {"lat": 39.18},
        {"requested_datetime": "2026-06-01T09:00:00Z"},
    ],
    ids=str,
)
async def test_a_row_that_differs_is_not_ours(difference: dict[str, Any]) -> None:
    rows = [{**row(description=BARE), **difference}]
    assert (await look(rows, fresh_requests_listed=True, **UNMARKED)).verdict == "absent"


async def test_two_like_rows_cannot_be_told_apart() -> None:
    rows = [row(description=BARE), row(service_request_id="102", description=BARE)]
    assert (await look(rows, **UNMARKED)).verdict == "cannot_tell"


async def test_a_text_that_anyone_may_write_is_not_enough() -> None:
    short = replace(POTHOLE, description="pothole")
    assert (await look([row(description="Pothole")], short, **UNMARKED)).verdict == "cannot_tell"
