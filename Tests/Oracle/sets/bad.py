"""Models that must be refused, each with what its error message has to contain."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx

from broken import graphs, shapes, weights
from broken.variant import Variant, tiny_model
from material import reference
from material.case import Case, CaseWriter

FOLDERS = ("bad",)
SOURCES = (Path(__file__).resolve().parents[1] / "broken",)

LARGEST_RUN = 2**20  # values of an input; more is not worth trying


def broken_model(variant: Variant) -> onnx.ModelProto:
    model = tiny_model()
    variant.change(model)
    return model


def write_variant(variant: Variant, model: onnx.ModelProto) -> Callable[[Path], None]:
    """Writes the model, damaged where the variant says so, and the files beside it."""

    def write(path: Path) -> None:
        data = model.SerializeToString(deterministic=True)
        path.write_bytes(variant.raw(data) if variant.raw else data)
        for name, content in variant.files.items():
            (path.parent / name).write_bytes(content)

    return write


def images_for(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Two images of the shape that the model declares; none where that is beyond reason."""
    if not model.graph.input:
        return {}
    shape = [dimension.dim_value or 2 for dimension in model.graph.input[0].type.tensor_type.shape.dim]
    return {"image": np.ones(shape, dtype=np.float32)} if math.prod(shape) <= LARGEST_RUN else {}


def refused_by(path: Path, images: dict[str, np.ndarray]) -> str | None:
    """Which of ONNX's checker, ONNX Runtime's loader and a run refuses the model first, if any does."""
    attempts: dict[str, Callable[[], object]] = {
        "checker": lambda: onnx.checker.check_model(str(path), full_check=True),
        "load": lambda: reference.session(path),
        "run": lambda: reference.run(path, images),
    }
    if not images:
        del attempts["run"]
    for name, attempt in attempts.items():
        try:
            attempt()
        except Exception:  # the refusals of two libraries share no base class but this one
            return name
    return None


def check_sound(model: onnx.ModelProto) -> None:
    """Raises unless the model is in order: before it is broken, nothing may be wrong with it."""
    onnx.checker.check_model(model, full_check=True)
    reference.run(model, images_for(model))


def make(writers: dict[str, CaseWriter]) -> None:
    """Writes every variant; one that everybody else accepts is no broken model."""
    writer = writers["bad"]
    writer.folder.mkdir(parents=True)
    (writer.folder / "outside.bin").write_bytes(bytes(216))  # what external-escape must not reach
    check_sound(tiny_model())
    for variant in (*graphs.VARIANTS, *weights.VARIANTS, *shapes.VARIANTS):
        model = broken_model(variant)
        images = images_for(model)
        extra = {"expect": "error", "contains": list(variant.contains), "reason": variant.reason}
        folder = writer.write(
            Case(variant.name, model, images, {}, extra=extra, write_model=write_variant(variant, model))
        )
        if refused_by(folder / "model.onnx", images) is None:
            raise ValueError(f"bad/{variant.name}: ONNX's checker and ONNX Runtime accept it")
