"""ResNet-50 at its real size and two wide LSTM layers, for measuring; made only when asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from material import reference
from material.case import Case, CaseWriter
from networks.recurrent import wide_lstm
from networks.resnet import resnet50
from sets.models import images_for

FOLDERS = ("benchmark",)
SOURCES = (Path(__file__).resolve().parents[1] / "networks", Path(__file__).with_name("models.py"))


def make(writers: dict[str, CaseWriter]) -> None:
    """[4, 3, 224, 224] with its expected logits: a benchmark that is wrong is no benchmark."""
    model = resnet50(224)
    inputs = images_for(model, "benchmark")
    writers["benchmark"].write(Case("resnet50", model, inputs, reference.run(model, inputs), 1e-3, 1e-4))
    lstm = wide_lstm()
    frames = np.random.default_rng(64).standard_normal((8, 64, 256), dtype=np.float32)
    outputs = reference.run(lstm, {"frames": frames})
    writers["benchmark"].write(Case("lstm", lstm, {"frames": frames}, outputs, 1e-3, 1e-4))
