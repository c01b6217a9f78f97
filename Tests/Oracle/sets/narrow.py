"""Numbers of 2, 4 and 8 bits that no array file holds: as constants, packed as files pack them, and as what numbers are
rounded to on the way through a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper

from material import reference
from material.case import Case, CaseWriter

FOLDERS = ("narrow",)
VERBOSE = False

WHOLE = {"uint2": (2, 0, 3), "int2": (2, -2, 1), "uint4": (4, 0, 15), "int4": (4, -8, 7)}
FLOATS = {
    "float8e4m3fn": ml_dtypes.float8_e4m3fn, "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2, "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
}  # fmt: skip


def code(name: str) -> int:
    return TensorProto.DataType.Value(name.upper())


def tensor(name: str, kind: str, bits: int, codes: np.ndarray, typed: bool = False) -> TensorProto:
    """Numbers of few bits as a file has them, the first of a byte in its lowest bits."""
    flat = codes.ravel().astype(np.uint8) & ((1 << bits) - 1)
    count = 8 // bits
    flat = np.pad(flat, (0, -len(flat) % count)).reshape(-1, count)
    packed = (flat << (np.arange(count) * bits).astype(np.uint8)).sum(-1).astype(np.uint8)
    result = TensorProto(name=name, data_type=code(kind), dims=codes.shape)
    if typed:
        result.int32_data.extend(int(byte) for byte in packed)
    else:
        result.raw_data = packed.tobytes()
    return result


def model(nodes: list[onnx.NodeProto], x: np.ndarray, weights: list[TensorProto]) -> onnx.ModelProto:
    """From x [rows, columns] to y."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "narrow", values[:1], values[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=12)


def floats(name: str, values: np.ndarray) -> TensorProto:
    return onnx.numpy_helper.from_array(np.asarray(values, np.float32), name)


def layouts(random: np.random.Generator) -> Iterator[tuple[str, dict[str, int], np.ndarray, Any]]:
    """Names, attributes and scales of [5, 7] elements, and how a scale is spread over them."""
    yield "whole", {}, random.uniform(0.1, 2, ()), lambda part: part
    yield "rows", {"axis": 0}, random.uniform(0.1, 2, 5), lambda part: part[:, None]
    yield "columns", {"axis": 1}, random.uniform(0.1, 2, 7), lambda part: part[None]
    yield "blocks0", {"axis": 0, "block_size": 2}, random.uniform(0.1, 2, (3, 7)), lambda part: part.repeat(2, 0)[:5]
    yield "blocks1", {"axis": 1, "block_size": 4}, random.uniform(0.1, 2, (5, 2)), lambda part: part.repeat(4, 1)[:, :7]


def whole_numbers() -> Iterator[Case]:
    for kind, (bits, low, high) in WHOLE.items():
        random = np.random.default_rng(crc32(kind.encode()))
        for layout, attributes, scales, spread in layouts(random):
            scales = scales.astype(np.float32)
            x = random.normal(0, 3, (5, 7)).astype(np.float32)
            levels = random.integers(low, high + 1, (5, 7))
            zeros = random.integers(low, high + 1, scales.shape)
            factor, point = spread(scales), spread(zeros)
            weights = [tensor("w", kind, bits, levels, layout == "rows"), floats("s", scales), tensor("z", kind, bits, zeros)]
            nodes = [
                helper.make_node("DequantizeLinear", ["w", "s", "z"], ["d"], **attributes),
                helper.make_node("Add", ["x", "d"], ["y"]),
            ]
            expected = x + ((levels - point) * factor).astype(np.float32)
            yield Case(f"dequantize-{kind}-{layout}", model(nodes, x, weights), {"x": x}, {"y": expected}, 1e-6, 1e-6)
            # Half-way values, and what is out of range.
            x = (random.integers(-40, 41, (5, 7)) / 2).astype(np.float32) * np.exp2(np.round(np.log2(factor))).astype(np.float32)
            scales = np.exp2(np.round(np.log2(scales))).astype(np.float32)
            factor = spread(scales)
            ends = {"output_dtype": code(kind)} if layout == "columns" else {}
            point = 0 if ends else point
            nodes = [
                helper.make_node("QuantizeLinear", ["x", "s"] + ([] if ends else ["z"]), ["q"], **attributes, **ends),
                helper.make_node("Identity", ["q"], ["i"]),
                helper.make_node("DequantizeLinear", ["i", "s"], ["y"], **attributes),
            ]
            expected = np.clip(np.rint(x / factor) + point, low, high).astype(np.float32) * factor
            weights = [floats("s", scales)] + ([] if ends else weights[2:])
            yield Case(f"quantize-{kind}-{layout}", model(nodes, x, weights), {"x": x}, {"y": expected}, 1e-6, 1e-6)


def floating_point() -> Iterator[Case]:
    x = np.random.default_rng(4).normal(0, 1, (16, 16)).astype(np.float32)
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for kind, dtype in FLOATS.items():
        numbers = codes.view(dtype).astype(np.float32)
        finite = np.isfinite(numbers)
        numbers = np.where(finite, numbers, 0)
        weights = [tensor("w", kind, 8, np.where(finite, codes, 0)), floats("s", 0.25), tensor("z", kind, 8, np.array(0))]
        nodes = [
            helper.make_node("DequantizeLinear", ["w", "s", "z"], ["d"]),
            helper.make_node("Add", ["x", "d"], ["y"]),
        ]
        given = model(nodes, x, weights)
        yield Case(f"dequantize-{kind}", given, {"x": x}, reference.run(given, {"x": x}), 1e-6, 0)
        # All of the format's numbers, half-way between each two, beside that, and past the largest.
        whole = np.unique(numbers)
        middle = (whole[1:] + whole[:-1]) / 2
        values = np.concatenate([whole, middle, np.nextafter(middle, 0), [1e5, -1e5, 3e38, 1e-9, -1e-9]]).astype(np.float32)
        values = np.pad(values, (0, -len(values) % 16)).reshape(-1, 16)
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], saturate=1),
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
        ]
        given = model(nodes, values * 0.25, weights[1:])
        feed = {"x": (values * np.float32(0.25)).astype(np.float32)}
        yield Case(f"quantize-{kind}", given, feed, reference.run(given, feed), 0, 0)
        nodes = [
            helper.make_node("Cast", ["x"], ["q"], to=code(kind), saturate=1),
            helper.make_node("Cast", ["q"], ["y"], to=TensorProto.FLOAT),
        ]
        given = model(nodes, values, [])
        yield Case(f"cast-{kind}", given, {"x": values}, reference.run(given, {"x": values}), 0, 0)
    # Blocks of four bits with powers of two as scales, as microscaling formats have them.
    random = np.random.default_rng(9)
    levels, scales = random.integers(0, 16, (4, 64)).astype(np.uint8), random.integers(120, 132, (4, 2)).astype(np.uint8)
    x = random.normal(0, 1, (4, 64)).astype(np.float32)
    weights = [tensor("w", "float4e2m1", 4, levels), tensor("s", "float8e8m0", 8, scales)]
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s"], ["d"], axis=1, block_size=32, output_dtype=TensorProto.FLOAT),
        helper.make_node("Add", ["x", "d"], ["y"]),
    ]
    table = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
    expected = x + table[levels] * np.exp2(scales.astype(np.float32) - 127).repeat(32, 1)
    yield Case("dequantize-float4e2m1-blocks", model(nodes, x, weights), {"x": x}, {"y": expected}, 1e-6, 0)


def make(writers: dict[str, CaseWriter]) -> None:
    for case in [*whole_numbers(), *floating_point()]:
        writers["narrow"].write(case)
