"""Emergencies are heard however they are misspelt, and nothing else is taken for one."""

import json
from pathlib import Path

import pytest

from bridge.flow.alarms import Alarms, load
from config.settings import EMERGENCY

SETS = Path(__file__).parents[1] / "classifiers" / "sets"
HEARD = 0.96  # of the written sets; to reach: 0.98 (docs/numbers-services.md)


@pytest.fixture(scope="module")
def rules() -> Alarms:
    return load(sorted(EMERGENCY.glob("*.toml")))


@pytest.mark.parametrize("language", ["en", "es"])
def test_misspelt_emergencies_are_heard(language: str, rules: Alarms):
    lines = (SETS / f"emergency.{language}.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert sum(rules(text) is not None for text in texts) / len(texts) >= HEARD


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("im going to kill myself tonight", "self_harm"),
        ("me estoy cortando y no puedo parar", "self_harm"),
        ("i smell gas in the hallway", "danger"),
        ("huele a gas en el pasillo", "danger"),
        ("power line down and sparking in the road", "danger"),
        ("a dog is attacking a child", "danger"),
    ],
)
def test_what_must_never_be_missed(text: str, kind: str, rules: Alarms):
    alarm = rules(text)
    assert alarm is not None
    assert alarm.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "not an emergency but the light is out on our corner",
        "someone is going to get killed at this intersection",
        "fire hydrant leaking on 6th",
        "no es emergencia pero la luz no prende",
        "dead dog on the road",
        "internet cable hanging low over my yard",
    ],
)
def test_what_is_no_emergency(text: str, rules: Alarms):
    assert rules(text) is None
