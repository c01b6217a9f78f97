"""The handwritten digits: a fixed split, and the exact pixel values that a PNG reader will see."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

TEST_IMAGES = 360
SPLIT_SEED = 20240


@dataclass(frozen=True)
class Digits:
    """Gray images as stored in a PNG (0...255), and the digit that each one shows."""

    pixels: np.ndarray  # uint8 [N, 8, 8]
    labels: np.ndarray  # int32 [N]

    def images(self) -> np.ndarray:
        """The network's input, float32 [N, 1, 8, 8] in 0...1: what a reader gets from PNG / 255."""
        return (self.pixels.astype(np.float32) / np.float32(255))[:, np.newaxis]


def load_split() -> tuple[Digits, Digits]:
    """Training and test digits, stratified by class, always the same.

    scikit-learn's pixels are 0...16. They are quantised to a PNG's 0...255 before anything else, so that
    the network is trained and judged on the values that the shipped files hold, not on nearby ones.
    """
    raw, labels = load_digits(return_X_y=True)
    pixels = np.rint(raw.reshape(-1, 8, 8) * 255 / 16).astype(np.uint8)
    train_pixels, test_pixels, train_labels, test_labels = train_test_split(
        pixels, labels.astype(np.int32), test_size=TEST_IMAGES, random_state=SPLIT_SEED, stratify=labels
    )
    return Digits(train_pixels, train_labels), Digits(test_pixels, test_labels)


def image_name(index: int) -> str:
    """The file name of a test image."""
    return f"digit-{index:04d}.png"


def write_images(digits: Digits, folder: Path) -> None:
    """Writes `images/*.png`, `labels.csv` and `classes.txt`."""
    images = folder / "images"
    images.mkdir(exist_ok=True)
    for stale in images.glob("digit-*.png"):
        stale.unlink()
    for index, pixels in enumerate(digits.pixels):
        Image.fromarray(pixels).save(images / image_name(index), optimize=True)
    with open(folder / "labels.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label"])
        writer.writerows([image_name(index), int(label)] for index, label in enumerate(digits.labels))
    (folder / "classes.txt").write_text("".join(f"{digit}\n" for digit in range(10)))


def read_images(folder: Path) -> Digits:
    """Reads back what `write_images` wrote, so that the accuracy is that of the shipped files."""
    with open(folder / "labels.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    pixels = np.stack([np.asarray(Image.open(folder / "images" / row["file"])) for row in rows])
    return Digits(pixels, np.array([int(row["label"]) for row in rows], dtype=np.int32))
