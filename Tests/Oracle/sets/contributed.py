"""Operators of ONNX Runtime's own domain, with random attributes and operands, beside itself: products with packed
weights, the operators on 8-bit integers that its quantiser writes, and the attentions that its optimiser writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import onnx

from material import reference
from material.case import Case, CaseWriter
from sets.operators import OperatorCase

FOLDERS = ("contributed",)
VERBOSE = False
DOMAIN = "com.microsoft"
SOURCES = (Path(__file__).with_name("operators.py"),)

Operand = np.ndarray | None


@dataclass
class ContributedCase(OperatorCase):
    """A node of ONNX Runtime's own domain."""

    types: tuple[int, ...] = ()  # ONNX's codes of the dtypes of the results, where they are not float
    twin: OperatorCase | None = None  # the same in a form that ONNX Runtime has on a CPU
    expected: np.ndarray | None = None  # where it has none, or a wrong one
    # Which elements of each result the operator defines; the model makes the others zero.
    defined: tuple[np.ndarray, ...] = ()

    def model(self) -> onnx.ModelProto:
        model = super().model()
        for output, code in zip(model.graph.output, self.types, strict=False):
            output.type.tensor_type.elem_type = code
        graph = model.graph
        for index, mask in enumerate(self.defined):
            graph.node[0].output[index] = f"all{index}"
            graph.initializer.append(onnx.numpy_helper.from_array(mask, f"defined{index}"))
            graph.initializer.append(onnx.numpy_helper.from_array(np.float32(0), f"zero{index}"))
            graph.node.add(op_type="Where", input=[f"defined{index}", f"all{index}", f"zero{index}"], output=[f"y{index}"])
        return model

    def results(self) -> dict[str, np.ndarray]:
        if self.expected is not None:
            return {"y0": self.expected}
        case = self.twin or self
        return reference.run(case.model(), case.inputs())


class Maker:
    """Random operands of one case, always the same for one name."""

    def __init__(self, name: str) -> None:
        self.random = np.random.default_rng(crc32(name.encode()))

    def normal(self, *shape: int) -> np.ndarray:
        return self.random.standard_normal(shape, dtype=np.float32)

    def whole(self, dtype: type, *shape: int) -> np.ndarray:
        limits = np.iinfo(dtype)
        return self.random.integers(limits.min, limits.max, shape, dtype, endpoint=True)

    def scale(self, *shape: int) -> np.ndarray:
        return self.random.uniform(0.01, 0.2, shape).astype(np.float32)


def case(
    name: str, operator: str, operands: list[Operand], outputs: int = 1, constant: tuple[int, ...] = (),
    types: tuple[int, ...] = (), twin: OperatorCase | None = None, expected: np.ndarray | None = None,
    defined: tuple[np.ndarray, ...] = (), **attributes: Any,
) -> ContributedCase:  # fmt: skip
    while operands and operands[-1] is None:
        operands.pop()
    constant = tuple(index for index in constant if index < len(operands) and operands[index] is not None)
    return ContributedCase(
        name, operator, operands, outputs, 17, attributes, constant, DOMAIN, types, twin, expected, defined
    )  # fmt: skip


def code(value: np.ndarray) -> int:
    return onnx.helper.np_dtype_to_tensor_dtype(value.dtype)


def packed(values: np.ndarray, bits: int) -> np.ndarray:
    """Whole numbers of few bits along the last axis, the first of a byte in its lowest bits."""
    count = 8 // bits
    rest = -values.shape[-1] % count
    values = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, rest)])
    parts = values.reshape(*values.shape[:-1], -1, count).astype(np.uint32)
    return (parts << (np.arange(count) * bits)).sum(-1).astype(np.uint8)


