from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from support.drawn_facts import diagnosis_found, metrics_of, whole_facts


@pytest.fixture
def rng():
    return np.random.default_rng(20260)


@pytest.fixture
def make_metrics(rng):
    """Metrics of a classifier that is right on most photos, for any number of classes."""
    return partial(metrics_of, rng)


@pytest.fixture
def found():
    """What a diagnosis says."""
    return diagnosis_found()


@pytest.fixture
def facts(tmp_path, rng):
    """A report with something in every section."""
    return whole_facts(tmp_path, rng)


@pytest.fixture
def with_facts(facts):
    """The same report with some facts changed."""
    return lambda **changes: replace(facts, **changes)
