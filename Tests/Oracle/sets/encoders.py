"""Encoders as folders with config.json and safetensors files, with what an independent forward pass in NumPy gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from encoders import folders, forward
from encoders.onnx_graph import bert_onnx
from material.case import CaseWriter

FOLDERS = ("encoders",)
SOURCES = (Path(folders.__file__).parent,)

CASES: dict[str, dict[str, Any]] = {
    "bert": {"kind": "bert", "architecture": "BertModel"},
    "bert-pooler": {"kind": "bert", "architecture": "BertModel", "pooler": True, "activation": "gelu_new"},
    "bert-prefix": {"kind": "bert", "architecture": "BertForMaskedLM", "root": "bert.", "activation": "relu"},
    "bert-classifier": {
        "kind": "bert", "architecture": "BertForSequenceClassification", "root": "bert.", "pooler": True,
    },
    "bert-float16": {"kind": "bert", "architecture": "BertModel", "dtype": np.float16, "activation": "silu"},
    "bert-sharded": {"kind": "bert", "architecture": "BertModel", "pooler": True, "shards": 4},
    "distilbert": {"kind": "distilbert", "architecture": "DistilBertModel"},
    "distilbert-classifier": {
        "kind": "distilbert", "architecture": "DistilBertForSequenceClassification", "root": "distilbert.",
    },
    "roberta": {"kind": "roberta", "architecture": "RobertaModel", "pooler": True},
    "roberta-classifier": {
        "kind": "roberta", "architecture": "RobertaForSequenceClassification", "root": "roberta.", "activation": "gelu",
    },
}


def make(writers: dict[str, CaseWriter]) -> None:
    for seed, (name, options) in enumerate(CASES.items()):
        folder = writers["encoders"].folder / name
        folder.mkdir(parents=True)
        folders.write_encoder(folder, seed=seed, **options)
        values = folders.inputs(options["kind"], seed=seed)
        weights = forward.load_weights(folder)
        tokens = forward.encode(
            folder, weights, values["input_ids"], values["attention_mask"], values.get("token_type_ids")
        )
        outputs = {key: value.astype(np.float32) for key, value in forward.head(folder, weights, tokens).items()}
        writers["encoders"].write_folder(name, values, outputs)
    # The same weights as an ONNX model: what texts give must not hang on the form of the model.
    source = writers["encoders"].folder / "bert"
    folder = writers["encoders"].folder / "bert-onnx"
    folder.mkdir()
    onnx.save(bert_onnx(source), folder / "model.onnx")
    values = folders.inputs("bert", seed=0)
    weights = forward.load_weights(source)
    tokens = forward.encode(source, weights, values["input_ids"], values["attention_mask"], values["token_type_ids"])
    outputs = {"last_hidden_state": tokens.astype(np.float32)}
    writers["encoders"].write_folder("bert-onnx", values, outputs, model="model.onnx")
