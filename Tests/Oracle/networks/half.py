"""A float32 network rewritten in half precision: weights, activations and all, between casts at its two ends."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

KINDS = {TensorProto.FLOAT16: np.float16, TensorProto.BFLOAT16: ml_dtypes.bfloat16}
# Operands that stay float32 whatever the type of the values: by operator.
FLOAT_OPERANDS = {"Resize": (1, 2), "Upsample": (1,)}


def rewritten(model: onnx.ModelProto, kind: int) -> onnx.ModelProto:
    """`kind`: TensorProto.FLOAT16 or BFLOAT16. Inputs and outputs keep their names and float32."""
    half = onnx.ModelProto()
    half.CopyFrom(model)
    for function in half.functions:
        _rewrite_nodes(function.node, kind, set())
    _rewrite_graph(half.graph, kind)
    graph = half.graph
    ends = []
    for value in graph.input:
        if value.type.tensor_type.elem_type == kind:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
            _rename(graph, value.name, f"{value.name}.half")
            ends.append((0, helper.make_node("Cast", [value.name], [f"{value.name}.half"], f"{value.name}.cast", to=kind)))
    for value in graph.output:
        if value.type.tensor_type.elem_type == kind:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
            _rename(graph, value.name, f"{value.name}.half")
            cast = helper.make_node("Cast", [f"{value.name}.half"], [value.name], f"{value.name}.cast", to=TensorProto.FLOAT)
            ends.append((len(graph.node), cast))
    for place, node in ends:
        graph.node.insert(len(graph.node) if place else 0, node)
    del graph.value_info[:]
    return half


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == old:
                    names[index] = new
        for attribute in node.attribute:
            for body in [attribute.g, *attribute.graphs]:
                _rename(body, old, new)


def _rewrite_graph(graph: onnx.GraphProto, kind: int) -> None:
    kept = {
        node.input[index]
        for node in graph.node
        for index in FLOAT_OPERANDS.get(node.op_type, ())
        if index < len(node.input)
    }
    for tensor in graph.initializer:
        if tensor.name not in kept:
            _rewrite_tensor(tensor, kind)
    for value in [*graph.input, *graph.output]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = kind
    _rewrite_nodes(graph.node, kind, kept)


def _rewrite_nodes(nodes: list[onnx.NodeProto], kind: int, kept: set[str]) -> None:
    for node in nodes:
        if kept.intersection(node.output):
            continue
        for attribute in node.attribute:
            if attribute.name in ("to", "dtype") and attribute.i == TensorProto.FLOAT:
                attribute.i = kind
            _rewrite_tensor(attribute.t, kind)
            for body in [attribute.g, *attribute.graphs]:
                _rewrite_graph(body, kind)


def _rewrite_tensor(tensor: onnx.TensorProto, kind: int) -> None:
    if tensor.data_type != TensorProto.FLOAT:
        return
    values = numpy_helper.to_array(tensor)
    # What stands for minus infinity stays a number.
    largest = float(ml_dtypes.finfo(KINDS[kind]).max)
    halved = numpy_helper.from_array(np.clip(values, -largest, largest).astype(KINDS[kind]), tensor.name)
    tensor.CopyFrom(halved)
