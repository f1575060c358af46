"""Build an ONNX graph node by node, with names that a person can read in a viewer.

A thin hand on the `onnx` library: it keeps the list of nodes and constants and nothing else. What the nodes mean is
decided by who calls it (`network/export.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17  # understood by every runtime since 2022; nothing here needs a newer one
IR_VERSION = 8

_PREFIX = "net/"  # keeps inner names apart from those of inputs and outputs, which are promised to users

Dimension = int | str


class GraphBuilder:
    """Collects nodes and constants; `finish` turns them into a checked model."""

    def __init__(self) -> None:
        """Start empty."""
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        """Store an array in the file and give the name to refer to it by."""
        name = _PREFIX + name
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add one operator of the standard set and give the name of what it computes."""
        output = _PREFIX + output
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def finish(
        self,
        photos: tuple[str, tuple[Dimension, ...]],
        outputs: dict[str, tuple[str, tuple[Dimension, ...]]],
        metadata: dict[str, str],
    ) -> onnx.ModelProto:
        """Make the model.

        Args:
            photos: name and shape of the one input, uint8.
            outputs: name -> inner tensor and shape of each output, float32. A text in a shape is a
            dimension that varies.
            metadata: texts to carry in `metadata_props`.
        """
        name, shape = photos
        named = [helper.make_node("Identity", [tensor], [key], name=key) for key, (tensor, _) in outputs.items()]
        graph = helper.make_graph(
            self._nodes + named,
            "tellapart",
            [helper.make_tensor_value_info(name, TensorProto.UINT8, shape)],
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, size) for key, (_, size) in outputs.items()],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="tellapart"
        )
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model
