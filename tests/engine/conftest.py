"""A small model file for every test of the engine: no Keras, a fraction of a millisecond a photo."""

from __future__ import annotations

import pytest
from support.small_models import write_small_model

from tellapart.engine.session import Engine, open_engine
from tellapart.engine.stream import PhotoRunner
from tellapart.settings import EngineSettings


@pytest.fixture(scope="session")
def engine(tmp_path_factory) -> Engine:
    return open_engine(write_small_model(tmp_path_factory.mktemp("model") / "model.onnx"))


@pytest.fixture
def viewer(engine) -> PhotoRunner:
    settings = EngineSettings(workers=2)
    return PhotoRunner(engine=engine, outputs=("probabilities", "embedding"), engine_settings=settings)
