"""Exports tiny transformers from PyTorch, by both of its exporters, with what ONNX Runtime computes from them.

    python make_exports.py

writes a folder for each export next to this file. Needs torch 2.15, transformers 5.23, onnx, onnxscript, onnxruntime;
the folders are committed, so that the tests need none of these.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import transformers

HERE = Path(__file__).resolve().parent
HEADS = {"num_attention_heads": 2, "num_hidden_layers": 1}


class Call(torch.nn.Module):
    """A model seen as a function of tensors."""

    def __init__(self, model: torch.nn.Module, function: Callable) -> None:
        super().__init__()
        self.model, self.function = model, function
        self.eval()

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return self.function(self.model, *tensors)


def tokens(*shape: int) -> torch.Tensor:
    return torch.randint(1, 12, shape)


def mask(batch: int, length: int) -> torch.Tensor:
    flags = torch.ones(batch, length, dtype=torch.int64)
    flags[0, length - 2 :] = 0
    return flags


def bert(attention: str) -> tuple:
    config = transformers.BertConfig(
        vocab_size=12, hidden_size=8, intermediate_size=16, max_position_embeddings=16,
        attn_implementation=attention, **HEADS,
    )  # fmt: skip
    model = Call(
        transformers.BertModel(config, add_pooling_layer=False),
        lambda model, ids, flags: model(input_ids=ids, attention_mask=flags).last_hidden_state,
    )
    return model, {"ids": tokens(2, 7), "mask": mask(2, 7)}, {"ids": [0, 1], "mask": [0, 1]}


def gpt2(attention: str) -> tuple:
    config = transformers.GPT2Config(
        vocab_size=12, n_embd=8, n_layer=1, n_head=2, n_positions=16, attn_implementation=attention
    )
    model = Call(
        transformers.GPT2LMHeadModel(config), lambda model, ids: model(input_ids=ids, use_cache=False).logits
    )
    return model, {"ids": tokens(2, 7)}, {"ids": [0, 1]}


def vit(attention: str) -> tuple:
    config = transformers.ViTConfig(
        hidden_size=8, intermediate_size=16, image_size=16, patch_size=8, attn_implementation=attention, **HEADS
    )
    model = Call(
        transformers.ViTModel(config, add_pooling_layer=False),
        lambda model, pixels: model(pixel_values=pixels).last_hidden_state,
    )
    return model, {"pixels": torch.randn(2, 3, 16, 16)}, {"pixels": [0]}


def t5(_: str) -> tuple:
    config = transformers.T5Config(vocab_size=12, d_model=8, d_kv=4, d_ff=16, num_layers=1, num_heads=2)
    model = Call(
        transformers.T5ForConditionalGeneration(config),
        lambda model, ids, flags, decoder: model(
            input_ids=ids, attention_mask=flags, decoder_input_ids=decoder, use_cache=False
        ).logits,
    )
    axes = {"ids": [0, 1], "mask": [0, 1], "decoder": [0, 1]}
    return model, {"ids": tokens(2, 7), "mask": mask(2, 7), "decoder": tokens(2, 5)}, axes


def whisper(attention: str) -> tuple:
    config = transformers.WhisperConfig(
        vocab_size=12, num_mel_bins=4, d_model=8, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_source_positions=6,
        max_target_positions=8, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
        attn_implementation=attention,
    )  # fmt: skip
    model = Call(
        transformers.WhisperForConditionalGeneration(config),
        lambda model, sound, decoder: model(input_features=sound, decoder_input_ids=decoder, use_cache=False).logits,
    )
    return model, {"sound": torch.randn(2, 4, 12), "decoder": tokens(2, 5)}, {"sound": [0], "decoder": [0, 1]}


def llama(attention: str) -> tuple:
    config = transformers.LlamaConfig(
        vocab_size=12, hidden_size=8, num_key_value_heads=1, intermediate_size=16, max_position_embeddings=16,
        attn_implementation=attention, **HEADS,
    )  # fmt: skip
    model = Call(
        transformers.LlamaForCausalLM(config), lambda model, ids: model(input_ids=ids, use_cache=False).logits
    )
    return model, {"ids": tokens(2, 7)}, {"ids": [0, 1]}


def encoder(_: str) -> tuple:
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu")
    model = torch.nn.TransformerEncoder(layer, 1, enable_nested_tensor=False).eval()
    return model, {"x": torch.randn(2, 5, 8)}, {"x": [0, 1]}


#: Architecture, attention of the library, exporter, operator set.
EXPORTS = (
    (bert, "eager", "torchscript", 14),
    (bert, "sdpa", "torchscript", 17),
    (bert, "eager", "dynamo", 18),
    (bert, "sdpa", "dynamo", 18),
    (bert, "sdpa", "dynamo", 23),
    (gpt2, "eager", "dynamo", 18),
    (gpt2, "sdpa", "dynamo", 18),
    (vit, "eager", "torchscript", 14),
    (vit, "sdpa", "torchscript", 17),
    (vit, "sdpa", "dynamo", 18),
    (t5, "eager", "torchscript", 14),
    (whisper, "eager", "dynamo", 18),
    (whisper, "sdpa", "dynamo", 18),
    (whisper, "sdpa", "dynamo", 23),
    (llama, "sdpa", "dynamo", 18),
    (encoder, "eager", "torchscript", 14),
    (encoder, "eager", "dynamo", 18),
    (encoder, "eager", "dynamo", 23),
)
#: Those that ONNX Runtime's own optimiser has gone over, which writes operators of its own domain.
OPTIMISED = (
    "bert-eager-torchscript-14",
    "gpt2-eager-dynamo-18",
    "t5-eager-torchscript-14",
    "whisper-sdpa-dynamo-18",
)


def optimise(name: str) -> None:
    source, folder = HERE / name, HERE / f"{name}-optimised"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / "model.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(source / "model.onnx"), options, providers=["CPUExecutionProvider"])
    case = json.loads((folder / "case.json").read_text())
    (folder / "case.json").write_text(json.dumps(case | {"name": folder.name}, indent=1) + "\n")


def export(build: Callable, attention: str, exporter: str, opset: int) -> None:
    torch.manual_seed(7)
    model, inputs, axes = build(attention)
    names, tensors = list(inputs), tuple(inputs.values())
    name = f"{build.__name__}-{attention}-{exporter}-{opset}"
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "model.onnx"
    if exporter == "torchscript":
        dynamic = {name: {axis: f"{name}{axis}" for axis in axes[name]} for name in names} | {"y": {0: "y0"}}
        torch.onnx.export(
            model, tensors, str(path), input_names=names, output_names=["y"], dynamic_axes=dynamic,
            opset_version=opset, dynamo=False,
        )  # fmt: skip
    else:
        shapes = tuple({axis: torch.export.Dim.DYNAMIC for axis in axes[name]} for name in names)
        torch.onnx.export(
            model, tensors, str(path), input_names=names, output_names=["y"], opset_version=opset, dynamo=True,
            dynamic_shapes=(shapes,) if isinstance(model, Call) else shapes, external_data=False,
        )  # fmt: skip
    # Without traces of this machine, which make up most of a file.
    stripped = onnx.load(path)
    del stripped.metadata_props[:]
    for part in [stripped.graph, *stripped.graph.node, *stripped.graph.input, *stripped.graph.output]:
        part.doc_string = ""
        if hasattr(part, "metadata_props"):
            del part.metadata_props[:]
    for value in [*stripped.graph.value_info, *stripped.graph.input, *stripped.graph.output]:
        del value.metadata_props[:]
    for tensor in stripped.graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    onnx.save(stripped, path)
    arrays = {name: tensor.numpy() for name, tensor in inputs.items()}
    expected = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, arrays)[0]
    np.save(folder / "output.npy", expected)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    case = {
        "name": folder.name,
        "rtol": 1e-4,
        "atol": 1e-4,
        "inputs": [{"name": name, "file": f"{name}.npy"} for name in names],
        "outputs": [{"name": "y", "file": "output.npy"}],
    }
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


def main() -> None:
    wanted = sys.argv[1:]
    for entry in EXPORTS:
        if not wanted or entry[0].__name__ in wanted:
            export(*entry)
    for name in OPTIMISED:
        optimise(name)


if __name__ == "__main__":
    main()
