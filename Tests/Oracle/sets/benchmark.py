"""ResNet-50 at its real size, for measuring; made only when asked for."""

from __future__ import annotations

from pathlib import Path

from material import reference
from material.case import Case, CaseWriter
from networks.resnet import resnet50
from sets.models import images_for

FOLDERS = ("benchmark",)
SOURCES = (Path(__file__).resolve().parents[1] / "networks", Path(__file__).with_name("models.py"))


def make(writers: dict[str, CaseWriter]) -> None:
    """[4, 3, 224, 224] with its expected logits: a benchmark that is wrong is no benchmark."""
    model = resnet50(224)
    inputs = images_for(model, "benchmark")
    writers["benchmark"].write(Case("resnet50", model, inputs, reference.run(model, inputs), 1e-3, 1e-4))
