"""Recurrent networks over sequences of different lengths, and a quantised network, with a symbolic batch `N`."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import numpy as np

from material import reference
from material.case import Case, CaseWriter
from networks import quantized, recurrent
from sets.models import check_telling

FOLDERS = ("sequences",)
SOURCES = (Path(__file__).resolve().parents[1] / "networks", Path(__file__).with_name("models.py"))
BATCH = 4


def make(writers: dict[str, CaseWriter]) -> None:
    for name, network, shape in [
        ("stacked-lstm", recurrent.stacked_lstm, (13, 40)),
        ("stacked-gru", recurrent.stacked_gru, (11, 24)),
        ("quantized", quantized.quantized, (3, 24, 24)),
    ]:
        random = np.random.default_rng(crc32(f"{name} input".encode()))
        model = network()
        inputs = {model.graph.input[0].name: random.standard_normal((BATCH, *shape), dtype=np.float32)}
        if name == "stacked-lstm":
            inputs["lengths"] = np.array([13, 5, 1, 9], np.int32)
        outputs = reference.run(model, inputs)
        check_telling(name, outputs)
        folder = writers["sequences"].write(Case(name, model, inputs, outputs, 1e-3, 1e-4))
        reference.session(folder / "model.onnx")  # what is on disk loads
