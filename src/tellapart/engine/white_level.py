"""One white for all photos of a folder that have more than 8 bits a level, though nobody knows it before all were seen.

At the first look each such photo is judged by its own brightest value (`photos/colours.py` says how), which needs no
pass of its own and leaves folders of ordinary photos as fast as they were. The largest white that any photo was given
is the white of the folder, and the photos that were judged by a smaller one, mostly the dark ones, are looked at again.
That second look is neither recalled nor remembered: the cache of embeddings knows photos by their content alone, so
what it holds must not depend on the folder they lie in.

The white is written into the model file, where every verb finds it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tellapart.engine.stream import PhotoRunner
from tellapart.photos.colours import white_of
from tellapart.progress import Progress

if TYPE_CHECKING:
    from tellapart.engine.embed import EmbeddedPhotos


def with_one_white(
    seen: EmbeddedPhotos, notes: Sequence[tuple[str, ...]], viewer: PhotoRunner, progress: Progress
) -> EmbeddedPhotos:
    """What was seen, with the white of the folder and under it.

    Args:
        seen: after the first look.
        notes: notes of each of its photos.
        viewer: how they were looked at.
        progress: progress reporter (default: silent).
    """
    if viewer.decode_settings.white:  # a model's own: settled when it was trained
        return seen
    own = np.array([white_of(of_photo) for of_photo in notes], np.int64)  # (photos,) 0: not judged by itself
    white = int(own.max(initial=0))
    rows = np.flatnonzero((own > 0) & (own < white))
    if not len(rows):
        return dataclasses.replace(seen, white=white)
    settings = dataclasses.replace(viewer.decode_settings, white=white)
    again = dataclasses.replace(viewer, decode_settings=settings, memory=None)
    counted = Counter(seen.notes)
    arrays = {"embedding": seen.embeddings, "probabilities": seen.probabilities, "novelty": seen.novelty}
    files = [seen.table.file(row) for row in rows.tolist()]
    with progress.stage("Embedding 16-bit photos again with a common white level", len(rows)) as advance:
        for row, photo in zip(rows.tolist(), again.see(files), strict=True):
            advance(1)
            if photo.refusal is not None or photo.sha256 != seen.sha256[row]:
                continue  # gone or changed meanwhile: what was seen at first stays
            counted.subtract(notes[row])
            counted.update(photo.notes)
            seen.hashes[row] = photo.hashes
            for name, array in arrays.items():
                if array is not None and name in photo.outputs:
                    array[row] = photo.outputs[name]
    return dataclasses.replace(seen, white=white, notes={note: count for note, count in counted.items() if count > 0})
