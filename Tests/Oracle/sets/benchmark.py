"""ResNet-50, BERT-base and ViT-B/16 at their real sizes, two wide LSTM layers and all-MiniLM-L6-v2, for measuring; made only
when asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx

from encoders.onnx_graph import bert_onnx
from material import reference
from material.case import Case, CaseWriter
from networks.recurrent import wide_lstm
from networks.resnet import resnet50
from networks.transformer import bert_base, vit_base_16
from sets.models import images_for
from sets.tokenizers import minilm
from text import lines

FOLDERS = ("benchmark",)
ORACLE = Path(__file__).resolve().parents[1]
SOURCES = (
    *(ORACLE / folder for folder in ("encoders", "networks", "text")),
    *(ORACLE / "sets" / name for name in ("models.py", "tokenizers.py")),
)


def make(writers: dict[str, CaseWriter]) -> None:
    """[4, 3, 224, 224] with its expected logits: a benchmark that is wrong is no benchmark."""
    model = resnet50(224)
    inputs = images_for(model, "benchmark")
    writers["benchmark"].write(Case("resnet50", model, inputs, reference.run(model, inputs), 1e-3, 1e-4))
    lstm = wide_lstm()
    frames = np.random.default_rng(64).standard_normal((8, 64, 256), dtype=np.float32)
    outputs = reference.run(lstm, {"frames": frames})
    writers["benchmark"].write(Case("lstm", lstm, {"frames": frames}, outputs, 1e-3, 1e-4))
    random = np.random.default_rng(128)
    bert = bert_base()
    tokens = {"input_ids": random.integers(0, 30522, (4, 128)), "attention_mask": np.ones((4, 128), np.int64)}
    tokens["attention_mask"][1, 96:] = 0
    writers["benchmark"].write(Case("bert-base", bert, tokens, reference.run(bert, tokens), 1e-3, 1e-4))
    vit = vit_base_16()
    images = {"image": random.standard_normal((4, 3, 224, 224), dtype=np.float32)}
    writers["benchmark"].write(Case("vit-b-16", vit, images, reference.run(vit, images), 1e-3, 1e-4))
    folder = writers["benchmark"].folder / "minilm"
    shutil.copytree(minilm(), folder / "model")
    onnx.save(bert_onnx(minilm()), folder / "model.onnx")
    (folder / "sentences.txt").write_text("".join(f"{text}\n" for text in lines.sentences(200)))
    writers["benchmark"].write_folder("minilm", {}, {}, model="model.onnx", text="sentences.txt")
