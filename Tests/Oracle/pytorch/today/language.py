"""Tokens in; vectors, classes or the next token's scores out."""

from __future__ import annotations

from dataclasses import replace

import transformers
from torch import nn

from pytorch.architectures import SEQUENCE, Export, Named, mask, tokens

WORDS = 200
SMALL = {
    "vocab_size": WORDS, "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96
}  # fmt: skip
# The group of queries that share keys and values, and longer positions than are tried.
DECODER = SMALL | {"num_key_value_heads": 2, "max_position_embeddings": 64}


def of_tokens(model: nn.Module, result: str, has_mask: bool = True, **export: object) -> Export:
    inputs = {"input_ids": tokens(WORDS)}
    if has_mask:
        inputs["attention_mask"] = mask()
    model = Named(model, list(inputs), [result], **({"use_cache": False} if result == "logits" else {}))
    return Export(model, inputs, {name: SEQUENCE for name in inputs}, [result], **export)


def modernbert() -> Export:
    config = transformers.ModernBertConfig(
        **SMALL, pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2, local_attention=8
    )
    return of_tokens(transformers.ModernBertModel(config), "last_hidden_state")


def deberta_v2() -> Export:
    config = transformers.DebertaV2Config(
        **SMALL, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8, max_relative_positions=16,
        share_att_key=True, norm_rel_ebd="layer_norm",
    )  # fmt: skip
    return of_tokens(transformers.DebertaV2Model(config), "last_hidden_state")


def xlnet() -> Export:
    config = transformers.XLNetConfig(vocab_size=WORDS, d_model=48, n_layer=2, n_head=4, d_inner=96)
    return of_tokens(transformers.XLNetModel(config), "last_hidden_state", has_mask=False)


def bart() -> Export:
    config = transformers.BartConfig(
        vocab_size=WORDS, d_model=48, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=96, decoder_ffn_dim=96, max_position_embeddings=64,
    )  # fmt: skip
    inputs = {"input_ids": tokens(WORDS), "attention_mask": mask(), "decoder_input_ids": tokens(WORDS, 7)}
    model = transformers.BartForConditionalGeneration._from_config(config, attn_implementation="eager")
    free = {"input_ids": SEQUENCE, "attention_mask": SEQUENCE, "decoder_input_ids": {0: "batch", 1: "target"}}
    return Export(Named(model, list(inputs), ["logits"], use_cache=False), inputs, free, ["logits"])


def llama() -> Export:
    return of_tokens(transformers.LlamaForCausalLM(transformers.LlamaConfig(**DECODER)), "logits")


def qwen3() -> Export:
    return of_tokens(transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**DECODER, head_dim=16)), "logits")


def gemma3() -> Export:
    config = transformers.Gemma3TextConfig(
        **DECODER, head_dim=16, sliding_window=6, query_pre_attn_scalar=16,
        layer_types=["sliding_attention", "full_attention"],
    )  # fmt: skip
    return of_tokens(transformers.Gemma3ForCausalLM(config), "logits")


def phi3() -> Export:
    return of_tokens(transformers.Phi3ForCausalLM(transformers.Phi3Config(**DECODER, pad_token_id=0)), "logits")


def mamba() -> Export:
    config = transformers.MambaConfig(vocab_size=WORDS, hidden_size=32, num_hidden_layers=2, state_size=8)
    # Its scan is unrolled: the export holds for as many tokens as it was traced with.
    fixed = {"input_ids": {0: "batch"}}
    return replace(of_tokens(transformers.MambaForCausalLM(config), "logits", has_mask=False), free=fixed)


def mixtral() -> Export:
    config = transformers.MixtralConfig(**DECODER, num_local_experts=4, num_experts_per_tok=2)
    # The kind of product over experts that exporters know.
    return of_tokens(transformers.MixtralForCausalLM._from_config(config, experts_implementation="batched_mm"), "logits")


ARCHITECTURES = {
    "modernbert": modernbert,
    "deberta-v2": deberta_v2,
    "xlnet": xlnet,
    "bart": bart,
    "llama": llama,
    "qwen3": qwen3,
    "gemma3": gemma3,
    "phi3": phi3,
    "mamba": mamba,
    "mixtral": mixtral,
}
