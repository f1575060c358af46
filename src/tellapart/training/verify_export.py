"""Grade a model file: photos go through the file and the code that users get, and come out as figures.

Test and validation photos go end to end, from their files. The training part may be graded from the embeddings that
are known already, but only after the file has shown, on photos that it did see end to end, that it computes the same
embeddings and the same classes; otherwise the training part goes end to end too.

Any other folder with labels can be graded as well; its classes bind by name, and photos that the model was trained on
are told, because a model does better on those than it will on any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32

from tellapart.engine.embed import Before, EmbeddedPhotos, embed_photos
from tellapart.engine.stream import PhotoRunner
from tellapart.errors import DataError, ModelError
from tellapart.network.linear_head import LinearHead
from tellapart.photos.table import PhotoTable
from tellapart.progress import Progress
from tellapart.settings import ScanSettings

_EMBEDDING_TOLERANCE = 2e-3  # of the largest value: float16 keeps 3 digits, and stored embeddings are float16
_TIE = 1e-3  # two probabilities this close may change places by rounding


def probabilities_of(
    head: LinearHead, embeddings: Float[np.ndarray, "photos width"]
) -> Float32[np.ndarray, "photos classes"]:
    """What the file answers for known embeddings."""
    logits = head.logits(embeddings)  # (photos, classes)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def require_same_classes(head: LinearHead, embed_photos: EmbeddedPhotos) -> None:
    """Check that the file gives every photo the class that the fitted head gives it; ties may fall either way.

    Raises:
        ModelError: it does not; the file must not be used.
    """
    if embed_photos.probabilities is None or not len(embed_photos.table):
        return
    expected = probabilities_of(head, embed_photos.embeddings)
    rows = np.arange(len(expected))
    fitted, exported = expected.argmax(axis=1), embed_photos.probabilities.argmax(axis=1)
    changed = (fitted != exported) & (expected[rows, fitted] - expected[rows, exported] > _TIE)
    if changed.any():
        raise ModelError(
            f"The exported model classifies {int(changed.sum())} of {len(expected)} photos differently from "
            "the trained network.",
            fix="Run it again; if this persists, report it with the versions in run.json.",
        )


def embeddings_agree(known: Float[np.ndarray, "photos width"], of_file: Float[np.ndarray, "photos width"]) -> bool:
    """Whether the file's embeddings of some photos equal those known before, up to the rounding of float16."""
    if len(known) == 0:
        return False  # nothing was shown
    known, of_file = known.astype(np.float32), of_file.astype(np.float32)
    return float(np.abs(known - of_file).max()) <= _EMBEDDING_TOLERANCE * max(1.0, float(np.abs(known).max()))


class Grader:
    """Sees photos through the finished model file."""

    def __init__(self, viewer: PhotoRunner, progress: Progress, limits: ScanSettings):
        """Look through the engine of `viewer`; `limits` say how many refused photos are too many."""
        self._viewer, self._progress, self._limits = viewer, progress, limits

    def see(self, table: PhotoTable, stage: str, sha256: Sequence[str] | None = None) -> EmbeddedPhotos:
        """Photos of a part, end to end from their files.

        Args:
            table: which photos.
            stage: what to call this on the progress bar.
            sha256: digests of the files when they were embedded; photos that changed are refused. None: not embedded.

        Raises:
            DataError: none of them can be used.
        """
        before = None if sha256 is None else Before(sha256)
        seen = embed_photos(table, self._viewer, stage, self._progress, self._limits, before)
        if not len(seen.table):
            reason = f": {seen.refused[0].sentence}" if seen.refused else "."
            raise DataError(
                f"Of the {len(table):,} photos in {table.root} to evaluate the model on, none can be used{reason}",
                fix="Put the photos back where they were, then run it again.",
            )
        return seen

    def grade_training(
        self, train: EmbeddedPhotos, head: LinearHead | None, known: EmbeddedPhotos, shown: EmbeddedPhotos
    ) -> EmbeddedPhotos:
        """The training part, from known embeddings if the file has shown, on `shown`, that its own are equal."""
        known = known.among(shown.table.paths)  # a photo that is gone or changed since shows nothing
        same_photos = head is not None and known.sha256 == shown.sha256
        if head is not None and same_photos and embeddings_agree(known.embeddings, shown.embeddings):
            return dataclasses.replace(train, probabilities=probabilities_of(head, train.embeddings))
        return self.see(train.table, "Evaluating on training photos", train.sha256)
