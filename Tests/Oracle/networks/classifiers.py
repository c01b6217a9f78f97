"""Image classifiers by the book: VGG-11, MobileNetV2, SqueezeNet, DenseNet, small enough for tests."""

from __future__ import annotations

import onnx

from networks.builder import NetworkBuilder, Value


def vgg11() -> onnx.ModelProto:
    """`image` [N, 3, 64, 64] -> `logits` [N, 100]: a plain chain, with a small classifier instead of 4096s."""
    net = NetworkBuilder("vgg11")
    x = net.input("image", ["N", 3, 64, 64])
    for index, width in enumerate((64, None, 128, None, 256, 256, None, 512, 512, None, 512, 512, None)):
        if width is None:
            x = net.max_pool(x, f"features.{index}.pool")
        else:
            x = net.relu(net.conv(x, f"features.{index}.conv", width, bias=True), f"features.{index}.relu")
    x = net.flatten(x, 512 * 2 * 2)
    x = net.node("Dropout", "classifier.drop", [net.relu(net.dense(x, "classifier.fc1", 512), "classifier.relu")])
    return net.build({"logits": (net.dense(x, "classifier.fc2", 100), ["N", 100])})


def mobilenetv2() -> onnx.ModelProto:
    """`image` [N, 3, 96, 96] -> `logits` [N, 1000]: torchvision's MobileNetV2, inverted residuals, depthwise."""
    net = NetworkBuilder("mobilenetv2")

    def layer(x: Value, name: str, channels: int, kernel: int = 1, stride: int = 1, group: int = 1) -> Value:
        x = net.conv(x, f"{name}.conv", channels, kernel, stride, group=group)
        return net.relu6(net.norm(x, f"{name}.norm"), f"{name}.relu6")

    def inverted_residual(x: Value, channels: int, stride: int, expansion: int) -> Value:
        wide = layer(x, "expand", x.channels * expansion) if expansion != 1 else x
        wide = layer(wide, "depthwise", wide.channels, 3, stride, group=wide.channels)
        narrow = net.norm(net.conv(wide, "project.conv", channels, 1), "project.norm", gain=0.7)
        return net.add(x, narrow) if stride == 1 and x.channels == channels else narrow

    x = layer(net.input("image", ["N", 3, 96, 96]), "stem", 32, 3, 2)
    settings = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )
    for stage, (expansion, channels, count, stride) in enumerate(settings):
        for block in range(count):
            with net.scope(f"stage{stage}.{block}"):
                x = inverted_residual(x, channels, stride if block == 0 else 1, expansion)
    x = layer(x, "head", 1280)
    x = net.flatten(net.node("GlobalAveragePool", "pool", [x]), 1280)
    return net.build({"logits": (net.dense(x, "classifier", 1000), ["N", 1000])})


def squeezenet(name: str = "squeezenet") -> onnx.ModelProto:
    """`image` [N, 3, 67, 67] -> `logits` [N, 50]: fire modules (a fork and a concat each), pools that round up."""
    net = NetworkBuilder(name)

    def fire(x: Value, name: str, squeeze: int, expand: int) -> Value:
        with net.scope(name):
            narrow = net.relu(net.conv(x, "squeeze", squeeze, 1, bias=True), "squeeze.relu")
            one = net.relu(net.conv(narrow, "expand1x1", expand, 1, bias=True), "expand1x1.relu")
            three = net.relu(net.conv(narrow, "expand3x3", expand, 3, bias=True), "expand3x3.relu")
            return net.concat([one, three], "concat")

    x = net.input("image", ["N", 3, 67, 67])
    x = net.relu(net.conv(x, "conv1", 64, 3, 2, pads=[0, 0, 0, 0], bias=True), "relu1")
    x = net.max_pool(x, "pool1", 3, 2, ceil=True)
    x = fire(fire(x, "fire2", 16, 64), "fire3", 16, 64)
    x = net.max_pool(x, "pool3", 3, 2, ceil=True)
    x = fire(fire(x, "fire4", 32, 128), "fire5", 32, 128)
    x = net.max_pool(x, "pool5", 3, 2, ceil=True)
    x = net.node("Dropout", "drop", [fire(fire(x, "fire6", 48, 192), "fire7", 64, 256)])
    x = net.relu(net.conv(x, "conv8", 50, 1, bias=True), "relu8")
    x = net.flatten(net.node("GlobalAveragePool", "pool8", [x]), 50)
    return net.build({"logits": (x, ["N", 50])})


def densenet() -> onnx.ModelProto:
    """`image` [N, 3, 64, 64] -> `probabilities` [N, 20]: every layer of a block reads all earlier ones."""
    net = NetworkBuilder("densenet")
    x = net.conv(net.input("image", ["N", 3, 64, 64]), "stem.conv", 24, 3, 2)
    x = net.max_pool(net.relu(net.norm(x, "stem.norm"), "stem.relu"), "stem.pool", 3, 2, 1)
    for block in range(3):
        for layer in range(4):
            with net.scope(f"block{block}.layer{layer}"):
                new = net.conv(net.relu(net.norm(x, "norm1"), "relu1"), "conv1", 48, 1)
                new = net.conv(net.relu(net.norm(new, "norm2"), "relu2"), "conv2", 12, 3)
                x = net.concat([x, new], "concat")
        if block < 2:
            with net.scope(f"transition{block}"):
                x = net.conv(net.relu(net.norm(x, "norm"), "relu"), "conv", x.channels // 2, 1)
                x = net.average_pool(x, "pool")
    x = net.node("GlobalAveragePool", "pool", [net.relu(net.norm(x, "norm"), "relu")])
    x = net.dense(net.flatten(x, x.channels), "fc", 20)
    return net.build({"probabilities": (net.node("Softmax", "softmax", [x], axis=1), ["N", 20])})
