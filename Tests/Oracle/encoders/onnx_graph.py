"""A BERT encoder's folder as an ONNX model, node by node as PyTorch exports it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, np.ndarray] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        self.weights[name] = np.ascontiguousarray(value)
        return name

    def node(self, kind: str, name: str, inputs: list[str], **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name


def bert_onnx(folder: Path) -> onnx.ModelProto:
    """`input_ids`, `attention_mask`, `token_type_ids` [batch, sequence] -> `last_hidden_state`."""
    config = json.loads((folder / "config.json").read_text())
    weights = {name: value.astype(np.float32) for name, value in load_file(folder / "model.safetensors").items()}
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    graph = _Graph()

    def linear(name: str, x: str) -> str:
        matrix = graph.constant(f"{name}.matrix", weights[f"{name}.weight"].T)
        product = graph.node("MatMul", f"{name}/product", [x, matrix])
        return graph.node("Add", name, [graph.constant(f"{name}.bias", weights[f"{name}.bias"]), product])

    def norm(name: str, x: str) -> str:
        scale = graph.constant(f"{name}.weight", weights[f"{name}.weight"])
        bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
        epsilon = config["layer_norm_eps"]
        return graph.node("LayerNormalization", name, [x, scale, bias], axis=-1, epsilon=epsilon)

    def embed(name: str, indices: str) -> str:
        return graph.node("Gather", name, [graph.constant(f"{name}.weight", weights[f"{name}.weight"]), indices])

    numbers = {
        name: graph.constant(name, np.array(value, np.float32))
        for name, value in {
            "one": 1.0, "half": 0.5, "root_two": math.sqrt(2), "root": math.sqrt(hidden // heads),
            "lowest": np.finfo(np.float32).min,
        }.items()
    }  # fmt: skip
    shapes = {
        name: graph.constant(name, np.array(value, np.int64))
        for name, value in {
            "apart": [0, 0, heads, hidden // heads], "together": [0, 0, hidden], "axes": [1, 2], "first": [1],
            "second": [2], "begin": [0],
        }.items()
    }  # fmt: skip
    words = embed("embeddings.word_embeddings", "input_ids")
    types = embed("embeddings.token_type_embeddings", "token_type_ids")
    length = graph.node("Slice", "length", [graph.node("Shape", "shape", ["input_ids"]), shapes["first"], shapes["second"]])
    table = graph.constant("positions.table", weights["embeddings.position_embeddings.weight"])
    positions = graph.node("Slice", "positions", [table, shapes["begin"], length])
    x = graph.node("Add", "embedded", [graph.node("Add", "words_and_types", [words, types]), positions])
    x = norm("embeddings.LayerNorm", x)
    mask = graph.node("Unsqueeze", "mask/wide", ["attention_mask", shapes["axes"]])
    mask = graph.node("Cast", "mask/number", [mask], to=TensorProto.FLOAT)
    mask = graph.node("Mul", "mask", [graph.node("Sub", "mask/inverse", [numbers["one"], mask]), numbers["lowest"]])
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        parts = {}
        for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
            split = graph.node(
                "Reshape", f"{name}/{part}/apart", [linear(f"{name}.attention.self.{part}", x), shapes["apart"]]
            )
            parts[part] = graph.node("Transpose", f"{name}/{part}/heads", [split], perm=order)
        scores = graph.node("MatMul", f"{name}/scores", [parts["query"], parts["key"]])
        scores = graph.node("Div", f"{name}/scaled", [scores, numbers["root"]])
        scores = graph.node("Add", f"{name}/masked", [scores, mask])
        shares = graph.node("Softmax", f"{name}/shares", [scores], axis=-1)
        context = graph.node("MatMul", f"{name}/context", [shares, parts["value"]])
        context = graph.node("Transpose", f"{name}/context/tokens", [context], perm=[0, 2, 1, 3])
        context = graph.node("Reshape", f"{name}/context/rows", [context, shapes["together"]])
        attended = linear(f"{name}.attention.output.dense", context)
        x = norm(f"{name}.attention.output.LayerNorm", graph.node("Add", f"{name}/attended", [attended, x]))
        inner = linear(f"{name}.intermediate.dense", x)
        error = graph.node("Erf", f"{name}/erf", [graph.node("Div", f"{name}/erf/div", [inner, numbers["root_two"]])])
        gate = graph.node("Add", f"{name}/gate", [error, numbers["one"]])
        gelu = graph.node("Mul", f"{name}/gelu", [graph.node("Mul", f"{name}/gelu/product", [inner, gate]), numbers["half"]])
        outer = linear(f"{name}.output.dense", gelu)
        x = norm(f"{name}.output.LayerNorm", graph.node("Add", f"{name}/fed", [outer, x]))
    graph.nodes[-1].output[0] = "last_hidden_state"
    tokens = ["batch", "sequence"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            folder.name,
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, tokens)
                for name in ("input_ids", "attention_mask", "token_type_ids")
            ],
            [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*tokens, hidden])],
            [numpy_helper.from_array(value, name) for name, value in graph.weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model
