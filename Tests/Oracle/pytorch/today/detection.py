"""Pictures in, boxes out."""

from __future__ import annotations

import torch
import transformers
from torch import Tensor, nn
from torchvision.ops import nms, roi_align

from pytorch.architectures import Export, Named

BATCH = {0: "batch"}


def block(channels_in: int, channels: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, size, stride, size // 2, bias=False), nn.BatchNorm2d(channels), nn.SiLU()
    )


class Split(nn.Module):
    """Half of the channels goes through residual blocks, and all that arises on the way is joined."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.enter, self.leave = block(channels, channels, 1), block(channels + half, channels, 1)
        self.inner = nn.Sequential(block(half, half), block(half, half))

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.enter(x).chunk(2, dim=1)
        return self.leave(torch.cat([first, second, second + self.inner(second)], dim=1))


class OneStage(nn.Module):
    """A detector of one stage: three scales, each corner of a box as a distribution over distances."""

    BINS = 8
    CLASSES = 5

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(block(3, 16, stride=2), block(16, 24, stride=2), Split(24))
        self.middle = nn.Sequential(block(24, 32, stride=2), Split(32))
        self.deep = nn.Sequential(block(32, 48, stride=2), Split(48))
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.after_pool = block(48 * 4, 48, 1)
        self.up = nn.Upsample(scale_factor=2.0)
        self.join = nn.Sequential(block(80, 32, 1), Split(32))
        self.heads = nn.ModuleList(nn.Conv2d(channels, 4 * self.BINS + self.CLASSES, 1) for channels in (24, 32, 48))
        self.register_buffer("distances", torch.arange(self.BINS, dtype=torch.float32))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.stem(image)
        middle = self.middle(fine)
        deep = self.deep(middle)
        pooled = [deep]
        for _ in range(3):
            pooled.append(self.pool(pooled[-1]))
        deep = self.after_pool(torch.cat(pooled, dim=1))
        middle = self.join(torch.cat([self.up(deep), middle], dim=1))
        boxes, scores = [], []
        for head, features, stride in zip(self.heads, (fine, middle, deep), (4, 8, 16), strict=True):
            height, width = features.shape[-2:]
            corners, classes = head(features).flatten(2).split([4 * self.BINS, self.CLASSES], dim=1)
            corners = corners.unflatten(1, (4, self.BINS)).softmax(dim=2).transpose(2, 3) @ self.distances
            rows = torch.arange(height, device=image.device).float() + 0.5
            columns = torch.arange(width, device=image.device).float() + 0.5
            y, x = torch.meshgrid(rows, columns, indexing="ij")
            centres = torch.stack([x.flatten(), y.flatten()])[None]
            low, high = centres - corners[:, :2], centres + corners[:, 2:]
            boxes.append(torch.cat([(low + high) / 2, high - low], dim=1) * (stride / image.shape[-1]))
            scores.append(classes.sigmoid())
        return torch.cat(boxes, dim=2).transpose(1, 2), torch.cat(scores, dim=2).transpose(1, 2)


def one_stage_detector() -> Export:
    return Export(OneStage(), {"image": torch.randn(2, 3, 64, 64)}, {"image": BATCH}, ["boxes", "scores"], folds_norms=False)


class TwoStages(nn.Module):
    """A detector of two stages on one picture: proposals, those that overlap less, features of each, and its class."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(block(3, 16, stride=2), block(16, 24, stride=2), block(24, 32, stride=2))
        self.proposals = nn.Conv2d(32, 5, 1)
        self.classes = nn.Sequential(nn.Linear(32 * 9, 48), nn.ReLU(), nn.Linear(48, 6))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(image[None])
        height, width = features.shape[-2:]
        found = self.proposals(features)[0].flatten(1)  # [5, places]
        rows = torch.arange(height, device=image.device).float() + 0.5
        columns = torch.arange(width, device=image.device).float() + 0.5
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        centres = torch.stack([x.flatten(), y.flatten()], dim=1) * 8
        sizes = found[1:5].transpose(0, 1).reshape(-1, 4).sigmoid() * 24 + 4
        boxes = torch.cat([centres - sizes[:, :2], centres + sizes[:, 2:]], dim=1)
        kept = nms(boxes, found[0].sigmoid(), 0.4)[:12]
        boxes = boxes[kept]
        pieces = roi_align(features, [boxes], output_size=3, spatial_scale=1 / 8, sampling_ratio=2)
        return boxes, self.classes(pieces.flatten(1)).softmax(dim=1)


def two_stage_detector() -> Export:
    inputs = {"image": torch.randn(3, 96, 96)}
    return Export(TwoStages(), inputs, {}, ["boxes", "classes"], folds_norms=False)


def detr() -> Export:
    backbone = transformers.ResNetConfig(
        embedding_size=16, hidden_sizes=[16, 24, 32, 48], depths=[1, 1, 1, 1], layer_type="basic", out_features=["stage4"]
    )
    config = transformers.DetrConfig(
        backbone_config=backbone, use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, d_model=32,
        num_queries=20, encoder_layers=2, decoder_layers=2, encoder_ffn_dim=64, decoder_ffn_dim=64,
        encoder_attention_heads=4, decoder_attention_heads=4, num_labels=5,
    )  # fmt: skip
    model = transformers.DetrForObjectDetection(config)
    inputs = {"pixel_values": torch.randn(2, 3, 128, 96)}
    outputs = ["logits", "pred_boxes"]
    return Export(Named(model, list(inputs), outputs), inputs, {"pixel_values": BATCH}, outputs, folds_norms=False)


ARCHITECTURES = {
    "one-stage-detector": one_stage_detector,
    "two-stage-detector": two_stage_detector,
    "detr": detr,
}
