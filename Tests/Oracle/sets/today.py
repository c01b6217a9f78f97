"""Networks as people run them today, a small one of each kind, filled with random weights; PyTorch itself is not needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from material.case import CaseWriter
from sets import pytorch
from sets.pytorch import Inputs, mask, numbers, tokens, write_cases

FOLDERS = ("today",)
EXPORTS = pytorch.EXPORTS.with_name("exports-today")
SOURCES = (EXPORTS, EXPORTS.parent / "skeleton.py", Path(__file__).with_name("models.py"), Path(pytorch.__file__))
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
    "diffusion-transformer": lambda random: {"sample": numbers(random, 3, 4, 16, 16), "timestep": np.array([3, 250, 999])},
}


def make(writers: dict[str, CaseWriter]) -> None:
    write_cases(writers["today"], EXPORTS, INPUTS, {}, {})
