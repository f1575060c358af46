"""Photos of more than 8 bits in one folder have one white, in training and ever after."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from tellapart.engine.embed import embed_photos
from tellapart.engine.embedding_cache import EmbeddingCache
from tellapart.engine.request_limits import decode_limits
from tellapart.photos.decode import open_photo, to_pixels
from tellapart.photos.scan import scan
from tellapart.progress import Silent
from tellapart.settings import DecodeSettings, ScanSettings, SourceSettings


@pytest.fixture
def deep_folder(tmp_path, rng):
    """Twelve bits, but every other photo is so dark that eleven or ten hold it."""
    for label in ("class0", "class1"):
        (tmp_path / "deep" / label).mkdir(parents=True)
        for number in range(6):
            most = 4095 if number % 2 == 0 else (1500, 700, 300)[number // 2]
            values = rng.integers(0, most, (32, 32), dtype=np.uint16)
            values[0, 0] = most
            Image.fromarray(values).save(tmp_path / "deep" / label / f"{number}.png")
    return tmp_path / "deep"


def seen(folder, viewer):
    return embed_photos(scan(folder), viewer, "Looking", Silent(), ScanSettings())


def test_the_folder_has_the_white_of_its_brightest_photo(deep_folder, viewer):
    assert seen(deep_folder, viewer).white == 4095


def test_dark_photos_are_seen_by_the_white_of_the_folder(deep_folder, viewer):
    found = seen(deep_folder, viewer)
    at_once = dataclasses.replace(viewer, decode_settings=DecodeSettings(white=4095))
    expected = np.stack([photo.outputs["embedding"] for photo in at_once.see(found.table.file(n) for n in range(12))])
    assert np.abs(found.embeddings.astype(np.float32) - expected).max() < 1e-3
    assert found.notes == {
        "12-bit grey: white is 4,095, by its brightest value": 6,
        "12-bit grey: white is 4,095, as in the whole folder": 6,
    }


def test_the_cache_holds_nothing_that_depends_on_the_folder(deep_folder, viewer, tmp_path):
    with EmbeddingCache("space", folder=tmp_path) as store:
        remembering = dataclasses.replace(viewer, memory=store)
        first, again = seen(deep_folder, remembering), seen(deep_folder, remembering)
    assert (first.embeddings == again.embeddings).all()
    with EmbeddingCache("space", folder=tmp_path) as store:
        # Without its bright photos the same folder has another white.
        for bright in deep_folder.glob("*/[024].png"):
            bright.unlink()
        dark = embed_photos(
            scan(deep_folder, for_training=False),
            dataclasses.replace(viewer, memory=store),
            "Looking",
            Silent(),
            ScanSettings(),
        )
    assert dark.white == 2047


def test_ordinary_photos_are_looked_at_once(photo_folder, viewer):
    found = seen(photo_folder(2, 6), viewer)
    assert (found.white, found.notes) == (0, {})


def test_a_model_says_which_white_and_how_large(engine):
    manifest = dataclasses.replace(engine.manifest, white=4095, max_megapixels=200.0)
    assert decode_limits(SourceSettings(), manifest) == DecodeSettings(white=4095, max_megapixels=200.0)
    assert decode_limits(SourceSettings(max_megapixels=50.0), manifest).max_megapixels == 50.0


def test_a_photo_brighter_than_the_folder_is_judged_by_itself(tmp_path):
    Image.fromarray(np.full((8, 8), 60_000, np.uint16)).save(tmp_path / "bright.png")
    opened = open_photo(tmp_path / "bright.png", min_side_px=8, settings=DecodeSettings(white=4095))
    assert to_pixels(opened.image, 8).max() == 233
    assert opened.notes == ("16-bit grey: white is 65,535, by its brightest value",)
