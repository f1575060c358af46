"""Every kind of layer that is exported computes in ONNX Runtime what it computes in Keras."""

import numpy as np
import onnx
import onnxruntime
import pytest

from tellapart.errors import ModelError
from tellapart.model.manifest import Manifest
from tellapart.network.onnx_export import to_onnx

MANIFEST = Manifest(recipe="backbone", backbone="small", class_names=(), side_px=8)
TOLERANCE = 1e-5


@pytest.fixture
def agree(keras, rng):
    """A function that builds a small net around some layers and compares Keras with ONNX Runtime."""

    def check(build, side_px=8):
        photos = keras.Input((side_px, side_px, 3), dtype="uint8", name="photos")
        floats = keras.layers.Rescaling(1 / 128, -127 / 128)(photos)
        model = keras.Model(photos, {"out": build(keras.layers, floats)})
        for layer in model.layers:  # weights drawn anew, or biases would be 0 and norms would do nothing
            layer.set_weights([rng.uniform(0.1, 1, value.shape) * _sign(rng, layer) for value in layer.get_weights()])
        proto = to_onnx(model, MANIFEST)
        session = onnxruntime.InferenceSession(proto.SerializeToString())
        for num_photos in (1, 3):
            pixels = rng.integers(0, 256, (num_photos, side_px, side_px, 3), np.uint8)
            wanted = np.asarray(model(pixels)["out"])
            (got,) = session.run(["out"], {"photos": pixels})
            assert got.shape == wanted.shape
            np.testing.assert_allclose(got, wanted, atol=TOLERANCE * max(1, np.abs(wanted).max()))
        return proto

    return check


def _sign(rng, layer):
    return 1 if "normalization" in layer.name else rng.choice([-1, 1])  # a variance is never negative


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [2, 3, 5])
@pytest.mark.parametrize("side_px", [8, 9])
def test_a_convolution_agrees(agree, padding, stride, kernel, side_px):
    agree(lambda layers, x: layers.Conv2D(4, kernel, strides=stride, padding=padding)(x), side_px)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side_px", [8, 9])
def test_a_convolution_of_each_channel_alone_agrees(agree, padding, stride, side_px):
    agree(lambda layers, x: layers.DepthwiseConv2D(3, strides=stride, padding=padding)(x), side_px)


def test_an_oblong_kernel_agrees(agree):
    agree(lambda layers, x: layers.Conv2D(4, (1, 3), strides=1, padding="same")(x))


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("activation", [None, "relu"])
def test_bias_and_activation_agree(agree, use_bias, activation):
    agree(lambda layers, x: layers.Conv2D(4, 3, use_bias=use_bias, activation=activation)(x))


@pytest.mark.parametrize(("scale", "center"), [(True, True), (False, True), (True, False)])
def test_a_batch_normalisation_agrees(agree, scale, center):
    agree(lambda layers, x: layers.BatchNormalization(scale=scale, center=center, epsilon=1e-3)(x))


@pytest.mark.parametrize("limit", [None, 6.0, 0.3])
def test_a_relu_agrees(agree, limit):
    agree(lambda layers, x: layers.ReLU(limit)(x))


def test_a_sum_of_two_branches_agrees(agree):
    agree(lambda layers, x: layers.Add()([layers.Conv2D(3, 3, padding="same")(x), x]))


def test_a_sum_of_three_branches_agrees(agree):
    agree(lambda layers, x: layers.Add()([layers.Conv2D(3, 1)(x), x, layers.ReLU()(x)]))


def test_pooling_over_all_places_agrees(agree):
    agree(lambda layers, x: layers.GlobalAveragePooling2D()(x))


@pytest.mark.parametrize("activation", [None, "relu", "softmax"])
def test_a_dense_layer_after_pooling_agrees(agree, activation):
    agree(lambda layers, x: layers.Dense(5, activation=activation)(layers.GlobalAveragePooling2D()(x)))


