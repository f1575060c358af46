"""A folder of photos becomes an image classifier that you can trust, and that says why it is not better.

The public names, loaded when they are first used so that `import tellapart` is quick:

    ImageClassifier                          the whole of it as an estimator
    check, train, evaluate, predict          the verbs, as on the command line
    TrainSettings                            what a run is asked to do
    TellapartError                           the root of every error, each with a problem and a fix
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tellapart.libraries import send_nothing

if TYPE_CHECKING:
    from tellapart.classifier import ImageClassifier
    from tellapart.errors import TellapartError
    from tellapart.settings import TrainSettings
    from tellapart.verbs import check, evaluate, predict, train

__version__ = "0.1.0"

send_nothing()  # before any library is imported, by whatever part of the package

_HOMES = {
    "ImageClassifier": "classifier",
    "TellapartError": "errors",
    "TrainSettings": "settings",
    "check": "verbs",
    "evaluate": "verbs",
    "predict": "verbs",
    "train": "verbs",
}

__all__ = ["ImageClassifier", "TellapartError", "TrainSettings", "check", "evaluate", "predict", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tellapart' has no attribute '{name}'")
    return getattr(importlib.import_module(f"tellapart.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
