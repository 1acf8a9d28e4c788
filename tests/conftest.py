"""What all tests share."""

import os
from pathlib import Path

# Tests run in several processes; threads of linear algebra would only get into each other's way. Set before numpy.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import pytest
from hypothesis import HealthCheck, settings

from bridge.app import build_models, models_cache

# A busy machine makes no test wrong.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The built-in models, trained once per checkout (`make setup` does it before)."""
    build_models(models_cache(), lambda _: None)
    return models_cache()
