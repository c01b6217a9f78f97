"""Single operators with what the node suite leaves out, beside ONNX Runtime (sums of 8-bit products beside the onnx
package): all attributes of the recurrent ones, and
quantised ones with every kind of scale and zero point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
import onnx
from onnx import helper

from material import reference
from material.case import Case, CaseWriter

FOLDERS = ("operators",)
VERBOSE = False
# Sums of 8-bit products, in which ONNX Runtime saturates on some CPUs.
EXACT = {"MatMulInteger", "QLinearMatMul", "QLinearConv", "ConvInteger"}


@dataclass
class OperatorCase:
    """A node and its operands in order; an operand that is left out is None. Those that are `constant` are initialisers."""

    name: str
    operator: str
    operands: list[np.ndarray | None]
    outputs: int = 1
    opset: int = 14
    attributes: dict[str, Any] = field(default_factory=dict)
    constant: tuple[int, ...] = ()
    domain: str = ""  # of ONNX Runtime's own operators, of which the onnx package knows nothing

    def model(self) -> onnx.ModelProto:
        names = ["" if operand is None else f"x{index}" for index, operand in enumerate(self.operands)]
        results = [f"y{index}" for index in range(self.outputs)]
        node = helper.make_node(self.operator, names, results, name=self.name, domain=self.domain, **self.attributes)
        infos = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(operand.dtype), operand.shape)
            for index, (name, operand) in enumerate(zip(names, self.operands, strict=True))
            if operand is not None and index not in self.constant
        ]
        weights = [onnx.numpy_helper.from_array(self.operands[index], names[index]) for index in self.constant]
        if self.domain:
            outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in results]
            graph = helper.make_graph([node], self.name, infos, outputs, weights)
            opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(self.domain, 1)]
            return helper.make_model(graph, opset_imports=opsets, ir_version=8)
        # Inference fills in the types of the results.
        outputs = [onnx.ValueInfoProto(name=name) for name in results]
        graph = helper.make_graph([node], self.name, infos, outputs, weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(model, full_check=True)
        return model

    def inputs(self) -> dict[str, np.ndarray]:
        return {
            f"x{index}": operand
            for index, operand in enumerate(self.operands)
            if operand is not None and index not in self.constant
        }


GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
FUNCTIONS = {"RNN": 1, "LSTM": 3, "GRU": 2}
DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}


def recurrent_case(
    name: str, operator: str, direction: str = "forward", *, steps: int = 6, batch: int = 3, size: int = 5,
    hidden: int = 7, bias: bool = True, lengths: list[int] | None = None, state: bool = True, peepholes: bool = False,
    **attributes,
) -> OperatorCase:  # fmt: skip
    random = np.random.default_rng(crc32(name.encode()))

    def normal(*shape: int) -> np.ndarray:
        return random.standard_normal(shape, dtype=np.float32)

    count, rows = DIRECTIONS[direction], GATES[operator] * hidden
    operands: list[np.ndarray | None] = [normal(steps, batch, size), normal(count, rows, size) / 2]
    operands += [normal(count, rows, hidden) / 3, normal(count, 2 * rows) / 2 if bias else None]
    operands.append(np.array(lengths, np.int32) if lengths is not None else None)
    operands.append(normal(count, batch, hidden) if state else None)
    if operator == "LSTM":
        operands.append(normal(count, batch, hidden) if state else None)
        operands.append(normal(count, 3 * hidden) if peepholes else None)
    while operands[-1] is None:
        operands.pop()
    attributes |= {"direction": direction, "hidden_size": hidden}
    return OperatorCase(
        name, operator, operands, 3 if operator == "LSTM" else 2, attributes=attributes, constant=(1, 2)
    )


def recurrent() -> Iterator[OperatorCase]:
    for operator in GATES:
        low = operator.lower()
        for direction, count in DIRECTIONS.items():
            yield recurrent_case(f"{low}-{direction}", operator, direction)
            yield recurrent_case(f"{low}-{direction}-lengths", operator, direction, lengths=[4, 6, 1], state=False)
        yield recurrent_case(f"{low}-empty-sequence", operator, "bidirectional", lengths=[2, 0, 5])
        yield recurrent_case(f"{low}-clip", operator, clip=0.6)
        yield recurrent_case(f"{low}-wide", operator, "bidirectional", batch=14, hidden=70, size=33)
        for function, parameters in [
            ("Relu", {}),
            ("Affine", {"activation_alpha": [0.5], "activation_beta": [0.1]}),
            ("LeakyRelu", {"activation_alpha": [0.2]}),
            ("LeakyRelu", {}),
            ("ThresholdedRelu", {"activation_alpha": [0.3]}),
            ("ScaledTanh", {"activation_alpha": [0.8], "activation_beta": [0.7]}),
            ("HardSigmoid", {"activation_alpha": [0.3], "activation_beta": [0.4]}),
            ("HardSigmoid", {}),
            ("Elu", {"activation_alpha": [0.7]}),
            ("Softsign", {}),
            ("Softplus", {}),
        ]:
            names = ["Sigmoid", function, "Tanh"][3 - FUNCTIONS[operator] :][: FUNCTIONS[operator]]
            names = {"RNN": [function], "GRU": ["Sigmoid", function]}.get(operator, names)
            standard = "" if parameters else "-plain"
            yield recurrent_case(f"{low}-{function.lower()}{standard}", operator, activations=names, **parameters)
    mixed = ["HardSigmoid", "Softsign", "ScaledTanh", "Sigmoid", "LeakyRelu", "Affine"]
    alphas = {"activation_alpha": [0.25, 0.9, 0.15, 0.6], "activation_beta": [0.45, 0.8, 0.05]}
    yield recurrent_case("lstm-mixed-activations", "LSTM", "bidirectional", activations=mixed, **alphas)
    for direction in DIRECTIONS:
        yield recurrent_case(f"lstm-peepholes-{direction}", "LSTM", direction, peepholes=True, lengths=[6, 2, 5])
    yield recurrent_case("lstm-peepholes-clip", "LSTM", peepholes=True, clip=0.5)
    yield recurrent_case("lstm-input-forget", "LSTM", "bidirectional", input_forget=1)
    yield recurrent_case("lstm-input-forget-peepholes", "LSTM", peepholes=True, input_forget=1)
    yield recurrent_case("lstm-no-bias", "LSTM", bias=False, state=False)
    for direction in DIRECTIONS:
        yield recurrent_case(f"gru-reset-after-{direction}", "GRU", direction, linear_before_reset=1, lengths=[3, 6, 4])
    yield recurrent_case("gru-reset-after-clip", "GRU", linear_before_reset=1, clip=0.4)
    yield recurrent_case("gru-reset-after-no-bias", "GRU", linear_before_reset=1, bias=False)


def quantized() -> Iterator[OperatorCase]:
    random = np.random.default_rng(24)

    def numbers(dtype: type, *shape: int) -> np.ndarray:
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)

    def scales(*shape: int) -> np.ndarray:
        return random.uniform(0.01, 0.2, shape).astype(np.float32)

    x = (random.standard_normal((4, 6, 5)) * 8).astype(np.float32)
    halves = np.concatenate([np.arange(-140, 140), np.arange(-140, 140) + 0.5]).astype(np.float32)
    for dtype in (np.uint8, np.int8, np.uint16, np.int16):
        name = np.dtype(dtype).name
        one, zero = np.float32(1), numbers(dtype)
        yield OperatorCase(f"quantize-{name}", "QuantizeLinear", [halves, np.array(one), np.array(zero)], opset=21)
        for axis in (0, 1, -1):
            count = x.shape[axis]
            operands = [x, scales(count), numbers(dtype, count)]
            yield OperatorCase(f"quantize-{name}-axis{axis}", "QuantizeLinear", operands, opset=21, attributes={"axis": axis})
            operands = [numbers(dtype, 4, 6, 5), scales(count), numbers(dtype, count)]
            yield OperatorCase(f"dequantize-{name}-axis{axis}", "DequantizeLinear", operands, opset=21, attributes={"axis": axis})
        for axis, size, shape in [(0, 2, (2, 6, 5)), (1, 4, (4, 2, 5)), (2, 3, (4, 6, 2))]:
            attributes = {"axis": axis, "block_size": size}
            operands = [x, scales(*shape), numbers(dtype, *shape)]
            yield OperatorCase(f"quantize-{name}-block{axis}", "QuantizeLinear", operands, opset=21, attributes=attributes)
            operands = [numbers(dtype, 4, 6, 5), scales(*shape), numbers(dtype, *shape)]
            yield OperatorCase(f"dequantize-{name}-block{axis}", "DequantizeLinear", operands, opset=21, attributes=attributes)
    sums = numbers(np.int32, 3, 5)
    yield OperatorCase("dequantize-int32", "DequantizeLinear", [sums, scales(5)], opset=13)
    for name, values in [("positive", abs(x)), ("negative", -abs(x)), ("zero", 0 * x), ("mixed", x)]:
        yield OperatorCase(f"dynamic-quantize-{name}", "DynamicQuantizeLinear", [values], 3)
    for left, right in [(np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)]:
        name = f"{np.dtype(left).name}-{np.dtype(right).name}"
        a, b = numbers(left, 2, 9, 35), numbers(right, 35, 40)
        zero = np.array(numbers(left))
        yield OperatorCase(f"matmul-integer-{name}", "MatMulInteger", [a, b, zero, numbers(right, 40)], constant=(1, 3))
        operands = [a, np.array(scales()), zero, b, scales(40), numbers(right, 40), np.float32(3.1), numbers(left)]
        operands = [np.asarray(operand) for operand in operands]
        yield OperatorCase(f"qlinear-matmul-{name}", "QLinearMatMul", operands, constant=(3, 4, 5))
        image, weights = numbers(left, 2, 6, 9, 8), numbers(right, 8, 3, 3, 3)
        window = {"group": 2, "pads": [1, 0, 2, 1], "strides": [2, 1], "dilations": [1, 2]}
        channel_zeros = np.zeros(8, right) if right == np.int8 else np.full(8, 7, right)
        operands = [np.asarray(o) for o in (image, np.float32(0.1), zero, weights, scales(8), channel_zeros)]
        operands += [np.array(np.float32(12.5)), np.array(numbers(left)), numbers(np.int32, 8) // 2**18]
        yield OperatorCase(
            f"qlinear-conv-{name}", "QLinearConv", operands, attributes=window, constant=(1, 2, 3, 4, 5, 6, 7)
        )
    image, weights = numbers(np.uint8, 2, 6, 9, 8), numbers(np.uint8, 8, 6, 3, 3)
    operands = [image, weights, np.array(numbers(np.uint8)), np.array(numbers(np.uint8))]
    window = {"pads": [1, 0, 2, 1], "strides": [2, 1]}
    yield OperatorCase("conv-integer", "ConvInteger", operands, attributes=window, constant=(1, 2, 3))


def resized() -> Iterator[OperatorCase]:
    random = np.random.default_rng(8)
    for dtype in (np.uint8, np.int8, np.int32):
        limits = np.iinfo(np.int8 if dtype == np.int32 else dtype)
        x = random.integers(limits.min, limits.max, (2, 3, 5, 6), endpoint=True).astype(dtype)
        for rule in ("half_pixel", "asymmetric"):
            # Powers of two: what is cut off hangs on no rounding.
            yield OperatorCase(
                f"resize-linear-{np.dtype(dtype).name}-{rule}", "Resize", [x, None, np.array([1, 1, 2, 4], np.float32)],
                opset=17, attributes={"mode": "linear", "coordinate_transformation_mode": rule}, constant=(2,),
            )  # fmt: skip


def contributed() -> Iterator[OperatorCase]:
    random = np.random.default_rng(33)

    def normal(*shape: int) -> np.ndarray:
        return random.standard_normal(shape, dtype=np.float32)

    def weights(*shape: int) -> np.ndarray:
        return reference.weights_without_saturation(random, *shape)

    for direction, count in DIRECTIONS.items():
        for state in (True, False):
            initial = [normal(count, 1, 9), normal(count, 1, 9)] if state else [None, None]
            scales = [random.uniform(0.002, 0.01, count).astype(np.float32) for _ in range(2)]
            zeros = [np.full(count, 3, np.int8), np.zeros(count, np.int8)]
            operands = [normal(7, 1, 6), weights(count, 6, 36), weights(count, 9, 36), normal(count, 72), None]
            operands += [*initial, None, scales[0], zeros[0], scales[1], zeros[1]]
            yield OperatorCase(
                f"dynamic-quantize-lstm-{direction}{'-state' if state else ''}", "DynamicQuantizeLSTM", operands, 3,
                attributes={"direction": direction, "hidden_size": 9}, constant=(1, 2, 3, 8, 9, 10, 11),
                domain="com.microsoft",
            )  # fmt: skip


def make(writers: dict[str, CaseWriter]) -> None:
    for case in [*recurrent(), *quantized(), *resized(), *contributed()]:
        model = case.model()
        outputs = reference.run_exactly(model, case.inputs()) if case.operator in EXACT else reference.run(model, case.inputs())
        # Quantised results are whole numbers: nothing but the same is right.
        is_exact = all(value.dtype.kind in "iu" for value in outputs.values())
        rtol, atol = (0.0, 0.0) if is_exact else (1e-4, 1e-5)
        writers["operators"].write(Case(case.name, model, case.inputs(), outputs, rtol, atol))
