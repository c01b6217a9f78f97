"""The tiny model that works, and what a broken variant of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Change = Callable[[onnx.ModelProto], None]


@dataclass(frozen=True)
class Variant:
    """One way to break the tiny model."""

    name: str
    reason: str  # what is wrong, for people
    contains: tuple[str, ...]  # what the error message must contain, letter case aside
    change: Change = lambda model: None
    files: dict[str, bytes] = field(default_factory=dict)  # further files beside model.onnx
    raw: Callable[[bytes], bytes] | None = None  # damage done to the serialised model


def tiny_model() -> onnx.ModelProto:
    """`image` [N, 2, 8, 8] -> stem.conv -> stem.relu -> tail -> `features` [N, M].

    It ends in a Flatten and a size M that is not declared, so that a variant is wrong in one place only:
    weights of a classifier would contradict any changed shape as well.
    """
    random = np.random.default_rng(1)
    weights = {
        "stem.weight": random.standard_normal((3, 2, 3, 3), dtype=np.float32),
        "stem.bias": random.standard_normal(3, dtype=np.float32),
    }
    conv: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1] * 4}
    nodes = [
        helper.make_node("Conv", ["image", "stem.weight", "stem.bias"], ["stem.conv.output"], "stem.conv", **conv),
        helper.make_node("Relu", ["stem.conv.output"], ["stem.relu.output"], "stem.relu"),
        helper.make_node("Flatten", ["stem.relu.output"], ["features"], "tail", axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 2, 8, 8])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", "M"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="mpinfer-oracle"
    )


def node_named(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.name == name)


def weight_named(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def attribute(node_name: str, **values) -> Change:
    """Sets attributes of a node; None takes one away."""

    def change(model: onnx.ModelProto) -> None:
        node = node_named(model, node_name)
        kept = [entry for entry in node.attribute if entry.name not in values]
        new = [helper.make_attribute(name, value) for name, value in values.items() if value is not None]
        del node.attribute[:]
        node.attribute.extend(kept + new)

    return change


def inserted(
    operator: str, name: str, constants: tuple[np.ndarray, ...] = (), domain: str = "", **attributes
) -> Change:
    """Puts one more node between stem.relu and its reader; `constants` become its further inputs."""

    def change(model: onnx.ModelProto) -> None:
        extra = [numpy_helper.from_array(value, f"{name}.constant{index}") for index, value in enumerate(constants)]
        model.graph.initializer.extend(extra)
        inputs = ["stem.relu.output", *(tensor.name for tensor in extra)]
        node = helper.make_node(operator, inputs, [f"{name}.output"], name, domain=domain, **attributes)
        follower = next(other for other in model.graph.node if "stem.relu.output" in other.input)
        follower.input[0] = f"{name}.output"
        model.graph.node.insert(list(model.graph.node).index(follower), node)
        if domain and domain not in {entry.domain for entry in model.opset_import}:
            model.opset_import.append(helper.make_opsetid(domain, 1))

    return change


def both(first: Change, second: Change) -> Change:
    def change(model: onnx.ModelProto) -> None:
        first(model)
        second(model)

    return change
