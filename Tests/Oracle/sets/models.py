"""Whole networks with random weights and a symbolic batch `N`, on four images each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import onnx
from onnx import helper

from material import facts, reference
from material.case import Case, CaseWriter
from networks import classifiers, segmentation, unusual, versions
from networks.resnet import resnet50

FOLDERS = ("models",)
SOURCES = (Path(__file__).resolve().parents[1] / "networks",)
BATCH = 4

NETWORKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "resnet50-64": lambda: resnet50(64),
    "mobilenetv2": classifiers.mobilenetv2,
    "vgg11": classifiers.vgg11,
    "squeezenet": classifiers.squeezenet,
    "densenet": classifiers.densenet,
    "inception": unusual.inception,
    "grouped-dilated": unusual.grouped_dilated,
    "unet": lambda: segmentation.unet(resize=False),
    "unet-resize": lambda: segmentation.unet(resize=True),
    "autoencoder": segmentation.autoencoder,
    "external-data": lambda: classifiers.squeezenet("external-data"),
    "float16": versions.float16,
    "opset7": versions.opset7,
    "opset22": versions.opset22,
}
TOLERANCES = {"float16": (1e-2, 1e-2)}  # else rtol 1e-3, atol 1e-4: values are around 1


def images_for(model: onnx.ModelProto, name: str) -> dict[str, np.ndarray]:
    """Four random images for each input; they differ in brightness, so that no two results are alike."""
    random = np.random.default_rng(crc32(f"{name} input".encode()))
    inputs = {}
    for value in facts.fed_inputs(model):
        tensor = value.type.tensor_type
        shape = [dimension.dim_value for dimension in tensor.shape.dim][1:]
        brightness = np.linspace(-0.5, 0.5, BATCH).reshape(-1, *[1] * len(shape))
        image = random.standard_normal((BATCH, *shape)) + brightness
        inputs[value.name] = image.astype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    return inputs


def check_telling(name: str, outputs: dict[str, np.ndarray], least_share: float = 0.02, limit: float = 100) -> None:
    """Refuses a network whose outputs vanish, explode, or hardly depend on the image: it would test nothing.

    `least_share`: how much of the outputs' deviation must lie across the batch; `limit`: of their values.
    """
    for output, value in outputs.items():
        value = value.astype(np.float64)
        largest, across_batch = np.abs(value).max(), value.std(axis=0).mean()
        if not (1e-2 < largest < limit and across_batch > least_share * value.std()):
            raise ValueError(
                f"{name}: output {output} tells little: largest {largest:.3g}, across the batch {across_batch:.3g} of "
                f"{value.std():.3g}"
            )


def write_external(model: onnx.ModelProto) -> Callable[[Path], None]:
    """Saves the larger weights in one `weights.bin` beside the model, the small ones inside it."""

    def write(path: Path) -> None:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        onnx.save_model(copy, path, save_as_external_data=True, location="weights.bin", size_threshold=1024)

    return write


def make(writers: dict[str, CaseWriter]) -> None:
    for name, network in NETWORKS.items():
        model = network()
        inputs = images_for(model, name)
        outputs = reference.run(model, inputs)
        check_telling(name, outputs)
        rtol, atol = TOLERANCES.get(name, (1e-3, 1e-4))
        external = write_external(model) if name == "external-data" else None
        folder = writers["models"].write(Case(name, model, inputs, outputs, rtol, atol, write_model=external))
        reference.session(folder / "model.onnx")  # what is on disk loads
