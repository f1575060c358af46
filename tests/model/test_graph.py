"""What the builder makes is a valid ONNX model that computes what its nodes say."""

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from tellapart.model.graph import GraphBuilder


def doubled():
    graph = GraphBuilder()
    floats = graph.node("Cast", ["photos"], "floats", to=onnx.TensorProto.FLOAT)
    twice = graph.node("Mul", [floats, graph.constant("two", np.array(2, np.float32))], "twice")
    return graph.finish(("photos", ("n", 2)), {"twice": (twice, ("n", 2))}, {"key": "text"})


def test_the_model_computes_what_its_nodes_say():
    result = ReferenceEvaluator(doubled()).run(None, {"photos": np.array([[1, 200]], np.uint8)})
    np.testing.assert_array_equal(result[0], [[2, 400]])


def test_outputs_carry_the_promised_names_and_inner_names_stay_apart():
    graph = doubled().graph
    assert [output.name for output in graph.output] == ["twice"]
    assert {node.name for node in graph.node} == {"net/floats", "net/twice", "twice"}


def test_metadata_is_carried():
    assert [(entry.key, entry.value) for entry in doubled().metadata_props] == [("key", "text")]


def test_a_graph_that_makes_no_sense_is_not_finished():
    graph = GraphBuilder()
    with pytest.raises(onnx.checker.ValidationError):
        graph.finish(("photos", ("n",)), {"out": ("net/nowhere", ("n",))}, {})
