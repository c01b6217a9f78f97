"""Models without their random weights: a few kilobytes that become hundreds of megabytes again.

A stripped tensor keeps name, type and shape, and has `normal: "<mean> <deviation>"` in its `metadata_props`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zlib import crc32

import numpy as np
import onnx
from onnx import numpy_helper

SMALL = 256  # elements; tensors up to this size are kept
KEY = "normal"


def graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The graph and those inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                if inner.node:
                    yield from graphs(inner)


def tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """The initialisers and the values of Constant nodes; these have their result's name while they are stripped."""
    for graph in graphs(model.graph):
        yield from graph.initializer
        for node in graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                node.attribute[0].t.name = node.output[0]
                yield node.attribute[0].t


def is_random(values: np.ndarray, parameters: np.ndarray) -> bool:
    """Whether the values, or 4,096 of many, stand among the parameters, which are sorted.

    Exporters transpose, reorder and join these. Since all parameters are drawn, nothing else has values in common with them.
    """
    flat = values.ravel()
    flat = flat[:: max(1, flat.size // 4096)]
    places = np.searchsorted(parameters, flat).clip(max=parameters.size - 1)
    return bool((parameters[places] == flat).all())


def strip(model: onnx.ModelProto, parameters: np.ndarray) -> None:
    """Takes the random weights and the remarks out of a model. Masks, tables and shapes stay what they are."""
    parameters = np.sort(parameters)
    for tensor in tensors(model):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= SMALL:
            continue
        if not is_random(values, parameters):
            print(f"  kept: {tensor.name} {list(values.shape)}, no parameter")
            continue
        name, dims, kind = tensor.name, list(tensor.dims), tensor.data_type
        tensor.Clear()
        tensor.name, tensor.data_type = name, kind
        tensor.dims.extend(dims)
        mean, deviation = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
        tensor.metadata_props.add(key=KEY, value=f"{mean:.3g} {deviation:.3g}")
    for graph in graphs(model.graph):
        for node in graph.node:
            node.ClearField("doc_string")
            node.ClearField("metadata_props")
        for value in [*graph.input, *graph.output, *graph.value_info]:
            value.ClearField("doc_string")
            value.ClearField("metadata_props")
        graph.ClearField("doc_string")
        graph.ClearField("metadata_props")
    for function in model.functions:
        function.ClearField("doc_string")
        function.ClearField("metadata_props")
    model.ClearField("doc_string")
    model.ClearField("metadata_props")


def distribution(tensor: onnx.TensorProto) -> tuple[float, float] | None:
    """Mean and deviation of a stripped tensor; None of one that was kept."""
    for entry in tensor.metadata_props:
        if entry.key == KEY:
            mean, deviation = entry.value.split()
            return float(mean), float(deviation)
    return None


def drawn(case: str, tensor: onnx.TensorProto) -> np.ndarray:
    """Seeded random numbers for a stripped tensor, the same wherever they are drawn."""
    mean, deviation = distribution(tensor) or (0.0, 0.0)
    random = np.random.Generator(np.random.PCG64(crc32(f"{case}/{tensor.name}".encode())))
    values = random.standard_normal(tuple(tensor.dims), dtype=np.float32)
    values *= np.float32(deviation)
    values += np.float32(mean)
    return values


def stripped(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """The tensors that wait for their values."""
    return (tensor for tensor in tensors(model) if distribution(tensor) is not None)


def fill(model: onnx.ModelProto, values: Callable[[onnx.TensorProto], np.ndarray]) -> None:
    """Gives every stripped tensor its values, inside the model."""
    for tensor in stripped(model):
        array = values(tensor)
        tensor.ClearField("metadata_props")
        tensor.raw_data = np.ascontiguousarray(array).tobytes()
