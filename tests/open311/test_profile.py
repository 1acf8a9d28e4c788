"""A profile is a short TOML file: known switches, each with a reason, and a clear line for anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.open311.profile import Profile, load, reasons
from bridge.open311.profile_toml import explained, suggested

CITIES = Path(__file__).parents[2] / "config" / "cities"


def test_an_endpoint_is_enough() -> None:
    assert load('endpoint = "https://city.test/open311/v2/"').endpoint == "https://city.test/open311/v2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "endpoint: Field required"),
        ('endpoint = "city.test"', "endpoint: .*http"),
        ('endpoint = "https://user:secret@city.test"', "endpoint: .*no query, fragment or password"),
        ('endpoint = "https://c.test"\nmulti_value = "repeat"', "multi_value: unknown key"),
        ('endpoint = "https://c.test"\nmulti_values = "twice"', "multi_values: "),
        ('endpoint = "https://c.test"\ntime_zone = "Mars/North"', "time_zone: .*Mars/North"),
        ('endpoint = "https://c.test"\nmarker_line = "Ref"', r"marker_line must hold \{reference\}"),
        ('endpoint = "https://c.test"\nsend_coordinates = false\nsend_address = false', "one of send_coordinates"),
        ("endpoint = ", "city profile"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        load(text)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_every_switch_has_a_reason() -> None:
    assert [name for name, reason in reasons().items() if len(reason) < 15] == []


ODD = Profile(
    endpoint="https://city.test",
    formats=("xml",),
    required=("email",),
    fallback={"email": 'a "quoted" name'},
    status_words={"Erledigt – ja": "closed"},
    marker_line="Nº {reference}\t",
    read_seconds=2.5,
)


def test_a_profile_survives_its_toml() -> None:
    assert load(suggested(ODD)) == load(explained(ODD)) == ODD


def test_a_suggestion_holds_only_what_differs() -> None:
    assert suggested(Profile(endpoint="https://city.test")) == 'endpoint = "https://city.test"\n'


@pytest.mark.parametrize("path", sorted(CITIES.glob("*.toml")), ids=lambda path: path.name)
def test_the_example_profiles_are_right(path: Path) -> None:
    load(path.read_text(encoding="utf-8"))


def test_the_example_explains_every_switch_there_is() -> None:
    text = (CITIES / "every-switch.toml").read_text(encoding="utf-8")
    assert text == explained(load(text))
