"""What public conformance suites ask of a server, as facts about ours.

The rules are those of SeeClickFix's open311-validator (tests/discovery.rb, tests/services.rb) and of the
Chicago scenario in ryanbriones/open311-api-tests (features/api_post_request.feature); both are Ruby and read
XML into hashes, where one child alone is no list.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest


@pytest.fixture
def spoken(city: Any) -> tuple[Any, Any]:
    """The discovery document in both formats."""
    return city.json("/discovery.json"), city.xml("/discovery.xml")


def test_discovery_says_who_to_ask_in_both_formats(spoken: tuple[Any, Any]) -> None:
    written, xml = spoken
    for field in ("contact", "key_service"):
        assert written[field].strip() == (xml.findtext(field) or "").strip() != ""


def test_every_changeset_is_a_time_in_the_past(spoken: tuple[Any, Any]) -> None:
    written, xml = spoken
    changesets = [element.text for element in xml.iter("changeset")]
    changesets += [written["changeset"], *(endpoint["changeset"] for endpoint in written["endpoints"])]
    for changeset in changesets:
        assert datetime.fromisoformat(changeset or "") < datetime.fromtimestamp(time.time(), UTC)


def test_endpoints_and_formats_are_several_so_that_a_ruby_hash_makes_a_list_of_them(
    spoken: tuple[Any, Any],
) -> None:
    _, xml = spoken
    assert len(xml.findall("endpoints/endpoint")) > 1
    assert all(len(formats) > 1 for formats in xml.iter("formats"))


def test_every_endpoint_says_what_and_where_it_is(spoken: tuple[Any, Any]) -> None:
    written, xml = spoken
    for field in ("specification", "url", "changeset", "type"):
        assert all(endpoint[field] for endpoint in written["endpoints"])
        assert all(endpoint.findtext(field) for endpoint in xml.iter("endpoint"))


def test_every_v2_endpoint_offers_xml(spoken: tuple[Any, Any]) -> None:
    written, _ = spoken
    offered = [e["formats"] for e in written["endpoints"] if e["specification"].endswith("_v2")]
    assert offered
    assert all("text/xml" in formats for formats in offered)


def test_every_format_of_every_endpoint_lists_services_with_codes(city: Any, spoken: tuple[Any, Any]) -> None:
    written, _ = spoken
    for endpoint in written["endpoints"]:
        rows = city.http.get(f"{endpoint['url']}/services.json", params={"jurisdiction_id": ""}).json()
        assert rows
        assert all(row["service_code"] for row in rows)
        xml = city.http.get(f"{endpoint['url']}/services.xml", params={"jurisdiction_id": ""}).text
        assert xml.count("<service_code>") == len(rows)


def test_every_service_with_metadata_has_a_definition(city: Any) -> None:
    for service in city.json("/services.json"):
        if service["metadata"]:
            assert city.json(f"/services/{service['service_code']}.json")["attributes"]


def test_a_request_by_token_is_found_with_its_service_code(city: Any) -> None:
    answer = city.post(service_code="002", address_string=None, description=None, **{"attribute[FQSKA3]": "BLU"})
    token = answer.json()[0]["token"]
    number = city.json(f"/tokens/{token}.json")[0]["service_request_id"]
    assert city.json(f"/requests/{number}.json")[0]["service_code"] == "002"


def test_a_request_by_address_alone_with_the_validators_fields_is_taken(city: Any) -> None:
    answer = city.post(
        lat=None, long=None, address_string="12 Main St", email="foo@bar.example", jurisdiction_id=""
    )
    assert answer.json()[0]["service_request_id"]


def test_the_example_of_the_specification_is_taken(city: Any) -> None:
    body = (
        "api_key=a-key-for-tests&jurisdiction_id=city.gov&service_code=001&lat=37.76524078&long=-122.4212043"
        "&address_string=1234+5th+street&email=smit333%40sfgov.edu&device_id=tt222111&account_id=123456"
        "&first_name=john&last_name=smith&phone=111111111&description=A+large+sinkhole"
        "&media_url=http%3A%2F%2Ffarm3.example%2F2212426634_5ed477a060.jpg"
        "&attribute[WHISPAWN]=123456&attribute[WHISDORN]=COISL001"
    )
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    answer = city.http.post("/requests.xml", content=body, headers=headers)
    assert "<service_request_id>10001</service_request_id>" in answer.text
    assert city.xml("/requests/10001.xml").findtext("request/lat") == "37.76524078"
