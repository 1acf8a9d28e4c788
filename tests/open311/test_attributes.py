"""Every answer is checked by its datatype before it is sent, and put the way the city reads it."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.open311.attributes import Fault, asked, check, filled, lists
from bridge.vocabulary import Attribute, Value

STATES = (Value("1", "Out"), Value("2", "On by day"))
NUMBER = Attribute("COUNT", "number")
SINCE = Attribute("SINCE", "datetime")
LINE = Attribute("POLE", "string", required=True)
TEXT = Attribute("MORE", "text")
ONE = Attribute("STATE", "singlevaluelist", values=STATES)
SEVERAL = Attribute("SEEN", "multivaluelist", values=STATES)
SHOWN = Attribute("INFO", "text", variable=False, required=True)
HIDDEN = Attribute("USRN", "string", required=True, raw={"automated": "hidden_field"})


@pytest.mark.parametrize(
    ("attribute", "answer", "sent"),
    [
        (NUMBER, "12", "12"),
        (NUMBER, " -3.5 ", "-3.5"),
        (NUMBER, "2,5", "2.5"),
        (SINCE, "2026-01-31T09:05:00Z", "2026-01-31T09:05:00Z"),
        (SINCE, "2026-01-31 09:05", "2026-01-31T14:05:00Z"),
        (SINCE, "2026-01-31", "2026-01-31T05:00:00Z"),
        (LINE, "17 b", "17 b"),
        (TEXT, "one\ntwo", "one\ntwo"),
        (ONE, "1", "1"),
        (ONE, "out", "1"),
        (ONE, "ON BY DAY", "2"),
        (Attribute("FREE", "singlevaluelist"), "anything", "anything"),
    ],
)
def test_an_answer_is_put_as_it_is_sent(attribute: Attribute, answer: str, sent: str) -> None:
    checked = check([attribute], {attribute.code: (answer,)}, ZoneInfo("America/New_York"))
    assert (checked.values, checked.faults) == ({attribute.code: (sent,)}, ())


@pytest.mark.parametrize(
    ("attribute", "answers", "why"),
    [
        (NUMBER, ("a few",), "number"),
        (NUMBER, ("nan",), "number"),
        (NUMBER, ("1e999",), "number"),
        (NUMBER, ("1_000",), "number"),
        (SINCE, ("yesterday",), "datetime"),
        (SINCE, ("2026-02-31",), "datetime"),
        (LINE, (), "missing"),
        (LINE, (" ",), "missing"),
        (LINE, ("one\ntwo",), "one_line"),
        (ONE, ("broken",), "choice"),
        (ONE, ("1", "2"), "one_value"),
        (SEVERAL, ("1", "nonsense"), "choice"),
    ],
)
def test_an_answer_the_city_could_not_take_is_a_fault(
    attribute: Attribute, answers: tuple[str, ...], why: str
) -> None:
    checked = check([attribute], {attribute.code: answers})
    assert [fault.why for fault in checked.faults] == [why]
    assert attribute.code not in checked.values


def test_several_values_are_sent_each_once() -> None:
    assert check([SEVERAL], {"SEEN": ("2", "out", "1")}).values == {"SEEN": ("2", "1")}


def test_what_the_definition_does_not_ask_is_not_sent() -> None:
    assert check([NUMBER], {"COUNT": ("1",), "OLD": ("x",), "INFO": ("y",)}).values == {"COUNT": ("1",)}


def test_residents_are_asked_what_is_required_and_not_filled_by_machines() -> None:
    assert asked([NUMBER, LINE, SHOWN, HIDDEN]) == (LINE,)
    assert check([HIDDEN, SHOWN], {}).faults == ()


def test_only_multivaluelists_go_as_lists() -> None:
    assert lists([NUMBER, ONE, SEVERAL]) == {"SEEN"}


def test_a_fault_reads_as_a_sentence_for_staff() -> None:
    assert str(Fault("COUNT", "number", "a few")) == "COUNT: must be a number (a few)"


attributes = st.lists(st.sampled_from([NUMBER, SINCE, LINE, TEXT, ONE, SEVERAL]), unique_by=lambda a: a.code)
answers = st.dictionaries(
    st.sampled_from(["COUNT", "SINCE", "POLE", "MORE", "STATE", "SEEN", "?"]),
    st.lists(st.text(max_size=12) | st.sampled_from(["1", "Out", "2026-01-01"]), max_size=3),
)


@given(attributes=attributes, given_answers=answers)
def test_what_passed_passes_again_unchanged(
    attributes: list[Attribute], given_answers: dict[str, list[str]]
) -> None:
    once = check(attributes, given_answers, UTC).values
    again = check([a for a in attributes if a.code in once], once, UTC)
    assert (again.values, again.faults) == (once, ())


def test_what_no_resident_is_asked_is_filled_with_what_the_sender_knows() -> None:
    asked_of_machines = [
        Attribute(code, datatype, required=required, raw={"automated": "hidden_field"})
        for code, datatype, required in (
            ("fixmystreet_id", "string", True), ("easting", "number", True), ("title", "number", True),
            ("closest_address", "string", False),
        )
    ]  # fmt: skip
    questions = [*asked_of_machines, Attribute("description", "text", required=True)]
    known = {"fixmystreet_id": "K7QM2F9P", "title": "Pothole", "closest_address": "1 Oak St", "description": "x"}
    assert filled(questions, {"depth": ("3",)}, known) == {"fixmystreet_id": ("K7QM2F9P",), "depth": ("3",)}
