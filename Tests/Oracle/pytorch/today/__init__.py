"""Networks as people run them today, small ones of each kind, as `architectures.py` has the classics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytorch.architectures import Export
from pytorch.today import detection, language, others, sound, vision

# One exporter for each is enough here: what sets the two apart is shown by the classics.
DYNAMO = {
    "bart", "clip", "depth-anything", "diffusion-transformer", "graph-attention", "llama", "mixtral", "patch-series", "qwen3",
    "segformer", "video-mae", "wav2vec2",
}  # fmt: skip


def with_exporter(name: str, make: Callable[[], Export]) -> Callable[[], Export]:
    exporter = "dynamo" if name in DYNAMO else "torchscript"
    return lambda: replace(make(), exporters=(exporter,), keeps_size=True)


ARCHITECTURES: dict[str, Callable[[], Export]] = {
    name: with_exporter(name, make)
    for kind in (vision, detection, sound, language, others)
    for name, make in kind.ARCHITECTURES.items()
}
