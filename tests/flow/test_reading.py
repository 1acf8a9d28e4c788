"""Every text is easy to read: for people in a hurry, on a small screen, in a second language."""

from __future__ import annotations

import re

import pytest

from bridge.flow import commands
from config.catalog import SLOT, load_catalog
from tests.flow.reading import fernandez_huerta, flesch_kincaid, syllables_en, syllables_es

CATALOG = load_catalog()
GRADE, EASE = 6, 70
# What residents are told to send, and what must understand it.
INVITED = {
    "STATUS": commands.is_status,
    "ESTADO": commands.is_status,
    "STOP": commands.is_stop,
    "ALTO": commands.is_stop,
    "HELP": commands.is_help,
    "HUMAN": commands.is_human,
    "PERSONA": commands.is_human,
    "ENGLISH": lambda word: commands.language_in(word) == "en",
    "ESPAÑOL": lambda word: commands.language_in(word) == "es",
    "AYUDA": commands.is_help,
    "START": commands.is_start,
    "EMPEZAR": commands.is_start,
    "REPORT": commands.is_report,
    "REPORTAR": commands.is_report,
    "UNDO": commands.is_undo,
    "DESHACER": commands.is_undo,
    "YES": commands.is_yes,
    "SÍ": commands.is_yes,
    "NO": commands.is_no,
    "SKIP": commands.is_skip,
    "SALTAR": commands.is_skip,
    "FORGET ME": commands.is_forget,
    "OLVÍDEME": commands.is_forget,
    "MY REPORTS": commands.is_reports,
    "MIS REPORTES": commands.is_reports,
}
TELL_HOW_TO_STOP = ("help", "programme")
TEXTS = [(language, id_) for language, texts in CATALOG.texts.items() for id_ in texts]


def _as_read(text: str) -> str:
    """What is filled in is a word of one syllable: a name, a number, a place."""
    return SLOT.sub("Oak", text)


@pytest.mark.parametrize("message_id", sorted(CATALOG.texts["en"]))
def test_an_english_text_is_of_grade_six_at_most(message_id: str) -> None:
    assert flesch_kincaid(_as_read(CATALOG.texts["en"][message_id])) <= GRADE


@pytest.mark.parametrize("message_id", sorted(CATALOG.texts["es"]))
def test_a_spanish_text_is_fairly_easy(message_id: str) -> None:
    assert fernandez_huerta(_as_read(CATALOG.texts["es"][message_id])) >= EASE


@pytest.mark.parametrize(("language", "message_id"), TEXTS)
def test_what_a_text_invites_is_understood(language: str, message_id: str) -> None:
    for word in _invited(CATALOG.texts[language][message_id]):
        assert INVITED[word](word), f"{word} does not do what {message_id} says"


@pytest.mark.parametrize(("language", "message_id"), TEXTS)
def test_no_text_invites_a_word_that_opts_out(language: str, message_id: str) -> None:
    text = CATALOG.texts[language][message_id]
    opting_out = [word for word in _invited(text) if commands.is_stop(word)]
    assert not opting_out or message_id in TELL_HOW_TO_STOP


def _invited(text: str) -> list[str]:
    """The words in capitals: what a resident is told to send. "OK" is none of them."""
    return [
        found for found in re.findall(r"\b[A-ZÁÉÍÓÚÑ]{2,}(?: [A-ZÁÉÍÓÚÑ]{2,})*\b", text) if found not in _PLAIN
    ]


_PLAIN = ("OK", "JPEG", "PNG")


@pytest.mark.parametrize(
    ("word", "count"),
    [("place", 1), ("report", 2), ("city", 2), ("people", 2), ("number", 2), ("happened", 2), ("needed", 2)],
)
def test_english_syllables(word: str, count: int) -> None:
    assert syllables_en(word) == count


@pytest.mark.parametrize(
    ("word", "count"),
    [("calle", 2), ("ciudad", 2), ("día", 2), ("reporte", 3), ("aquí", 2), ("número", 3), ("envíe", 3), ("le", 1)],
)
def test_spanish_syllables(word: str, count: int) -> None:
    assert syllables_es(word) == count
