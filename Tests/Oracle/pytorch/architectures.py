"""The models that are exported, each with inputs to trace it with: names, arrays, and which dimensions are free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import transformers
from torch import Tensor, nn

TOKENS = 12  # length of the sequences that are traced with; no model depends on it


@dataclass
class Export:
    """A model with example inputs. `free` names the free dimensions of each input: axis -> name."""

    model: nn.Module
    inputs: dict[str, Tensor]
    free: dict[str, dict[int, str]]
    outputs: list[str]
    scripted: bool = False  # TorchScript compiles the model instead of tracing it, and so keeps its loops
    torchscript_opset: int = 17
    dynamo_opset: int | None = None  # None: what PyTorch takes by itself
    exporters: tuple[str, ...] = ("torchscript", "dynamo")
    keeps_size: bool = False  # see `draw_parameters`
    folds_norms: bool = True  # batch norms into convolutions, whose weights are then no parameters any more

    @property
    def is_variadic(self) -> bool:
        """Whether `forward` takes its inputs as `*values`, which counts as one argument."""
        return isinstance(self.model, Named)


class Tagger(nn.Module):
    """Two LSTMs, one upon the other, and a class for each step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(64, 128, num_layers=2, batch_first=True)
        self.head = nn.Linear(128, 20)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        steps, (hidden, cell) = self.lstm(x)
        return self.head(steps), hidden, cell


class Seq2Seq(nn.Module):
    """A bidirectional GRU reads a sequence; another one writes eight steps, each from the one before, with attention."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(500, 64)
        self.encoder = nn.GRU(64, 96, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(192, 96)
        self.memory = nn.Linear(192, 96)
        self.decoder = nn.GRU(64 + 96, 96, batch_first=True)
        self.head = nn.Linear(96 + 96, 500)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        steps, last = self.encoder(self.embedding(tokens))
        hidden = torch.tanh(self.bridge(torch.cat([last[0], last[1]], dim=-1))).unsqueeze(0)
        memory = self.memory(steps)  # [batch, sequence, 96]
        token = tokens[:, :1]
        context = torch.zeros_like(memory[:, :1])
        logits = torch.jit.annotate(list[Tensor], [])
        for _ in range(8):
            step, hidden = self.decoder(torch.cat([self.embedding(token), context], dim=-1), hidden)
            weights = torch.softmax(torch.bmm(step, memory.transpose(1, 2)), dim=-1)
            context = torch.bmm(weights, memory)
            scores = self.head(torch.cat([step, context], dim=-1))
            token = scores.argmax(dim=-1)
            logits.append(scores)
        return torch.cat(logits, dim=1), hidden


class Recurrence(nn.Module):
    """A gated cell in a loop over as many steps as the input has, whose outputs grow; TorchScript writes a Loop."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.Linear(32 + 48, 2 * 48)
        self.candidate = nn.Linear(32 + 48, 48)
        self.start = nn.Linear(32, 48)
        self.head = nn.Linear(48, 32)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.tanh(self.start(x[:, 0]))
        steps = hidden[:, None]
        fed = x[:, 0]
        for index in range(x.size(1)):
            step = x[:, index] + fed
            reset, update = torch.sigmoid(self.gates(torch.cat([step, hidden], dim=-1))).chunk(2, dim=-1)
            candidate = torch.tanh(self.candidate(torch.cat([step, reset * hidden], dim=-1)))
            hidden = update * hidden + (1 - update) * candidate
            if index % 2 == 0:
                fed = self.head(hidden)
            else:
                fed = torch.tanh(fed)
            steps = torch.cat([steps, hidden[:, None]], dim=1)
        return steps, fed


