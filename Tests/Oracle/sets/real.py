"""Trained networks found in the wild: text detection and text-direction models of PP-OCR (Apache 2.0).

They sit inside the rapidocr-onnxruntime wheel. Their inputs are drawn pages and lines of text, and the case
is refused unless the network sees the text: a trained model on noise would be a weak test.
"""

from __future__ import annotations

from importlib.metadata import files
from pathlib import Path

import numpy as np
import onnx
from PIL import Image, ImageDraw, ImageFont

from material import reference
from material.case import Case, CaseWriter, copy_of

FOLDERS = ("real",)

DETECTION = "ch_PP-OCRv4_det_infer.onnx"
DIRECTION = "ch_ppocr_mobile_v2.0_cls_infer.onnx"
LINES = (
    "One plan, many ranks.",
    "Send 4 tiles to rank 7",
    "halo = 3 rows",
    "The result is the same",
    "as on one machine: 98.6 %",
)
RTOL, ATOL = 1e-3, 1e-4  # the outputs are probabilities


def packaged(name: str) -> Path:
    """A model file inside the installed wheel; nothing of the package is imported."""
    for file in files("rapidocr-onnxruntime") or []:
        if file.name == name:
            return Path(str(file.locate()))
    raise FileNotFoundError(f"rapidocr-onnxruntime holds no {name}")


def normalised(image: Image.Image) -> np.ndarray:
    """Gray 0...255 -> float32 [3, H, W] in -1...1, the way the OCR pipeline feeds these networks."""
    gray = np.asarray(image, dtype=np.float32)
    return np.repeat(((gray / 255 - 0.5) / 0.5)[np.newaxis], 3, axis=0)


def page(height: int, width: int) -> Image.Image:
    """A page of dark text on a light ground that is shaded from left to right."""
    shade = np.tile(np.linspace(250, 200, width).astype(np.uint8), (height, 1))
    image = Image.fromarray(shade)
    draw = ImageDraw.Draw(image)
    step = height // (len(LINES) + 1)
    for row, line in enumerate(LINES):
        draw.text(
            (16 + 12 * row, step // 2 + row * step), line, fill=20 + 20 * row, font=ImageFont.load_default(14 + 4 * row)
        )
    return image


def line(text: str, upside_down: bool) -> Image.Image:
    """One line of text, 48 pixels high and 192 wide, maybe turned by 180 degrees."""
    image = Image.new("L", (192, 48), 235)
    ImageDraw.Draw(image).text((8, 6), text, fill=30, font=ImageFont.load_default(28))
    return image.rotate(180) if upside_down else image


def detection_case(height: int, width: int) -> Case:
    """[1, 3, height, width] -> the probability of text at every pixel, [1, 1, height, width]."""
    model = packaged(DETECTION)
    inputs = {"x": normalised(page(height, width))[np.newaxis]}
    outputs = reference.run(model, inputs)
    (probability,) = outputs.values()
    share = float((probability > 0.5).mean())
    if probability.shape[2:] != (height, width) or not 0.02 < share < 0.6:
        raise ValueError(f"the detector finds text on {share:.1%} of the page")
    name = f"ppocr-detection-{height}x{width}"
    return Case(name, onnx.load(model), inputs, outputs, RTOL, ATOL, write_model=copy_of(model))


def direction_case() -> Case:
    """[2, 3, 48, 192] -> [2, 2], the probabilities of upright and of upside down: one of each."""
    model = packaged(DIRECTION)
    inputs = {"x": np.stack([normalised(line("halo exchange", turned)) for turned in (False, True)])}
    outputs = reference.run(model, inputs)
    (probability,) = outputs.values()
    if probability.argmax(1).tolist() != [0, 1]:
        raise ValueError(f"the direction network is wrong about its input: {probability.tolist()}")
    return Case("ppocr-direction", onnx.load(model), inputs, outputs, RTOL, ATOL, write_model=copy_of(model))


def make(writers: dict[str, CaseWriter]) -> None:
    for height, width in ((320, 480), (192, 640)):
        writers["real"].write(detection_case(height, width))
    writers["real"].write(direction_case())
