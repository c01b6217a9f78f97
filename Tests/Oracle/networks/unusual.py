"""Networks made to be awkward: many branches, odd sizes, asymmetric windows, groups and dilations."""

from __future__ import annotations

import numpy as np
import onnx

from networks.builder import NetworkBuilder, Value


def inception() -> onnx.ModelProto:
    """`image` [N, 3, 75, 75] -> `logits` [N, 30]: four branches a block, odd sizes, 1x7 and 7x1 windows."""
    net = NetworkBuilder("inception")

    def unit(
        x: Value, name: str, channels: int, kernel: int | tuple[int, int] = 1, stride: int = 1, **attributes
    ) -> Value:
        x = net.conv(x, f"{name}.conv", channels, kernel, stride, **attributes)
        return net.relu(net.norm(x, f"{name}.norm"), f"{name}.relu")

    def block(x: Value, width: int) -> Value:
        """The average pool leaves its padding out of the mean, which a tile at an inner seam must not do."""
        long = unit(unit(unit(x, "long1", width), "long2", width, (1, 7)), "long3", width, (7, 1))
        pool = net.average_pool(x, "pool", 3, 1, 1, count_include_pad=0)
        branches = [
            unit(x, "one", width),
            unit(unit(x, "three1", width), "three2", width, 3),
            long,
            unit(pool, "pooled", width),
        ]
        return net.concat(branches, "concat")

    def reduction(x: Value, width: int) -> Value:
        strided = unit(x, "strided", width, 3, 2, pads=[0, 0, 0, 0])
        return net.concat([strided, net.max_pool(x, "pool", 3, 2)], "concat")

    x = net.input("image", ["N", 3, 75, 75])
    x = unit(x, "stem1", 16, 3, 2, auto_pad="SAME_UPPER")  # 38
    x = unit(x, "stem2", 32, 3, 2, auto_pad="SAME_LOWER")  # 19
    x = net.node("LRN", "stem3", [x], size=5, alpha=1e-3, beta=0.75, bias=1.0)
    for index in range(3):
        with net.scope(f"block{index}"):
            x = block(x, 16 * (index + 1))
        if index < 2:
            with net.scope(f"reduction{index}"):
                x = reduction(x, 32)
    x = net.node("ReduceMean", "mean", [x], axes=[2, 3], keepdims=0)
    return net.build({"logits": (net.dense(x, "fc", 30), ["N", 30])})


def grouped_dilated() -> onnx.ModelProto:
    """`image` [N, 8, 40, 56] -> `logits` [N, 10] and `features` [N, 64, 20, 28].

    Grouped and dilated convolutions, a channel shuffle, squeeze-and-excitation, asymmetric pads, edge and
    reflected padding; height and width differ on purpose.
    """
    net = NetworkBuilder("grouped-dilated")

    def shuffle(x: Value, groups: int, height: int, width: int) -> Value:
        apart = net.constant("shuffle.apart", np.array([0, groups, x.channels // groups, height, width]))
        together = net.constant("shuffle.together", np.array([0, -1, height, width]))
        y = net.node("Reshape", "shuffle.split", [x, apart], x.channels)
        y = net.node("Transpose", "shuffle.transpose", [y], perm=[0, 2, 1, 3, 4])
        return net.node("Reshape", "shuffle.merge", [y, together])

    def excite(x: Value) -> Value:
        """Channel weights from the whole image: nothing spatial can be cut through here for free."""
        weight = net.node("GlobalAveragePool", "excite.pool", [x])
        weight = net.relu(net.conv(weight, "excite.fc1", x.channels // 4, 1, bias=True), "excite.relu")
        weight = net.conv(weight, "excite.fc2", x.channels, 1, bias=True)
        return net.node("Mul", "excite", [x, net.node("HardSigmoid", "excite.gate", [weight], alpha=1 / 6, beta=0.5)])

    x = net.input("image", ["N", 8, 40, 56])
    x = net.node(
        "Pad", "pad", [x, net.constant("pad.pads", np.array([0, 0, 1, 2, 0, 0, 2, 1]))], mode="reflect"
    )  # 43 x 59
    x = net.relu(net.conv(x, "stem", 64, 4, 2, pads=[0, 0, 0, 0], bias=True), "stem.relu")  # 20 x 28
    for index, (group, dilation) in enumerate(((8, 1), (4, 2), (16, 4), (64, 3))):
        with net.scope(f"block{index}"):
            y = net.conv(x, "conv1", 64, 1, group=min(group, 8), bias=True)
            y = shuffle(net.relu(y, "relu1"), min(group, 8), 20, 28)
            y = net.relu(net.conv(y, "conv2", 64, 3, group=group, dilation=dilation, bias=True), "relu2")
            y = net.norm(net.conv(excite(y), "conv3", 64, 1), "norm", gain=0.5)
            x = net.relu(net.add(x, y), "relu3")
    y = net.conv(x, "skewed", 64, (2, 5), pads=[1, 0, 0, 4], bias=True)  # pads differ on every side
    features = net.node("HardSwish", "features.activation", [y])
    head = net.flatten(net.node("GlobalMaxPool", "pool", [features]), 64)
    return net.build(
        {"logits": (net.dense(head, "fc", 10, gain=1), ["N", 10]), "features": (features, ["N", 64, 20, 28])}
    )
