"""The backbone's model file is made once, and again when it is missing or damaged."""

import dataclasses

import numpy as np
import pytest

import tellapart.network.backbone_file as backbone_file
from tellapart.network.backbone_file import backbone_engine, embedding_space
from tellapart.network.family import BACKBONES


def test_each_backbone_has_a_space_of_its_own():
    assert len({embedding_space(backbone) for backbone in BACKBONES.values()}) == 3


@pytest.mark.slow
def test_the_file_is_made_once_and_made_again_when_damaged(tmp_path, monkeypatch):
    lite0 = BACKBONES["lite0"]
    first = backbone_engine(lite0, tmp_path)
    assert first.output_names == ("embedding",)
    (file,) = (tmp_path / "backbones").iterdir()
    original = file.read_bytes()
    monkeypatch.setattr(backbone_file, "_make", lambda *ignored: pytest.fail("it was made again"))
    pixels = np.zeros((1, 224, 224, 3), np.uint8)
    again = backbone_engine(lite0, tmp_path)
    np.testing.assert_array_equal(
        again.run(pixels, ("embedding",))["embedding"], first.run(pixels, ("embedding",))["embedding"]
    )
    monkeypatch.undo()
    file.write_bytes(original[:-1000])
    backbone_engine(lite0, tmp_path)
    assert file.read_bytes() == original


@pytest.mark.slow
def test_where_the_file_cannot_be_kept_the_engine_is_made_without_it(tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    pixels = np.full((1, 224, 224, 3), 99, np.uint8)
    kept, without = (backbone_engine(BACKBONES["lite0"], tmp_path / name) for name in ("kept", "taken"))
    np.testing.assert_array_equal(
        without.run(pixels, ("embedding",))["embedding"], kept.run(pixels, ("embedding",))["embedding"]
    )
    assert (tmp_path / "taken").is_file()


def test_a_space_changes_with_weights_preprocessing_and_version(monkeypatch):
    lite0 = BACKBONES["lite0"]
    others = [dataclasses.replace(lite0, sha256="f" * 64), dataclasses.replace(lite0, side_px=225)]
    spaces = {embedding_space(backbone) for backbone in (lite0, *others)}
    monkeypatch.setattr(backbone_file, "_VERSION", 99)
    assert len(spaces | {embedding_space(lite0)}) == 4
