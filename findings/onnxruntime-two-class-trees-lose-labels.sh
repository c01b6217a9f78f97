#!/usr/bin/env bash
# onnxruntime 1.32.0 (CPU): TreeEnsembleClassifier gives 1 for every row where two classes both have weights.
#
# The operator of ai.onnx.ml takes the weights of both classes in each leaf and the labels of the classes. Scores come out
# right. The label is taken as if there were a score of the second class alone, and compared with 0: it is 1 wherever that
# score is positive, whichever score is greater, and not one of the labels that the model gives. A third class, with no
# weights at all, makes the labels right.
#
# Who meets it: converters that write random forests of two classes with probabilities of both, and labels other than 0 and 1.
#
# Seen: labels [1, 1] for scores [0.7, 0.3] and [0.2, 0.8] of the classes 10 and 11; [10, 11] with a third class.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/environment/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

LEAVES = {1: {0: 0.7, 1: 0.3}, 2: {0: 0.2, 1: 0.8}}


def classified(labels):
    weights = [(leaf, index, value) for leaf, values in LEAVES.items() for index, value in values.items()]
    node = helper.make_node(
        "TreeEnsembleClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml",
        nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_values=[0.5, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        class_treeids=[0] * len(weights), class_nodeids=[leaf for leaf, _, _ in weights],
        class_ids=[index for _, index, _ in weights], class_weights=[value for _, _, value in weights],
        classlabels_int64s=labels,
    )
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, [2]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [2, len(labels)]),
    ]
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 1])], outputs)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    label, scores = session.run(None, {"x": np.array([[0], [1]], np.float32)})
    return label.tolist(), scores.round(3).tolist()


print("onnxruntime", onnxruntime.__version__)
two, scores = classified([10, 11])
three, _ = classified([10, 11, 12])
print("scores", scores, "labels", two, "- with a third class", three)
assert np.allclose(scores, [[0.7, 0.3], [0.2, 0.8]])
assert two == [1, 1] and three == [10, 11]
print("still as described")
PYTHON
