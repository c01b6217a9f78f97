#!/usr/bin/env bash
# onnxruntime 1.32.0: a transposed tensor times a vector is computed wrongly once the graph is optimised.
#
# MatMul(Transpose(x), v) with a one-dimensional v is valid ONNX: the last axis of the transposed tensor is summed. The
# level ORT_ENABLE_EXTENDED (part of the default, ORT_ENABLE_ALL) joins both nodes to one FusedMatMul, and that sums the
# axis that it should not: no error, right shape, other numbers. Where the two extents are equal or not makes no
# difference. With the vector on the left, with a column [n, 1] instead of a vector, and without optimisation it is right.
#
# Who meets it: heads of detectors, which multiply a softmax over distances with the vector 0, 1, ..., n-1. An oracle for
# tests should be run with optimisations off.
#
# Seen: left vector right, right vector off by more than 1, column right (see the lines this prints).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/environment/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

LEVELS = onnxruntime.GraphOptimizationLevel


def product(x, v, vector_first, level):
    operands = ["v", "turned"] if vector_first else ["turned", "v"]
    nodes = [
        helper.make_node("Transpose", ["x"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("MatMul", operands, ["y"]),
    ]
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in (("x", x), ("v", v))]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x, "v": v})[0]


random = np.random.default_rng(0)
print("onnxruntime", onnxruntime.__version__)
found = {}
for shape, wanted, vector_first, name in (
    ((3, 4, 5), (4,), False, "vector on the right"),
    ((3, 4, 4), (4,), False, "vector on the right, square"),
    ((3, 4, 5), (4, 1), False, "column on the right"),
    ((3, 4, 5), (5,), True, "vector on the left"),
):
    x = random.standard_normal(shape).astype(np.float32)
    v = random.standard_normal(wanted).astype(np.float32)
    turned = x.transpose(0, 2, 1)
    expected = v @ turned if vector_first else turned @ v
    for level in (LEVELS.ORT_DISABLE_ALL, LEVELS.ORT_ENABLE_EXTENDED):
        actual = product(x, v, vector_first, level)
        assert actual.shape == expected.shape
        difference = float(np.abs(actual - expected).max())
        found[name, level] = difference
        print(f"{name:28} {level.name:20} off by {difference:.2g}")

for (name, level), difference in found.items():
    is_wrong = name.startswith("vector on the right") and level != LEVELS.ORT_DISABLE_ALL
    assert (difference > 1) if is_wrong else (difference < 1e-5), (name, level.name, difference)
print("still as described")
PYTHON
