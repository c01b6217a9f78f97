"""What a model file says about itself: operators, opset, and what has to be fed to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx

STANDARD_DOMAINS = ("", "ai.onnx")


def _nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """All nodes, those of subgraphs (If, Loop, Scan) included."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in [attribute.g, *attribute.graphs]:
                yield from _nodes(graph.node)


def all_nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """All nodes of the graph, its subgraphs and the model's own functions."""
    yield from _nodes(model.graph.node)
    for function in model.functions:
        yield from _nodes(function.node)


def operators(model: onnx.ModelProto) -> list[str]:
    """The sorted operator types; those outside the standard domain read `domain::Type`."""
    return sorted(
        {
            node.op_type if node.domain in STANDARD_DOMAINS else f"{node.domain}::{node.op_type}"
            for node in all_nodes(model)
        }
    )


def opset(model: onnx.ModelProto) -> int | None:
    """The version of the standard operator set, or None where the model imports none."""
    return next((entry.version for entry in model.opset_import if entry.domain in STANDARD_DOMAINS), None)


def is_standard(model: onnx.ModelProto) -> bool:
    """Whether the model uses nothing but standard operators."""
    return all(node.domain in STANDARD_DOMAINS for node in all_nodes(model)) and opset(model) is not None


def fed_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The graph inputs without a value of their own: old files list their weights among the inputs too."""
    weights = {tensor.name for tensor in model.graph.initializer}
    weights |= {tensor.values.name for tensor in model.graph.sparse_initializer}
    return [value for value in model.graph.input if value.name not in weights]
