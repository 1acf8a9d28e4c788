"""Reading in a process of its own: the same answers, and what becomes of a process that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.app import build_models
from bridge.app.parts import Models
from bridge.errors import Retryable
from bridge.vocabulary import Pin, Service
from classifiers import addresses, gazetteer, services
from classifiers.apart import Apart, DistantClassifier, DistantLanguage, DistantLocator
from classifiers.geocode import PlaceLocator
from classifiers.language import LanguageDetector

FAIRVIEW = Path(__file__).parents[2] / "config" / "demo" / "fairview.geojson"
OFFERED = (Service("hole", "Pothole", "A hole in the street"), Service("lamp", "Street light out", "A dark lamp"))
TEXT = "huge pothole at 412 Oak St, just lost a hubcap"
UNTIL_KILLED = """
from classifiers.apart import Apart
apart = Apart()
apart.tell("speak", "fairview", ("en",))
print(apart.pid, flush=True)
input()
"""


@pytest.fixture(scope="module")
def models(models_dir: Path) -> Models:
    return build_models(models_dir, lambda _: None)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gazetteer.build([FAIRVIEW], tmp_path_factory.mktemp("places") / "fairview.db")


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    made = Apart()
    yield made
    made.close()


def test_it_reads_as_it_is_read_here(apart: Apart, models: Models, places: Path):
    here = services.ServiceClassifier(services.load(models.services), OFFERED)
    there = DistantClassifier(apart, "fairview", models.services, OFFERED)
    assert there.classify(TEXT, "en") == here.classify(TEXT, "en")
    halves = [(0, 12), (16, len(TEXT))]
    assert there.classify_parts(TEXT, halves, "en") == here.classify_parts(TEXT, halves, "en")

    locator = PlaceLocator(gazetteer.open_gazetteer(places), addresses.load(models.places))
    distant = DistantLocator(apart, "fairview", models.places, places)
    located = distant.locate(TEXT, "en")
    assert located == locator.locate(TEXT, "en")
    assert located.candidates[0].address == "412 Oak St"
    assert distant.locate("the house beside it", "en", located.candidates[0]) == locator.locate(
        "the house beside it", "en", located.candidates[0]
    )
    pin = Pin(located.candidates[0].lat or 0, located.candidates[0].long or 0)
    assert distant.at(pin) == locator.at(pin) is not None

    language = LanguageDetector(("en", "es"))
    tongue = DistantLanguage(apart, "fairview", ("en", "es"))
    for text in (TEXT, "hay un bache enorme en la calle", "Das Schlagloch vor unserem Haus ist sehr tief"):
        assert (tongue(text, "en"), tongue.written(text, "en")) == (
            language(text, "en"),
            language.written(text, "en"),
        )


def test_a_reader_that_died_costs_one_question_and_the_next_one_knows_what_it_knew(
    apart: Apart, caplog: pytest.LogCaptureFixture
):
    language = DistantLanguage(apart, "springfield", ("en", "es"))
    before = apart.pid
    assert before
    os.kill(before, signal.SIGKILL)
    with pytest.raises(Retryable):
        language("hay un bache enorme en la calle", "en")
    assert language("hay un bache enorme en la calle", "en") == "es"
    assert apart.pid != before
    assert [record.message for record in caplog.records] == ["reading process ended"]


def test_it_ends_by_no_signal_that_its_whole_service_gets(apart: Apart):
    language = DistantLanguage(apart, "springfield", ("en", "es"))
    before = apart.pid
    assert before
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(before, number)
    assert language("hay un bache enorme en la calle", "en") == "es"
    assert apart.pid == before


def test_what_goes_wrong_there_is_raised_here_with_where_it_did(apart: Apart):
    with pytest.raises(KeyError) as raised:
        apart.ask("classify", "atlantis", TEXT, "en")
    assert "reader.py" in raised.value.__notes__[0]
    assert apart.ask("speak", "atlantis", ("en",)) is None  # and it reads on


def test_once_closed_it_starts_no_other():
    closed = Apart()
    closed.close()
    with pytest.raises(Retryable):
        closed.ask("speak", "fairview", ("en",))
    assert closed.pid is None


def test_it_ends_with_the_process_that_started_it():
    with subprocess.Popen(
        [sys.executable, "-c", UNTIL_KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout
        assert int(starter.stdout.readline())
        starter.kill()
        assert starter.stdout.read() == b""  # ends when nobody holds it any more, the reader included
