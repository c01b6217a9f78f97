"""The model files inside the onnx package: whole architectures with constant weights, and PyTorch's exports."""

from __future__ import annotations

import json
from pathlib import Path
from zlib import crc32

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import DATA_DIR

from material import facts, reference
from material.case import Case, CaseWriter, copy_of

DATA = Path(DATA_DIR)
WITH_OWN_OUTPUTS = ("simple", "pytorch-operator", "pytorch-converted")
FOLDERS = (*WITH_OWN_OUTPUTS, "light")


def verify_reference(path: Path, model: onnx.ModelProto) -> None:
    """Checks ONNX Runtime against the output that the suite stores for its own input (a ramp 0...1)."""
    (value,) = facts.fed_inputs(model)
    shape = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
    ramp = (np.arange(np.prod(shape)).reshape(shape) / np.prod(shape)).astype(np.float32)
    (computed,) = reference.run(path, {value.name: ramp}).values()
    stored = onnx.load_tensor(path.with_name(f"{path.stem}_output_0.pb"))
    np.testing.assert_allclose(computed, numpy_helper.to_array(stored), rtol=1e-3, atol=1e-7)


def architecture_case(path: Path) -> Case:
    """A whole architecture on a random image, which the suite's ramp is not."""
    model = onnx.load(path)
    verify_reference(path, model)
    random = np.random.default_rng(crc32(path.stem.encode()))
    inputs = {
        value.name: random.random([d.dim_value for d in value.type.tensor_type.shape.dim], dtype=np.float32)
        for value in facts.fed_inputs(model)
    }
    return Case(path.stem, model, inputs, reference.run(path, inputs), write_model=copy_of(path))


def read_value(path: Path, info: onnx.ValueInfoProto) -> object:
    """A stored test value; what is not a tensor becomes a Python value that no `.npy` can hold."""
    kind = info.type.WhichOneof("value")
    if kind == "sequence_type":
        sequence = onnx.SequenceProto()
        sequence.ParseFromString(path.read_bytes())
        return numpy_helper.to_list(sequence)
    if kind != "tensor_type":
        return {}
    return onnx.load_tensor(path)


def stored_case(folder: Path) -> Case:
    """A case whose first data set is on disk beside the model."""
    model = onnx.load(folder / "model.onnx")
    data = folder / "test_data_set_0"
    settings = json.loads((folder / "data.json").read_text()) if (folder / "data.json").exists() else {}
    inputs = {value.name: read_value(data / f"input_{i}.pb", value) for i, value in enumerate(facts.fed_inputs(model))}
    outputs = {value.name: read_value(data / f"output_{i}.pb", value) for i, value in enumerate(model.graph.output)}
    rtol, atol = settings.get("rtol", 1e-3), settings.get("atol", 1e-7)
    return Case(folder.name, model, inputs, outputs, rtol, atol, write_model=copy_of(folder / "model.onnx"))


def make(writers: dict[str, CaseWriter]) -> None:
    for kind in WITH_OWN_OUTPUTS:
        for folder in sorted(path.parent for path in (DATA / kind).glob("*/model.onnx")):
            writers[kind].write(stored_case(folder))
    for path in sorted((DATA / "light").glob("*.onnx")):
        writers["light"].write(architecture_case(path))
