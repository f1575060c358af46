"""Which training photos are most like a photo? Found where they are, because a model file holds no photo of anybody.

A run folder beside the model tells which photos were trained on and where they lay; their embeddings are in the store
that training filled. Where a piece of this is gone there is no answer, and it says which.

Reads the run folder, the store of embeddings, and of photos those that it names, to see that they are still the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32

from tellapart.engine.embedding_cache import EmbeddingCache
from tellapart.engine.session import Engine
from tellapart.errors import PhotoRefused, TellapartError
from tellapart.network.backbone_file import backbone_engine
from tellapart.network.family import find_backbone
from tellapart.photos.decode import read_photo
from tellapart.runs.folder import RunFolder
from tellapart.settings import DecodeSettings
from tellapart.training.prepare import store_space


class SimilarPhoto(NamedTuple):
    """A training photo that is like another one."""

    path: str  # the file
    label: str
    similarity: float  # cosine of the embeddings: 1 for the same photo


@dataclass(frozen=True)
class TrainingPhotos:
    """The training photos of a model, as far as they can be found."""

    reason: str = ""  # why there are none to compare with, in one sentence; empty where there are
    engine: Engine | None = None  # makes embeddings that can be compared with those below
    files: tuple[Path, ...] = ()
    labels: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    directions: Float32[np.ndarray, "photos width"] = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def most_like(self, pixels: np.ndarray, sha256: str, count: int) -> tuple[SimilarPhoto, ...]:
        """The most alike ones that are still in their place and unchanged, the photo itself left out.

        Args:
            pixels: (side, side, 3) uint8, the photo as `engine` takes it.
            sha256: digests of its file; empty where it has none.
            count: how many at most.
        """
        if self.engine is None:
            return ()
        (embedding,) = self.engine.run(pixels[np.newaxis], ("embedding",))["embedding"]
        cosine = self.directions @ _unit(embedding)  # (photos,)
        found: list[SimilarPhoto] = []
        for row in np.argsort(-cosine, kind="stable").tolist():
            if len(found) == count:
                break
            if self.sha256[row] != sha256 and _is_still(self.files[row], self.sha256[row]):
                found.append(SimilarPhoto(str(self.files[row]), self.labels[row], round(float(cosine[row]), 4)))
        return tuple(found)


def training_photos(engine: Engine) -> TrainingPhotos:
    """The training photos of a classifier, through the run folder that its file lies in."""
    folder = engine.path.parent
    try:
        run = RunFolder(folder)
        record = run.record
        root, backbone = Path(record["photos"]), find_backbone(record["settings"]["backbone"])
        limit = float(record["settings"].get("max_megapixels", DecodeSettings.max_megapixels))
        space = store_space(backbone.name, limit)
        rows = [(row["path"], row["label"], row["sha256"]) for row in run.splits() if row["split"] == "train"]
    except (OSError, ValueError, KeyError, TypeError, TellapartError):
        return TrainingPhotos("The model file is not in a run folder, so its training photos are not known.")
    base = root if root.is_dir() else root.parent
    if not any((base / path).is_file() for path, _, _ in rows):
        return TrainingPhotos(f"The photos that it was trained on are no longer in {base}.")
    with EmbeddingCache(space) as store:
        known = [(row, seen.outputs["embedding"]) for row in rows if (seen := store.recall_content(row[2]))]
    if not known:
        return TrainingPhotos(
            "The embeddings of its training photos are no longer in the cache; tellapart check on their folder would "
            "compute them again."
        )
    # The file of `quick` holds the backbone as it is; others have learnt embeddings of their own.
    same = engine.manifest.recipe == "quick" and engine.manifest.backbone == backbone.name
    return TrainingPhotos(
        engine=engine if same else backbone_engine(backbone),
        files=tuple(base / path for (path, _, _), _ in known),
        labels=tuple(label for (_, label, _), _ in known),
        sha256=tuple(digest for (_, _, digest), _ in known),
        directions=_unit(np.stack([embedding for _, embedding in known])),
    )


def _is_still(file: Path, sha256: str) -> bool:
    """Whether a photo is what it was when it was trained on; another one may have come in its place."""
    try:
        return hashlib.sha256(read_photo(file)).hexdigest() == sha256
    except PhotoRefused:
        return False


def _unit(embeddings: Float[np.ndarray, "... width"]) -> Float32[np.ndarray, "... width"]:
    values = embeddings.astype(np.float32)
    return values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), np.float32(1e-12))
