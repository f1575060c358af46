from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image
from support.drawing import draw_photo

from tellapart.photos.glimpse import SIDE_PX, glimpse, glimpses, stored_like


def test_the_simple_facts_of_a_photo(tmp_path, rng):
    photo = draw_photo(rng, side_px=200).crop((0, 0, 200, 100))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Nikon", "D90"
    photo.save(tmp_path / "a.jpg", exif=exif, quality=50)
    seen = glimpse(tmp_path / "a.jpg")
    assert (seen.width_px, seen.height_px, seen.camera) == (200, 100, "Nikon D90")
    assert seen.size_bytes == (tmp_path / "a.jpg").stat().st_size
    assert seen.quality == pytest.approx(57.6, abs=0.5)  # the mean of the standard's own table
    assert seen.pixels.shape == (SIDE_PX, SIDE_PX, 3)


def test_a_photo_without_camera_or_jpeg_tables_has_none(tmp_path, rng):
    draw_photo(rng).save(tmp_path / "a.png")
    seen = glimpse(tmp_path / "a.png")
    assert (seen.camera, seen.quality) == ("", None)


def test_a_photo_that_cannot_be_used_is_left_out_and_order_is_kept(tmp_path, rng):
    draw_photo(rng, side_px=40).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no photo")
    draw_photo(rng, side_px=50).save(tmp_path / "c.png")
    seen = list(glimpses([tmp_path / name for name in ("a.png", "b.png", "c.png")], threads=2))
    assert [photo and photo.width_px for photo in seen] == [40, None, 50]


def test_damaged_exif_is_no_camera(tmp_path, rng):
    draw_photo(rng).save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x01")
    assert glimpse(tmp_path / "a.jpg").camera == ""


def test_a_photo_stored_like_a_coarser_one_loses_detail_and_never_gains_any(tmp_path, rng):
    sharp = Image.fromarray(rng.integers(0, 256, (128, 128, 3), dtype=np.uint8))
    sharp.save(tmp_path / "sharp.png")
    sharp.resize((32, 32)).save(tmp_path / "small.jpg", quality=30)
    like_small = stored_like(tmp_path / "sharp.png", glimpse(tmp_path / "small.jpg"), 128)
    like_itself = stored_like(tmp_path / "sharp.png", glimpse(tmp_path / "sharp.png"), 128)
    assert (like_itself == np.asarray(sharp)).all()
    assert (
        np.abs(np.diff(like_small.astype(int), axis=0)).mean()
        < 0.2 * np.abs(np.diff(like_itself.astype(int), axis=0)).mean()
    )


def test_a_photo_that_is_another_one_now_is_passed_over(tmp_path, rng):
    for name in "ab":
        draw_photo(rng).save(tmp_path / f"{name}.png")
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    digest = hashlib.sha256(files[0].read_bytes()).hexdigest()
    assert [seen is not None for seen in glimpses(files, 2, sha256=[digest, digest])] == [True, False]
