"""Encoders as folders with config.json and safetensors files, with what an independent forward pass in NumPy gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from encoders import folders, forward
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