def packed_products() -> Iterator[ContributedCase]:
    index = 0
    for bits in (2, 4, 8):
        for zeros in ("none", "packed", "float"):
            for size, depth, columns, shape in [(16, 64, 24, (5,)), (32, 70, 33, (2, 3)), (128, 128, 16, (1,))]:
                if bits == 2 and zeros == "float":
                    continue
                name = f"matmul-{bits}bits-{zeros}-zeros-block{size}"
                make = Maker(name)
                blocks = -(-depth // size)
                numbers = make.random.integers(0, 1 << bits, (columns, blocks, size))
                operands: list[Operand] = [make.normal(*shape, depth), packed(numbers, bits)]
                operands.append(make.scale(columns, blocks) if index % 2 else make.scale(columns * blocks))
                if zeros == "packed":
                    points = packed(make.random.integers(0, 1 << bits, (columns, blocks)), bits)
                    operands.append(points if index % 2 else points.ravel())
                elif zeros == "float":
                    operands.append(make.random.uniform(0, 1 << bits, operands[2].shape).astype(np.float32))
                else:
                    operands.append(None)
                operands += [None, make.normal(columns) if index % 3 == 0 else None]
                level = {"accuracy_level": 1} if index % 2 else {}
                expected = None
                if bits == 8 and zeros == "float":  # which ONNX Runtime lacks on a CPU
                    points, scales = (part.reshape(columns, blocks, 1) for part in (operands[3], operands[2]))
                    weights = ((numbers - points) * scales).reshape(columns, -1)[:, :depth].astype(np.float32)
                    expected = operands[0] @ weights.T + (0 if operands[5] is None else operands[5])
                yield case(
                    name, "MatMulNBits", operands, constant=(1, 2, 3, 5), expected=expected, K=depth, N=columns,
                    bits=bits, block_size=size, **level,
                )  # fmt: skip
                index += 1
    for bits in (4, 8):
        make = Maker(f"half{bits}")
        numbers = make.random.integers(0, 1 << bits, (24, 4, 16))
        operands = [make.normal(3, 64).astype(np.float16), packed(numbers, bits), make.scale(96).astype(np.float16)]
        operands += [packed(make.random.integers(0, 1 << bits, (24, 4)), bits), None, make.normal(24).astype(np.float16)]
        yield case(
            f"matmul-{bits}bits-half", "MatMulNBits", operands, constant=(1, 2, 3, 5), types=(code(operands[0]),), K=64,
            N=24, bits=bits, block_size=16,
        )  # fmt: skip
    for zeros in (False, True):
        make = Maker(f"groups{zeros}")
        numbers = make.random.integers(0, 16, (24, 4, 16))
        points = make.random.integers(0, 16, (24, 4))
        groups = make.random.permutation(np.arange(64) // 16).astype(np.int32)
        operands = [make.normal(3, 64), packed(numbers, 4), make.scale(24 * 4), packed(points, 4) if zeros else None, groups]
        expected = None
        if zeros:  # which ONNX Runtime 1.31 leaves out beside groups
            weights = (numbers.reshape(24, 64) - points[:, groups]) * operands[2].reshape(24, 4)[:, groups]
            expected = operands[0] @ weights.astype(np.float32).T
        name = f"matmul-4bits-groups{'-zeros' if zeros else ''}"
        yield case(
            name, "MatMulNBits", operands, constant=(1, 2, 3, 4), expected=expected, K=64, N=24, bits=4, block_size=16
        )  # fmt: skip


def quantized() -> Iterator[ContributedCase]:
    for dtype in (np.uint8, np.int8):
        kind = np.dtype(dtype).name
        for operator in ("Add", "Mul"):
            for left, right in [((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 3, 4, 5), (3, 1, 1)), ((1, 5), (4, 1))]:
                name = f"qlinear-{operator.lower()}-{kind}-{len(left)}x{len(right)}"
                make = Maker(name)
                scales = make.scale(3) * (1 if operator == "Add" else 4)
                operands: list[Operand] = []
                for index, shape in enumerate([left, right]):
                    operands += [make.whole(dtype, *shape), np.array(scales[index]), np.array(make.whole(dtype))]
                operands += [np.array(scales[2] * 4), np.array(make.whole(dtype))]
                yield case(name, f"QLinear{operator}", operands, types=(code(operands[0]),))
        for operator, shape, attributes in [
            ("Sigmoid", (3, 7), {}),
            ("LeakyRelu", (3, 7), {"alpha": 0.3}),
            ("LeakyRelu", (2, 2, 3), {}),
            ("Softmax", (3, 9), {"axis": -1, "opset": 13}),
            ("Softmax", (2, 5, 4), {"axis": 1, "opset": 13}),
            ("Softmax", (2, 3, 4), {"axis": 1, "opset": 12}),
            ("GlobalAveragePool", (2, 3, 5, 4), {"channels_last": 0}),
            ("GlobalAveragePool", (2, 5, 4, 3), {"channels_last": 1}),
            ("AveragePool", (2, 3, 9, 8), {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]}),
            (
                "AveragePool", (1, 9, 8, 3),
                {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1, "channels_last": 1},
            ),
            ("AveragePool", (1, 2, 9, 8), {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
        ]:  # fmt: skip
            text = "-".join(str(attributes[key]).strip("[]").replace(", ", "x") for key in sorted(attributes))
            name = f"qlinear-{operator.lower()}-{kind}-{len(shape)}" + (f"-{text}" if text else "")
            make = Maker(name)
            output = np.float32(1 / 256) if operator in ("Sigmoid", "Softmax") else make.scale()
            zero = np.iinfo(dtype).min if operator in ("Sigmoid", "Softmax") else make.whole(dtype)
            operands = [make.whole(dtype, *shape), np.array(make.scale()), np.array(make.whole(dtype))]
            operands += [np.asarray(output, np.float32), np.array(zero, dtype)]
            yield case(name, f"QLinear{operator}", operands, 1, (1, 2, 3, 4), (code(operands[0]),), **attributes)
        make = Maker(f"concat{kind}")
        operands = [np.array(make.scale() * 2), np.array(make.whole(dtype))]
        for count in (2, 1, 3):
            operands += [make.whole(dtype, 2, count, 4), np.array(make.scale()), np.array(make.whole(dtype))]
        constant = (0, 1, 3, 4, 6, 7, 9, 10)
        yield case(f"qlinear-concat-{kind}", "QLinearConcat", operands, 1, constant, (code(operands[1]),), axis=1)
    for index, (left, right) in enumerate([(np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)]):
        for form in ("plain", "bias", "number"):
            name = f"qgemm-{np.dtype(left).name}-{np.dtype(right).name}-{form}"
            make = Maker(name)
            swaps_left, swaps_right = int(form == "bias" and index == 1), int(index != 1)
            a = make.whole(left, *((35, 6) if swaps_left else (6, 35)))
            shape = (11, 35) if swaps_right else (35, 11)
            b = reference.weights_without_saturation(make.random, *shape) if right == np.int8 else make.whole(right, *shape)
            columns = (11,) if form == "bias" else ()
            operands = [a, np.array(make.scale()), np.array(make.whole(left)), b, np.asarray(make.scale(*columns))]
            zero = np.zeros(columns, right) if right == np.int8 else np.full(columns, 7, right)
            operands.append(np.asarray(zero))
            operands.append(make.whole(np.int32, 11) // 2**18 if form == "bias" else None)
            if form != "number":
                operands += [np.array(np.float32(12.5)), np.array(make.whole(left))]
            attributes = {"transA": swaps_left, "transB": swaps_right, "alpha": [1.0, 0.5, 2.0][index]}
            types = () if form == "number" else (code(a),)
            yield case(name, "QGemm", operands, 1, (1, 2, 3, 4, 5, 6, 7, 8), types, **attributes)
    for form in ("plain", "bias"):
        make = Maker(f"integer-to-float-{form}")
        bias = make.normal(11) if form == "bias" else None
        weights = reference.weights_without_saturation(make.random, 16, 11)
        operands = [make.whole(np.uint8, 2, 5, 16), weights, np.array(make.scale())]
        operands += [make.scale(11), np.array(make.whole(np.uint8)), np.zeros(11, np.int8), bias]
        yield case(f"matmul-integer-to-float-{form}", "MatMulIntegerToFloat", operands, constant=(1, 3, 5, 6))
        operands = [make.normal(2, 5, 16), make.whole(np.uint8, 16, 11), np.array(make.scale())]
        operands += [np.array(make.whole(np.uint8)), bias]
        yield case(f"dynamic-quantize-matmul-{form}", "DynamicQuantizeMatMul", operands, constant=(1, 2, 3, 4))


def fused() -> Iterator[ContributedCase]:
    for index, (activation, parameters, addend) in enumerate(
        [
            ("Relu", None, True), ("Tanh", None, False), ("Sigmoid", None, False), ("LeakyRelu", [0.2], False),
            ("Clip", [-0.5, 0.75], False), ("HardSigmoid", [0.3, 0.4], False),
        ]
    ):  # fmt: skip
        make = Maker(activation)
        operands = [make.normal(2, 4, 9, 8), make.normal(6, 2, 3, 3), make.normal(6)]
        operands.append(make.normal(2, 6, 9, 8) if addend else None)
        attributes = {"activation": activation, "group": 2, "pads": [1, 1, 1, 1]}
        if parameters:
            attributes["activation_params"] = parameters
        name = f"fused-conv-{activation.lower()}{'-sum' if addend else ''}"
        yield case(name, "FusedConv", operands, constant=(1, 2), **attributes)
    for index, (left, right, attributes) in enumerate(
        [
            ((2, 3, 5, 4), (2, 3, 5, 6), {"transA": 1, "alpha": 0.5}),
            ((3, 5, 4), (6, 4), {"transB": 1, "alpha": 2.0}),
            ((4,), (2, 4, 5), {"alpha": 3.0}),
            ((4, 5), (4,), {"transA": 1}),
            ((5, 2, 3, 4), (2, 3, 4, 6), {"transBatchA": 1}),
            ((4, 2, 3, 5), (2, 3, 4, 6), {"transBatchA": 1, "transA": 1}),
            ((2, 3, 5, 4), (4, 2, 3, 6), {"transBatchB": 1}),
            ((2, 5, 4), (6, 2, 4), {"transBatchB": 1, "transB": 1, "alpha": -1.5}),
        ]
    ):
        make = Maker(f"fused{index}")
        a, b = make.normal(*left), make.normal(*right)
        # ONNX Runtime 1.31 reads a matrix before a vector as if it were transposed already.
        expected = a.T @ b if right == (4,) else None
        yield case(f"fused-matmul-{index}", "FusedMatMul", [a, b], expected=expected, **attributes)


def norms() -> Iterator[ContributedCase]:
    for index, (beta, bias, shape) in enumerate(
        [(True, True, (2, 5, 8)), (True, False, (1, 5, 8)), (False, True, (5, 8)), (False, False, (2, 5, 8))]
    ):
        make = Maker(f"skip{index}")
        operands = [make.normal(2, 5, 8), make.normal(*shape), make.normal(8)]
        yield case(
            f"skip-layer-norm-{index}", "SkipLayerNormalization",
            [*operands, make.normal(8) if beta else None, make.normal(8) if bias else None], 1, (2, 3, 4), epsilon=1e-5,
        )  # fmt: skip
        yield case(
            f"skip-simplified-layer-norm-{index}", "SkipSimplifiedLayerNormalization",
            [*operands, make.normal(8) if bias else None], 1, (2, 3), epsilon=1e-5,
        )  # fmt: skip
    for segments in (False, True):
        for mask in (False, True):
            for positions in (False, True):
                name = f"embed-layer-norm-{segments:d}{mask:d}{positions:d}"
                make = Maker(name)
                whole = lambda limit: make.random.integers(0, limit, (2, 6)).astype(np.int32)  # noqa: E731
                operands: list[Operand] = [whole(20), whole(2) if segments else None, make.normal(20, 8)]
                operands += [make.normal(9, 8), make.normal(2, 8) if segments else None, make.normal(8), make.normal(8)]
                lengths = np.array([[4], [6]])
                operands.append((np.arange(6) < lengths).astype(np.int32) if mask else None)
                operands.append(whole(9) if positions else None)
                yield case(name, "EmbedLayerNormalization", operands, 2, (2, 3, 4, 5, 6), (1, 6), epsilon=1e-6)
    make = Maker("gelu")
    x = make.normal(3, 5, 8) * 3
    yield case("bias-gelu", "BiasGelu", [x, make.normal(8)])
    yield case("fast-gelu", "FastGelu", [x])
    yield case("fast-gelu-bias", "FastGelu", [x, make.normal(8)])
    yield case("quick-gelu", "QuickGelu", [x], alpha=1.3)


def attentions() -> Iterator[ContributedCase]:
    batch, sequence, heads, depth = 2, 5, 2, 8
    width = heads * depth

    def masks(make: Maker, kind: str, keys: int) -> Operand:
        lengths = np.array([keys - 2, keys], np.int32)
        seen = (np.arange(keys) < lengths[:, None]).astype(np.int32)
        if kind == "lengths":
            return lengths
        if kind == "bounds":
            return np.concatenate([lengths, np.array([1, 0], np.int32)])
        if kind == "rows":
            return seen
        if kind == "matrices":
            matrices = make.random.integers(0, 2, (batch, sequence, keys)).astype(np.int32)
            matrices[:, :, 0] = 1
            return matrices
        return None

    for mask in ("none", "lengths", "bounds", "rows", "matrices"):
        for causal in (0, 1):
            for past in (False, True):
                if past and mask == "bounds":
                    continue
                name = f"attention-{mask}-causal{causal}{'-past' if past else ''}"
                make = Maker(name)
                keys = sequence + (3 if past else 0)
                operands: list[Operand] = [make.normal(batch, sequence, 12), make.normal(12, 3 * width) / 2]
                operands += [make.normal(3 * width), masks(make, mask, keys)]
                operands.append(make.normal(2, batch, heads, 3, depth) if past else None)
                operands.append(make.normal(1, heads, sequence, keys) if not (causal or past) else None)
                attributes = {"num_heads": heads, "unidirectional": causal}
                if mask == "rows":
                    attributes["scale"] = 0.3
                yield case(name, "Attention", operands, 2 if past else 1, (1, 2), **attributes)
    make = Maker("attention-sizes")
    operands = [make.normal(batch, sequence, 12), make.normal(12, 2 * width + 12), make.normal(2 * width + 12)]
    yield case("attention-sizes", "Attention", operands, 1, (1, 2), num_heads=heads, qkv_hidden_sizes=[width, width, 12])

    for form in ("separate", "packed", "pairs", "heads-first", "past", "wide"):
        for bias in (False, True):
            for mask in ("none", "lengths", "rows", "added", "both"):
                if (form in ("packed", "pairs") and bias) or (form == "heads-first" and mask == "lengths"):
                    continue
                name = f"multi-head-attention-{form}-{mask}{'-bias' if bias else ''}"
                make = Maker(name)
                others = 7 if form in ("pairs", "heads-first", "wide") else sequence
                keys = others + (3 if form == "past" else 0)
                values = 12 if form == "wide" else width
                query = make.normal(batch, sequence, width)
                key, value = make.normal(batch, others, width), make.normal(batch, others, values)
                if form == "packed":
                    query, key, value = make.normal(batch, sequence, heads, 3, depth), None, None
                if form == "pairs":
                    key, value = make.normal(batch, others, heads, 2, depth), None
                if form == "heads-first":
                    key, value = (make.normal(batch, heads, others, depth) for _ in range(2))
                operands = [query, key, value, make.normal(2 * width + values) if bias else None]
                kind = {"both": "rows", "added": "none"}.get(mask, mask)
                operands.append(masks(make, kind, keys))
                operands.append(make.normal(1, heads, sequence, keys) if mask in ("added", "both") else None)
                if form == "past":
                    operands += [make.normal(batch, heads, 3, depth) for _ in range(2)]
                causal = int(form in ("separate", "past") and mask in ("none", "rows"))
                attributes = {"num_heads": heads, "unidirectional": causal}
                twin = None
                if form in ("packed", "pairs"):  # which ONNX Runtime lacks on a CPU
                    count = 3 if form == "packed" else 2
                    parts = np.split(operands[0 if count == 3 else 1], count, axis=3)
                    parts = [np.ascontiguousarray(part.reshape(*part.shape[:2], -1)) for part in parts]
                    rest = [query] * (count == 2) + parts + operands[3:]
                    twin = case(name, "MultiHeadAttention", rest, 1, (3,), **attributes)
                yield case(
                    name, "MultiHeadAttention", operands, 3 if form == "past" else 1, (3,), twin=twin, **attributes
                )


def grouped_attentions() -> Iterator[ContributedCase]:
    heads, key_heads, depth = 4, 2, 16

    def table(make: Maker) -> list[Operand]:
        angles = make.random.uniform(0, 6, (32, depth // 2)).astype(np.float32)
        return [np.cos(angles), np.sin(angles)]

    for packs in (False, True):
        for phase, sequence, past, totals in [
            ("prompt", 6, 0, [6, 6]),
            ("padded-prompt", 6, 0, [4, 6]),
            ("step", 1, 7, [8, 8]),
            ("uneven-step", 1, 7, [5, 8]),
            ("room", 1, 12, [5, 8]),
            ("chunk", 3, 5, [8]),
        ]:
            for kind in ("plain", "rotary", "interleaved", "window", "softcap", "bias", "smooth", "sink", "scale"):
                if packs and kind not in ("plain", "rotary"):
                    continue
                name = f"group-query-attention-{phase}-{kind}{'-packed' if packs else ''}"
                make = Maker(name)
                batch, total = len(totals), max(totals)
                operands: list[Operand]
                if packs:
                    operands = [make.normal(batch, sequence, (heads + 2 * key_heads) * depth), None, None]
                else:
                    operands = [make.normal(batch, sequence, heads * depth)]
                    operands += [make.normal(batch, sequence, key_heads * depth) for _ in range(2)]
                operands += [make.normal(batch, key_heads, past, depth) for _ in range(2)]
                operands += [np.array(totals, np.int32) - 1, np.array(total, np.int32)]
                rotates = kind in ("rotary", "interleaved")
                operands += [*(table(make) if rotates else [None, None]), None]
                operands.append(make.normal(1, heads, sequence, total) if kind == "bias" else None)
                operands.append(make.normal(heads) if kind == "sink" else None)
                attributes: dict[str, Any] = {"num_heads": heads, "kv_num_heads": key_heads, "do_rotary": int(rotates)}
                attributes |= {
                    "interleaved": {"rotary_interleaved": 1}, "window": {"local_window_size": 3},
                    "softcap": {"softcap": 2.0}, "smooth": {"smooth_softmax": 1}, "scale": {"scale": 0.4},
                }.get(kind, {})  # fmt: skip
                ends = np.array(totals)[:, None]
                rows = np.arange(sequence) < (ends if past == 0 else np.full_like(ends, sequence))
                keys = np.arange(max(past, total)) < ends
                defined = (rows[:, :, None], *(keys[:, None, :, None],) * 2)
                yield case(name, "GroupQueryAttention", operands, 3, (6, 7, 8), defined=defined, **attributes)


def rotations() -> Iterator[ContributedCase]:
    for interleaved in (0, 1):
        for form in ("wide", "heads", "part", "offset", "unknown-heads"):
            name = f"rotary-{form}{'-interleaved' if interleaved else ''}"
            make = Maker(name)
            rotated = 8 if form == "part" else 16
            angles = make.random.uniform(0, 6, (20, rotated // 2)).astype(np.float32)
            x = make.normal(2, 3, 5, 16) if form == "heads" else make.normal(2, 5, 48)
            positions = make.random.integers(0, 20, (2, 5)) if form != "offset" else np.array([4])
            attributes = {"interleaved": interleaved}
            if form in ("part", "wide", "offset"):
                attributes |= {"num_heads": 3, "rotary_embedding_dim": rotated if form == "part" else 0}
            operands = [x, positions.astype(np.int64), np.cos(angles), np.sin(angles)]
            yield case(name, "RotaryEmbedding", operands, 1, (2, 3), **attributes)


def cases() -> Iterator[ContributedCase]:
    for family in (packed_products, quantized, fused, norms, attentions, grouped_attentions, rotations):
        yield from family()


def make(writers: dict[str, CaseWriter]) -> None:
    for case in cases():
        model, outputs = case.model(), case.results()
        whole = all(value.dtype.kind in "iu" for value in outputs.values())
        # Of quantised results ONNX Runtime multiplies with a reciprocal where the operator divides: half-way values may
        # fall to the other side.
        rtol, atol = (0.0, 1.0) if whole and case.operator.startswith("QLinear") else (1e-4, 2e-5)
        if any(value.dtype == np.float16 for value in outputs.values()):
            rtol = atol = 4e-3  # of sums, which ONNX Runtime rounds on the way
        writers["contributed"].write(Case(case.name, model, case.inputs(), outputs, rtol, atol))
