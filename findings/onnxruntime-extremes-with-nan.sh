#!/usr/bin/env bash
# onnxruntime 1.32.0 (CPU): what operators that take extremes make of a NaN hangs on where it stands and on the form of the call.
#
# - ReduceMax along the last axis gives NaN only where the NaN stands first; ArgMax likewise.
# - MaxPool over one axis drops a NaN that MaxPool over two axes, of the same windows, keeps.
# - Unique counts each NaN to the number found before it: the counts and the inverse say that NaN is that number.
#
# NumPy and PyTorch give NaN for an extreme wherever it stands, and so does TopK of this version (1.31.1 gave no order).
#
# Who meets it: whoever compares engines on data with gaps, or looks for the first NaN of a network through its last TopK.
# An oracle for NaN should be NumPy.
#
# Seen: the lines that this prints.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/environment/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import helper

NAN = np.nan


def run(operator, operands, outputs=1, **attributes):
    names = [f"x{index}" for index in range(len(operands))]
    results = [f"y{index}" for index in range(outputs)]
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in zip(names, operands)
    ]
    node = helper.make_node(operator, names, results, **attributes)
    graph = helper.make_graph([node], "g", inputs, [onnx.ValueInfoProto(name=name) for name in results])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names, operands)))


print("onnxruntime", onnxruntime.__version__)
front, middle = np.array([[NAN, 1, 2]], np.float32), np.array([[1, NAN, 2]], np.float32)
axis = np.array([1])
largest = [float(run("ReduceMax", [x, axis])[0].item()) for x in (front, middle)]
places = [int(run("ArgMax", [x], axis=1)[0].item()) for x in (front, middle)]
print("ReduceMax of [nan, 1, 2] and [1, nan, 2] ->", largest, " ArgMax ->", places)
assert np.isnan(largest[0]) and largest[1] == 2 and places == [0, 2]

line = np.array([[[1, NAN, 2, 3]]], np.float32)
pooled = run("MaxPool", [line], kernel_shape=[2])[0].ravel()
pooled_plane = run("MaxPool", [line[..., None]], kernel_shape=[2, 1])[0].ravel()
print("MaxPool over [2] ->", pooled.tolist(), " over [2, 1] ->", pooled_plane.tolist())
assert not np.isnan(pooled).any() and np.isnan(pooled_plane).any()

values, _, inverse, counts = run("Unique", [np.array([2, NAN, 1, 2, NAN], np.float32)], 4, sorted=0)
print("Unique of [2, nan, 1, 2, nan] ->", values.tolist(), "inverse", inverse.tolist(), "counts", counts.tolist())
assert values.tolist() == [2, 1] and counts.sum() == 5 and inverse[1] == 0
print("still as described")
PYTHON
