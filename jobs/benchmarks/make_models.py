"""Makes the models and the items of the jobs in this folder: real shapes, seeded random weights and inputs.

    make benchmark-jobs

What is measured here is speed, which depends on shapes and not on what was learned.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import onnx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Oracle"))

from networks.recurrent import wide_lstm  # noqa: E402
from networks.resnet import resnet50  # noqa: E402
from networks.segmentation import unet  # noqa: E402
from networks.transformer import bert_base, vit_base_16  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "models"
#: Exports of PyTorch that the test material has, by the name that they get here.
EXPORTS = {"gpt2": "gpt2-dynamo", "t5-small": "t5-small-dynamo"}


def save(name: str, model: onnx.ModelProto, items: dict[str, np.ndarray]) -> None:
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    for input_name, values in items.items():
        np.save(folder / f"{input_name}.npy", values)
    print(f"  jobs/benchmarks/models/{name}")


def copy(name: str, case: Path) -> None:
    """An export, and its items so often that there is something to pipeline."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("model.onnx", "weights.bin"):
        shutil.copy(case / file, folder / file)
    graph = onnx.load(case / "model.onnx", load_external_data=False).graph
    for index, value in enumerate(graph.input):
        values = np.load(case / f"input_{index}.npy")
        np.save(folder / f"{value.name}.npy", np.tile(values, (32 // len(values), *[1] * (values.ndim - 1))))
    print(f"  jobs/benchmarks/models/{name}")


def main() -> None:
    random = np.random.default_rng(7)

    def images(count: int, side: int) -> dict[str, np.ndarray]:
        return {"image": random.standard_normal((count, 3, side, side), dtype=np.float32)}

    save("resnet50", resnet50(224), images(96, 224))
    save("unet", unet(False, side=256, widths=(32, 64, 128, 256)), images(32, 256))
    save("vit-b-16", vit_base_16(), images(24, 224))
    tokens = {
        "input_ids": random.integers(0, 30522, (32, 128)),
        "attention_mask": np.ones((32, 128), np.int64),
    }
    save("bert-base", bert_base(), tokens)
    save("lstm", wide_lstm(), {"frames": random.standard_normal((256, 64, 256), dtype=np.float32)})
    for name, case in EXPORTS.items():
        copy(name, ROOT / ".build/material/pytorch" / case)


if __name__ == "__main__":
    main()
