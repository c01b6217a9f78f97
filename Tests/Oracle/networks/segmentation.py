"""Image to image: U-Nets with skip connections, and an autoencoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from networks.builder import NetworkBuilder, Value

WIDTHS = (16, 32, 64, 128)


def _double_conv(net: NetworkBuilder, x: Value, channels: int) -> Value:
    for index in (1, 2):
        x = net.relu(net.norm(net.conv(x, f"conv{index}", channels), f"norm{index}"), f"relu{index}")
    return x


def _upsample(net: NetworkBuilder, x: Value, channels: int, resize: str | None) -> Value:
    """Twice the height and width: by a learnt ConvTranspose, or by Resize and a convolution."""
    if resize is None:
        return net.conv_transpose(x, "up", channels)
    scales = net.constant("up.scales", np.array([1, 1, 2, 2], np.float32))
    if resize == "linear":
        modes: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    else:
        modes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return net.conv(net.node("Resize", "up", [x, "", scales], **modes), "up.conv", channels, bias=True)


def unet(resize: bool, side: int = 64, widths: tuple[int, ...] = WIDTHS) -> onnx.ModelProto:
    """`image` [N, 3, side, side] -> `mask` [N, 4, side, side] (logits) and `edges` [N, 1, side, side] (0...1).

    As many levels down and up as there are widths, a concat on each way up. With `resize`, linear and nearest take turns.
    """
    net = NetworkBuilder("unet-resize" if resize else "unet")
    x = net.input("image", ["N", 3, side, side])
    skips: list[Value] = []
    for level, width in enumerate(widths):
        with net.scope(f"down{level}"):
            skips.append(_double_conv(net, x, width))
            x = net.max_pool(skips[-1], "pool")
    with net.scope("bottom"):
        x = _double_conv(net, x, 2 * widths[-1])
    for level, width in reversed(list(enumerate(widths))):
        with net.scope(f"up{level}"):
            up = _upsample(net, x, width, ("linear", "nearest")[level % 2] if resize else None)
            x = _double_conv(net, net.concat([skips[level], up], "concat"), width)
    mask = net.conv(x, "mask.conv", 4, 1, bias=True, gain=1)
    edges = net.node("Sigmoid", "edges.sigmoid", [net.conv(x, "edges.conv", 1, 1, bias=True, gain=1)])
    return net.build({"mask": (mask, ["N", 4, side, side]), "edges": (edges, ["N", 1, side, side])})


def autoencoder() -> onnx.ModelProto:
    """`image` [N, 3, 32, 32] -> `restored` [N, 3, 32, 32] in -1...1 and `code` [N, 64].

    The way back from the code is the idiom of PyTorch exports: the batch is read by Shape, put together
    with constants by Concat, and given to Reshape.
    """
    net = NetworkBuilder("autoencoder")
    x = net.input("image", ["N", 3, 32, 32])
    for index, width in enumerate((16, 32, 64)):  # 32 -> 16 -> 8 -> 4
        x = net.conv(x, f"encoder{index}.conv", width, 3, 2, bias=True)
        x = net.node("LeakyRelu", f"encoder{index}.activation", [x], alpha=0.1)
    code = net.dense(net.flatten(x, 64 * 4 * 4), "code", 64, gain=1)
    slope = net.constant("decoder.slope", np.full((256,), 0.25, np.float32))
    x = net.node("PRelu", "decoder.activation", [net.dense(code, "decoder.fc", 256), slope])
    batch = net.node(
        "Gather",
        "decoder.batch",
        [net.node("Shape", "decoder.shape", [x]), net.constant("zero", np.array([0]))],
        axis=0,
    )
    shape = net.node("Concat", "decoder.target", [batch, net.constant("image.shape", np.array([16, 4, 4]))], axis=0)
    x = net.node("Reshape", "decoder.reshape", [x, shape], 16)
    x = net.relu(net.conv_transpose(x, "decoder0.up", 32, kernel=3, stride=2, pad=1, extra=1), "decoder0.relu")  # 8
    x = net.relu(net.conv_transpose(x, "decoder1.up", 32, kernel=4, stride=2, pad=1, group=2), "decoder1.relu")  # 16
    x = net.conv_transpose(x, "decoder2.up", 3, kernel=2, stride=2)  # 32
    return net.build({"restored": (net.node("Tanh", "tanh", [x]), ["N", 3, 32, 32]), "code": (code, ["N", 64])})
