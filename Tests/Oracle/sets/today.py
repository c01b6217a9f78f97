"""Networks as people run them today, a small one of each kind, filled with random weights; PyTorch itself is not needed."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from material import reference
from material.case import Case, CaseWriter
from sets import contributed, pytorch
from sets.contributed import packed
from sets.pytorch import Inputs, mask, numbers, skeleton, tokens, write_cases

FOLDERS = ("today",)
EXPORTS = pytorch.EXPORTS.with_name("exports-today")
SOURCES = (
    EXPORTS, EXPORTS.parent / "skeleton.py", Path(__file__).with_name("models.py"), Path(pytorch.__file__),
    Path(contributed.__file__),
)  # fmt: skip
WORDS = 200  # of every vocabulary


def images(name: str, *shape: int) -> Inputs:
    return lambda random: {name: numbers(random, 3, *shape)}


def text(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {"input_ids": tokens(random, WORDS, 3, 20), "attention_mask": mask(20, 13, 17)}


def unmasked(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {"input_ids": tokens(random, WORDS, 3, 20)}


# Other batches and sequences than those that were traced.
INPUTS: dict[str, Inputs] = {
    "convnext-v2": images("pixel_values", 3, 64, 64),
    "swin-v2": images("pixel_values", 3, 64, 64),
    "segformer": images("pixel_values", 3, 64, 64),
    "deeplab-v3": images("image", 3, 64, 96),
    "depth-anything": images("pixel_values", 3, 70, 70),
    "swin2sr": images("pixel_values", 3, 32, 32),
    "clip": images("pixel_values", 3, 64, 64),
    "video-resnet": images("clip", 3, 4, 32, 32),
    "video-mae": images("pixel_values", 4, 3, 32, 32),
    "raft": lambda random: {"first": numbers(random, 2, 3, 128, 128), "second": numbers(random, 2, 3, 128, 128)},
    "one-stage-detector": images("image", 3, 64, 64),
    "two-stage-detector": images("image", 3, 96, 96),
    "detr": images("pixel_values", 3, 128, 96),
    "wav2vec2": images("input_values", 4000),
    "conformer": images("input_values", 4000),
    "spectrogram-transformer": images("input_values", 64, 32),
    "vocoder": images("spectrogram", 16, 20),
    "modernbert": text,
    "deberta-v2": text,
    "xlnet": unmasked,
    "bart": lambda random: {**text(random), "decoder_input_ids": tokens(random, WORDS, 3, 9)},
    "llama": text,
    "qwen3": text,
    "gemma3": text,
    "phi3": text,
    "mamba": lambda random: {"input_ids": tokens(random, WORDS, 3, 12)},
    "mixtral": text,
    "patch-series": images("past_values", 64, 3),
    "recommender": lambda random: {"numbers": numbers(random, 3, 13), "categories": random.integers(0, 20, (3, 3))},
    "graph-attention": lambda random: {"nodes": numbers(random, 3, 14, 12), "edges": random.integers(0, 14, (3, 2, 40))},
    "diffusion-transformer": lambda random: {"sample": numbers(random, 3, 4, 16, 16), "timestep": np.array([3, 250, 999])},
}
# No axis counts items: one picture, one graph. How many objects are found only the run can tell.
WHOLE = {"microbatch": 1, "formats": ["jsonl"], "items": "whole"}
JOBS = {"two-stage-detector": WHOLE, "graph-attention": WHOLE}


def quantise(model: onnx.ModelProto, bits: int, block_size: int) -> None:
    """Makes products with constant matrices products with packed weights, as ONNX Runtime's quantiser writes them."""
    graph = model.graph
    matrices = {tensor.name: tensor for tensor in graph.initializer if len(tensor.dims) == 2}
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in matrices:
            continue
        name = node.input[1]
        weights = numpy_helper.to_array(matrices[name]).T  # [columns, rows]
        columns, rows = weights.shape
        blocks = np.pad(weights, [(0, 0), (0, -rows % block_size)]).reshape(columns, -1, block_size)
        low, high = np.minimum(blocks.min(-1), 0), np.maximum(blocks.max(-1), 0)
        scales = (high - low) / (2**bits - 1)
        zeros = np.rint(-low / scales)
        levels = np.clip(np.rint(blocks / scales[..., None] + zeros[..., None]), 0, 2**bits - 1)
        parts = {"levels": packed(levels, bits), "scales": scales.astype(np.float32), "zeros": packed(zeros, bits)}
        graph.initializer.extend(numpy_helper.from_array(part, f"{name}_{key}") for key, part in parts.items())
        attributes = {"K": rows, "N": columns, "bits": bits, "block_size": block_size}
        product = helper.make_node(
            "MatMulNBits", [node.input[0], *(f"{name}_{key}" for key in parts)], node.output, node.name,
            domain=contributed.DOMAIN, **attributes,
        )  # fmt: skip
        node.CopyFrom(product)
    used = {name for node in graph.node for name in node.input}
    for tensor in matrices.values():
        if tensor.name not in used:
            graph.initializer.remove(tensor)
    model.opset_import.add(domain=contributed.DOMAIN, version=1)


def with_packed_weights(export: str, bits: int) -> Case:
    """The case of an export of a language model whose matrices are whole numbers of few bits."""
    name = f"{export}-{bits}bits"
    model = onnx.load_from_string(lzma.decompress((EXPORTS / f"{export}.onnx.xz").read_bytes()))
    skeleton.fill(model, lambda tensor: skeleton.drawn(export, tensor))
    quantise(model, bits, 16)
    inputs = text(np.random.default_rng(bits))
    return Case(name, model, inputs, reference.run(model, inputs), pytorch.RTOL, pytorch.ATOL)


def make(writers: dict[str, CaseWriter]) -> None:
    write_cases(writers["today"], EXPORTS, INPUTS, {}, JOBS)
    writers["today"].write(with_packed_weights("llama-dynamo", 4))
