"""A folder of photos becomes an image classifier that you can trust, and that says why it is not better.

The public names, loaded when they are first used so that `import tellapart` is quick:

    ImageClassifier                                     the whole of it as an estimator
    check, train, evaluate, compare, predict,           the verbs, as on the command line: what they work on first,
    explain, look, quiz, diagnose, relabel, export      everything else by name
    TrainSettings, EngineSettings, SourceSettings       what a run is asked to do; how the machine is used; how a
                                                        source of photos is read
    TellapartError                                      the root of every error, each with a problem and a fix:
    UsageError, NotFittedError, DataError, ModelError,  see `tellapart.errors`
    ResourceError, Interruption, PhotoRefused
    Progress, Silent, Line                              progress reporters: the protocol, none, a line
    open_run, RunFolder                                 a finished run, to read what is in it
    CheckResult, RunResult, ExportResult,               what the verbs give
    EvaluateResult, CompareResult, PredictResult, Prediction,
    ExplainResult, Explanation, NetworkInput, Question,
    Diagnosis, RelabelResult
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tellapart.libraries import send_nothing

if TYPE_CHECKING:
    from tellapart.classifier import ImageClassifier
    from tellapart.diagnosis.diagnose import Diagnosis
    from tellapart.diagnosis.labels.relabel import RelabelResult
    from tellapart.engine.predictions import Prediction
    from tellapart.errors import (
        DataError,
        Interruption,
        ModelError,
        NotFittedError,
        PhotoRefused,
        ResourceError,
        TellapartError,
        UsageError,
    )
    from tellapart.explanations.explanation import Explanation
    from tellapart.explanations.gallery import ExplainResult
    from tellapart.explanations.network_input import NetworkInput
    from tellapart.explanations.quiz import Question
    from tellapart.progress import Line, Progress, Silent
    from tellapart.results import CheckResult, EvaluateResult, ExportResult, PredictResult, RunResult
    from tellapart.runs.folder import RunFolder, open_run
    from tellapart.settings import EngineSettings, SourceSettings, TrainSettings
    from tellapart.verbs import check, compare, diagnose, evaluate, explain, export, look, predict, quiz, relabel, train
    from tellapart.verbs.model_comparison import CompareResult

__version__ = "0.1.0"

send_nothing()  # before any library is imported, by whatever part of the package

# Module -> the public names that it holds.
_HOMES = {
    "classifier": ("ImageClassifier",),
    "verbs": ("check", "train", "evaluate", "compare", "predict", "explain", "look", "quiz", "diagnose", "relabel",
              "export"),
    "settings": ("TrainSettings", "EngineSettings", "SourceSettings"),
    "errors": ("TellapartError", "UsageError", "NotFittedError", "DataError", "ModelError", "ResourceError",
               "Interruption", "PhotoRefused"),
    "progress": ("Progress", "Silent", "Line"),
    "runs.folder": ("open_run", "RunFolder"),
    "results": ("CheckResult", "RunResult", "EvaluateResult", "PredictResult", "ExportResult"),
    "engine.predictions": ("Prediction",),
    "verbs.model_comparison": ("CompareResult",),
    "diagnosis.diagnose": ("Diagnosis",),
    "diagnosis.labels.relabel": ("RelabelResult",),
    "explanations.gallery": ("ExplainResult",),
    "explanations.explanation": ("Explanation",),
    "explanations.network_input": ("NetworkInput",),
    "explanations.quiz": ("Question",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "CheckResult",
    "CompareResult",
    "DataError",
    "Diagnosis",
    "EngineSettings",
    "EvaluateResult",
    "ExplainResult",
    "Explanation",
    "ExportResult",
    "ImageClassifier",
    "Interruption",
    "Line",
    "ModelError",
    "NotFittedError",
    "PhotoRefused",
    "PredictResult",
    "Prediction",
    "Progress",
    "Question",
    "RelabelResult",
    "ResourceError",
    "RunFolder",
    "RunResult",
    "NetworkInput",
    "Silent",
    "SourceSettings",
    "TellapartError",
    "TrainSettings",
    "UsageError",
    "check",
    "compare",
    "diagnose",
    "evaluate",
    "explain",
    "export",
    "look",
    "open_run",
    "predict",
    "quiz",
    "relabel",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'tellapart' has no attribute '{name}'")
    return getattr(importlib.import_module(f"tellapart.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
