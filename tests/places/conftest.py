"""The demo city's gazetteer and a trained extractor, made once for all tests of places."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers import addresses, gazetteer
from classifiers.gazetteer import Gazetteer
from classifiers.geocode import PlaceLocator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def fairview(tmp_path_factory: pytest.TempPathFactory) -> Gazetteer:
    path = tmp_path_factory.mktemp("gazetteer") / "fairview.sqlite"
    return gazetteer.open_gazetteer(gazetteer.build([ROOT / "config" / "demo" / "fairview.geojson"], path))


@pytest.fixture(scope="session")
def extractor(models_dir: Path) -> addresses.Extractor:
    return addresses.load(addresses.build(models_dir / "places"))


@pytest.fixture(scope="session")
def locator(fairview: Gazetteer, extractor: addresses.Extractor) -> PlaceLocator:
    return PlaceLocator(fairview, extractor)
