"""What a recipe hands over: the finished model file, loaded, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.engine.session import Engine
from tellapart.network.linear_head import LinearHead


@dataclass(frozen=True, kw_only=True)
class RecipeResult:
    """A classifier that was written, read back and proven."""

    engine: Engine  # RUN/model.onnx
    head: LinearHead | None = None  # on embeddings that are known already, where they are those of the file
    known: EmbeddedPhotos | None = (
        None  # the known photos with the file's embeddings, where these are not the backbone's
    )
    # (training photos, classes) by the fold that left each out, where the head alone was trained
    out_of_fold: Float32[np.ndarray, "photos classes"] | None = None
    # (training photos, classes) the scores (logits) that those are the softmax of
    out_of_fold_scores: Float32[np.ndarray, "photos classes"] | None = None
    l2_penalty: float | None = None  # of the head, where the head alone was trained
    details: Mapping[str, Any] = field(default_factory=dict)  # what was chosen on the way, for run.json
    history: Sequence[
        Mapping[str, int | float]
    ] = ()  # one row per epoch, for history.csv; empty where there are no epochs
