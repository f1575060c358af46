"""Keras, imported once for all tests of the network."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def keras():
    from tellapart.network.keras_setup import keras

    return keras
