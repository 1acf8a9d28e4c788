"""Recorded shapes of real servers' answers (tests/open311/answers) all read into one vocabulary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.open311 import documents, wire
from bridge.open311.wire import Reading
from bridge.vocabulary import Attribute, ServiceRequest, Value

ANSWERS = Path(__file__).parent / "answers"


def tree(name: str) -> documents.Tree:
    return documents.read((ANSWERS / name).read_bytes()).tree


def names(folder: str) -> list[str]:
    return sorted(f"{folder}/{file.name}" for file in (ANSWERS / folder).iterdir())


# ---------------------------------------------------------------------------------------------- services


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("specification.xml", ["001", "002"]),
        ("specification-as-printed.json", ["001"]),
        ("ureport.json", ["4", "11"]),
        ("mysociety-groups.xml", ["POT"]),
        ("simple-crm.json", ["001", "002"]),
        ("one-child-as-mapping.json", ["a1b2"]),
        ("klarschiff-namespaced.xml", ["30"]),
        ("bad-rows.json", ["1", "2", "3"]),
    ],
)
def test_service_codes_of_every_shape(name: str, codes: list[str]) -> None:
    assert [service.service_code for service in wire.services(tree(f"services/{name}"))] == codes


def test_the_string_false_is_false() -> None:
    assert [s.metadata for s in wire.services(tree("services/simple-crm.json"))] == [False, True]


def test_names_lose_their_blanks() -> None:
    assert wire.services(tree("services/simple-crm.json"))[0].service_name == "Street light out"


def test_several_groups_are_joined() -> None:
    assert wire.services(tree("services/mysociety-groups.xml"))[0].group == "Roads, Highways"


def test_keywords_are_split_and_types_read() -> None:
    cans, plate = wire.services(tree("services/specification.xml"))
    assert cans.keywords == ("lorem", "ipsum", "dolor")
    assert (cans.type, plate.type) == ("realtime", "batch")


# -------------------------------------------------------------------------------------------- definitions

CARS = Attribute(
    code="WHISHETN",
    datatype="singlevaluelist",
    description="What is the ticket/tag/DL number?",
    required=True,
    order=1,
    values=(Value("123", "Ford"), Value("124", "Chrysler")),
)


@pytest.mark.parametrize(
    "name",
    ["specification.xml", "specification.json", "simple-crm-old-shape.xml", "wrapped-open311-java.json",
     "list-of-one.json"],
)  # fmt: skip
def test_one_definition_in_every_shape(name: str) -> None:
    assert wire.definition(tree(f"definition/{name}")) == (CARS,)


@pytest.mark.parametrize("name", ["empty.json", "empty.xml", "null.json", "error-with-200.json"])
def test_an_empty_definition_asks_nothing(name: str) -> None:
    assert wire.definition(tree(f"definition/{name}")) == ()


def test_bostons_own_datatypes() -> None:
    found = wire.definition(tree("definition/boston.json"))
    assert [(a.code, a.datatype, a.variable) for a in found] == [
        ("SIZE", "singlevaluelist", True),
        ("INFO", "text", False),
        ("NOTE", "text", True),
        ("BOX", "text", True),
    ]


# ----------------------------------------------------------------------------------------------- requests


def first(name: str, reading: Reading = wire.PLAIN) -> ServiceRequest:
    return wire.requests(tree(f"requests/{name}"), reading)[0]


def test_the_specifications_own_request() -> None:
    assert first("specification.xml") == ServiceRequest(
        service_request_id="638344",
        status="closed",
        raw_status="closed",
        status_notes="Duplicate request.",
        service_name="Sidewalk and Curb Issues",
        service_code="006",
        requested_datetime=datetime(2010, 4, 14, 14, 37, 38, tzinfo=UTC),
        updated_datetime=datetime(2010, 4, 14, 14, 37, 38, tzinfo=UTC),
        expected_datetime=datetime(2010, 4, 15, 14, 37, 38, tzinfo=UTC),
        address="8TH AVE and JUDAH ST",
        address_id="545483",
        zipcode="94122",
        lat=37.762221815,
        long=-122.4651145,
        media_url="http://city.gov.s3.amazonaws.com/requests/media/638344.jpg",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ureport.json", {"service_request_id": "638344", "service_code": "6", "lat": 39.16999816894531}),
        ("simple-crm.json", {"service_request_id": "001", "status": "closed", "lat": 39.17, "media_url": ""}),
        ("simple-crm.xml", {"status": "open", "raw_status": "new", "updated_datetime": None, "media_url": ""}),
        ("codefornl.xml", {"service_request_id": "12", "service_code": ""}),
        ("mark-a-spot-bare.json", {"service_request_id": "8f14e45f-ceea-467f-a8b1-0f0a9d1c6f5b"}),
        ("boston-extended.json", {"media_url": "https://city.test/1.jpg"}),
        ("mysociety-media-list.json", {"status": "closed", "media_url": "https://a.test/1.jpg"}),
        ("latin1.xml", {"address": "Straße 1"}),
        ("control-characters.xml", {"description": "deep hole here 🕳"}),
        ("byte-order-mark.json", {"description": "lone  surrogate"}),
    ],
)
def test_a_request_of_every_shape(name: str, expected: dict[str, Any]) -> None:
    found = first(name)
    assert {field: getattr(found, field) for field in expected} == expected


def test_fields_beyond_the_specification_are_kept_raw() -> None:
    assert first("boston-extended.json").raw["extended_attributes"] == {"channel": "app", "ward": "7"}


def test_rows_with_neither_id_nor_token_are_left_out() -> None:
    found = wire.requests(tree("requests/chicago-neither-id-nor-token.json"))
    assert [(row.service_request_id, row.token) for row in found] == [("", "t-77"), ("26-0001", "")]


@pytest.mark.parametrize("name", ["none.json", "none.xml"])
def test_an_empty_list_has_no_rows(name: str) -> None:
    assert wire.requests(tree(f"requests/{name}")) == ()


def test_a_false_z_is_local_time_where_the_profile_says_so() -> None:
    local = Reading(zone=ZoneInfo("America/New_York"), false_utc=True)
    assert first("simple-crm.json", local).requested_datetime == datetime(2026, 4, 14, 14, 37, 38, tzinfo=UTC)


def test_a_time_without_zone_is_in_the_citys_zone() -> None:
    local = Reading(zone=timezone(timedelta(hours=2)))
    assert first("mark-a-spot-bare.json", local).requested_datetime == datetime(2026, 4, 14, 8, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "word", ["closed", "Fixed - Council", "NOT_COUNCILS_RESPONSIBILITY", "duplicate", "Resolved"]
)
def test_words_that_mean_closed(word: str) -> None:
    assert wire.fold_status(word) == "closed"


@pytest.mark.parametrize(
    "word", ["open", "new", "investigating", "in progress", "IN_PROGRESS", "planned", "", "zur Prüfung"]
)
def test_all_other_words_mean_open(word: str) -> None:
    assert wire.fold_status(word) == "open"


def test_a_citys_own_words_come_first() -> None:
    assert wire.fold_status("Erledigt", {"erledigt": "closed"}) == "closed"
    assert wire.fold_status("closed", {"closed": "open"}) == "open"


# -------------------------------------------------------------------------- tokens, discovery and errors


@pytest.mark.parametrize("name", ["specification.json", "specification.xml", "somebody-elses.json"])
def test_a_tokens_id(name: str) -> None:
    assert wire.token_id(tree(f"token/{name}"), "12345") == "638344"


@pytest.mark.parametrize("name", ["pending-chicago.json", "pending-null.json"])
def test_a_token_without_an_id_yet(name: str) -> None:
    assert wire.token_id(tree(f"token/{name}"), "12345") is None


def test_discovery_says_the_same_in_both_formats() -> None:
    assert wire.discovery(tree("discovery/specification.xml")) == wire.discovery(
        tree("discovery/specification.json")
    )


def test_discovery_keeps_an_odd_changeset_and_lists_formats() -> None:
    told = wire.discovery(tree("discovery/specification.xml"))
    assert told.changeset == "2011-02-03 14:18"
    assert [endpoint["formats"] for endpoint in told.endpoints] == [["text/xml"], ["text/xml", "application/json"]]


@pytest.mark.parametrize("name", ["specification.xml", "specification.json"])
def test_errors_have_code_and_words(name: str) -> None:
    words = "Invalid api_key received -- can't proceed with create_request."
    assert wire.errors(tree(f"errors/{name}")) == (wire.ErrorRow("403", words),)


def test_an_error_page_gives_its_words_without_markup() -> None:
    page = documents.read((ANSWERS / "errors/html.html").read_bytes())
    assert (page.kind, wire.words(page)) == ("html", "500 Internal error")


def test_a_declaration_and_nothing_else_is_empty() -> None:
    content = (ANSWERS / "errors/ureport-declaration-only.xml").read_bytes()
    assert documents.read(content).kind == "empty"


@pytest.mark.parametrize("name", [name for folder in ANSWERS.iterdir() for name in names(folder.name)])
def test_no_reader_falls_over_any_answer(name: str) -> None:
    for reader in (wire.services, wire.definition, wire.requests, wire.receipts, wire.errors, wire.discovery):
        reader(tree(name))


def test_lists_that_php_wrote_as_objects_are_lists() -> None:
    rows = {
        "0": {"service_code": "1", "service_name": "Pothole"},
        "2": {"service_code": "3", "service_name": "Lamp"},
    }
    assert [service.service_code for service in wire.services(rows)] == ["1", "3"]
    values = {"0": {"key": "a", "name": "A"}, "3": {"key": "b", "name": "B"}}
    tree = {
        "service_code": "1",
        "attributes": {"1": {"code": "C", "datatype": "singlevaluelist", "values": values}},
    }
    [attribute] = wire.definition(tree)
    assert [value.key for value in attribute.values] == ["a", "b"]
    assert [
        r.service_request_id for r in wire.requests({"service_requests": {"5": {"service_request_id": 7}}})
    ] == ["7"]
