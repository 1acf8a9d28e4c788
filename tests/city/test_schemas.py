"""Every answer keeps to the schemas beside this file, written from the wording of the specification, and
the XML of an answer says what its JSON says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

SCHEMAS = Path(__file__).parent / "schemas"
PUBLIC = os.environ.get("GEOREPORT_SCHEMAS", "")  # the folder schema/georeport-v2 of open311/schema-validation
LISTS = {
    "services",
    "attributes",
    "values",
    "service_requests",
    "service_request_updates",
    "notes",
    "media_urls",
    "errors",
    "endpoints",
    "formats",
}


def violations(schema: str, value: Any) -> list[str]:
    loaded = json.loads((SCHEMAS / f"{schema}.json").read_text())
    validator = Draft202012Validator(loaded, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def public_violations(name: str, value: Any) -> list[str]:
    """Against a schema of the public project; `name#definition` is a definition of its Swagger file."""
    file, _, definition = name.partition("#")
    loaded = json.loads((Path(PUBLIC) / file).read_text(encoding="utf-8"))
    schema = {**loaded, "$ref": f"#/definitions/{definition}"} if definition else loaded
    validator = Draft7Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def spoken(element: Element) -> Any:
    """An XML answer by the Spark convention: containers are lists, empty elements null, all else text."""
    if element.tag in LISTS:
        return [spoken(child) for child in element]
    if len(element):
        return {child.tag: spoken(child) for child in element}
    return element.text


def as_text(value: Any) -> Any:
    """An answer as both formats say it: no types, and no difference between empty and left out."""
    if isinstance(value, dict):
        return {key: text for key, child in value.items() if (text := as_text(child)) is not None}
    if isinstance(value, list):
        return [as_text(child) for child in value]
    if isinstance(value, bool):
        return str(value).lower()
    return None if value in (None, "") else str(value)


@pytest.fixture
def busy(city: Any) -> Any:
    """A city with requests of every kind and something happening to them."""
    lamp = {"service_code": "004", "attribute[POLE]": "7"}
    number = city.file(**lamp, media_url="https://photos.example/a b.jpg", address_string="1 A <St> & B")
    city.file(lat=None, long=None, address_id="77", description="")
    city.file(description="é🕳 \x0b\x00 ]]> <script>")
    city.post(service_code="002")
    city.post(service_code="003")
    city.desk.change_status(number, "in_progress", "Crew <1> & Co.")
    city.desk.change_status(number, "fixed")
    return city


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/discovery", "discovery"),
        ("/services", "services"),
        ("/services/001", "service_definition"),
        ("/services/004", "service_definition"),
        ("/requests", "service_requests"),
        ("/requests/10001", "service_requests"),
        ("/servicerequestupdates", "service_request_updates"),
    ],
)
def test_an_answer_keeps_to_its_schema_and_is_the_same_in_xml(busy: Any, path: str, schema: str) -> None:
    answer = busy.json(f"{path}.json")
    assert violations(schema, answer) == []
    assert as_text(spoken(busy.xml(f"{path}.xml"))) == as_text(answer)


def test_an_answer_with_extensions_keeps_to_its_schema(busy: Any) -> None:
    answer = busy.json("/requests.json", extensions="true")
    assert violations("service_requests_extended", answer) == []
    assert as_text(spoken(busy.xml("/requests.xml", extensions="true"))) == as_text(answer)


@pytest.mark.parametrize("service", ["001", "002", "003"])
def test_a_receipt_keeps_to_its_schema(city: Any, service: str) -> None:
    assert violations("receipt", city.post(service_code=service, account_id="a").json()) == []


@pytest.mark.parametrize("delay", [0, 60])
def test_a_token_answer_keeps_to_its_schema(run_city: Any, delay: int) -> None:
    with run_city(batch_delay_s=delay) as city:
        [receipt] = city.post(service_code="002").json()
        assert violations("token", city.json(f"/tokens/{receipt['token']}.json")) == []


@pytest.mark.parametrize(
    "path", ["/services/999.json", "/requests/999.json", "/requests.json?status=x", "/nowhere.json"]
)
def test_an_error_keeps_to_its_schema(city: Any, path: str) -> None:
    assert violations("errors", city.http.get(path).json()) == []


def test_a_refused_post_keeps_to_the_schema_of_errors(city: Any) -> None:
    assert violations("errors", city.post(service_code="004", lat="x").json()) == []


@pytest.mark.skipif(not PUBLIC, reason="GEOREPORT_SCHEMAS names no folder of public schemas")
def test_no_answer_violates_the_public_schemas(busy: Any) -> None:
    rows = busy.json("/requests.json")
    assert rows
    for row in rows:
        assert public_violations("request.json", row) + public_violations("swagger.json#Request", row) == []
    for service in busy.json("/services.json"):
        assert (
            public_violations("service.json", service) + public_violations("swagger.json#Service", service) == []
        )
        definition = busy.json(f"/services/{service['service_code']}.json")
        assert public_violations("service-definition.json", definition) == []
        assert public_violations("swagger.json#ServiceDefinition", definition) == []
    for code in ("001", "002", "003"):
        [receipt] = busy.post(service_code=code, account_id="a").json()
        assert public_violations("swagger.json#RequestResponse", receipt) == []
