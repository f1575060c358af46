"""A small model file for every test of the engine: no Keras, a fraction of a millisecond a photo."""

from __future__ import annotations

import pytest
from small_models import write_small_model

from tellapart.engine.session import Engine, open_engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory) -> Engine:
    return open_engine(write_small_model(tmp_path_factory.mktemp("model") / "model.onnx"))
