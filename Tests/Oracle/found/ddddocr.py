"""The networks of the ddddocr wheel (MIT): two that read captchas, one of them quantised, and one that finds text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np
import onnx
from PIL import Image, ImageDraw, ImageFont

from found.package import packaged
from material import reference
from material.case import Case, copy_of

PACKAGE = "ddddocr"


def word(text: str, width: int) -> Image.Image:
    """Slanted letters with a line through them, 64 pixels high."""
    image = Image.new("L", (width, 64), 240)
    draw = ImageDraw.Draw(image)
    step = (width - 16) // len(text)
    for index, letter in enumerate(text):
        draw.text((10 + index * step, 6 + 5 * (index % 2)), letter, fill=30, font=ImageFont.load_default(40))
    draw.line((0, 40, width, 24), fill=120, width=2)
    return image


def alphabets() -> dict[str, list[str]]:
    """The module that holds them is read, not run."""
    module = ast.parse(packaged(PACKAGE, "charsets.py").read_text(encoding="utf-8"))
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List)
    }


def reading_case(name: str, file: str, alphabet: list[str], text: str, width: int) -> Case:
    """[1, 1, 64, width] -> [steps, 1, characters]."""
    path = packaged(PACKAGE, file)
    inputs = {"input1": (np.asarray(word(text, width), dtype=np.float32) / 255)[np.newaxis, np.newaxis]}
    outputs = reference.run(path, inputs)
    (scores,) = outputs.values()
    classes = scores.reshape(-1, scores.shape[-1]).argmax(1)
    before = np.concatenate([[0], classes[:-1]])
    read = "".join(alphabet[index] for index in classes[(classes != 0) & (classes != before)])
    if read.lower() != text.lower():
        raise ValueError(f"{file} reads {read!r} where {text!r} is drawn")
    outputs = {output: scores[np.newaxis] for output in outputs}  # one item, and this is its result
    # Rounding to 8 bits in many places makes much of an ulp: so do the outputs move when the input does by 1e-7.
    rtol = 3e-2 if "quantised" in name else 1e-3
    return Case(f"{name}-{width}", onnx.load(path), inputs, outputs, rtol, 1e-3, write_model=copy_of(path))


def finding_case() -> Case:
    """[1, 3, 416, 416] -> [1, 3549, 6]: boxes and how sure the network is of them."""
    path = packaged(PACKAGE, "common_det.onnx")
    image = Image.new("RGB", (416, 416), (200, 210, 190))
    draw = ImageDraw.Draw(image)
    for index, letter in enumerate("R7kq"):
        place = (40 + 90 * index, 60 + 70 * index)
        draw.text(place, letter, fill=(200 - 60 * index, 40, 60 * index), font=ImageFont.load_default(60))
    inputs = {"images": np.asarray(image, dtype=np.float32).transpose(2, 0, 1)[np.newaxis]}
    outputs = reference.run(path, inputs)
    (boxes,) = outputs.values()
    if (boxes[0, :, 4] * boxes[0, :, 5]).max() < 0.3:
        raise ValueError(f"the network finds nothing: at best {(boxes[0, :, 4] * boxes[0, :, 5]).max():.2f}")
    return Case("ddddocr-detection", onnx.load(path), inputs, outputs, 1e-3, 1e-3, write_model=copy_of(path))


def cases() -> Iterator[Case]:
    letters = alphabets()
    for text, width in (("k7fw", 160), ("ranks2", 232)):
        yield reading_case("ddddocr", "common.onnx", letters["CHARSET_BETA"], text, width)
        yield reading_case("ddddocr-quantised", "common_old.onnx", letters["CHARSET_OLD"], text, width)
    yield finding_case()
