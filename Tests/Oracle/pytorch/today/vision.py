"""Pictures and videos in; classes, masks, depths, larger pictures out."""

from __future__ import annotations

import torch
import transformers
from torch import Tensor, nn
from torchvision.models.optical_flow import raft_small
from torchvision.models.segmentation.deeplabv3 import DeepLabHead

from pytorch.architectures import Export, Named

BATCH = {0: "batch"}


def of_pixels(model: nn.Module, result: str, size: int, **export: object) -> Export:
    """One of transformers' models of pictures."""
    inputs = {"pixel_values": torch.randn(2, 3, size, size)}
    return Export(Named(model, list(inputs), [result]), inputs, {"pixel_values": BATCH}, [result], **export)


def block(convolution: nn.Conv2d | nn.Conv3d) -> nn.Sequential:
    norm = nn.BatchNorm2d if isinstance(convolution, nn.Conv2d) else nn.BatchNorm3d
    return nn.Sequential(convolution, norm(convolution.out_channels), nn.ReLU())


def convnext_v2() -> Export:
    config = transformers.ConvNextV2Config(hidden_sizes=[24, 48, 64, 96], depths=[1, 1, 2, 1], image_size=64, num_labels=40)
    return of_pixels(transformers.ConvNextV2ForImageClassification(config), "logits", 64)


def swin_v2() -> Export:
    config = transformers.Swinv2Config(
        image_size=64, patch_size=4, embed_dim=24, depths=[2, 2], num_heads=[2, 4], window_size=4, num_labels=40
    )
    return of_pixels(transformers.Swinv2ForImageClassification(config), "logits", 64)


def segformer() -> Export:
    config = transformers.SegformerConfig(
        hidden_sizes=[16, 24, 32, 48], depths=[1, 1, 1, 1], decoder_hidden_size=32, num_attention_heads=[1, 2, 4, 8], num_labels=7
    )
    return of_pixels(transformers.SegformerForSemanticSegmentation(config), "logits", 64)


class Masks(nn.Module):
    """DeepLab v3: atrous convolutions at several rates, and a class for each pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            block(nn.Conv2d(3, 16, 3, 2, 1)), block(nn.Conv2d(16, 24, 3, 2, 1)), block(nn.Conv2d(24, 24, 3, 1, 2, 2)),
            block(nn.Conv2d(24, 32, 3, 1, 4, 4)),
        )  # fmt: skip
        self.head = DeepLabHead(32, 6, atrous_rates=(2, 4, 6))

    def forward(self, image: Tensor) -> Tensor:
        small = self.head(self.features(image))
        return nn.functional.interpolate(small, scale_factor=4.0, mode="bilinear", align_corners=False)


def deeplab_v3() -> Export:
    return Export(Masks(), {"image": torch.randn(2, 3, 64, 96)}, {"image": BATCH}, ["masks"], folds_norms=False)


def depth_anything() -> Export:
    backbone = transformers.Dinov2Config(
        hidden_size=48, num_hidden_layers=4, num_attention_heads=4, image_size=70, patch_size=14, reshape_hidden_states=False,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=48, neck_hidden_sizes=[8, 16, 24, 32], fusion_hidden_size=16,
        head_hidden_size=8,
    )  # fmt: skip
    return of_pixels(transformers.DepthAnythingForDepthEstimation(config), "predicted_depth", 70)


def swin2sr() -> Export:
    config = transformers.Swin2SRConfig(
        image_size=32, embed_dim=24, depths=[2, 2], num_heads=[2, 2], window_size=8, upscale=2, num_channels=3
    )
    return of_pixels(transformers.Swin2SRForImageSuperResolution(config), "reconstruction", 32)


def clip() -> Export:
    config = transformers.CLIPConfig(
        text_config={"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
                     "vocab_size": 300, "eos_token_id": 299},
        vision_config={"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
                       "image_size": 64, "patch_size": 16},
        projection_dim=32,
    )  # fmt: skip
    model = transformers.CLIPModel._from_config(config, attn_implementation="eager")
    inputs = {"pixel_values": torch.randn(2, 3, 64, 64)}

    class Picture(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tower, self.projection = model.vision_model, model.visual_projection

        def forward(self, pixel_values: Tensor) -> Tensor:
            vector = self.projection(self.tower(pixel_values=pixel_values).pooler_output)
            return vector / vector.norm(dim=-1, keepdim=True)

    return Export(Picture(), inputs, {"pixel_values": BATCH}, ["image_embedding"])


class Clip(nn.Module):
    """A residual network whose convolutions go over time too, some of them over time alone."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = block(nn.Conv3d(3, 16, (3, 7, 7), (1, 2, 2), (1, 3, 3)))
        self.pool = nn.MaxPool3d(3, (1, 2, 2), 1)
        self.first = nn.Sequential(block(nn.Conv3d(16, 16, 3, 1, 1)), nn.Conv3d(16, 16, 3, 1, 1), nn.BatchNorm3d(16))
        self.skip = nn.Sequential(nn.Conv3d(16, 32, 1, 2), nn.BatchNorm3d(32))
        self.second = nn.Sequential(
            block(nn.Conv3d(16, 24, (1, 3, 3), (1, 2, 2), (0, 1, 1))), nn.Conv3d(24, 32, (3, 1, 1), (2, 1, 1), (1, 0, 0)),
            nn.BatchNorm3d(32),
        )  # fmt: skip
        self.head = nn.Linear(32, 30)

    def forward(self, clip: Tensor) -> Tensor:
        x = self.pool(self.stem(clip))
        x = nn.functional.relu(x + self.first(x))
        x = nn.functional.relu(self.skip(x) + self.second(x))
        return self.head(x.mean(dim=(2, 3, 4)))


def video_resnet() -> Export:
    return Export(Clip(), {"clip": torch.randn(2, 3, 4, 32, 32)}, {"clip": BATCH}, ["classes"], folds_norms=False)


def video_mae() -> Export:
    config = transformers.VideoMAEConfig(
        image_size=32, patch_size=8, num_frames=4, hidden_size=48, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=96, num_labels=20,
    )  # fmt: skip
    inputs = {"pixel_values": torch.randn(2, 4, 3, 32, 32)}
    model = Named(transformers.VideoMAEForVideoClassification(config), list(inputs), ["logits"])
    return Export(model, inputs, {"pixel_values": BATCH}, ["logits"])


class Flow(nn.Module):
    """RAFT: correlations between all pixels of two pictures, looked up while a recurrent cell refines the motion."""

    def __init__(self) -> None:
        super().__init__()
        self.model = raft_small(weights=None)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return self.model(first, second, num_flow_updates=3)[-1]


def raft() -> Export:
    inputs = {"first": torch.randn(2, 3, 128, 128), "second": torch.randn(2, 3, 128, 128)}
    return Export(Flow(), inputs, {name: BATCH for name in inputs}, ["flow"], folds_norms=False)


ARCHITECTURES = {
    "convnext-v2": convnext_v2,
    "swin-v2": swin_v2,
    "segformer": segformer,
    "deeplab-v3": deeplab_v3,
    "depth-anything": depth_anything,
    "swin2sr": swin2sr,
    "clip": clip,
    "video-resnet": video_resnet,
    "video-mae": video_mae,
    "raft": raft,
}
