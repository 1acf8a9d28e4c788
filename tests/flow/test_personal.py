"""What is personal is masked in the public description; only the resident's own becomes contact."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.flow.personal import Personal, about_vehicles, find, masked, own_contact, published
from bridge.vocabulary import Service

SET = Path(__file__).parents[1] / "classifiers" / "sets" / "personal.jsonl"
ROWS = [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]
POTHOLE = Service("1", "Pothole")
PARKING = Service("2", "Illegal parking")


def covered(text: str, start: int, end: int, found: tuple[Personal, ...]) -> bool:
    return all(any(one.start <= at < one.end for one in found) for at in range(start, end) if text[at] != " ")


def test_recall_on_the_written_set():
    truths = [(row["text"], start, end) for row in ROWS for start, end, _ in row["masks"]]
    hits = [covered(text, start, end, find(text)) for text, start, end in truths]
    assert sum(hits) / len(hits) >= 0.95


def test_false_masks_on_the_written_set():
    false = [
        row["text"]
        for row in ROWS
        for one in find(row["text"])
        if not any(one.start < end and start < one.end for start, end, _ in row["masks"])
    ]
    assert len(false) / len(ROWS) <= 0.01, false


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("pothole, call me at 412-555-0143", "pothole, call me at [phone]"),
        ("my name is Ana Ruiz and the light is out", "my name is [name] and the light is out"),
        ("me llamo pedro y hay un bache", "me llamo [name] y hay un bache"),
        ("write to a.b@example.org", "write to [email]"),
        ("write to ana . ruiz", "write to ana . ruiz"),
        ("my mail is ana @ example . org", "my mail is [email]"),
        ("mi correo es ana arroba example punto com", "mi correo es [email]"),
        ("noted @9.46pm", "noted @9.46pm"),
        ("call (412) 555 - 0143", "call [phone]"),
        ("my cell is four one two 555 0143", "my cell is [phone]"),
        ("the janitor is Milo Brandt", "the janitor is [name]"),
        ("i rent from Ana Ruiz and Bela Stone", "i rent from [name] and [name]"),
        ("pregunte por Ana", "pregunte por [name]"),
        ("Rosa Parks Ave has a pothole", "Rosa Parks Ave has a pothole"),
        ("pole number 4125550143 is dark", "pole number 4125550143 is dark"),
        ("my name doesnt matter, fix it", "my name doesnt matter, fix it"),
    ],
)
def test_masks(text: str, public: str):
    assert published(text, POTHOLE)[0] == public


def test_a_plate_stays_for_a_service_about_vehicles_alone():
    text = "red car with plate ABC 1234 blocks my drive"
    assert published(text, PARKING)[0] == text
    assert published(text, POTHOLE)[0] == "red car with plate [plate] blocks my drive"


def test_the_residents_own_becomes_contact():
    text = "my name is Ana Ruiz, call me at 412-555-0143"
    assert published(text, POTHOLE)[1] == {"first_name": "Ana", "last_name": "Ruiz", "phone": "412-555-0143"}


@pytest.mark.parametrize(
    "text",
    [
        "the landlord is Ana Ruiz, his number is 412-555-0143",
        "call my neighbor at 412-555-0143",
        "no trash pickup, 412-555-0143",
        "el dueño se llama Pedro Paz, 412-555-0143",
    ],
)
def test_nobody_elses_becomes_contact(text: str):
    assert published(text, POTHOLE)[1] == {}


@given(st.text(max_size=300))
def test_any_text_is_masked_once_and_for_all(text: str):
    found = find(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert masked(text, ()) == text
    assert set(own_contact(text, found)) <= {"first_name", "last_name", "email", "phone"}


@pytest.mark.parametrize(("name", "is_so"), [("Abandoned Vehicle", True), ("Sidewalk", False), ("Parking", True)])
def test_services_about_vehicles(name: str, is_so: bool):
    assert about_vehicles(Service("1", name)) is is_so
