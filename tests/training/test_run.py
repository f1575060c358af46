"""What a whole run has to say besides its figures."""

from pathlib import Path

import numpy as np

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.photos.table import PhotoTable
from tellapart.training.run import untested_warnings


def embedded(labels):
    """Test photos of the classes elm and oak, with these labels."""
    count = len(labels)
    table = PhotoTable(
        root=Path("photos"),
        paths=tuple(f"{row}.jpg" for row in range(count)),
        labels=np.array(labels),
        class_names=("elm", "oak"),
        parts=("test",) * count,
        groups=("",) * count,
        ignored={},
        warnings=(),
    )
    hashes, embeddings = np.zeros((count, 2), np.uint64), np.zeros((count, 1), np.float16)
    return EmbeddedPhotos(
        table=table,
        sha256=("0" * 64,) * count,
        hashes=hashes,
        embeddings=embeddings,
        probabilities=None,
        refused=(),
        notes={},
    )


def test_a_class_without_a_test_photo_is_named():
    assert untested_warnings(embedded([1, 1])) == [
        "No test photo of: 'elm'. The figures say nothing about these classes."
    ]


def test_nothing_is_said_where_every_class_was_tested():
    assert untested_warnings(embedded([0, 1])) == []
