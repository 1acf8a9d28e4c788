"""The mind of all tables, made once."""

from __future__ import annotations

import pytest

from bridge.app import build_models, models_cache
from tests.conversations.table import Mind, learn


@pytest.fixture(scope="session")
def mind(tmp_path_factory: pytest.TempPathFactory) -> Mind:
    models = build_models(models_cache(), lambda _: None)
    return learn(tmp_path_factory.mktemp("mind"), models.services, models.places)
