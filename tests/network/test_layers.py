"""Grey equals Pillow's to the last bit, and a photo answers as its mirror image does, in Keras and in the file."""

import numpy as np
import pytest
from PIL import Image

from tellapart.model.manifest import Manifest
from tellapart.network.layers import Grey, MeanWithMirror, WithMirror
from tellapart.network.onnx_export import to_onnx

MANIFEST = Manifest(recipe="backbone", backbone="small", class_names=(), side_px=16)


@pytest.fixture
def run(keras):
    """A function that runs a small net around some layers, in Keras and in ONNX Runtime."""
    import onnxruntime

    def both(build, pixels):
        photos = keras.Input((16, 16, 3), dtype="uint8", name="photos")
        model = keras.Model(photos, {"out": build(photos)})
        session = onnxruntime.InferenceSession(to_onnx(model, MANIFEST).SerializeToString())
        return np.asarray(model(pixels)["out"]), session.run(["out"], {"photos": pixels})[0]

    return both


def test_grey_is_that_of_pillow_for_every_mixture(run, rng):
    pixels = rng.integers(0, 256, (200, 16, 16, 3), np.uint8)
    pixels[0] = 255
    pixels[1, ..., 0] = np.arange(256, dtype=np.uint8).reshape(16, 16)
    wanted = np.stack([np.asarray(Image.fromarray(photo).convert("L")) for photo in pixels])
    for got in run(lambda photos: Grey()(photos), pixels):
        np.testing.assert_array_equal(got[..., 0], wanted)


def test_the_mean_with_the_mirror_image_is_the_mean_of_both(keras, run, rng):
    pixels = rng.integers(0, 256, (3, 16, 16, 3), np.uint8)
    convolution = keras.layers.Conv2D(4, 3, strides=2, padding="same")

    def build(photos):
        floats = keras.layers.Rescaling(1 / 128, -1.0)(photos)
        return MeanWithMirror()(convolution(WithMirror()(floats)))

    in_keras, in_file = run(build, pixels)
    floats = pixels / 128 - 1
    upright, turned = (np.asarray(convolution(each)) for each in (floats, floats[:, :, ::-1]))
    np.testing.assert_allclose(in_keras, (upright + turned[:, :, ::-1]) / 2, atol=1e-5)
    np.testing.assert_allclose(in_file, in_keras, atol=1e-5)


def test_a_network_with_these_layers_is_saved_and_read_again(keras, tmp_path, rng):
    photos = keras.Input((16, 16, 3), dtype="uint8")
    model = keras.Model(photos, MeanWithMirror()(WithMirror()(Grey()(photos))))
    model.save(tmp_path / "model.keras")
    pixels = rng.integers(0, 256, (2, 16, 16, 3), np.uint8)
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(again(pixels)), np.asarray(model(pixels)))
