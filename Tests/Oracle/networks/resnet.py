"""ResNet-50 exactly as torchvision builds it (version 1.5: the stride sits in the 3x3 convolution)."""

from __future__ import annotations

import onnx

from networks.builder import NetworkBuilder, Value

EXPANSION = 4
LAYERS = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))  # (width, blocks, stride of the first block)


def _bottleneck(net: NetworkBuilder, x: Value, width: int, stride: int) -> Value:
    """1x1 reduce, 3x3, 1x1 expand, plus the input; the first block of a layer projects its input."""
    branch = net.relu(net.norm(net.conv(x, "conv1", width, 1), "bn1"), "relu1")
    branch = net.relu(net.norm(net.conv(branch, "conv2", width, 3, stride), "bn2"), "relu2")
    branch = net.norm(net.conv(branch, "conv3", width * EXPANSION, 1), "bn3", gain=0.3)
    if stride != 1 or x.channels != width * EXPANSION:
        x = net.norm(net.conv(x, "downsample.0", width * EXPANSION, 1, stride), "downsample.1")
    return net.relu(net.add(branch, x), "relu3")


def resnet50(side: int) -> onnx.ModelProto:
    """`image` [N, 3, side, side] -> `logits` [N, 1000]; 25.6 million parameters, the same for every side."""
    net = NetworkBuilder("resnet50")
    x = net.input("image", ["N", 3, side, side])
    x = net.relu(net.norm(net.conv(x, "conv1", 64, 7, 2), "bn1"), "relu")
    x = net.max_pool(x, "maxpool", 3, 2, 1)
    for layer, (width, blocks, stride) in enumerate(LAYERS, start=1):
        for block in range(blocks):
            with net.scope(f"layer{layer}.{block}"):
                x = _bottleneck(net, x, width, stride if block == 0 else 1)
    x = net.flatten(net.node("GlobalAveragePool", "avgpool", [x]), x.channels)
    return net.build({"logits": (net.dense(x, "fc", 1000), ["N", 1000])})
