"""Emergencies are heard however they are misspelt, and nothing else is taken for one."""

import json
from pathlib import Path

import pytest

from bridge.flow.alarms import Alarms, Rule, load
from config.settings import EMERGENCY

FILES = sorted(EMERGENCY.glob("*.toml"))
SETS = Path(__file__).parents[1] / "classifiers" / "sets"
HEARD = 0.98  # of the written sets
MISTAKEN = 0.03  # of the everyday texts that were written to come near an emergency
RULES = load(FILES)
EVERY_RULE = [
    pytest.param(rule, id=f"{spoken.code} {rule.name}") for spoken in RULES.languages for rule in spoken.rules
]


@pytest.fixture(scope="module")
def rules() -> Alarms:
    return RULES


def texts(name: str) -> list[str]:
    lines = (SETS / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


@pytest.mark.parametrize("language", ["en", "es"])
def test_misspelt_emergencies_are_heard(language: str, rules: Alarms):
    written = texts(f"emergency.{language}.jsonl")
    assert sum(rules(text) is not None for text in written) / len(written) >= HEARD


@pytest.mark.parametrize("language", ["en", "es"])
def test_everyday_texts_that_come_near_are_not(language: str, rules: Alarms):
    written = texts(f"no_emergency.{language}.jsonl")
    assert sum(rules(text) is not None for text in written) / len(written) <= MISTAKEN


@pytest.mark.parametrize("rule", EVERY_RULE)
def test_a_rule_hears_its_examples(rule: Rule, rules: Alarms):
    assert len(rule.heard) >= 2, "a rule carries examples"
    assert [text for text in rule.heard if (alarm := rules(text)) is None or alarm.kind != rule.kind] == []


@pytest.mark.parametrize("rule", EVERY_RULE)
def test_a_rule_is_silent_where_it_says_so(rule: Rule, rules: Alarms):
    assert rule.unheard, "a rule carries examples"
    assert [text for text in rule.unheard if rules(text)] == []


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
        "Im Park liegt Müll, und die Laterne ist kaputt",
        "Le lampadaire ne marche plus devant chez moi",
        "🙂",
        "",
    ],
)
def test_what_is_no_emergency(text: str, rules: Alarms):
    assert rules(text) is None


@pytest.mark.parametrize(
    ("calm", "alarming"),
    [
        ("someone could get hurt on this ladder", "someone is hurt on this ladder"),
        ("the house was on fire last week", "the house is on fire"),
        ("there is no smoke coming from the roof", "there is smoke coming from the roof"),
        ("podria caer un cable de luz en la calle", "cayo un cable de luz en la calle"),
        ("la semana pasada se quemo una casa", "se quema una casa"),
    ],
)
def test_what_may_be_is_over_or_is_denied_is_no_alarm(calm: str, alarming: str, rules: Alarms):
    assert rules(calm) is None
    assert rules(alarming) is not None


@pytest.mark.parametrize(
    "text",
    [
        "gasleak in the basement",
        "smthng is burnng",
        "ther is smok in the hallwy",
        "uele a gaz",
        "insendio en la casa",
    ],
)
def test_words_run_together_or_shortened_or_spelt_by_ear_are_read(text: str, rules: Alarms):
    assert rules(text) is not None


def test_a_name_and_an_everyday_word_are_no_slip(rules: Alarms):
    assert rules("the sign at Smoak Street and Gunn Ave is faded") is None
    assert rules("the tire and the wire fence were left there") is None


@pytest.mark.parametrize(
    "text", ["parkin on dry grass", "branches fall on my wifes car", "shoppin trolley by the road"]
)
def test_a_word_without_its_last_letter_is_that_word(text: str, rules: Alarms):
    assert rules(text) is None


def test_a_long_report_alarms_only_in_one_sentence(rules: Alarms):
    report = "The bench by the pond has lost two boards and its paint is gone. " * 3
    assert rules(report + "A man told me so. The knife sharpener was there.") is None
    assert rules(report + "A man is bleeding badly here.") is not None


def test_a_city_adds_words_and_rules_to_those_of_a_language(tmp_path: Path, rules: Alarms):
    (tmp_path / "en.toml").write_text(
        """
[words]
place = ["boathouse"]

[[rule]]
name = "dam"
kind = "danger"
phrases = ["{place} dam_is_breaking"]
""",
        encoding="utf-8",
    )
    extended = load([*FILES, tmp_path / "en.toml"])
    assert rules("the boathouse is burning") is None
    assert extended("the boathouse is burning") is not None
    assert extended("the dam is breking at the boathouse") is not None
