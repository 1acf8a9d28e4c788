"""Services, definitions and discovery as clients read them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def test_services_in_json(city: Any) -> None:
    assert city.json("/services.json")[1] == {
        "service_code": "002",
        "service_name": "Abandoned car",
        "description": "",
        "metadata": False,
        "type": "batch",
        "keywords": "wreck, parked",
        "group": "",
    }


def test_services_in_xml_say_the_same(city: Any) -> None:
    spoken = [
        {child.tag: child.text or "" for child in service} for service in city.xml("/services.xml").iter("service")
    ]
    written = [
        {key: str(value).lower() if isinstance(value, bool) else value for key, value in service.items()}
        for service in city.json("/services.json")
    ]
    assert spoken == written


def test_metadata_is_true_where_there_is_a_definition(city: Any) -> None:
    metadata = {row["service_code"]: row["metadata"] for row in city.json("/services.json")}
    assert metadata == {"001": False, "002": False, "003": False, "004": True}


def test_a_definition_in_json(city: Any) -> None:
    definition = city.json("/services/004.json")
    assert definition["service_code"] == "004"
    assert definition["attributes"][5] == {
        "variable": True,
        "code": "STATE",
        "datatype": "singlevaluelist",
        "required": False,
        "order": 6,
        "description": "What is wrong?",
        "values": [{"key": "OUT", "name": "Out"}, {"key": "DAY", "name": "On by day"}],
    }


def test_a_definition_in_xml(city: Any) -> None:
    definition = city.xml("/services/004.xml")
    assert definition.tag == "service_definition"
    assert [code.text for code in definition.iterfind("attributes/attribute/code")] == [
        "INFO", "POLE", "COUNT", "SINCE", "MORE", "STATE", "SEEN",
    ]  # fmt: skip
    assert [key.text for key in definition.iterfind("attributes/attribute/values/value/key")] == [
        "OUT", "DAY", "W", "G",
    ]  # fmt: skip


def test_a_text_to_show_is_no_question(city: Any) -> None:
    shown = city.json("/services/004.json")["attributes"][0]
    assert (shown["variable"], shown["required"]) == (False, False)


def test_a_service_without_questions_has_an_empty_definition(city: Any) -> None:
    assert city.json("/services/001.json") == {"service_code": "001", "attributes": []}


def test_discovery_names_the_address_it_was_asked_at(run_city: Any) -> None:
    with run_city(mounted=True) as city:
        endpoints = city.json("/discovery.json")["endpoints"]
        assert {endpoint["url"] for endpoint in endpoints} == {str(city.http.base_url).rstrip("/")}
        assert endpoints[0]["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert endpoints[0]["formats"] == ["text/xml", "application/json"]


def test_discovery_names_the_public_address_that_was_set(run_city: Any) -> None:
    with run_city(public_url="https://city.example/open311/v2/") as city:
        url = city.xml("/discovery.xml").findtext("endpoints/endpoint/url")
        assert url == "https://city.example/open311/v2"


def test_a_changed_file_is_read_again_and_moves_the_changeset(city: Any, tmp_path: Path) -> None:
    before = city.json("/discovery.json")["changeset"]
    services = city.json("/services.json")
    services.append({"service_code": "005", "service_name": "Fallen tree"})
    replace(tmp_path / "services.json", json.dumps(services))
    assert city.json("/services.json")[-1]["service_name"] == "Fallen tree"
    assert city.json("/discovery.json")["changeset"] > before


def test_a_change_that_is_wrong_leaves_the_last_good_list(city: Any, tmp_path: Path) -> None:
    replace(tmp_path / "services.json", "[")
    assert len(city.json("/services.json")) == 4


def replace(path: Path, text: str) -> None:
    """Writes the file anew, two seconds later by its clock."""
    later = path.stat().st_mtime_ns + 2_000_000_000
    path.write_text(text)
    os.utime(path, ns=(later, later))
