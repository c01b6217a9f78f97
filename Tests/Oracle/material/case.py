"""One test case, and the folder that Swift reads it from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from material import facts
from material.values import SEQUENCE, elements, inexpressible, write_npy

# How a model reaches `model.onnx` (and, with external data, the files beside it).
ModelWriter = Callable[[Path], object]


@dataclass
class Case:
    """A model, what goes in, what must come out, and how close. Absent optional values are None."""

    name: str
    model: onnx.ModelProto
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    rtol: float = 1e-3
    atol: float = 1e-7
    skip: str | None = None  # why a test cannot compare; filled in for values that .npy cannot hold
    extra: dict[str, Any] = field(default_factory=dict)  # further keys of case.json
    axes: dict[str, int | None] = field(default_factory=dict)  # by value: the axis of the items where it is not 0
    write_model: ModelWriter | None = None  # where plain serialisation will not do

    def __post_init__(self) -> None:
        self.inputs = {name: value for name, value in self.inputs.items() if value is not None}
        self.outputs = {name: value for name, value in self.outputs.items() if value is not None}
        values = [*self.inputs.values(), *self.outputs.values()]
        self.skip = self.skip or next(filter(None, map(inexpressible, values)), None)


def copy_of(source: Path) -> ModelWriter:
    """A model that is shipped as it is, byte for byte."""
    return lambda path: shutil.copyfile(source, path)


class CaseWriter:
    """Writes the cases of one set into its folder, and then its `index.json`."""

    def __init__(self, folder: Path, verbose: bool = True) -> None:
        self.folder = folder
        self.verbose = verbose
        self.index: dict[str, dict[str, Any]] = {}

    def write(self, case: Case) -> Path:
        """Writes one case folder; the values of a skipped case are left out."""
        if case.name in self.index:
            raise ValueError(f"two cases are named {case.name}")
        folder = self.folder / case.name
        folder.mkdir(parents=True)
        self._write_model(case, folder / "model.onnx")
        summary = {"operators": facts.operators(case.model), "opset": facts.opset(case.model), "skip": case.skip}
        description = {
            "name": case.name,
            "opset": summary["opset"],
            "operators": summary["operators"],
            "rtol": case.rtol,
            "atol": case.atol,
            "inputs": self._write_values(folder, "input", case.inputs, case),
            "outputs": self._write_values(folder, "output", case.outputs, case),
            "skip": case.skip,
            **case.extra,
        }
        if case.skip == SEQUENCE:
            description["values"] = self._write_sequences(folder, case)
        (folder / "case.json").write_text(json.dumps(description, indent=1) + "\n")
        self.index[case.name] = summary
        if self.verbose:
            print(f"  {self.folder.name.removesuffix('.partial')}/{case.name}", flush=True)
        return folder

    def write_folder(self, name: str, inputs: dict[str, Any], outputs: dict[str, Any], **extra: Any) -> None:
        """Completes a case whose folder the set has filled itself; its model is that folder, or what `model` says."""
        folder = self.folder / name
        description = {
            "name": name,
            "model": ".",
            "inputs": self._write_values(folder, "input", inputs, None),
            "outputs": self._write_values(folder, "output", outputs, None),
            "skip": None,
            **extra,
        }
        (folder / "case.json").write_text(json.dumps(description, indent=1) + "\n")
        self.index[name] = {"operators": [], "opset": None, "skip": None}
        if self.verbose:
            print(f"  {self.folder.name.removesuffix('.partial')}/{name}", flush=True)

    def finish(self) -> None:
        """Writes the index: name -> operators, opset, skip."""
        if not self.index:
            raise ValueError(f"{self.folder.name}: no case was made")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "index.json").write_text(json.dumps(dict(sorted(self.index.items())), indent=1) + "\n")

    @staticmethod
    def _write_model(case: Case, path: Path) -> None:
        if case.write_model is not None:
            case.write_model(path)
        else:
            path.write_bytes(case.model.SerializeToString(deterministic=True))

    @staticmethod
    def _write_sequences(folder: Path, case: Case) -> dict[str, list[dict[str, Any]]] | None:
        """The values of a case with sequences among them, each as one file or as a list of files; None where some
        have no `.npy` form even so."""
        sides = {"input": case.inputs, "output": case.outputs}
        parts = [part for values in sides.values() for value in values.values() for part in elements(value)]
        if any(map(inexpressible, parts)):
            return None
        described: dict[str, list[dict[str, Any]]] = {}
        for kind, values in sides.items():
            described[f"{kind}s"] = []
            for index, (name, value) in enumerate(values.items()):
                files = []
                for place, part in enumerate(elements(value)):
                    files.append(f"{kind}_{index}_{place}.npy")
                    write_npy(folder / files[-1], part)
                holder = {"sequence": files} if isinstance(value, (list, tuple)) else {"file": files[0]}
                described[f"{kind}s"].append({"name": name, **holder})
        return described

    @staticmethod
    def _write_values(folder: Path, kind: str, values: dict[str, Any], case: Case) -> list[dict[str, Any]]:
        entries = []
        for index, (name, value) in enumerate(values.items() if case.skip is None else ()):
            entry = {"name": name, "file": f"{kind}_{index}.npy"}
            if name in case.axes:
                entry["axis"] = axis = case.axes[name]
                value = value if axis is None else np.moveaxis(value, axis, 0)
            write_npy(folder / entry["file"], value)
            entries.append(entry)
        return entries
