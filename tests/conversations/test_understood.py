"""What the conversation makes of what was understood: examples for the city's model, languages, and what is never
decided by certainty alone. The real flow, on a table."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.demo.script import parse
from bridge.vocabulary import Classified, Guess
from bridge.vocabulary.console import Example
from config.settings import CitySettings
from tests.conversations.table import CITY, IN_MEMORY, Mind, Seat, Table, lay


@asynccontextmanager
async def seated(mind: Mind, *settings: str) -> AsyncIterator[Seat]:
    """A resident who texts."""
    script = parse("\n".join(["channel: sms", *(f"setting: {line}" for line in settings), "> hi"]))
    with tempfile.TemporaryDirectory(prefix="table-", dir=IN_MEMORY) as folder:
        table = lay(Path(folder), mind, script)
        try:
            yield Seat(table, "sms")
        finally:
            await table.close()


async def examples(table: Table) -> list[tuple[str, str, str]]:
    """Text, service and what it was taken for."""
    kept: tuple[Example, ...] = await table.store.read(lambda tx: tx.console.examples(CITY))
    return [(one.text, one.service_code, one.guessed) for one in kept]


async def reasons(table: Table) -> list[str]:
    """Why a person is needed."""
    tasks = await table.store.read(lambda tx: tx.console.queue((CITY,)))
    return [one.reason for one in tasks]


async def told(seat: Seat, *texts: str) -> None:
    for text in texts:
        await seat.say(text)
    await seat.table.pass_(timedelta(minutes=1))


# ---------------------------------------------------------------------------- examples for the city's model


async def test_a_correction_before_sending_is_an_example(mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, "the lamp at 300 Pine St is broken", "no, it's the traffic light")
        assert [one.service_code for one in seat.table.city.taken] == ["traffic-signal"]
        words = "the lamp at 300 Pine St is broken\nno, it's the traffic light"
        assert await examples(seat.table) == [(words, "traffic-signal", "street-light")]


async def test_a_correction_after_sending_is_an_example(mind: Mind) -> None:
    async with seated(mind, "takes_updates = true") as seat:
        await told(seat, "traffic light broken at 300 Pine St")
        await told(seat, "no, it's the street light")
        assert [one.description for one in seat.table.city.updates] == ["no, it's the street light"]
        assert await examples(seat.table) == [
            ("traffic light broken at 300 Pine St", "street-light", "traffic-signal")
        ]


@pytest.mark.parametrize("more", ["no, 412 Oak St", "wrong address, 412 Oak St", "no, it is a traffic light"])
async def test_a_correction_that_names_no_other_service_is_none(more: str, mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, "traffic light broken at 300 Pine St")
        await told(seat, more)
        assert await examples(seat.table) == []


async def test_a_choice_is_an_example(mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, "water everywhere at 300 Pine St")
        await told(seat, "2")
        assert await examples(seat.table) == [("water everywhere at 300 Pine St", "water-leak", "flooding")]


async def test_a_service_that_the_city_changed_is_an_example(mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, "hay un bache en 300 Pine St")
        rows = seat.table.city.rows
        rows["1001"] = replace(rows["1001"], service_code="street-repair", service_name="Street surface repair")
        await seat.table.poll()
        await seat.table.poll()
        assert await examples(seat.table) == [("hay un bache en 300 Pine St", "street-repair", "pothole")]
        rows["1001"] = replace(rows["1001"], service_code="unknown here")
        await seat.table.poll()
        assert len(await examples(seat.table)) == 1


# ------------------------------------------------------------------------------------------------- languages


async def test_the_city_gets_an_english_line_above_spanish_words(mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, "hay un bache enorme en 300 Pine St")
        (sent,) = seat.table.city.taken
        assert sent.description == "[In English: Pothole, 300 Pine St]\nhay un bache enorme en 300 Pine St"


@pytest.mark.parametrize("words", ["pothole on 300 Pine St", "a big pothole in the road at 300 Pine St"])
async def test_english_words_go_to_the_city_as_they_are(words: str, mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, "español")
        await told(seat, words)
        assert [one.description for one in seat.table.city.taken] == [words]


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["there is a pothole", "510 Goffe"], "en"),
        (["bache en 5th st"], "es"),
        (["hay un bache", "300 Pine St"], "es"),
        (["pothole on La Salle near El Camino"], "en"),
        (["pothole", "Calle Principal"], "en"),
        (["pothole on Arbol Grande Dr"], "en"),
        (["broken light at Esquina Ct"], "en"),
        (["hay bales all over Main St"], "en"),
        (["bache Oak St"], "es"),
        (["no sirve el semáforo en Main St"], "es"),
        (["pothole", "español"], "es"),
        (["hay un bache enorme", "english"], "en"),
        (["Das Licht vor 412 Oak St ist seit Montag kaputt"], "en"),
    ],
)
async def test_a_language_changes_by_command_or_clear_words(texts: list[str], language: str, mind: Mind) -> None:
    async with seated(mind) as seat:
        for text in texts:
            await told(seat, text)
        said = seat.table.channels["sms"].said[-1]
        assert said.language == language


@pytest.mark.parametrize(
    "text",
    [
        "Das Licht vor 412 Oak St ist seit Montag kaputt",
        "Il y a un gros trou dans la rue devant 412 Oak St",
        "Tem um buraco enorme na rua em frente ao 412 Oak St",
        "На дороге большая яма, 412 Oak St",
        "路上有个大坑 412 Oak St",
    ],
)
async def test_words_nobody_reads_get_a_numbered_list_and_no_guess(text: str, mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, text)
        first = seat.table.channels["sms"].said[-1]
        assert [choice.value for choice in first.choices] == ["1", "2", "3", "4", "5", "0"]
        await told(seat, "0")
        second = seat.table.channels["sms"].said[-1]
        assert [choice.value for choice in second.choices] == ["6", "7", "8", "9", "10", "0"]
        assert seat.table.city.taken == []
        await told(seat, "7")
        (sent,) = seat.table.city.taken
        lines = sent.description.splitlines()
        assert (lines[0].startswith("[In English: "), lines[1]) == (True, text)
        assert sent.address_string == "412 Oak St"


async def test_services_are_named_as_the_city_names_them_in_the_residents_language(mind: Mind) -> None:
    async with seated(mind) as seat:
        here = seat.table.handling.jurisdictions[CITY]
        here.service_names = {"es": {"pothole": "Bache", "flooding": "Calle inundada", "gone": "Nada"}}
        await told(seat, "el agua en 300 Pine St")
        asked = seat.table.channels["sms"].said[-1]
        assert {choice.label for choice in asked.choices} == {"Water leak or main break", "Calle inundada"}
        await told(seat, "no, hay un bache")
        assert "Bache, 300 Pine St" in seat.table.channels["sms"].said[-1].text
        assert seat.table.city.taken[0].description.startswith("[In English: Pothole, 300 Pine St]")


# ---------------------------------------------------------------------------------- questions and referrals


def _documented(folder: Path) -> Path:
    """The answers that the page of settings shows."""
    page = (Path(__file__).parents[2] / "docs/settings.md").read_text(encoding="utf-8")
    block = next(part for part in page.split("```toml\n") if part.startswith("[[answer]]"))
    file = folder / "answers.toml"
    file.write_text(block.partition("```")[0], encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "answer", "task"),
    [
        ("when is trash day?", "Trash is picked up on the day on your bin's lid.", None),
        ("¿cuándo pasa la basura?", "La basura pasa el día que dice la tapa de su bote.", None),
        ("my power is out", "Power lines belong to the electric company: 555-0100.", None),
        ("¿de quién es el camino estatal?", None, "question"),
        ("when does the library open?", None, "question"),
    ],
)
async def test_a_question_gets_the_citys_words_or_a_person(
    text: str, answer: str | None, task: str | None, mind: Mind, tmp_path: Path
) -> None:
    async with seated(mind) as seat:
        here = seat.table.handling.jurisdictions[CITY]
        city = CitySettings(
            id=CITY, name="F", gazetteer=Path("g"), endpoint="http://c.test", answers=_documented(tmp_path)
        )
        here.policy = replace(here.policy, answers=city.policy.answers)
        await told(seat, text)
        assert await reasons(seat.table) == ([task] if task else [])
        assert answer is None or seat.table.channels["sms"].said[-1].text == answer
        assert seat.table.city.taken == []


async def test_an_answered_question_is_filed_all_the_same_by_report(mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, "my power is out at 300 Pine St")
        await told(seat, "REPORT")
        await told(seat, "the street light is out")
        assert [one.service_code for one in seat.table.city.taken] == ["street-light"]


# ---------------------------------------------------------------------------- never by certainty alone


async def test_report_files_what_was_taken_for_chat(mind: Mind) -> None:
    async with seated(mind) as seat:
        await told(seat, "lol did you see the game last night 300 Pine St")
        assert seat.table.city.taken == []
        assert "REPORT" in seat.table.channels["sms"].said[-1].text
        await told(seat, "REPORT")
        await told(seat, "the noise from that bar")
        assert [one.address_string for one in seat.table.city.taken] == ["300 Pine St"]
        assert seat.table.city.taken[0].description.startswith("lol did you see the game")


class Certain:
    """A classifier that is certain of one service, as one that learned a history of "Other" may be."""

    def __init__(self, code: str, mind: Mind) -> None:
        others = [service.service_code for service in mind.offered]
        self._guesses = (Guess(code, 0.98), *(Guess(other, 0.02 / len(others)) for other in others))

    def classify(self, text: str, language: str) -> Classified:
        return Classified(self._guesses, 1.0)


async def test_a_citys_other_is_chosen_by_the_resident_alone(mind: Mind) -> None:
    async with seated(mind) as seat:
        here = seat.table.handling.jurisdictions[CITY]
        other = replace(mind.offered[0], service_code="other", service_name="Otro")
        here.bind_classifier = lambda offered: Certain("other", mind)
        here.offer([*mind.offered, other])
        await told(seat, "something at 300 Pine St")
        assert seat.table.city.taken == []
        labels = [choice.label for choice in seat.table.channels["sms"].said[-1].choices]
        assert (len(labels), labels[-1]) == (3, "Otro")
        await told(seat, "3")
        assert [one.service_code for one in seat.table.city.taken] == ["other"]


# ---------------------------------------------------------------------------- two problems in one message


@pytest.mark.parametrize(
    ("one", "two", "language"),
    [
        ("Deep pothole on Oak St", "The street light at 12 Elm St is out", "en"),
        ("Hay un bache en la calle Oak", "El semáforo de la calle Elm no sirve", "es"),
    ],
)
def test_parts_are_read_within_a_text_and_the_text_as_ever(mind: Mind, one: str, two: str, language: str) -> None:
    text = f"{one}. {two}"
    spans = [(0, len(one)), (len(one) + 2, len(text)), (len(one), len(one) + 1)]
    whole, *parts, stop = mind.classifier.classify_parts(text, spans, language)
    alone = mind.classifier.classify(text, language)
    assert [guess.service_code for guess in whole.guesses[:2]] == [
        guess.service_code for guess in alone.guesses[:2]
    ]
    assert whole.guesses[0].p == pytest.approx(alone.guesses[0].p, abs=0.01)
    best = [mind.classifier.classify(part, language).guesses[0].service_code for part in (one, two)]
    assert [part.guesses[0].service_code for part in parts] == best
    assert len(set(best)) == 2
    assert stop == Classified()


def test_nothing_is_read_within_a_text_without_letters(mind: Mind) -> None:
    assert mind.classifier.classify_parts("12, 14", [(0, 2)], "en") == [Classified(), Classified()]
