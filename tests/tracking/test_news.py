"""What a change at the city says to the resident, and what is no change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge import segments
from bridge.flow import wording
from bridge.flow.conversation import decide
from bridge.flow.reports import change, fingerprint, is_news, shown
from bridge.vocabulary import (
    Conversation,
    Facts,
    Place,
    Policy,
    Report,
    Say,
    Service,
    ServiceRequest,
    State,
    StatusChanged,
)  # fmt: skip
from config.catalog import load_catalog

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FRIDAY = NOON + timedelta(days=4)
OPEN = ServiceRequest("77", "open", "open", service_code="001", service_name="Pothole", expected_datetime=NOON)
REPORT = Report(
    "r", "K7QM2F9P", "fairview", "c", "001", "Pothole", "A hole", Place("401 N Morton St", 39.17, -86.53),
    service_request_id="77", state="accepted", status="open", fingerprint=fingerprint("", OPEN),
)  # fmt: skip
TALK = Conversation("c", "texts", "sms", "+1", "+1", "fairview", "k", State(language="en"))
LAMP = replace(OPEN, service_code="002", service_name="Street lamp")
LATER = replace(OPEN, expected_datetime=FRIDAY)


def told(seen: ServiceRequest, report: Report = REPORT, language: str = "en") -> str:
    """The text the resident gets."""
    facts = Facts({"001": Service("001", "Pothole")}, reports=(report,))
    decision = decide(State(language=language), StatusChanged(report, seen), facts, Policy(), NOON)
    (say,) = (effect for effect in decision.effects if isinstance(effect, Say))
    return wording.outbound(replace(TALK, state=State(language=language)), say, load_catalog()).text


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (LAMP, "Report 77, 401 N Morton St: the city now handles it as Street lamp."),
        (LATER, "Report 77: Pothole, 401 N Morton St. The city plans to be done by 6/5."),
        (
            replace(OPEN, status_notes="A crew is coming."),
            "Report 77: Pothole, 401 N Morton St. The city says: A crew is coming. They plan to be done by 6/1.",
        ),
    ],
)
def test_another_service_another_date_and_a_note_are_told(seen: ServiceRequest, text: str) -> None:
    assert is_news(REPORT, seen)
    assert told(seen) == text


@pytest.mark.parametrize("seen", [LAMP, LATER])
@pytest.mark.parametrize("language", ["en", "es"])
def test_it_fits_the_segments_of_its_language(seen: ServiceRequest, language: str) -> None:
    far = replace(REPORT, place=Place("the corner of Dr. Martin Luther King Boulevard and Constitution Avenue"))
    long = replace(seen, service_name="Street lamp out, flickering, or on by day, all kinds of lamps and poles")
    assert segments.count(told(long, far, language)) <= (1 if language == "en" else 2)


@pytest.mark.parametrize(
    "seen",
    [
        OPEN,
        replace(OPEN, updated_datetime=FRIDAY),
        replace(OPEN, service_code="", service_name=""),
        replace(OPEN, expected_datetime=None),
        replace(OPEN, raw_status=""),
    ],
)
def test_a_new_time_alone_and_what_a_row_leaves_out_are_no_news(seen: ServiceRequest) -> None:
    assert fingerprint(REPORT.fingerprint, seen) == REPORT.fingerprint
    assert not is_news(REPORT, seen)


def test_the_first_look_at_an_open_request_is_no_news() -> None:
    fresh = replace(REPORT, fingerprint="")
    assert not is_news(fresh, OPEN)
    assert is_news(fresh, replace(OPEN, status="closed"))
    assert is_news(fresh, replace(OPEN, status_notes="Seen."))


def test_a_note_is_told_once() -> None:
    noted = replace(OPEN, status_notes="Seen.")
    after = replace(REPORT, fingerprint=fingerprint(REPORT.fingerprint, noted))
    closed = replace(noted, status="closed", raw_status="closed", status_notes="")
    assert shown(after, closed).status_notes == ""
    assert change(after, closed) == "status"


def test_an_update_without_a_status_leaves_the_request_closed() -> None:
    closed = replace(OPEN, status="closed", raw_status="fixed")
    after = replace(REPORT, fingerprint=fingerprint(REPORT.fingerprint, closed))
    comment = ServiceRequest("77", "open", "unchanged", status_notes="Thanks!")
    assert shown(after, comment).status == "closed"
