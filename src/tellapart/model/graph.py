"""Build an ONNX graph node by node, with names that a person can read in a viewer.

A thin hand on the `onnx` library: it keeps the list of nodes and constants and nothing else. What the nodes mean is
decided by who calls it (`network/onnx_export.py`).
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

    @staticmethod
    def name_of(name: str) -> str:
        """The name in the file of a node or a constant, to refer to one that is there already."""
        return _PREFIX + name

    def constant(self, name: str, value: np.ndarray) -> str:
        """Store an array in the file and give the name to refer to it by."""
        name = self.name_of(name)
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, operator: str, inputs: list[str], output: str, unused: str = "", **attributes: Any) -> str:
        """Add one operator of the standard set and give the name of what it computes.

        Args:
            operator: its name in ONNX.
            inputs: names of what it takes.
            output: a name for what it gives.
            unused: a name for the second thing that it gives, where it gives two.
            **attributes: as ONNX defines them.
        """
        output = self.name_of(output)
        outputs = [output, self.name_of(unused)] if unused else [output]
        self._nodes.append(helper.make_node(operator, inputs, outputs, name=output, **attributes))
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
        graph = helper.make_graph([], "tellapart", [helper.make_tensor_value_info(name, TensorProto.UINT8, shape)], [])
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="tellapart"
        )
        return self.add_to(model, outputs, metadata)

    def add_to(
        self,
        model: onnx.ModelProto,
        outputs: dict[str, tuple[str, tuple[Dimension, ...]]],
        metadata: dict[str, str],
    ) -> onnx.ModelProto:
        """Add what was collected to a model, which changes, with more outputs and other metadata.

        Nodes may take the outputs of the model by their names.
        """
        named = [helper.make_node("Identity", [tensor], [key], name=key) for key, (tensor, _) in outputs.items()]
        model.graph.node.extend(self._nodes + named)
        model.graph.initializer.extend(self._constants.values())
        model.graph.output.extend(
            helper.make_tensor_value_info(key, TensorProto.FLOAT, size) for key, (_, size) in outputs.items()
        )
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model
