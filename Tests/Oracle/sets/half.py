"""Networks in half precision: what float32 networks of other sets become, beside what those compute.

Cuts must not change their bits, and every value between two nodes is rounded here, so that a rounding which fusion
leaves out is seen.
"""

from __future__ import annotations

import lzma
from pathlib import Path
from zlib import crc32

import numpy as np
import onnx
from onnx import TensorProto

from material import reference
from material.case import Case, CaseWriter
from networks import half
from pytorch import skeleton
from sets import models, today

FOLDERS = ("half",)
SOURCES = (
    Path(half.__file__).parent, Path(models.__file__), Path(today.__file__), today.EXPORTS, Path(skeleton.__file__),
)
# How far half precision may be from float32, of the largest value: 11 and 8 bits, through tens of layers.
TOLERANCES = {TensorProto.FLOAT16: 3e-2, TensorProto.BFLOAT16: 2e-1}

NETWORKS = {
    "autoencoder": TensorProto.FLOAT16,
    "densenet": TensorProto.BFLOAT16,
    "unet": TensorProto.FLOAT16,
    "mobilenetv2": TensorProto.BFLOAT16,
}
EXPORTS = {
    "llama-dynamo": TensorProto.FLOAT16,
    "qwen3-dynamo": TensorProto.BFLOAT16,
    "video-resnet-torchscript": TensorProto.FLOAT16,
    "convnext-v2-torchscript": TensorProto.BFLOAT16,
    "vocoder-torchscript": TensorProto.FLOAT16,
    "clip-dynamo": TensorProto.BFLOAT16,
}


def write(writer: CaseWriter, name: str, model: onnx.ModelProto, inputs: dict[str, np.ndarray], kind: int) -> None:
    outputs = reference.run(model, inputs)
    name = f"{name}-{TensorProto.DataType.Name(kind).lower()}"
    writer.write(Case(name, half.rewritten(model, kind), inputs, outputs, TOLERANCES[kind], 0))


def make(writers: dict[str, CaseWriter]) -> None:
    writer = writers["half"]
    for name, kind in NETWORKS.items():
        model = models.NETWORKS[name]()
        write(writer, name, model, models.images_for(model, name), kind)
    for name, kind in EXPORTS.items():
        model = onnx.load_from_string(lzma.decompress((today.EXPORTS / f"{name}.onnx.xz").read_bytes()))
        skeleton.fill(model, lambda tensor: skeleton.drawn(name, tensor))
        architecture = name.rpartition("-")[0]
        inputs = today.INPUTS[architecture](np.random.default_rng(crc32(f"{architecture} input".encode())))
        write(writer, name, model, inputs, kind)
