"""Exports from PyTorch, by both of its exporters, filled with random weights; PyTorch itself is not needed."""

from __future__ import annotations

import lzma
import tempfile
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import onnx

from material import reference
from material.case import Case, CaseWriter
from pytorch import skeleton
from sets.models import check_telling

FOLDERS = ("pytorch",)
EXPORTS = Path(__file__).resolve().parents[1] / "pytorch" / "exports"
SOURCES = (EXPORTS, EXPORTS.parent / "skeleton.py", Path(__file__).with_name("models.py"))
RTOL, ATOL = 1e-3, 1e-4
Inputs = Callable[[np.random.Generator], dict[str, np.ndarray]]  # what a model is fed
LARGE = 2**26  # bytes of weights from which on they lie beside the model
ALIGNMENT = 4096


def numbers(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.standard_normal(shape, dtype=np.float32)


def tokens(random: np.random.Generator, vocabulary: int, *shape: int) -> np.ndarray:
    return random.integers(1, vocabulary, shape)


def mask(*lengths: int) -> np.ndarray:
    """[batch, longest]: ones as far as each sequence goes."""
    return (np.arange(max(lengths)) < np.array(lengths)[:, np.newaxis]).astype(np.int64)


def segments(*lengths: int) -> np.ndarray:
    """[batch, longest]: the second half of each sequence belongs to the second sentence."""
    return (np.arange(max(lengths)) >= np.array(lengths)[:, np.newaxis] // 2).astype(np.int64)


# Other sizes than those that were traced: what an exporter baked in would show.
INPUTS: dict[str, Inputs] = {
    "lstm": lambda random: {"x": numbers(random, 3, 20, 64)},
    "gru-seq2seq": lambda random: {"tokens": tokens(random, 500, 3, 16)},
    "gru-loop": lambda random: {"x": numbers(random, 3, 9, 32)},
    "bert-base": lambda random: {
        "input_ids": tokens(random, 30522, 3, 24),
        "attention_mask": mask(24, 15, 20),
        "token_type_ids": segments(24, 15, 20),
    },
    "vit-b16": lambda random: {"pixel_values": numbers(random, 2, 3, 224, 224)},
    "gpt2": lambda random: {"input_ids": tokens(random, 50257, 3, 24), "attention_mask": mask(24, 17, 22)},
    "t5-small": lambda random: {
        "input_ids": tokens(random, 32128, 3, 24),
        "attention_mask": mask(24, 13, 19),
        "decoder_input_ids": tokens(random, 32128, 3, 16),
    },
    "whisper-tiny": lambda random: {
        "input_features": numbers(random, 2, 80, 3000),
        "decoder_input_ids": tokens(random, 51865, 2, 16),
        "decoder_attention_mask": mask(16, 11),
    },
    "diffusion-unet": lambda random: {
        "sample": numbers(random, 3, 4, 16, 16),
        "timestep": np.array([3, 250, 999]),
        "text": numbers(random, 3, 7, 48),
    },
}
# [layers, batch, features]: the items do not come first.
AXES = {"lstm": {"hidden": 1, "cell": 1}, "gru-seq2seq": {"hidden": 1}}
# Only the run can tell how long the results of a loop are.
JOBS = {"gru-loop": {"microbatch": 1, "formats": ["jsonl"]}}


def save(model: onnx.ModelProto, case: str, path: Path) -> None:
    """Fills the model and writes it, large weights into `weights.bin` beside it, one after the other."""
    weights = list(skeleton.stripped(model))
    if sum(4 * int(np.prod(tensor.dims)) for tensor in weights) < LARGE:
        skeleton.fill(model, lambda tensor: skeleton.drawn(case, tensor))
    else:
        with open(path.with_name("weights.bin"), "wb") as file:
            for tensor in weights:
                file.seek(-file.tell() % ALIGNMENT, 1)
                start = file.tell()
                skeleton.drawn(case, tensor).tofile(file)
                tensor.ClearField("metadata_props")
                tensor.data_location = onnx.TensorProto.EXTERNAL
                for key, value in (("location", "weights.bin"), ("offset", start), ("length", file.tell() - start)):
                    tensor.external_data.add(key=key, value=str(value))
    path.write_bytes(model.SerializeToString(deterministic=True))


def one_by_one(model: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a model without an axis for items makes of each item of [items, ...]: the results, one behind the other."""
    count = len(next(iter(inputs.values())))
    results = [reference.run(model, {name: value[item] for name, value in inputs.items()}) for item in range(count)]
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}


def case_of(
    export: Path, folder: Path, inputs_of: dict[str, Inputs], axes_of: dict[str, dict[str, int | None]], jobs: dict[str, dict]
) -> Case:
    """The case of one export; `folder` gets its model, which is moved from there."""
    name = export.name.removesuffix(".onnx.xz")
    architecture = name.rpartition("-")[0]
    model = onnx.load_from_string(lzma.decompress(export.read_bytes()))
    save(model, name, folder / "model.onnx")
    inputs = inputs_of[architecture](np.random.default_rng(crc32(f"{architecture} input".encode())))
    is_whole = jobs.get(architecture, {}).get("items") == "whole"
    outputs = one_by_one(folder / "model.onnx", inputs) if is_whole else reference.run(folder / "model.onnx", inputs)
    axes = axes_of.get(architecture, {})
    # Boxes are in pixels.
    itemised = {key: np.moveaxis(value, axes.get(key, 0), 0) for key, value in outputs.items()}
    check_telling(name, itemised, least_share=0.01, limit=200)

    def move(path: Path) -> None:
        for file in folder.iterdir():
            file.rename(path.with_name(file.name))

    extra = {"job": jobs[architecture]} if architecture in jobs else {}
    return Case(name, model, inputs, outputs, RTOL, ATOL, extra=extra, axes=axes, write_model=move)


def write_cases(
    writer: CaseWriter, exports: Path, inputs_of: dict[str, Inputs], axes_of: dict[str, dict[str, int | None]], jobs: dict[str, dict]
) -> None:
    """A case for each export in a folder."""
    writer.folder.mkdir(parents=True)
    for export in sorted(exports.glob("*.onnx.xz")):
        with tempfile.TemporaryDirectory(dir=writer.folder.parent) as folder:
            writer.write(case_of(export, Path(folder), inputs_of, axes_of, jobs))


def make(writers: dict[str, CaseWriter]) -> None:
    write_cases(writers["pytorch"], EXPORTS, INPUTS, AXES, JOBS)
