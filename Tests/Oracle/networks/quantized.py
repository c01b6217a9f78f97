"""A network whose arithmetic is that of 8-bit numbers."""

from __future__ import annotations

import numpy as np
import onnx

from material.reference import weights_without_saturation
from networks.builder import NetworkBuilder, Value


def quantized() -> onnx.ModelProto:
    """`image` [N, 3, 24, 24] -> `logits` [N, 10]: quantised convolutions, a dynamically quantised product, and a last
    layer whose weights are stored as int8 and taken back to float32."""
    net = NetworkBuilder("quantized", opset=21, ir_version=10)
    random = net.random

    def scale(name: str, value: float | np.ndarray) -> str:
        return net.constant(name, np.asarray(value, np.float32))

    def whole(name: str, value: np.ndarray | int, dtype: type) -> str:
        return net.constant(name, np.asarray(value, dtype))

    def weights(name: str, *shape: int) -> str:
        return whole(name, weights_without_saturation(random, *shape), np.int8)

    x = net.input("image", ["N", 3, 24, 24])
    grid = [scale("image.scale", 0.03), whole("image.zero", 120, np.uint8)]
    x = Value(net.node("QuantizeLinear", "quantize", [x, *grid]).name, 3)
    for index, (channels, group, stride, zero) in enumerate([(16, 1, 1, 3), (16, 16, 2, 130), (24, 2, 1, 5)]):
        with net.scope(f"conv{index}"):
            fan_in = x.channels // group * 9
            operands = [
                weights("weight", channels, x.channels // group, 3, 3),
                scale("weight.scale", random.uniform(0.8, 1.2, channels) / 37 / np.sqrt(fan_in)),
                whole("weight.zero", np.zeros(channels), np.int8),
            ]
            result = [scale("scale", 0.02), whole("zero", zero, np.uint8)]
            bias = whole("bias", random.integers(-900, 900, channels), np.int32)
            attributes = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [stride] * 2, "group": group}
            x = net.node("QLinearConv", "conv", [x, *grid, *operands, *result, bias], channels, **attributes)
            grid = result
    x = net.node("DequantizeLinear", "dequantize", [x, *grid])
    x = net.flatten(net.max_pool(x, "pool", 3, 3), 24 * 16)
    y, y_scale, y_zero = net.nodes_with_outputs("DynamicQuantizeLinear", "dynamic", [x], [None, None, None])
    product = net.node(
        "MatMulInteger", "product", [y, weights("fc1.weight", 24 * 16, 32), y_zero, whole("fc1.zero", 2, np.int8)]
    )
    product = net.node("Cast", "cast", [product], to=onnx.TensorProto.FLOAT)
    product = net.node("Mul", "scaled", [product, net.node("Mul", "factor", [y_scale, scale("fc1.scale", 0.004)])])
    blocks = [scale("fc2.scale", random.uniform(0.002, 0.006, (4, 10))), whole("fc2.zero", np.zeros((4, 10)), np.int8)]
    last = net.node("DequantizeLinear", "fc2.dequantize", [weights("fc2.weight", 32, 10), *blocks], axis=0, block_size=8)
    return net.build({"logits": (net.node("MatMul", "fc2", [product, last]), ["N", 10])})
