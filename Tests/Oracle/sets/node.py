"""ONNX's own node tests, standard operators only, with the suite's inputs, outputs and tolerances."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import onnx
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_node_model_tests

from material import facts
from material.case import Case, CaseWriter

FOLDERS = ("node",)
VERBOSE = False

RANDOM_OPERATORS = {
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}
# Dropout in training mode with a ratio above zero: the mask is NumPy's draw, which no engine repeats.
RANDOM_DROPOUT = {f"test_training_dropout{middle}{end}" for middle in ("", "_default") for end in ("", "_mask")}


def skip_reason(name: str, model: onnx.ModelProto) -> str | None:
    """Why a case that can be written cannot be compared all the same."""
    if RANDOM_OPERATORS & set(facts.operators(model)) or name in RANDOM_DROPOUT:
        return "random values: the expected output is one draw of NumPy's generator"
    return None


def named(infos: Iterable[onnx.ValueInfoProto], values: Sequence[Any]) -> dict[str, Any]:
    """The suite gives values in the order of the graph's inputs or outputs, maybe without the last ones."""
    return dict(zip([info.name for info in infos], values, strict=False))


def case_of(test: TestCase) -> Case | None:
    """The suite's case with its first data set, or None where it uses operators of another domain."""
    model = test.model
    if model is None or not test.data_sets or not facts.is_standard(model):
        return None
    inputs, outputs = test.data_sets[0]
    return Case(
        name=test.name,
        model=model,
        inputs=named(model.graph.input, inputs),
        outputs=named(model.graph.output, outputs),
        rtol=test.rtol,
        atol=test.atol,
        skip=skip_reason(test.name, model),
    )


def make(writers: dict[str, CaseWriter]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the suite computes infinities and NaNs on purpose
        tests = load_node_model_tests()
    for case in map(case_of, sorted(tests, key=lambda test: test.name)):
        if case is not None:
            writers["node"].write(case)
