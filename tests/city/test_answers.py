"""XML and JSON writing, for any text anyone may send."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from bridge.city.answers import clean, to_json, to_xml, when
from bridge.city.forms import form_of
from bridge.city.moments import moment

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "description": st.none() | ANY_TEXT,
            "metadata": st.booleans(),
            "lat": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "order": st.integers(),
        }
    ),
    max_size=4,
)


@given(ROWS)
def test_any_rows_read_back_from_xml(rows: list[dict[str, Any]]) -> None:
    read = [{child.tag: child.text for child in row} for row in fromstring(to_xml("service_requests", rows))]
    assert read == [
        {
            "description": clean(row["description"] or "") or None,
            "metadata": str(row["metadata"]).lower(),
            "lat": None if row["lat"] is None else str(row["lat"]),
            "order": str(row["order"]),
        }
        for row in rows
    ]


@given(ROWS)
def test_any_rows_read_back_from_json(rows: list[dict[str, Any]]) -> None:
    cleaned = [row | {"description": row["description"] and clean(row["description"])} for row in rows]
    assert json.loads(to_json(rows)) == cleaned


@given(ANY_TEXT)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_cleaning_leaves_no_control_characters(text: str) -> None:
    assert not [c for c in clean(text) if ord(c) < 32 and c not in "\t\n"]


@given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn")), max_size=60))
def test_cleaning_keeps_every_other_character(text: str) -> None:
    assert clean(text) == text


def test_elements_of_text_are_text() -> None:
    written = to_xml("service_requests", [{"description": "</description><script>&amp;"}])
    assert b"<description>&lt;/description&gt;&lt;script&gt;&amp;amp;</description>" in written


def test_an_empty_list_is_an_empty_container() -> None:
    assert to_xml("service_requests", []).endswith(b"\n<service_requests/>")
    assert to_json([]) == b"[]"


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_reads_back_as_it_was_printed(at: Any) -> None:
    printed = when(at)
    assert printed is not None
    assert moment(printed) == at.astimezone(UTC).replace(microsecond=0)


@given(ANY_TEXT)
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert moment(text).tzinfo is UTC


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=6))
def test_any_pairs_make_a_form_of_non_empty_clean_values(pairs: list[tuple[str, str]]) -> None:
    form = form_of(pairs)
    values = [value for kept in (form.fields, form.attributes) for several in kept.values() for value in several]
    assert all(value == clean(value).strip() != "" for value in values)