class ResidualBlock(nn.Module):
    """GroupNorm, SiLU, convolution, twice, with the time step's embedding added between."""

    def __init__(self, channels_in: int, channels: int, time: int) -> None:
        super().__init__()
        self.before = nn.Sequential(
            nn.GroupNorm(8, channels_in), nn.SiLU(), nn.Conv2d(channels_in, channels, 3, padding=1)
        )
        self.time = nn.Sequential(nn.SiLU(), nn.Linear(time, channels))
        self.after = nn.Sequential(nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))
        self.skip = nn.Conv2d(channels_in, channels, 1) if channels_in != channels else nn.Identity()

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        inner = self.before(x) + self.time(time)[:, :, None, None]
        return self.skip(x) + self.after(inner)


class SpatialAttention(nn.Module):
    """Every pixel attends to every other, and to a text."""

    def __init__(self, channels: int, text: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.own = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.norm_text = nn.LayerNorm(channels)
        self.queries = nn.Linear(channels, channels)
        self.keys = nn.Linear(text, channels)
        self.values = nn.Linear(text, channels)
        self.out = nn.Linear(channels, channels)
        self.heads = heads

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        pixels = self.norm(x).flatten(2).transpose(1, 2)  # [batch, pixels, channels]
        pixels = pixels + self.own(pixels, pixels, pixels, need_weights=False)[0]
        queries, keys, values = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # [batch, heads, length, channels / heads]
            for part in (self.queries(self.norm_text(pixels)), self.keys(text), self.values(text))
        )
        attended = nn.functional.scaled_dot_product_attention(queries, keys, values)
        pixels = pixels + self.out(attended.transpose(1, 2).flatten(2))
        return x + pixels.transpose(1, 2).reshape(batch, channels, height, width)


class DiffusionBlock(nn.Module):
    """A small U-Net as diffusion models have it: down, middle with attention, up, each told the time step."""

    def __init__(self) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(64, 128), nn.SiLU(), nn.Linear(128, 128))
        self.stem = nn.Conv2d(4, 32, 3, padding=1)
        self.down = ResidualBlock(32, 32, 128)
        self.shrink = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.middle = ResidualBlock(64, 64, 128)
        self.attention = SpatialAttention(64, 48, 4)
        self.grow = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.up = ResidualBlock(96, 32, 128)
        self.end = nn.Sequential(nn.GroupNorm(8, 32), nn.SiLU(), nn.Conv2d(32, 4, 3, padding=1))

    def forward(self, sample: Tensor, timestep: Tensor, text: Tensor) -> Tensor:
        frequencies = torch.exp(-9.2103 * torch.arange(32, device=sample.device) / 32)
        angles = timestep.float()[:, None] * frequencies[None]
        time = self.time(torch.cat([angles.cos(), angles.sin()], dim=-1))
        outer = self.down(self.stem(sample), time)
        inner = self.attention(self.middle(self.shrink(outer), time), text)
        return self.end(self.up(torch.cat([self.grow(inner), outer], dim=1), time))


class Named(nn.Module):
    """One of transformers' models with positional inputs, and with some of its results as plain tensors."""

    def __init__(self, model: nn.Module, inputs: list[str], results: list[str], **settings: object) -> None:
        super().__init__()
        self.model, self.inputs, self.results, self.settings = model, inputs, results, settings

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        result = self.model(**dict(zip(self.inputs, values, strict=True)), **self.settings)
        return tuple(result[name] for name in self.results)


def tokens(vocabulary: int, length: int = TOKENS) -> Tensor:
    return torch.randint(1, vocabulary, (2, length))


