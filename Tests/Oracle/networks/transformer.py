"""BERT-base and ViT-B/16 at their real sizes, node by node as PyTorch exports them."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from networks.builder import NetworkBuilder, Value

WIDTH, HEADS, LAYERS, INNER = 768, 12, 12, 3072


class Transformer(NetworkBuilder):
    """A builder that knows the layers of an encoder; values are [N, sequence, features]."""

    def tokens(self, name: str, length: str) -> Value:
        """An int64 input [N, length]."""
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["N", length]))
        return Value(name, 0)

    def linear(self, x: Value, name: str, inputs: int, outputs: int) -> Value:
        weight = self.constant(f"{name}.weight", self.normal((inputs, outputs), np.sqrt(1 / inputs)))
        bias = self.constant(f"{name}.bias", self.normal((outputs,), 0.02))
        product = self.node("MatMul", f"{name}.matmul", [x, weight])
        return self.node("Add", f"{name}.add", [bias, product])

    def layer_norm(self, x: Value, name: str, epsilon: float) -> Value:
        scale = self.constant(f"{name}.weight", self.random.uniform(0.8, 1.2, WIDTH))
        bias = self.constant(f"{name}.bias", self.normal((WIDTH,), 0.1))
        return self.node("LayerNormalization", name, [x, scale, bias], axis=-1, epsilon=epsilon)

    def gelu(self, x: Value, name: str) -> Value:
        numbers = {text: self.constant(f"{name}.{text}", np.float32(text)) for text in ("1.4142135", "1", "0.5")}
        with self.scope(name):
            error = self.node("Erf", "erf", [self.node("Div", "div", [x, numbers["1.4142135"]])])
            gate = self.node("Add", "add", [error, numbers["1"]])
            return self.node("Mul", "half", [self.node("Mul", "mul", [x, gate]), numbers["0.5"]])

    def attention(self, x: Value, name: str, mask: Value | None) -> Value:
        """Self-attention; `mask` is added to the scores."""
        with self.scope(name):
            apart = self.constant("apart", np.array([0, 0, HEADS, WIDTH // HEADS]))
            joined = self.constant("joined", np.array([0, 0, WIDTH]))
            heads = {}
            for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
                split = self.node("Reshape", f"{part}.apart", [self.linear(x, part, WIDTH, WIDTH), apart])
                heads[part] = self.node("Transpose", f"{part}.heads", [split], perm=order)
            scores = self.node("MatMul", "scores", [heads["query"], heads["key"]])
            root = self.constant("root", np.float32(np.sqrt(WIDTH // HEADS)))
            scores = self.node("Div", "scaled", [scores, root])
            if mask is not None:
                scores = self.node("Add", "masked", [scores, mask])
            weights = self.node("Softmax", "weights", [scores], axis=-1)
            context = self.node("MatMul", "context", [weights, heads["value"]])
            together = self.node("Transpose", "together", [context], perm=[0, 2, 1, 3])
            return self.linear(self.node("Reshape", "joined.reshape", [together, joined]), "output", WIDTH, WIDTH)

    def feed_forward(self, x: Value, name: str) -> Value:
        with self.scope(name):
            return self.linear(self.gelu(self.linear(x, "first", WIDTH, INNER), "gelu"), "second", INNER, WIDTH)


def bert_base() -> onnx.ModelProto:
    """`input_ids`, `attention_mask` [N, S] int64 -> `hidden` [N, S, 768]: 108 million parameters."""
    net = Transformer("bert-base")
    ids, flags = net.tokens("input_ids", "S"), net.tokens("attention_mask", "S")
    words = net.constant("words", net.normal((30522, WIDTH), 0.5))
    places = net.constant("places", net.normal((512, WIDTH), 0.5))
    kinds = net.constant("kind", net.normal((WIDTH,), 0.5))
    x = net.node("Add", "embedded", [net.node("Gather", "embedding", [words, ids]), kinds])
    length = net.node("Slice", "length", [
        net.node("Shape", "shape", [ids]), net.constant("one", np.array([1])), net.constant("two", np.array([2])),
    ])  # fmt: skip
    place = net.node("Slice", "place", [places, net.constant("zero", np.array([0])), length])
    x = net.layer_norm(net.node("Add", "placed", [x, place]), "norm", 1e-12)
    axes = net.constant("mask.axes", np.array([1, 2]))
    numbers = net.node("Cast", "mask.float", [net.node("Unsqueeze", "mask.heads", [flags, axes])], to=TensorProto.FLOAT)
    inverse = net.node("Sub", "mask.inverse", [net.constant("mask.one", np.float32(1)), numbers])
    lowest = net.constant("mask.lowest", np.float32(np.finfo(np.float32).min))
    mask = net.node("Mul", "mask", [inverse, lowest])
    for layer in range(LAYERS):
        with net.scope(f"layer{layer}"):
            attended = net.add(net.attention(x, "attention", mask), x, "attended")
            x = net.layer_norm(attended, "attention.norm", 1e-12)
            x = net.layer_norm(net.add(net.feed_forward(x, "inner"), x, "fed"), "inner.norm", 1e-12)
    return net.build({"hidden": (x, ["N", "S", WIDTH])})


def vit_base_16() -> onnx.ModelProto:
    """`image` [N, 3, 224, 224] -> `logits` [N, 1000]: 86 million parameters."""
    net = Transformer("vit-b-16")
    image = net.input("image", ["N", 3, 224, 224])
    patches = net.conv(image, "patches", WIDTH, 16, 16, pads=[0, 0, 0, 0], bias=True, gain=1.0)
    rows = net.node("Reshape", "rows", [patches, net.constant("rows.shape", np.array([0, WIDTH, 196]))])
    rows = net.node("Transpose", "rows.first", [rows], perm=[0, 2, 1])
    count = net.node("Slice", "count", [
        net.node("Shape", "shape", [image]), net.constant("zero", np.array([0])), net.constant("one", np.array([1])),
    ])  # fmt: skip
    wanted = net.node("Concat", "class.shape", [count, net.constant("class.rest", np.array([1, WIDTH]))], axis=0)
    token = net.node("Expand", "class", [net.constant("class.token", net.normal((1, 1, WIDTH), 0.5)), wanted])
    x = net.node("Concat", "tokens", [token, rows], axis=1)
    x = net.node("Add", "placed", [x, net.constant("places", net.normal((1, 197, WIDTH), 0.2))])
    for layer in range(LAYERS):
        with net.scope(f"layer{layer}"):
            x = net.add(net.attention(net.layer_norm(x, "norm1", 1e-6), "attention", None), x, "attended")
            x = net.add(net.feed_forward(net.layer_norm(x, "norm2", 1e-6), "inner"), x, "fed")
    x = net.layer_norm(x, "norm", 1e-6)
    first = net.node("Gather", "first", [x, net.constant("first.index", np.array(0))], axis=1)
    head = net.constant("head.weight", net.normal((1000, WIDTH), np.sqrt(1 / WIDTH)))
    bias = net.constant("head.bias", net.normal((1000,), 0.1))
    return net.build({"logits": (net.node("Gemm", "head", [first, head, bias], transB=1), ["N", 1000])})
