"""Residents write new words for ever; a pipeline keeps none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.app import build_models
from classifiers import addresses, services
from classifiers.model import read

TEXTS = tuple(f"hay un flubber{n} en 120 Zibbel{n} Street, thanks, Quonk{n}" for n in range(50))


@pytest.fixture(scope="module")
def models(models_dir: Path) -> tuple[services.Model, addresses.Extractor]:
    built = build_models(models_dir, lambda _: None)
    return services.load(built.services), addresses.load(built.places)


def test_the_service_pipelines_keep_no_words(models: tuple[services.Model, addresses.Extractor]) -> None:
    model, _ = models
    pipelines = [model.nlp, *model.others.values(), *filter(None, [model.spoken])]
    before = [(len(nlp.vocab), len(nlp.vocab.strings)) for nlp in pipelines]
    assert read(model, TEXTS, ["en", "es"] * 25).types.any()
    assert [(len(nlp.vocab), len(nlp.vocab.strings)) for nlp in pipelines] == before


def test_the_place_extractor_keeps_no_words(models: tuple[services.Model, addresses.Extractor]) -> None:
    _, extractor = models
    vocab = extractor._nlp.vocab
    before = len(vocab), len(vocab.strings)
    assert [mention.text for mention in extractor.find(TEXTS[7])] == ["120 Zibbel7 Street"]
    assert [extractor.find(text) for text in TEXTS]
    assert (len(vocab), len(vocab.strings)) == before
