"""The shipped example: all of its images in one batch, and the logits that ONNX Runtime computes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from material import reference
from material.case import Case, CaseWriter, copy_of

EXAMPLE = Path(__file__).resolve().parents[3] / "jobs" / "quickstart"
FOLDERS = ("quickstart",)
SOURCES = tuple(EXAMPLE / name for name in ("digits-cnn.onnx", "labels.csv", "accuracy.json", "images"))


def make(writers: dict[str, CaseWriter]) -> None:
    """One case; its logits must name as many digits correctly as the shipped accuracy.json claims."""
    with open(EXAMPLE / "labels.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    pixels = np.stack([np.asarray(Image.open(EXAMPLE / "images" / row["file"])) for row in rows])
    images = (pixels.astype(np.float32) / np.float32(255))[:, np.newaxis]  # [N, 1, 8, 8]
    labels = [int(row["label"]) for row in rows]
    model = EXAMPLE / "digits-cnn.onnx"
    outputs = reference.run(model, {"image": images})
    correct = int((outputs["logits"].argmax(1) == np.array(labels)).sum())
    claimed = json.loads((EXAMPLE / "accuracy.json").read_text())["correct"]
    if correct != claimed:
        raise ValueError(f"ONNX Runtime reads {correct} images correctly, accuracy.json says {claimed}")
    extra = {"files": [row["file"] for row in rows], "labels": labels, "correct": correct}
    writers["quickstart"].write(
        Case(
            "digits-cnn",
            onnx.load(model),
            {"image": images},
            outputs,
            1e-3,
            1e-4,
            extra=extra,
            write_model=copy_of(model),
        )
    )
