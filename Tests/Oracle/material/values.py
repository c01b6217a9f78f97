"""Which values a `.npy` file can hold, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper


SEQUENCE = "sequence value: .npy holds one tensor"


def elements(value: Any) -> list[Any]:
    """The tensors of a sequence, or a tensor alone."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def inexpressible(value: Any) -> str | None:
    """Why `value` has no `.npy` form, or None where it has one."""
    if isinstance(value, (list, tuple)):
        return SEQUENCE
    if isinstance(value, dict):
        return "map value: .npy holds one tensor"
    dtype = as_array(value).dtype
    if dtype.kind in "OUS":
        return "string tensor: .npy has no variable-length strings"
    if dtype.isbuiltin != 1 or dtype.kind not in "biufc":
        return f"{dtype.name} tensor: .npy has no such element type"
    return None


def as_array(value: Any) -> np.ndarray:
    """A suite's value as an array; a `TensorProto` keeps its element type through ml_dtypes."""
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def write_npy(path: Path, value: Any) -> None:
    """Writes `.npy` version 1.0, C order, little endian; zero-dimensional arrays stay so."""
    array = np.array(as_array(value), order="C", copy=True)
    with open(path, "wb") as file:
        np.lib.format.write_array(file, array.astype(array.dtype.newbyteorder("<")), version=(1, 0), allow_pickle=False)
