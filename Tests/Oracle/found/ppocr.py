"""Text detection, text direction and text recognition of PP-OCR, on drawn pages and lines.

They sit inside the rapidocr-onnxruntime wheel (Apache 2.0).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from PIL import Image, ImageDraw, ImageFont

from found.package import packaged
from material import reference
from material.case import Case, copy_of

PACKAGE = "rapidocr-onnxruntime"
DETECTION = "ch_PP-OCRv4_det_infer.onnx"
DIRECTION = "ch_ppocr_mobile_v2.0_cls_infer.onnx"
RECOGNITION = "ch_PP-OCRv4_rec_infer.onnx"
LINES = (
    "One plan, many ranks.",
    "Send 4 tiles to rank 7",
    "halo = 3 rows",
    "The result is the same",
    "as on one machine: 98.6 %",
)
RTOL, ATOL = 1e-3, 1e-4  # the outputs are probabilities


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


def line(text: str, upside_down: bool = False, width: int = 192) -> Image.Image:
    """One line of text, 48 pixels high, maybe turned by 180 degrees."""
    image = Image.new("L", (width, 48), 235)
    ImageDraw.Draw(image).text((8, 6), text, fill=30, font=ImageFont.load_default(28))
    return image.rotate(180) if upside_down else image


def detection_case(height: int, width: int) -> Case:
    """[1, 3, height, width] -> the probability of text at every pixel, [1, 1, height, width]."""
    model = packaged(PACKAGE, DETECTION)
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
    model = packaged(PACKAGE, DIRECTION)
    inputs = {"x": np.stack([normalised(line("halo exchange", turned)) for turned in (False, True)])}
    outputs = reference.run(model, inputs)
    (probability,) = outputs.values()
    if probability.argmax(1).tolist() != [0, 1]:
        raise ValueError(f"the direction network is wrong about its input: {probability.tolist()}")
    return Case("ppocr-direction", onnx.load(model), inputs, outputs, RTOL, ATOL, write_model=copy_of(model))


def spelled(probability: np.ndarray, alphabet: list[str]) -> str:
    """[steps, classes] -> text: the likeliest class of each step, repeated ones once, blanks (class 0) left out."""
    classes = probability.argmax(1)
    before = np.concatenate([[0], classes[:-1]])
    return "".join(alphabet[index] for index in classes[(classes != 0) & (classes != before)])


def recognition_case(width: int, texts: tuple[str, ...]) -> Case:
    """[lines, 3, 48, width] -> [lines, width / 8, 6625], the probabilities of characters."""
    path = packaged(PACKAGE, RECOGNITION)
    model = onnx.load(path)
    inputs = {"x": np.stack([normalised(line(text, width=width)) for text in texts])}
    outputs = reference.run(path, inputs)
    (probability,) = outputs.values()
    characters = next(entry.value for entry in model.metadata_props if entry.key == "character")
    alphabet = ["", *characters.splitlines(), " "]
    for text, steps in zip(texts, probability, strict=True):
        if (read := spelled(steps, alphabet).replace(" ", "")) != text.replace(" ", ""):
            raise ValueError(f"the recognition network reads {read!r} where {text!r} is drawn")
    return Case(f"ppocr-recognition-{width}", model, inputs, outputs, RTOL, ATOL, write_model=copy_of(path))


def cases() -> Iterator[Case]:
    for height, width in ((320, 480), (192, 640)):
        yield detection_case(height, width)
    yield direction_case()
    yield recognition_case(192, ("halo exchange", "98.6 percent"))
    yield recognition_case(320, ("One plan many ranks", "Send 4 tiles to 7", "as on one machine"))