def mask(length: int = TOKENS) -> Tensor:
    """The second sequence of the batch is shorter."""
    value = torch.ones(2, length, dtype=torch.long)
    value[1, length // 2 :] = 0
    return value


SEQUENCE = {0: "batch", 1: "sequence"}


def lstm() -> Export:
    return Export(Tagger(), {"x": torch.randn(2, TOKENS, 64)}, {"x": SEQUENCE}, ["classes", "hidden", "cell"], torchscript_opset=14)


def gru_seq2seq() -> Export:
    return Export(Seq2Seq(), {"tokens": tokens(500)}, {"tokens": SEQUENCE}, ["logits", "hidden"], scripted=True)


def gru_loop() -> Export:
    inputs = {"x": torch.randn(2, TOKENS, 32)}
    return Export(Recurrence(), inputs, {"x": SEQUENCE}, ["steps", "fed"], scripted=True, exporters=("torchscript",))


def bert_base() -> Export:
    model = transformers.BertModel(transformers.BertConfig())
    inputs = {"input_ids": tokens(30522), "attention_mask": mask(), "token_type_ids": torch.zeros_like(mask())}
    outputs = ["last_hidden_state", "pooler_output"]
    wrapped = Named(model, list(inputs), outputs)
    return Export(wrapped, inputs, {name: SEQUENCE for name in inputs}, outputs, torchscript_opset=14)


def vit_b16() -> Export:
    model = transformers.ViTForImageClassification(transformers.ViTConfig(num_labels=1000))
    inputs = {"pixel_values": torch.randn(2, 3, 224, 224)}
    return Export(Named(model, list(inputs), ["logits"]), inputs, {"pixel_values": {0: "batch"}}, ["logits"])


def gpt2() -> Export:
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config())
    inputs = {"input_ids": tokens(50257), "attention_mask": mask()}
    wrapped = Named(model, list(inputs), ["logits"], use_cache=False)
    return Export(wrapped, inputs, {name: SEQUENCE for name in inputs}, ["logits"], dynamo_opset=23)


def t5_small() -> Export:
    config = transformers.T5Config(num_layers=6, num_heads=8, d_model=512, d_ff=2048, d_kv=64)
    # dynamo cannot decompose the strides that PyTorch's own attention has here.
    model = transformers.T5ForConditionalGeneration._from_config(config, attn_implementation="eager")
    inputs = {"input_ids": tokens(32128), "attention_mask": mask(), "decoder_input_ids": tokens(32128, 7)}
    outputs = ["logits", "encoder_last_hidden_state"]
    wrapped = Named(model, list(inputs), outputs, use_cache=False)
    target = {0: "batch", 1: "target"}
    free = {"input_ids": SEQUENCE, "attention_mask": SEQUENCE, "decoder_input_ids": target}
    return Export(wrapped, inputs, free, outputs)


def whisper_tiny() -> Export:
    config = transformers.WhisperConfig(
        d_model=384, encoder_layers=4, decoder_layers=4, encoder_attention_heads=6, decoder_attention_heads=6,
        encoder_ffn_dim=1536, decoder_ffn_dim=1536,
    )  # fmt: skip
    model = transformers.WhisperForConditionalGeneration(config)
    # Without a mask transformers looks for packed sequences with torch.diff, which TorchScript cannot export.
    inputs = {
        "input_features": torch.randn(2, 80, 3000),
        "decoder_input_ids": tokens(51865, 7),
        "decoder_attention_mask": mask(7),
    }
    outputs = ["logits", "encoder_last_hidden_state"]
    wrapped = Named(model, list(inputs), outputs, use_cache=False)
    free = {"input_features": {0: "batch"}, "decoder_input_ids": SEQUENCE, "decoder_attention_mask": SEQUENCE}
    return Export(wrapped, inputs, free, outputs, torchscript_opset=18, dynamo_opset=23)


def diffusion_unet() -> Export:
    inputs = {
        "sample": torch.randn(2, 4, 16, 16),
        "timestep": torch.tensor([10, 700]),
        "text": torch.randn(2, 5, 48),
    }
    free = {"sample": {0: "batch"}, "timestep": {0: "batch"}, "text": {0: "batch", 1: "words"}}
    return Export(DiffusionBlock(), inputs, free, ["noise"], torchscript_opset=20)


ARCHITECTURES: dict[str, Callable[[], Export]] = {
    "lstm": lstm,
    "gru-seq2seq": gru_seq2seq,
    "gru-loop": gru_loop,
    "bert-base": bert_base,
    "vit-b16": vit_b16,
    "gpt2": gpt2,
    "t5-small": t5_small,
    "whisper-tiny": whisper_tiny,
    "diffusion-unet": diffusion_unet,
}
