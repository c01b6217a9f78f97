"""Sound in; words, classes or sound out."""

from __future__ import annotations

import torch
import transformers
from torch import nn

from pytorch.architectures import Export, Named

BATCH = {0: "batch"}
SMALL = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
FRONT = {"conv_dim": (24, 24, 24), "conv_kernel": (10, 8, 4), "conv_stride": (5, 4, 2), "num_feat_extract_layers": 3}


def of_sound(model: nn.Module, length: int) -> Export:
    inputs = {"input_values": torch.randn(2, length)}
    return Export(Named(model, list(inputs), ["logits"]), inputs, {"input_values": BATCH}, ["logits"])


def wav2vec2() -> Export:
    config = transformers.Wav2Vec2Config(
        **SMALL, **FRONT, vocab_size=30, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4
    )
    return of_sound(transformers.Wav2Vec2ForCTC(config), 4000)


def conformer() -> Export:
    config = transformers.Wav2Vec2ConformerConfig(
        **SMALL, **FRONT, vocab_size=30, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4,
        position_embeddings_type="relative", max_source_positions=300, conv_depthwise_kernel_size=15,
    )  # fmt: skip
    return of_sound(transformers.Wav2Vec2ConformerForCTC(config), 4000)


def spectrogram_transformer() -> Export:
    config = transformers.ASTConfig(**SMALL, max_length=64, num_mel_bins=32, num_labels=12)
    inputs = {"input_values": torch.randn(2, 64, 32)}
    model = Named(transformers.ASTForAudioClassification(config), list(inputs), ["logits"])
    return Export(model, inputs, {"input_values": BATCH}, ["logits"])


def vocoder() -> Export:
    config = transformers.SpeechT5HifiGanConfig(
        model_in_dim=20, upsample_initial_channel=32, upsample_rates=[4, 4], upsample_kernel_sizes=[8, 8],
        resblock_kernel_sizes=[3, 5], resblock_dilation_sizes=[[1, 3], [1, 3]],
    )  # fmt: skip
    inputs = {"spectrogram": torch.randn(2, 16, 20)}
    return Export(transformers.SpeechT5HifiGan(config), inputs, {"spectrogram": BATCH}, ["sound"])


ARCHITECTURES = {
    "wav2vec2": wav2vec2,
    "conformer": conformer,
    "spectrogram-transformer": spectrogram_transformer,
    "vocoder": vocoder,
}