def test_a_dense_layer_on_each_place_agrees(agree):
    agree(lambda layers, x: layers.Dense(5)(x))


def test_a_softmax_agrees(agree):
    agree(lambda layers, x: layers.Softmax()(layers.Dense(5)(layers.GlobalAveragePooling2D()(x))))


def test_a_residual_block_agrees(agree):
    def block(layers, x):
        wide = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(12, 1, use_bias=False)(x)))
        deep = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(wide)))
        return layers.Add()([layers.BatchNormalization()(layers.Conv2D(3, 1)(deep)), x])

    agree(block)


@pytest.mark.parametrize(
    "build",
    [
        lambda layers, x: layers.Lambda(lambda values: values * 2)(x),
        lambda layers, x: layers.MultiHeadAttention(2, 2)(x, x),
        lambda layers, x: layers.UpSampling2D()(x),
        lambda layers, x: layers.Concatenate(axis=1)([x, x]),
    ],
    ids=["Lambda", "MultiHeadAttention", "UpSampling2D", "Concatenate of rows"],
)
def test_an_unknown_layer_is_refused_by_name(agree, build):
    with pytest.raises(ModelError, match="of type"):
        agree(build)


@pytest.mark.parametrize(
    "build",
    [
        lambda layers, x: layers.Conv2D(4, 3, activation="gelu")(x),
        lambda layers, x: layers.Conv2D(4, 3, dilation_rate=2)(x),
        lambda layers, x: layers.Conv2D(3, 3, groups=3)(x),
        lambda layers, x: layers.DepthwiseConv2D(3, depth_multiplier=2)(x),
        lambda layers, x: layers.ReLU(6.0, negative_slope=0.1)(x),
        lambda layers, x: layers.Softmax(axis=1)(x),
        lambda layers, x: layers.Dense(4, use_bias=False)(layers.GlobalAveragePooling2D()(x)),
        lambda layers, x: layers.Dense(4, activation="softmax")(x),
        lambda layers, x: layers.GlobalAveragePooling2D(keepdims=True)(x),
        lambda layers, x: layers.BatchNormalization(axis=1)(x),
    ],
    ids=[
        "gelu", "dilation", "groups", "depth multiplier", "leak", "softmax over rows", "dense without bias",
        "softmax on each place", "keepdims", "norm over rows",
    ],
)  # fmt: skip
def test_an_unusual_option_agrees_or_is_refused(agree, build):
    try:
        agree(build)
    except ModelError as error:
        assert error.fix


def test_a_feature_map_comes_out_with_its_channels_last(agree):
    proto = agree(lambda layers, x: layers.Conv2D(4, 3, strides=2)(x))
    shape = proto.graph.output[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in shape] == ["n", 3, 3, 4]


def test_only_standard_operators_are_written_and_the_manifest_is_carried(agree):
    proto = agree(lambda layers, x: layers.Conv2D(4, 3)(x))
    assert {entry.domain for entry in proto.opset_import} == {""}
    carried = {entry.key: entry.value for entry in proto.metadata_props}
    assert carried == {"tellapart": MANIFEST.to_json()}


def test_the_same_network_is_the_same_bytes(keras):
    def once():
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        photos = keras.Input((8, 8, 3), dtype="uint8", name="photos")
        model = keras.Model(photos, {"out": keras.layers.Conv2D(4, 3)(keras.layers.Rescaling(1 / 128)(photos))})
        return to_onnx(model, MANIFEST).SerializeToString(deterministic=True)

    assert once() == once()
    assert onnx.ModelProto.FromString(once()).graph.name == "tellapart"


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("side_px", [8, 9])
def test_the_largest_of_each_window_agrees(agree, size, side_px):
    agree(lambda layers, x: layers.MaxPooling2D(size)(layers.Conv2D(4, 3)(x)), side_px)


def test_flattening_keeps_the_order_of_keras(agree):
    agree(lambda layers, x: layers.Dense(5, activation="relu")(layers.Flatten()(layers.Conv2D(4, 3)(x))))
