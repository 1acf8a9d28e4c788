"""What all tests share."""

from pathlib import Path

import pytest

from bridge.app import build_models, models_cache


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The built-in models, trained once per checkout (`make setup` does it before)."""
    build_models(models_cache(), lambda _: None)
    return models_cache()
