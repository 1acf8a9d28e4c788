"""A wrong services or definitions file stops the city with a line that names what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.city.catalog import load
from bridge.errors import SettingsError

GOOD = {"service_code": "1", "service_name": "One"}
QUESTION = {"code": "Q", "datatype": "string"}


def written(folder: Path, name: str, value: Any) -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


@pytest.mark.parametrize(
    ("services", "words"),
    [
        ("not json", "not readable as JSON"),
        ({}, "expected a list of services"),
        ([], "expected a list of services"),
        (["x"], "service 1: service_code is missing"),
        ([GOOD, {"service_code": "2"}], "service 2: service_name is missing"),
        ([GOOD | {"service_code": True}], "service 1: service_code is missing or no text"),
        ([GOOD | {"attributes": [{}]}], "service 1: attribute 1: code is missing"),
        ([GOOD, GOOD], "service_code '1' is given twice"),
        ([GOOD | {"type": "slow"}], "type 'slow' is none of"),
        ([GOOD | {"expected_hours": "soon"}], "expected_hours is no number"),
    ],
)
def test_a_wrong_service_list(tmp_path: Path, services: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load(written(tmp_path, "services.json", services), None)


@pytest.mark.parametrize(
    ("definitions", "words"),
    [
        ("", "not readable as JSON"),
        (3, "expected a list of definitions"),
        ({"9": {"attributes": []}}, "no service has the code '9'"),
        ({"1": {}}, "1: attributes is missing"),
        ({"1": {"attributes": [{"code": "Q"}]}}, "attribute 1: datatype is missing"),
        ({"1": {"attributes": [QUESTION | {"datatype": "date"}]}}, "datatype 'date' is none of"),
        ({"1": {"attributes": [QUESTION, QUESTION]}}, "attribute code 'Q' is given twice"),
        ({"1": {"attributes": [QUESTION | {"datatype": "multivaluelist"}]}}, "needs values"),
        ({"1": {"attributes": [QUESTION | {"required": "yes"}]}}, "required is neither true nor false"),
        ({"1": {"attributes": [QUESTION | {"order": "first"}]}}, "order is no positive whole number"),
    ],
)
def test_a_wrong_definition(tmp_path: Path, definitions: Any, words: str) -> None:
    services = written(tmp_path, "services.json", [GOOD])
    with pytest.raises(SettingsError, match=words):
        load(services, written(tmp_path, "definitions.json", definitions))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.json"):
        load(tmp_path / "nowhere.json", None)


def test_definitions_may_be_a_list(tmp_path: Path) -> None:
    services = written(tmp_path, "services.json", [GOOD])
    listed = written(tmp_path, "d.json", [{"service_code": "1", "attributes": [QUESTION]}])
    assert [question.code for question in load(services, listed).definition("1")] == ["Q"]


def test_a_service_may_carry_its_questions(tmp_path: Path) -> None:
    catalog = load(written(tmp_path, "services.json", [GOOD | {"attributes": [QUESTION]}]), None)
    assert [question.code for question in catalog.definition("1")] == ["Q"]
    assert catalog.services["1"].metadata


def test_a_code_may_be_printed_as_a_number(tmp_path: Path) -> None:
    assert list(load(written(tmp_path, "s.json", [GOOD | {"service_code": 33}]), None).services) == ["33"]


def test_questions_come_in_their_order(tmp_path: Path) -> None:
    services = written(tmp_path, "services.json", [GOOD])
    rows = [QUESTION | {"order": 2}, QUESTION | {"code": "A", "order": 1}]
    definitions = written(tmp_path, "d.json", {"1": {"attributes": rows}})
    assert [question.code for question in load(services, definitions).definition("1")] == ["A", "Q"]


def test_the_demo_city_is_a_good_one() -> None:
    demo = Path(__file__).parents[2] / "config" / "demo"
    catalog = load(demo / "services.json", demo / "definitions.json")
    assert {service.type for service in catalog.services.values()} >= {"realtime"}
