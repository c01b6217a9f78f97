"""Measures single operators and two models that need them, with mpinfer and ONNX Runtime, in one run on one thread.

    python operators.py [--rounds N] [--mpinfer PROGRAM] [--only WORD]

Models are made here, with random weights. Every round measures each of them with mpinfer and with ONNX Runtime, in turn.
mpinfer's figure is what its report calls computing, ONNX Runtime's the time of its calls: neither reads files, and both
compute the same items, each of them once. The figures
are medians over the rounds, with the lowest and the highest in brackets; a ratio above 1 says that mpinfer is slower.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import benchmark

RANDOM = np.random.default_rng(5)


class Network:
    """An ONNX graph that is being built, whose first axis counts items."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.items: dict[str, np.ndarray] = {}

    def input(self, name: str, values: np.ndarray, batch: int) -> str:
        self.items[name] = values
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        self.inputs.append(helper.make_tensor_value_info(name, kind, [batch, *values.shape[1:]]))
        return name

    def constant(self, values: np.ndarray) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def weight(self, *shape: int) -> str:
        """Random, and small enough that the values of deep networks stay finite."""
        fan = max(1, int(np.prod(shape[1:])))
        return self.constant((RANDOM.standard_normal(shape) / np.sqrt(fan)).astype(np.float32))

    def __call__(self, operator: str, *operands: str, **attributes: object) -> str:
        name = f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, operands, [name], **attributes))
        return name

    def save(self, folder: Path, output: str, batch: int) -> benchmark.Row:
        graph = helper.make_graph(
            self.nodes, "g", self.inputs, [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], self.weights
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        path = folder / f"{len(list(folder.iterdir()))}.onnx"
        onnx.save(model, path)
        return benchmark.Row(self.name, path, self.items, batch)


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def single(folder: Path, name: str, items: np.ndarray, batch: int, operator: str, *weights: str | np.ndarray | tuple, **attributes: object):
    """A model of one operator; a weight is its shape, or its values."""
    network = Network(name)
    x = network.input("x", items, batch)
    operands = [network.weight(*w) if isinstance(w, tuple) else network.constant(w) for w in weights]
    return network.save(folder, network(operator, x, *operands, **attributes), batch)


def convolution(folder: Path, name: str, items: np.ndarray, batch: int, weight: tuple[int, ...], **attributes: object):
    return single(folder, name, items, batch, "Conv", weight, **attributes)


def xlnet(folder: Path, layers: int = 4, length: int = 128, hidden: int = 512, heads: int = 8) -> benchmark.Row:
    """Layers as XLNet has them, whose projections and scores are Einstein sums (without the shift of relative scores)."""
    network = Network(f"XLNet-like, {layers} layers of {hidden}, sequence {length}")
    size = hidden // heads
    x = network("Transpose", network.input("x", floats(8, length, hidden), 1), perm=[1, 0, 2])
    for _ in range(layers):
        query, key, value = (network("Einsum", x, network.weight(hidden, heads, size), equation="ibh,hnd->ibnd") for _ in range(3))
        places = network("Einsum", network.weight(length, 1, hidden), network.weight(hidden, heads, size), equation="ibh,hnd->ibnd")
        scores = network("Einsum", query, key, equation="ibnd,jbnd->bnij")
        relative = network("Einsum", query, places, equation="ibnd,jbnd->bnij")
        segments = network("Einsum", query, network.weight(2, heads, size), equation="ibnd,snd->ibns")
        segments = network("Einsum", network.weight(length, length, 1, 2), segments, equation="ijbs,ibns->bnij")
        scores = network("Add", network("Add", scores, relative), segments)
        share = network("Softmax", network("Mul", scores, network.constant(np.float32(size**-0.5))), axis=3)
        mixed = network("Einsum", share, value, equation="bnij,jbnd->ibnd")
        mixed = network("Einsum", mixed, network.weight(hidden, heads, size), equation="ibnd,hnd->ibh")
        norms = [(network.constant(np.ones(hidden, np.float32)), network.constant(np.zeros(hidden, np.float32))) for _ in range(2)]
        x = network("LayerNormalization", network("Add", x, mixed), *norms[0])
        wide = network("Relu", network("MatMul", x, network.weight(hidden, 4 * hidden)))
        x = network("LayerNormalization", network("Add", x, network("MatMul", wide, network.weight(4 * hidden, hidden))), *norms[1])
    return network.save(folder, network("Transpose", x, perm=[1, 0, 2]), 1)


def r3d(folder: Path, frames: int = 8, side: int = 64) -> benchmark.Row:
    """A ResNet-18 whose convolutions run over time as well."""
    network = Network(f"r3d_18-like, {frames} x {side} x {side}")

    def conv(x: str, channels: tuple[int, int], kernel: list[int], strides: list[int]) -> str:
        pads = [k // 2 for k in kernel] * 2
        return network("Conv", x, network.weight(channels[1], channels[0], *kernel), network.weight(channels[1]), strides=strides, pads=pads)

    x = network("Relu", conv(network.input("x", floats(4, 3, frames, side, side), 1), (3, 64), [3, 7, 7], [1, 2, 2]))
    before = 64
    for stage, channels in enumerate((64, 128, 256, 512)):
        for block in range(2):
            step = [2, 2, 2] if stage > 0 and block == 0 else [1, 1, 1]
            y = network("Relu", conv(x, (before, channels), [3, 3, 3], step))
            y = conv(y, (channels, channels), [3, 3, 3], [1, 1, 1])
            shortcut = conv(x, (before, channels), [1, 1, 1], step) if step[0] == 2 else x
            x = network("Relu", network("Add", y, shortcut))
            before = channels
    x = network("Flatten", network("GlobalAveragePool", x))
    return network.save(folder, network("Gemm", x, network.weight(512, 400)), 1)


def regions(folder: Path) -> benchmark.Row:
    corners = RANDOM.uniform(0, 150, (100, 2))
    boxes = np.concatenate([corners, corners + RANDOM.uniform(8, 100, (100, 2))], axis=1).astype(np.float32)
    return single(
        folder, "RoiAlign, 256 channels, 100 regions of 7 x 7", floats(12, 256, 64, 64), 1, "RoiAlign", boxes,
        np.zeros(100, np.int64), output_height=7, output_width=7, sampling_ratio=2, spatial_scale=0.25,
    )  # fmt: skip


def scatter(folder: Path, name: str, operator: str, indices: np.ndarray, updates: tuple[int, ...], **attributes: object):
    network = Network(name)
    data = network.input("data", floats(16, 512, 256), 1)
    result = network(operator, data, network.constant(indices), network.weight(*updates), **attributes)
    return network.save(folder, result, 1)


def rows(folder: Path) -> list[benchmark.Row]:
    pads2, pads3 = [1] * 4, [1] * 6
    entries = RANDOM.integers(0, 512, (1, 300, 256))
    tuples = np.stack([np.zeros(4000, np.int64), RANDOM.integers(0, 512, 4000), RANDOM.integers(0, 256, 4000)], axis=1)
    return [
        single(folder, "Einsum bih,hnd->bind", floats(100, 64, 256), 2, "Einsum", (256, 8, 32), equation="bih,hnd->bind"),
        single(folder, "Einsum bij,bkj->bik", floats(64, 96, 128), 1, "Einsum", (1, 96, 128), equation="bij,bkj->bik"),
        xlnet(folder),
        convolution(folder, "Conv 3-D, 64 channels, 4 x 14 x 14", floats(24, 64, 4, 14, 14), 2, (64, 64, 3, 3, 3), pads=pads3),
        convolution(folder, "Conv 3-D in 8 groups, 8 x 28 x 28", floats(12, 64, 8, 28, 28), 1, (64, 8, 3, 3, 3), pads=pads3, group=8),
        convolution(folder, "Conv 3-D depthwise, 8 x 28 x 28", floats(12, 64, 8, 28, 28), 1, (64, 1, 3, 3, 3), pads=pads3, group=64),
        single(folder, "MaxPool 3-D, 3 x 3 x 3", floats(48, 64, 8, 28, 28), 1, "MaxPool", kernel_shape=[3] * 3, strides=[2] * 3, pads=pads3),
        single(folder, "AveragePool 3-D, 2 x 2 x 2", floats(48, 64, 8, 28, 28), 1, "AveragePool", kernel_shape=[2] * 3, strides=[2] * 3),
        single(folder, "LpPool, 3 x 3", floats(12, 64, 56, 56), 1, "LpPool", kernel_shape=[3, 3], strides=[2, 2], pads=pads2),
        r3d(folder),
        *(
            convolution(
                folder, f"Conv, 256 channels, 33 x 33, dilation {d}", floats(12, 256, 33, 33), 1, (256, 256, 3, 3), pads=[d] * 4,
                dilations=[d, d],
            )
            for d in (1, 2, 6, 12, 18, 36)
        ),
        convolution(folder, "Conv depthwise, 64 x 64, dilation 2", floats(24, 64, 64, 64), 1, (64, 1, 3, 3), pads=[2] * 4, dilations=[2, 2], group=64),
        regions(folder),
        scatter(folder, "ScatterElements, axis 1", "ScatterElements", entries, (1, 300, 256), axis=1),
        scatter(folder, "ScatterND, 4,000 elements", "ScatterND", tuples, (4000,)),
        single(folder, "GatherElements, axis 1", floats(16, 512, 256), 1, "GatherElements", entries, axis=1),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--mpinfer", type=Path, default=benchmark.MPINFER)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    arguments = parser.parse_args()
    benchmark.MPINFER = arguments.mpinfer

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models").mkdir()
        chosen = [row for row in rows(folder / "models") if arguments.only in row.name]
        jobs = [row.write_job(folder / str(index)) for index, row in enumerate(chosen)]
        sessions = [benchmark.runtime(row.model, 1) for row in chosen]
        mine: dict[str, list[float]] = {row.name: [] for row in chosen}
        theirs: dict[str, list[float]] = {row.name: [] for row in chosen}
        for number in range(arguments.rounds):
            for row, job, session in zip(chosen, jobs, sessions, strict=True):
                count = len(next(iter(row.items.values()))) // row.batch
                report = benchmark.mpinfer(job, 1, 1)
                mine[row.name].append(1e3 * report["ranks"][0]["compute"] / count)
                batches = [
                    {key: values[at : at + row.batch] for key, values in row.items.items()}
                    for at in range(0, count * row.batch, row.batch)
                ]
                session.run(None, batches[0])
                start = time.perf_counter()
                for batch in batches:
                    session.run(None, batch)
                theirs[row.name].append(1e3 * (time.perf_counter() - start) / count)
            print(f"round {number + 1} of {arguments.rounds} done", file=sys.stderr)

    print(f"1 rank, 1 thread, milliseconds: median (lowest .. highest) of {arguments.rounds} rounds\n")
    benchmark.print_table(
        [("operator or model", "mpinfer", "ONNX Runtime", "ratio")]
        + [
            (
                row.name, benchmark.spread(mine[row.name], 3), benchmark.spread(theirs[row.name], 3),
                benchmark.spread(benchmark.ratios(mine[row.name], theirs[row.name])),
            )
            for row in chosen
        ]
    )  # fmt: skip


if __name__ == "__main__":
    main()
