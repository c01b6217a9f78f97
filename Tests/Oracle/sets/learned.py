"""Operators of the domain ai.onnx.ml beside ONNX Runtime: what prepares features, linear models, and trees; and whole
estimators as their libraries export them."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from material import reference
from material.case import Case, CaseWriter

FOLDERS = ("learned",)
VERBOSE = False
EXPORTS = Path(__file__).parents[1] / "estimators" / "exports"
SOURCES = (EXPORTS,)
DOMAIN = "ai.onnx.ml"
NO_NUMBER = float("nan")


def case(
    name: str, operator: str, inputs: dict[str, np.ndarray], attributes: dict[str, Any],
    outputs: tuple[int, ...] = (TensorProto.FLOAT,), expected: dict[str, np.ndarray] | None = None,
) -> Case:  # fmt: skip
    names = [f"y{index}" for index in range(len(outputs))]
    node = helper.make_node(operator, list(inputs), names, name=name, domain=DOMAIN, **attributes)
    values = [
        helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(value.dtype), [None, *value.shape[1:]])
        for key, value in inputs.items()
    ]
    results = [helper.make_tensor_value_info(key, code, None) for key, code in zip(names, outputs, strict=True)]
    graph = helper.make_graph([node], name, values, results)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 3 if operator.startswith("Tree") else 1)]
    if operator == "LabelEncoder":
        opsets[1].version = 4  # since when NaN is a key
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return Case(name, model, inputs, expected or reference.run(model, inputs), 1e-5, 1e-6)


def features() -> Iterator[Case]:
    random = np.random.default_rng(1)
    x = random.normal(0, 2, (5, 4)).astype(np.float32)
    whole = random.integers(-3, 4, (5, 4))
    offset, scale = [0.5, -1.0, 2.0, 0.0], [2.0, 0.5, 1.0, -3.0]
    yield case("scaler", "Scaler", {"x": x}, {"offset": offset, "scale": scale})
    yield case("scaler-one", "Scaler", {"x": x}, {"offset": [1.0], "scale": [0.25]})
    yield case("scaler-int64", "Scaler", {"x": whole}, {"offset": offset, "scale": scale})
    zeros = x.copy()
    zeros[2] = 0
    for norm in ("MAX", "L1", "L2"):
        yield case(f"normalizer-{norm.lower()}", "Normalizer", {"x": zeros}, {"norm": norm})
    yield case("normalizer-int64", "Normalizer", {"x": whole}, {"norm": "L2"})
    gaps = np.where(random.integers(0, 3, (5, 4)) == 0, np.float32(np.nan), x)
    yield case("imputer-nan", "Imputer", {"x": gaps}, {"imputed_value_floats": offset, "replaced_value_float": NO_NUMBER})
    yield case("imputer-one", "Imputer", {"x": gaps}, {"imputed_value_floats": [7.0], "replaced_value_float": NO_NUMBER})
    yield case("imputer-number", "Imputer", {"x": zeros}, {"imputed_value_floats": offset, "replaced_value_float": 0.0})
    yield case(
        "imputer-int64", "Imputer", {"x": whole}, {"imputed_value_int64s": [9, 8, 7, 6], "replaced_value_int64": 2},
        (TensorProto.INT64,),
    )  # fmt: skip
    yield case("binarizer", "Binarizer", {"x": x}, {"threshold": 0.25})
    places = np.array([[2, 0, 3]])
    yield case("array-feature-extractor", "ArrayFeatureExtractor", {"x": x, "places": places}, {})
    yield case("array-feature-extractor-int64", "ArrayFeatureExtractor", {"x": whole, "places": places}, {}, (TensorProto.INT64,))
    column = random.integers(0, 6, (7, 1))
    yield case("one-hot", "OneHotEncoder", {"x": column}, {"cats_int64s": [4, 1, 3], "zeros": 1})
    yield case("one-hot-matrix", "OneHotEncoder", {"x": whole.astype(np.float32)}, {"cats_int64s": [-3, 0, 2], "zeros": 1})
    keys, values = [3, -1, 0], [30, 10, 0]
    numbers = [0.5, -1.5, 2.5]
    yield case(
        "label-encoder-int64-int64", "LabelEncoder", {"x": whole}, {"keys_int64s": keys, "values_int64s": values},
        (TensorProto.INT64,),
    )  # fmt: skip
    yield case(
        "label-encoder-int64-float", "LabelEncoder", {"x": whole},
        {"keys_int64s": keys, "values_floats": numbers, "default_float": 9.0},
    )  # fmt: skip
    known = random.choice(np.array([0.5, -1.5, 2.5, 4, np.nan], np.float32), (6, 2))
    yield case(
        "label-encoder-float-int64", "LabelEncoder", {"x": known},
        {"keys_floats": [*numbers, NO_NUMBER], "values_int64s": [*values, 5], "default_int64": -7}, (TensorProto.INT64,),
    )  # fmt: skip


def linear() -> Iterator[Case]:
    random = np.random.default_rng(2)
    x = random.normal(0, 1, (6, 4)).astype(np.float32)
    weights = lambda count: random.normal(0, 1, count).astype(np.float32).tolist()  # noqa: E731
    yield case("linear-regressor", "LinearRegressor", {"x": x}, {"coefficients": weights(4), "intercepts": weights(1)})
    yield case(
        "linear-regressor-targets", "LinearRegressor", {"x": x}, {"coefficients": weights(12), "targets": 3}
    )  # fmt: skip
    for transform in ("NONE", "LOGISTIC", "SOFTMAX"):
        attributes = {"coefficients": weights(12), "intercepts": weights(3), "post_transform": transform}
        yield case(
            f"linear-classifier-{transform.lower()}", "LinearClassifier", {"x": x},
            attributes | {"classlabels_ints": [7, 3, 5]}, (TensorProto.INT64, TensorProto.FLOAT),
        )  # fmt: skip
    row = weights(4)
    yield case(
        "linear-classifier-two", "LinearClassifier", {"x": x},
        {"coefficients": [-w for w in row] + row, "intercepts": [-0.2, 0.2], "classlabels_ints": [4, 2], "post_transform": "LOGISTIC"},
        (TensorProto.INT64, TensorProto.FLOAT),
    )  # fmt: skip


def tree(random: np.random.Generator, number: int, depth: int, features: int, modes: list[str]) -> tuple[list[dict], list[int]]:
    """Nodes of one tree, and which of them are leaves. ONNX Runtime takes the first for the root, whoever points to it."""
    nodes: list[dict] = []
    leaves: list[int] = []

    def grow(level: int) -> int:
        own = len(nodes)
        node = {"treeids": number, "nodeids": own, "featureids": 0, "values": 0.0, "modes": "LEAF", "truenodeids": 0, "falsenodeids": 0}
        nodes.append(node | {"hitrates": 1.0, "missing_value_tracks_true": int(random.integers(0, 2))})
        if level == 0 or random.random() < 0.15:
            leaves.append(own)
            return own
        mode = modes[int(random.integers(0, len(modes)))]
        value = float(np.float32(random.integers(-2, 3) if mode in ("BRANCH_EQ", "BRANCH_NEQ") else random.normal()))
        nodes[own] |= {"featureids": int(random.integers(0, features)), "values": value, "modes": mode}
        nodes[own] |= {"truenodeids": grow(level - 1)}
        nodes[own] |= {"falsenodeids": grow(level - 1)}
        return own

    grow(depth)
    others = nodes[1:]
    random.shuffle(others)
    return [nodes[0], *others], leaves


def forest(
    random: np.random.Generator, prefix: str, trees: int, ids: list[int], modes: list[str], all_ids: bool, low: float
) -> dict[str, Any]:
    """Attributes of an ensemble; leaves have a weight for each of `ids`, or for one of them."""
    nodes: list[dict] = []
    weights: dict[str, list] = {"treeids": [], "nodeids": [], "ids": [], "weights": []}
    for number in range(trees):
        made, leaves = tree(random, number, 4, 4, modes)
        nodes += made
        for leaf in leaves:
            for target in ids if all_ids else [ids[number % len(ids)]]:
                weights["treeids"].append(number)
                weights["nodeids"].append(leaf)
                weights["ids"].append(target)
                weights["weights"].append(float(np.float32(random.uniform(low, 1))))
    attributes = {f"nodes_{key}": [node[key] for node in nodes] for key in nodes[0]}
    return attributes | {f"{prefix}_{key}": values for key, values in weights.items()}


LEQ = ["BRANCH_LEQ"]
ALL = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def trees() -> Iterator[Case]:
    random = np.random.default_rng(3)
    x = random.normal(0, 1, (40, 4)).astype(np.float32)
    x[::7, 1] = np.nan
    x[:, 3] = random.integers(-2, 3, 40)
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        for modes in (LEQ, ALL):
            attributes = forest(random, "target", 9, [0], modes, True, -1)
            attributes |= {"aggregate_function": aggregate, "n_targets": 1, "base_values": [0.75]}
            name = f"tree-regressor-{aggregate.lower()}-{'all' if modes is ALL else 'leq'}"
            yield case(name, "TreeEnsembleRegressor", {"x": x}, attributes)
    attributes = forest(random, "target", 8, [0, 1, 2], ALL, True, -1) | {"n_targets": 3}
    yield case("tree-regressor-targets", "TreeEnsembleRegressor", {"x": x}, attributes)
    classes = (TensorProto.INT64, TensorProto.FLOAT)
    for transform in ("NONE", "SOFTMAX", "LOGISTIC"):
        for base in (None, [0.1, -0.2, 0.3]):
            attributes = forest(random, "class", 12, [0, 1, 2], ALL, base is None, -1)
            attributes |= {"post_transform": transform, "classlabels_int64s": [5, 9, 7]}
            attributes |= {"base_values": base} if base else {}
            name = f"tree-classifier-{transform.lower()}{'-base' if base else ''}"
            yield case(name, "TreeEnsembleClassifier", {"x": x}, attributes, classes)
        for base in (None, [0.125]):
            for low in (0, -1):
                attributes = forest(random, "class", 3, [0], LEQ, True, low)
                attributes["class_weights"] = [weight / 2 for weight in attributes["class_weights"]]
                attributes |= {"post_transform": transform, "classlabels_int64s": [5, 9]}
                attributes |= {"base_values": base} if base else {}
                name = f"tree-classifier-two-{transform.lower()}{'-base' if base else ''}{'-chances' if low == 0 else ''}"
                yield case(name, "TreeEnsembleClassifier", {"x": x}, attributes, classes)
    attributes = forest(random, "class", 7, [0, 1], ALL, True, 0) | {"classlabels_int64s": [5, 9]}
    both = case("tree-classifier-both", "TreeEnsembleClassifier", {"x": x}, attributes, classes)
    # Where both classes have weights, ONNX Runtime 1.31 gives the number of a class for its label, and mostly the second.
    both.outputs["y0"] = np.array([5, 9])[both.outputs["y1"].argmax(1)]
    yield both


def estimators() -> Iterator[Case]:
    for export in sorted(EXPORTS.glob("*.onnx.xz")):
        name = export.name.removesuffix(".onnx.xz")
        model = onnx.load_from_string(lzma.decompress(export.read_bytes()))
        inputs = {model.graph.input[0].name: np.load(EXPORTS / f"{name.rpartition('-')[2]}.npy")}
        yield Case(f"estimator-{name}", model, inputs, reference.run(model, inputs), 1e-5, 1e-5)


def make(writers: dict[str, CaseWriter]) -> None:
    for made in [*features(), *linear(), *trees(), *estimators()]:
        writers["learned"].write(made)
