"""Graphs, series, tables, noise."""

from __future__ import annotations

import torch
import transformers
from torch import Tensor, nn

from pytorch.architectures import Export, Named

BATCH = {0: "batch"}


class GraphAttention(nn.Module):
    """Nodes attend to their neighbours: softmax over the edges that reach a node. One graph is one item."""

    HEADS, WIDTH = 4, 8

    def __init__(self) -> None:
        super().__init__()
        self.widen = nn.Linear(12, self.HEADS * self.WIDTH)
        self.source = nn.Parameter(torch.randn(self.HEADS, self.WIDTH))
        self.target = nn.Parameter(torch.randn(self.HEADS, self.WIDTH))
        self.head = nn.Linear(self.HEADS * self.WIDTH, 3)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        features = self.widen(nodes).unflatten(-1, (self.HEADS, self.WIDTH))
        source, target = edges[0], edges[1]
        scores = (features * self.source).sum(-1)[source] + (features * self.target).sum(-1)[target]
        weights = nn.functional.leaky_relu(scores, 0.2).exp()  # [edges, heads]
        messages = features[source] * weights[:, :, None]
        places = target[:, None].expand(-1, self.HEADS)
        sums = torch.zeros_like(features[:, :, 0]).scatter_add(0, places, weights)
        joined = torch.zeros_like(features).scatter_add(0, places[:, :, None].expand_as(messages), messages)
        return self.head((joined / (sums[:, :, None] + 1e-6)).flatten(1).relu())


def graph_attention() -> Export:
    inputs = {"nodes": torch.randn(9, 12), "edges": torch.randint(0, 9, (2, 30))}
    return Export(GraphAttention(), inputs, {"nodes": {0: "nodes"}, "edges": {1: "edges"}}, ["classes"])


def patch_series() -> Export:
    config = transformers.PatchTSTConfig(
        num_input_channels=3, context_length=64, patch_length=8, patch_stride=8, prediction_length=12, d_model=32,
        num_attention_heads=4, num_hidden_layers=2, ffn_dim=64,
    )  # fmt: skip
    inputs = {"past_values": torch.randn(2, 64, 3)}
    model = Named(transformers.PatchTSTForPrediction(config), list(inputs), ["prediction_outputs"])
    return Export(model, inputs, {"past_values": BATCH}, ["prediction"])


class Clicks(nn.Module):
    """A recommender: tables of embeddings, products of all pairs, and dense layers on both sides."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(rows, 16) for rows in (100, 50, 20))
        self.bottom = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.top = nn.Sequential(nn.Linear(16 + 6, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, numbers: Tensor, categories: Tensor) -> Tensor:
        dense = self.bottom(numbers)
        vectors = [dense] + [table(categories[:, index]) for index, table in enumerate(self.tables)]
        stacked = torch.stack(vectors, dim=1)
        products = torch.bmm(stacked, stacked.transpose(1, 2))
        pairs = torch.stack([products[:, i, j] for i in range(4) for j in range(i)], dim=1)
        return self.top(torch.cat([dense, pairs], dim=1)).sigmoid()


def recommender() -> Export:
    inputs = {"numbers": torch.randn(2, 13), "categories": torch.randint(0, 20, (2, 3))}
    return Export(Clicks(), inputs, {name: BATCH for name in inputs}, ["click"])


class DiffusionTransformer(nn.Module):
    """Patches of a noisy picture through blocks whose norms are scaled and shifted by the time step."""

    WIDTH, PATCH = 48, 2

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(4, self.WIDTH, self.PATCH, self.PATCH)
        self.place = nn.Parameter(torch.randn(1, 64, self.WIDTH) * 0.1)
        self.time = nn.Sequential(nn.Linear(32, self.WIDTH), nn.SiLU(), nn.Linear(self.WIDTH, self.WIDTH))
        self.attention = nn.ModuleList(nn.MultiheadAttention(self.WIDTH, 4, batch_first=True) for _ in range(2))
        self.inner = nn.ModuleList(
            nn.Sequential(nn.Linear(self.WIDTH, 96), nn.GELU(approximate="tanh"), nn.Linear(96, self.WIDTH)) for _ in range(2)
        )
        self.modulation = nn.ModuleList(nn.Linear(self.WIDTH, 6 * self.WIDTH) for _ in range(2))
        self.norm = nn.LayerNorm(self.WIDTH, elementwise_affine=False)
        self.end = nn.Linear(self.WIDTH, 4 * self.PATCH**2)

    def forward(self, sample: Tensor, timestep: Tensor) -> Tensor:
        batch, _, height, width = sample.shape
        frequencies = torch.exp(-9.2103 * torch.arange(16, device=sample.device) / 16)
        angles = timestep.float()[:, None] * frequencies[None]
        time = nn.functional.silu(self.time(torch.cat([angles.cos(), angles.sin()], dim=-1)))
        x = self.patches(sample).flatten(2).transpose(1, 2) + self.place
        for attention, inner, modulation in zip(self.attention, self.inner, self.modulation, strict=True):
            shift, scale, gate, shift_inner, scale_inner, gate_inner = modulation(time)[:, None].chunk(6, dim=-1)
            moved = self.norm(x) * (1 + scale) + shift
            x = x + gate * attention(moved, moved, moved, need_weights=False)[0]
            x = x + gate_inner * inner(self.norm(x) * (1 + scale_inner) + shift_inner)
        pixels = self.end(self.norm(x)).reshape(batch, height // 2, width // 2, 2, 2, 4)
        return pixels.permute(0, 5, 1, 3, 2, 4).reshape(batch, 4, height, width)


def diffusion_transformer() -> Export:
    inputs = {"sample": torch.randn(2, 4, 16, 16), "timestep": torch.tensor([10, 700])}
    return Export(DiffusionTransformer(), inputs, {name: BATCH for name in inputs}, ["noise"])


ARCHITECTURES = {
    "graph-attention": graph_attention,
    "patch-series": patch_series,
    "recommender": recommender,
    "diffusion-transformer": diffusion_transformer,
}
