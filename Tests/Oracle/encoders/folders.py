"""Folders of small encoders with random weights, saved as transformers saves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

HIDDEN, HEADS, INNER, LAYERS, POSITIONS, VOCABULARY, LABELS = 48, 4, 96, 3, 40, 120, 5


def _config(kind: str, architecture: str, activation: str) -> dict[str, Any]:
    common = {
        "architectures": [architecture],
        "model_type": kind,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": POSITIONS,
        "pad_token_id": 1 if kind == "roberta" else 0,
        "id2label": {str(index): f"LABEL_{index}" for index in range(LABELS)},
        "label2id": {f"LABEL_{index}": index for index in range(LABELS)},
        "transformers_version": "4.57.0",
    }
    if kind == "distilbert":
        sizes = {"dim": HIDDEN, "n_heads": HEADS, "hidden_dim": INNER, "n_layers": LAYERS, "activation": activation}
    else:
        sizes = {
            "hidden_size": HIDDEN,
            "num_attention_heads": HEADS,
            "intermediate_size": INNER,
            "num_hidden_layers": LAYERS,
            "hidden_act": activation,
            "layer_norm_eps": 1e-12 if kind == "bert" else 1e-5,
            "type_vocab_size": 2 if kind == "bert" else 1,
        }
    return common | sizes


def _shapes(kind: str, root: str, architecture: str, pooler: bool) -> dict[str, tuple[int, ...]]:
    """The shape of every weight by its name."""
    shapes: dict[str, tuple[int, ...]] = {}

    def linear(name: str, outputs: int, inputs: int) -> None:
        shapes[f"{name}.weight"] = (outputs, inputs)
        shapes[f"{name}.bias"] = (outputs,)

    def norm(name: str) -> None:
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (HIDDEN,)

    shapes[f"{root}embeddings.word_embeddings.weight"] = (VOCABULARY, HIDDEN)
    shapes[f"{root}embeddings.position_embeddings.weight"] = (POSITIONS, HIDDEN)
    if kind != "distilbert":
        shapes[f"{root}embeddings.token_type_embeddings.weight"] = (2 if kind == "bert" else 1, HIDDEN)
    norm(f"{root}embeddings.LayerNorm")
    for layer in range(LAYERS):
        if kind == "distilbert":
            name = f"{root}transformer.layer.{layer}"
            for part in ("q_lin", "k_lin", "v_lin", "out_lin"):
                linear(f"{name}.attention.{part}", HIDDEN, HIDDEN)
            norm(f"{name}.sa_layer_norm")
            linear(f"{name}.ffn.lin1", INNER, HIDDEN)
            linear(f"{name}.ffn.lin2", HIDDEN, INNER)
            norm(f"{name}.output_layer_norm")
        else:
            name = f"{root}encoder.layer.{layer}"
            for part in ("self.query", "self.key", "self.value", "output.dense"):
                linear(f"{name}.attention.{part}", HIDDEN, HIDDEN)
            norm(f"{name}.attention.output.LayerNorm")
            linear(f"{name}.intermediate.dense", INNER, HIDDEN)
            linear(f"{name}.output.dense", HIDDEN, INNER)
            norm(f"{name}.output.LayerNorm")
    if pooler:
        linear(f"{root}pooler.dense", HIDDEN, HIDDEN)
    if architecture.endswith("ForSequenceClassification"):
        if kind == "bert":
            linear("classifier", LABELS, HIDDEN)
        elif kind == "roberta":
            linear("classifier.dense", HIDDEN, HIDDEN)
            linear("classifier.out_proj", LABELS, HIDDEN)
        else:
            linear("pre_classifier", HIDDEN, HIDDEN)
            linear("classifier", LABELS, HIDDEN)
    return shapes


def write_encoder(
    folder: Path,
    kind: str,
    architecture: str,
    *,
    root: str = "",
    pooler: bool = False,
    activation: str = "gelu",
    dtype: type = np.float32,
    shards: int = 1,
    seed: int = 0,
) -> None:
    """Writes config.json and the weights, in one file or in several with an index."""
    (folder / "config.json").write_text(json.dumps(_config(kind, architecture, activation), indent=2) + "\n")
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in _shapes(kind, root, architecture, pooler).items():
        is_norm = "norm" in name.lower() and name.endswith("weight")
        values = random.standard_normal(shape) * 0.15 + (1 if is_norm else 0)
        weights[name] = values.astype(dtype)
    if shards == 1:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return
    names = sorted(weights)
    place = {name: f"model-{1 + index * shards // len(names):05}-of-{shards:05}.safetensors" for index, name in enumerate(names)}
    for file in set(place.values()):
        save_file({n: weights[n] for n in names if place[n] == file}, folder / file, metadata={"format": "pt"})
    total = sum(value.nbytes for value in weights.values())
    index = {"metadata": {"total_size": total}, "weight_map": place}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def inputs(kind: str, seed: int = 0, batch: int = 6, length: int = 17) -> dict[str, np.ndarray]:
    """Tokens of texts of different lengths, padded at their ends."""
    random = np.random.default_rng(seed)
    padding = 1 if kind == "roberta" else 0
    ids = random.integers(3, VOCABULARY, (batch, length))
    lengths = random.integers(2, length + 1, batch)
    lengths[0] = length
    mask = (np.arange(length) < lengths[:, None]).astype(np.int64)
    values = {"input_ids": np.where(mask == 1, ids, padding).astype(np.int64), "attention_mask": mask}
    if kind != "distilbert":
        types = random.integers(0, 2, (batch, length)) if kind == "bert" else np.zeros((batch, length))
        values["token_type_ids"] = (types * mask).astype(np.int64)
    return values
