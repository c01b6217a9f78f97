"""The same idea at the two ends of ONNX's history, and a network in half precision."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from networks.builder import NetworkBuilder


def opset7() -> onnx.ModelProto:
    """`image` [N, 3, 32, 32] -> `probabilities` [N, 12], at opset 7 and IR version 3.

    What later became an input is an attribute here: the bounds of Clip, the pads of Pad, the scales of
    Upsample, the axes of Unsqueeze. Softmax flattens from its axis on. The weights are graph inputs too,
    as IR version 3 wants it.
    """
    net = NetworkBuilder("opset7", opset=7, ir_version=3)
    x = net.input("image", ["N", 3, 32, 32])
    x = net.node("Pad", "pad", [x], mode="constant", pads=[0, 0, 1, 1, 0, 0, 1, 1], value=0.5)
    x = net.conv(x, "conv1", 16, 3, pads=[0, 0, 0, 0], bias=True)
    x = net.node("Clip", "clip1", [net.norm(x, "norm1")], min=0.0, max=6.0)
    x = net.node("MaxPool", "pool1", [x], kernel_shape=[2, 2], strides=[2, 2])
    skip = x
    x = net.relu(net.conv(x, "conv2", 32, 3, 2, bias=True), "relu2")
    x = net.node("Upsample", "up", [x], mode="nearest", scales=[1.0, 1.0, 2.0, 2.0])
    x = net.node("Sum", "sum", [net.conv(x, "conv3", 16, 1), skip, net.conv(skip, "conv4", 16, 1)])
    x = net.node("Dropout", "drop", [net.node("Elu", "elu", [x], alpha=0.5)], ratio=0.4)
    scale = net.constant("scale", net.normal((16,), 0.2, mean=1))
    x = net.node("Mul", "mul", [x, net.node("Unsqueeze", "unsqueeze", [scale], axes=[1, 2])])
    x = net.node("AveragePool", "pool2", [x], kernel_shape=[4, 4], strides=[4, 4])
    x = net.node("Reshape", "reshape", [x, net.constant("reshape.shape", np.array([0, -1]))], 16 * 4 * 4)
    x = net.node("Softmax", "softmax", [net.dense(x, "fc", 12, gain=1)], axis=1)
    return net.build({"probabilities": (x, ["N", 12])})


def opset22() -> onnx.ModelProto:
    """`image` [N, 3, 32, 32] -> `logits` [N, 12], at opset 22 and IR version 10.

    A ConvNeXt-like block (depthwise 7x7, LayerNormalization over channels last, Gelu), a GroupNormalization,
    Split by number of outputs, reductions with their axes as an input, and a Resize that keeps the ratio.
    """
    net = NetworkBuilder("opset22", opset=22, ir_version=10)
    x = net.conv(net.input("image", ["N", 3, 32, 32]), "stem", 32, 4, 4, pads=[0, 0, 0, 0], bias=True)  # 8 x 8
    for index in range(2):
        with net.scope(f"block{index}"):
            y = net.conv(x, "depthwise", 32, 7, group=32, bias=True, gain=1)
            y = net.node("Transpose", "channels_last", [y], perm=[0, 2, 3, 1])  # [N, 8, 8, 32]
            norm = [
                net.constant("norm.weight", net.normal((32,), 0.1, mean=1)),
                net.constant("norm.bias", net.normal((32,), 0.1)),
            ]
            y = net.node("LayerNormalization", "norm", [y, *norm], axis=-1, epsilon=1e-6)
            y = net.node("MatMul", "fc1", [y, net.constant("fc1.weight", net.normal((32, 128), np.sqrt(1 / 32)))])
            y = net.node(
                "Gelu", "gelu", [net.node("Add", "fc1.add", [y, net.constant("fc1.bias", net.normal((128,), 0.1))])]
            )
            y = net.node("MatMul", "fc2", [y, net.constant("fc2.weight", net.normal((128, 32), np.sqrt(1 / 128)))])
            x = net.add(x, net.node("Transpose", "channels_first", [y], 32, perm=[0, 3, 1, 2]))
    parts = [
        net.constant("group.weight", net.normal((32,), 0.1, mean=1)),
        net.constant("group.bias", net.normal((32,), 0.1)),
    ]
    x = net.node("GroupNormalization", "group", [x, *parts], num_groups=4)
    left, right = net.nodes_with_outputs("Split", "split", [x], [16, 16], axis=1, num_outputs=2)
    x = net.concat([net.node("Mul", "gate", [left, net.node("Sigmoid", "sigmoid", [right])]), right], "concat")
    sizes = net.constant("resize.sizes", np.array([12, 16]))
    x = net.node(
        "Resize", "resize", [x, "", "", sizes], mode="linear", axes=[2, 3], keep_aspect_ratio_policy="not_larger"
    )
    x = net.node("ReduceMean", "mean", [x, net.constant("mean.axes", np.array([2, 3]))], keepdims=0)
    return net.build({"logits": (net.dense(x, "fc", 12, gain=1), ["N", 12])})


def float16() -> onnx.ModelProto:
    """`image` [N, 3, 32, 32] -> `logits` [N, 10] in float32: weights and activations in half precision."""
    net = NetworkBuilder("float16", dtype=np.float16)
    x = net.relu(net.norm(net.conv(net.input("image", ["N", 3, 32, 32]), "stem", 16, 3, 2), "stem.norm"), "stem.relu")
    for index in range(3):
        with net.scope(f"block{index}"):
            y = net.relu(net.norm(net.conv(x, "conv1", 16), "norm1"), "relu1")
            x = net.relu(net.add(net.norm(net.conv(y, "conv2", 16), "norm2", gain=0.5), x), "relu2")
    x = net.dense(net.flatten(net.node("GlobalAveragePool", "pool", [x]), 16), "fc", 10)
    model = net.build({"logits16": (x, ["N", 10])})
    model.graph.node.append(helper.make_node("Cast", ["logits16"], ["logits"], name="cast", to=TensorProto.FLOAT))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10]))
    onnx.checker.check_model(model, full_check=True)
    return model
