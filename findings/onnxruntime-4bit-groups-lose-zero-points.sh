#!/usr/bin/env bash
# onnxruntime 1.32.0 (CPU): MatMulNBits ignores its zero points as soon as the optional input g_idx is given.
#
# com.microsoft MatMulNBits multiplies with weights of 4 bits: w = (q - zero_point) * scale, one zero point and scale for a
# group of the depth. g_idx names the group of each row of the depth (GPTQ's "act order"). Given both, the CPU takes 8, the
# default zero point, for all groups: no error, and other numbers, even where g_idx says just what holds without it.
#
# Who meets it: models quantised by GPTQ with act order and without symmetry.
#
# Seen: right without g_idx, right with g_idx alone; with both, exactly the product with zero points of 8.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/environment/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

DEPTH, COLUMNS, GROUP = 64, 8, 32
random = np.random.default_rng(0)
quantised = random.integers(0, 16, (COLUMNS, DEPTH), np.uint8)
scales = random.uniform(0.5, 1, (COLUMNS, DEPTH // GROUP)).astype(np.float32)
zeros = random.integers(0, 16, (COLUMNS, DEPTH // GROUP), np.uint8)
x = random.standard_normal((3, DEPTH)).astype(np.float32)


def packed(numbers):
    return numbers[:, 0::2] | numbers[:, 1::2] << 4


def computed(with_zeros, with_groups):
    operands = {
        "weights": packed(quantised).reshape(COLUMNS, DEPTH // GROUP, GROUP // 2),
        "scales": scales.ravel(),
        "zeros": packed(zeros).ravel() if with_zeros else None,
        "groups": np.arange(DEPTH, dtype=np.int32) // GROUP if with_groups else None,
    }
    names = ["x"] + [name if value is not None else "" for name, value in operands.items()]
    weights = [numpy_helper.from_array(value, name) for name, value in operands.items() if value is not None]
    node = helper.make_node(
        "MatMulNBits", names, ["y"], domain="com.microsoft", K=DEPTH, N=COLUMNS, bits=4, block_size=GROUP
    )
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, COLUMNS])]
    graph = helper.make_graph([node], "g", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def expected(points):
    groups = quantised.reshape(COLUMNS, -1, GROUP).astype(np.float32)
    return x @ ((groups - points[:, :, None]) * scales[:, :, None]).reshape(COLUMNS, DEPTH).T


print("onnxruntime", onnxruntime.__version__)
eights = np.full_like(zeros, 8)
for with_zeros, with_groups in ((False, False), (False, True), (True, False), (True, True)):
    result = computed(with_zeros, with_groups)
    right = np.abs(result - expected(zeros if with_zeros else eights)).max()
    eight = np.abs(result - expected(eights)).max()
    print(f"zero points {with_zeros!s:5}  g_idx {with_groups!s:5}  off by {right:.2g}, from zero points of 8 by {eight:.2g}")
    assert (right > 1 and eight < 1e-4) if with_zeros and with_groups else right < 1e-4
print("still as described")
PYTHON
