"""Emergencies that are heard because they are like written ones, however they are spelt; and what is none."""

from pathlib import Path

import pytest

from classifiers.services import ServiceClassifier, load
from classifiers.training.builtin import build
from classifiers.training.data import services_of


@pytest.fixture(scope="module")
def classifier(models_dir: Path) -> ServiceClassifier:
    return ServiceClassifier(load(build(models_dir / "services", lambda _: None)), services_of([]))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the ferris weel stopt and a boy is haning out of his seat", "en"),
        ("my granpa fel in the tub and he dosnt wake up", "en"),
        ("two men with masks are braking in next door", "en"),
        ("se callo el techo del gimnacio y ay niños abajo", "es"),
        ("mi agüelo se callo en el vaño y no despyerta", "es"),
        ("unos enkapuchados se estan metiendo a la kasa de alado", "es"),
    ],
)
def test_an_emergency_is_heard_as_it_is_misspelt(classifier: ServiceClassifier, text: str, language: str):
    assert classifier.classify(text, language).alarm == "danger"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("i dont want to see anuther morning", "en"),
        ("ya no kiero ver otro dia mas, perdonenme todos", "es"),
    ],
)
def test_so_is_who_wants_to_die(classifier: ServiceClassifier, text: str, language: str):
    assert classifier.classify(text, language).alarm == "self_harm"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("there is a deep pothole in front of the bakery", "en"),
        ("a van is parked in the fire lane behind the gym", "en"),
        ("someone will get hurt on that corner if nobody paints the crosswalk", "en"),
        ("8th and Cedar", "en"),
        ("I live at 90 Birch St", "en"),
        ("vivo en la calle 8", "es"),
        ("hay un bache muy hondo enfrente de la panaderia", "es"),
        ("una van se estaciona en el carril de bomberos detras del gimnasio", "es"),
    ],
)
def test_a_report_is_none(classifier: ServiceClassifier, text: str, language: str):
    assert classifier.classify(text, language).alarm is None
