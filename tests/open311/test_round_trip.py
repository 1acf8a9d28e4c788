"""What is written as JSON or XML is read back as the same value, and any bytes at all are read without a fall."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.open311 import documents, wire, writing
from bridge.open311.documents import Format
from bridge.vocabulary import Attribute, Discovery, Receipt, Service, ServiceRequest, Value

quick = settings(max_examples=40)
FORMATS: tuple[Format, ...] = ("json", "xml")

lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=40).map(
    lambda s: " ".join(s.split())
)
names = lines.filter(bool)
words = lines.filter(lambda word: bool(word) and "," not in word)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
degrees = st.floats(-180, 180).map(lambda value: round(value, 6))

services = st.builds(
    Service,
    service_code=names,
    service_name=lines,
    description=lines,
    metadata=st.booleans(),
    type=st.sampled_from(["realtime", "batch", "blackbox"]),
    keywords=st.lists(words, max_size=4, unique=True).map(tuple),
    group=lines,
)
values = st.builds(Value, key=names, name=names)
attributes = st.builds(
    Attribute,
    code=names,
    datatype=st.sampled_from(["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]),
    description=lines,
    required=st.booleans(),
    variable=st.booleans(),
    datatype_description=lines,
    values=st.lists(values, max_size=3).map(tuple),
)
requests = st.builds(
    ServiceRequest,
    service_request_id=names,
    status=st.just("open"),
    raw_status=st.sampled_from(["open", "Investigating", "in progress"]),
    status_notes=lines,
    service_name=lines,
    service_code=lines,
    description=lines,
    agency_responsible=lines,
    service_notice=lines,
    requested_datetime=st.none() | moments,
    updated_datetime=st.none() | moments,
    expected_datetime=st.none() | moments,
    address=lines,
    address_id=lines,
    zipcode=lines,
    lat=st.none() | degrees,
    long=st.none() | degrees,
    media_url=lines,
    token=lines,
)
receipts = st.one_of(
    st.builds(Receipt, service_request_id=names, service_notice=lines, account_id=lines),
    st.builds(Receipt, token=names, service_notice=lines, account_id=lines),
)
endpoints = st.fixed_dictionaries({"url": names, "changeset": names, "formats": st.lists(names, min_size=1)})
discoveries = st.builds(
    Discovery,
    changeset=names,
    contact=lines,
    key_service=lines,
    endpoints=st.lists(endpoints, max_size=2).map(tuple),
)


def tree(content: bytes) -> documents.Tree:
    return documents.read(content).tree


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(offered=st.lists(services, max_size=4, unique_by=lambda service: service.service_code))
def test_services(format: Format, offered: list[Service]) -> None:
    assert wire.services(tree(writing.services(offered, format))) == tuple(offered)


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(asked=st.lists(attributes, max_size=4))
def test_definitions(format: Format, asked: list[Attribute]) -> None:
    ordered = tuple(replace(attribute, order=order) for order, attribute in enumerate(asked, start=1))
    assert wire.definition(tree(writing.definition("4", ordered, format))) == ordered


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(rows=st.lists(requests, max_size=4))
def test_requests(format: Format, rows: list[ServiceRequest]) -> None:
    assert wire.requests(tree(writing.requests(rows, format))) == tuple(rows)


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(given_out=st.lists(receipts, max_size=4))
def test_receipts(format: Format, given_out: list[Receipt]) -> None:
    assert [receipt for receipt, _ in wire.receipts(tree(writing.receipts(given_out, format)))] == given_out


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(rows=st.lists(st.builds(wire.ErrorRow, code=lines, description=names), max_size=4))
def test_errors(format: Format, rows: list[wire.ErrorRow]) -> None:
    assert wire.errors(tree(writing.errors(rows, format))) == tuple(rows)


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(told=discoveries)
def test_discovery(format: Format, told: Discovery) -> None:
    assert wire.discovery(tree(writing.discovery(told, format))) == told


@quick
@given(rows=st.lists(requests, max_size=3))
def test_a_row_read_from_json_survives_a_detour_through_xml(rows: list[ServiceRequest]) -> None:
    once = wire.requests(tree(writing.requests(rows, "json")))
    assert wire.requests(tree(writing.requests(once, "xml"))) == once


READERS = [wire.services, wire.definition, wire.requests, wire.receipts, wire.errors, wire.discovery]
KEYS = [
    *("services", "service_requests", "request", "service_code", "service_request_id", "attributes", "values"),
    *("errors", "description", "token", "endpoints", "status", "lat", "media_url", "requested_datetime"),
]
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@quick
@given(anything=trees)
def test_any_tree_is_read_without_a_fall(anything: documents.Tree) -> None:
    for reader in READERS:
        reader(anything)


@quick
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_document(content: bytes) -> None:
    assert documents.read(content).kind in ("json", "xml", "html", "text", "empty")
