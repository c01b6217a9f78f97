"""Operators that compare, sort or select, given NaN, infinities, zeros of both signs, and equal numbers.

What is expected comes from NumPy, mostly by way of the onnx package's own evaluator: NaN counts as the extreme. ONNX
Runtime agrees where its answer does not hang on the place of the NaN; docs/numerics.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from material import reference
from material.case import Case, CaseWriter
from sets.operators import OperatorCase

FOLDERS = ("extremes",)
VERBOSE = False

NAN, INF = np.nan, np.inf
MIXED = [1, NAN, 3, -INF, INF, 2, NAN, -0.0, 0.0]
TIES = [2, 1, 2, 0.0, 1, -0.0, 2]
FLOATS = (np.float32, np.float64, np.float16)


def row(values: list[float], dtype: type = np.float32) -> np.ndarray:
    return np.array([values], dtype)


def cases() -> Iterator[OperatorCase]:
    for values, content in ((MIXED, "mixed"), (MIXED[::-1], "reversed"), ([*MIXED, *TIES] * 9, "long"), ([NAN, NAN, 1], "nan")):
        for dtype in FLOATS:
            name = f"{content}-{dtype.__name__}"
            x = row(values, dtype)
            for largest in (0, 1):
                for count in sorted({1, 3, len(values)}):
                    operands = [x, np.array([count])]
                    yield OperatorCase(
                        f"topk-{name}-{largest}-{count}", "TopK", operands, 2, attributes={"largest": largest}, constant=(1,)
                    )
            for operator in ("ReduceMax", "ReduceMin"):
                operands = [x, np.array([1])]
                yield OperatorCase(f"{operator}-{name}", operator, operands, opset=18, constant=(1,))
                operands = [np.ascontiguousarray(x.T), np.array([0])]
                yield OperatorCase(f"{operator}-columns-{name}", operator, operands, opset=18, constant=(1,))
            for operator in ("Max", "Min"):
                yield OperatorCase(f"{operator}-{name}", operator, [x, np.ascontiguousarray(x[:, ::-1])])
                yield OperatorCase(f"{operator}-three-{name}", operator, [x, np.full_like(x, 1.5), x.T.copy()])
            for operator in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"):
                yield OperatorCase(f"{operator}-{name}", operator, [x, x.T.copy()], opset=16)
        x = row(values)
        for operator in ("ArgMax", "ArgMin"):
            yield OperatorCase(f"{operator}-{content}", operator, [x], attributes={"axis": 1})
        bounds = [np.array(bound, np.float32) for bound in (-1, 2)]
        yield OperatorCase(f"Clip-{content}", "Clip", [x, *bounds])
        yield OperatorCase(f"Relu-{content}", "Relu", [x])
        yield OperatorCase(f"Sign-{content}", "Sign", [x])
        yield OperatorCase(f"Round-{content}", "Round", [x / 2])
        for reduction in ("max", "min"):
            indices = np.arange(x.shape[1])[None, ::-1].copy()
            attributes = {"axis": 1, "reduction": reduction}
            yield OperatorCase(
                f"ScatterElements-{reduction}-{content}", "ScatterElements", [x, indices, x], opset=18, attributes=attributes
            )
        image = x[:, None, :, None]
        yield OperatorCase(f"MaxPool-{content}", "MaxPool", [image], attributes={"kernel_shape": [3, 1]})
        yield OperatorCase(f"GlobalMaxPool-{content}", "GlobalMaxPool", [image])
    for dtype in (np.float32, np.float16, np.int32, np.int64, np.uint8):
        x = np.array([TIES, TIES[::-1]], dtype)
        for largest in (0, 1):
            yield OperatorCase(
                f"topk-ties-{dtype.__name__}-{largest}", "TopK", [x, np.array([4])], 2, attributes={"largest": largest},
                constant=(1,),
            )  # fmt: skip
        for operator in ("ArgMax", "ArgMin"):
            for last in (0, 1):
                attributes = {"axis": 1, "select_last_index": last}
                yield OperatorCase(f"{operator}-ties-{dtype.__name__}-{last}", operator, [x], attributes=attributes)
    numbers = row([0.5, 1.5, 2.5, -0.5, -1.5, INF, -INF, 300])
    for dtype in (np.uint8, np.int8):
        operands = [numbers, np.array(1, np.float32), np.array(3, dtype)]
        yield OperatorCase(f"QuantizeLinear-{dtype.__name__}", "QuantizeLinear", operands, constant=(1, 2))
    least = np.array([-1e30], np.float32)
    for scores, name in (([1, 2, 2, 1], "ties"), ([1] * 4, "equal"), ([INF, 1, -INF, 2], "infinite"), ([1, NAN, 3, 2], "nan")):
        boxes = np.array([[[0, 2 * index, 1, 2 * index + 1] for index in range(4)]], np.float32)
        operands = [boxes, np.array([[scores]], np.float32), np.array([3]), np.array([0.5], np.float32), least]
        yield OperatorCase(f"NonMaxSuppression-{name}", "NonMaxSuppression", operands, constant=(2, 3, 4))


def expected(case: OperatorCase) -> dict[str, np.ndarray]:
    """From the evaluator, but for operators in which it has no rule for these numbers."""
    extreme = np.minimum if case.attributes.get("reduction") == "min" else np.maximum
    match case.operator:
        case "MaxPool":
            windows = np.lib.stride_tricks.sliding_window_view(case.operands[0], 3, axis=2)
            return {"y0": windows.max(-1)}
        case "ScatterElements":
            data, indices, updates = case.operands
            return {"y0": extreme(data, np.take_along_axis(updates, np.argsort(indices, axis=1), axis=1))}
        case "NonMaxSuppression" | "QuantizeLinear":
            return reference.run(case.model(), case.inputs())
        case _:
            return reference.run_exactly(case.model(), case.inputs())


def make(writers: dict[str, CaseWriter]) -> None:
    for case in cases():
        with np.errstate(invalid="ignore"):
            outputs = expected(case)
        writers["extremes"].write(Case(case.name, case.model(), case.inputs(), outputs, 0.0, 0.0))
