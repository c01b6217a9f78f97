"""Graphs that do not hold together: names, edges, operators, files."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from broken.variant import Variant, both, inserted, node_named, weight_named


def _dangle(model: onnx.ModelProto) -> None:
    node_named(model, "stem.relu").input[0] = "ghost"


def _cycle(model: onnx.ModelProto) -> None:
    """stem.conv adds to its bias what stem.relu makes of stem.conv's own output."""
    node = helper.make_node("ReduceMean", ["stem.relu.output"], ["loop.output"], "loop", axes=[0, 2, 3], keepdims=0)
    model.graph.node.insert(0, node)
    node_named(model, "stem.conv").input[2] = "loop.output"


def _feed_itself(model: onnx.ModelProto) -> None:
    node_named(model, "stem.relu").input[0] = "stem.relu.output"


def _write_twice(model: onnx.ModelProto) -> None:
    node = helper.make_node("Relu", ["image"], ["stem.relu.output"], "second.relu")
    model.graph.node.insert(0, node)


def _repeat_weight(model: onnx.ModelProto) -> None:
    """The second one holds other values: which of them counts?"""
    model.graph.initializer.append(weight_named(model, "stem.weight"))
    second = model.graph.initializer[-1]
    second.raw_data = bytes(len(second.raw_data))


def _repeat_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(model.graph.input[0])


def _no_outputs(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def _phantom_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("phantom", TensorProto.FLOAT, ["N", "M"]))


def _too_few_inputs(model: onnx.ModelProto) -> None:
    del node_named(model, "stem.conv").input[1:]


def _too_many_inputs(model: onnx.ModelProto) -> None:
    node_named(model, "stem.relu").input.append("stem.bias")


def _no_opset(model: onnx.ModelProto) -> None:
    del model.opset_import[:]


def _future_opset(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 9999


def _opset_zero(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 0


def _no_graph(model: onnx.ModelProto) -> None:
    model.ClearField("graph")


UNSUPPORTED = both(
    inserted("Swirl", "odd.swirl", domain="com.example"),
    both(inserted("Twist", "odd.twist", domain="com.example"), inserted("Frobnicate", "odd.frobnicate")),
)

VARIANTS = (
    Variant(
        "unsupported-operators",
        "two operators of a custom domain and a standard one that does not exist; the message lists all three at once",
        ("Swirl", "Twist", "Frobnicate"),
        UNSUPPORTED,
    ),
    Variant("dangling-input", "stem.relu reads a value that nothing makes", ("ghost",), _dangle),
    Variant("cyclic", "stem.conv -> stem.relu -> loop -> stem.conv", ("cycl",), _cycle),
    Variant("self-loop", "stem.relu reads its own output", ("stem.relu",), _feed_itself),
    Variant("duplicate-output", "two nodes write one value", ("stem.relu.output",), _write_twice),
    Variant("duplicate-initializer", "two initialisers of one name", ("stem.weight",), _repeat_weight),
    Variant("duplicate-input", "two graph inputs of one name", ("image",), _repeat_input),
    Variant("no-outputs", "the graph has no outputs", ("output",), _no_outputs),
    Variant("phantom-output", "a graph output that no node makes", ("phantom",), _phantom_output),
    Variant("too-few-inputs", "a Conv without weights", ("stem.conv",), _too_few_inputs),
    Variant("too-many-inputs", "a Relu with two inputs", ("stem.relu",), _too_many_inputs),
    Variant("no-opset", "no operator set is imported", ("opset",), _no_opset),
    Variant("future-opset", "operator set 9999", ("9999",), _future_opset),
    Variant("opset-zero", "operator set 0", ("opset",), _opset_zero),
    Variant("no-graph", "a model without a graph", ("graph",), _no_graph),
    Variant("not-a-model", "a text file", ("model.onnx",), raw=lambda data: b"This is not a model.\n"),
    Variant("truncated-model", "the file ends in the middle", ("model.onnx",), raw=lambda data: data[: len(data) // 2]),
    Variant("empty-file", "nothing in the file", ("model.onnx",), raw=lambda data: b""),
)
