"""Makes the inpainting example: trains four small models on scikit-learn's digits and writes what mpinfer reads.

Run by hand, from any folder, once:

    pip install -r requirements.txt
    python train.py

It writes, into its own folder: encoder.onnx, predictor.onnx, generator.onnx, decoder.onnx, images/*.png, masks/*.png,
restored.npy and quality.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from PIL import Image

import networks

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "quickstart"))
from digits import Digits, load_split  # noqa: E402

SEED = 11
EPOCHS = 160
BATCH = 64
PEAK_LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-3
SHIPPED = 120
MASK_SEED = 4242
REQUIRED_GAIN = 1.5


def random_masks(count: int, random: np.random.Generator) -> np.ndarray:
    """One block of 3 to 5 pixels a side is missing from each picture: float32 [N, 1, 8, 8], 0 where it is."""
    sizes = random.integers(3, 6, size=(count, 2))
    starts = (random.random((count, 2)) * (9 - sizes)).astype(int)
    place = np.arange(8)
    inside = (place >= starts[..., None]) & (place < (starts + sizes)[..., None])  # [N, 2, 8]
    return 1 - (inside[:, 0, :, None] & inside[:, 1, None, :]).astype(np.float32)[:, None]


def loss(parameters: networks.Parameters, images: jax.Array, masks: jax.Array) -> jax.Array:
    """Cross-entropy of the gray levels and absolute error of the pixels, both where pixels are missing."""
    restored, scores = networks.restore(parameters, images * masks, masks)
    missing = 1 - masks
    levels = jnp.rint(images[:, 0] * 16).astype(jnp.int32)  # [N, 8, 8]
    logarithms = jnp.take_along_axis(jax.nn.log_softmax(scores, axis=1), levels[:, None], axis=1)
    total = missing.sum()
    return -(logarithms * missing).sum() / total + 4 * (jnp.abs(restored - images) * missing).sum() / total


@jax.jit
def update(state: dict, images: jax.Array, masks: jax.Array, step: jax.Array, rate: jax.Array) -> dict:
    """One AdamW step; `state` holds parameters and the two moments."""
    gradients = jax.grad(loss)(state["parameters"], images, masks)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["first"], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["second"], gradients)

    def move(weight: jax.Array, m: jax.Array, v: jax.Array) -> jax.Array:
        direction = (m / (1 - 0.9**step)) / (jnp.sqrt(v / (1 - 0.999**step)) + 1e-8)
        return weight - rate * (direction + WEIGHT_DECAY * weight)

    parameters = jax.tree.map(move, state["parameters"], first, second)
    return {"parameters": parameters, "first": first, "second": second}


def train(digits: Digits) -> networks.Parameters:
    """Trains for a fixed number of epochs with a one-cycle cosine rate; the test images are never looked at."""
    random = np.random.default_rng(SEED)
    images = digits.images()
    parameters: networks.Parameters = {}
    networks.restore(parameters, images[:1], random_masks(1, random), key=jax.random.key(SEED))
    # The generator begins with the mean of the gray levels.
    parameters["generator.mean.weight"] = (jnp.arange(networks.LEVELS) / 16).reshape(1, -1, 1, 1)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = {"parameters": parameters, "first": zeros, "second": zeros}
    steps_per_epoch = len(images) // BATCH
    total = EPOCHS * steps_per_epoch
    for step in range(total):
        if step % steps_per_epoch == 0:
            order = random.permutation(len(images))
        chosen = order[(step % steps_per_epoch) * BATCH :][:BATCH]
        rate = PEAK_LEARNING_RATE * min(1.0, (step + 1) / 100) * 0.5 * (1 + np.cos(np.pi * step / total))
        masks = random_masks(BATCH, random)
        state = update(state, images[chosen], masks, jnp.float32(step + 1), jnp.float32(rate))
    return state["parameters"]


def write_images(digits: Digits, masks: np.ndarray) -> None:
    """The damaged digits as PNG, black where pixels are missing, and the masks, white where they are known."""
    for folder, pixels in (
        ("images", digits.pixels * masks[:, 0].astype(np.uint8)),
        ("masks", masks[:, 0].astype(np.uint8) * 255),
    ):
        path = FOLDER / folder
        path.mkdir(exist_ok=True)
        for stale in path.glob("digit-*.png"):
            stale.unlink()
        for index, picture in enumerate(pixels):
            Image.fromarray(picture).save(path / f"digit-{index:04d}.png", optimize=True)


def restore_with_onnx_runtime(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The chain as an independent engine computes it from the shipped files, one model after the other."""
    known = {"image": images, "mask": masks}
    for name in networks.MODELS:
        session = onnxruntime.InferenceSession(FOLDER / f"{name}.onnx", providers=["CPUExecutionProvider"])
        inputs = {value.name: known[value.name] for value in session.get_inputs()}
        known |= dict(zip([value.name for value in session.get_outputs()], session.run(None, inputs)))
    return known["restored"]


def main() -> None:
    train_digits, test_digits = load_split()
    shipped = Digits(test_digits.pixels[:SHIPPED], test_digits.labels[:SHIPPED])
    masks = random_masks(SHIPPED, np.random.default_rng(MASK_SEED))
    write_images(shipped, masks)
    for name, model in networks.export(train(train_digits)).items():
        onnx.save(model, FOLDER / f"{name}.onnx")

    truth = shipped.images()
    missing = masks == 0
    restored = restore_with_onnx_runtime(truth * masks, masks)
    np.save(FOLDER / "restored.npy", restored)
    if not np.array_equal(restored[~missing], truth[~missing]):
        raise SystemExit("known pixels have changed")
    average = np.broadcast_to(train_digits.images().mean(0), truth.shape)
    visible = np.where(missing, np.nan, truth)
    level = np.broadcast_to(np.nanmean(visible, axis=(1, 2, 3), keepdims=True), truth.shape)
    error = {
        name: round(float(np.abs(guess - truth)[missing].mean() * 255), 2)
        for name, guess in (("chain", restored), ("mean image", average), ("mean of known pixels", level))
    }
    result = {"images": SHIPPED, "missing pixels": int(missing.sum()), "mean absolute error (0 to 255)": error}
    if error["chain"] * REQUIRED_GAIN > error["mean image"]:
        raise SystemExit(f"{error}: not enough better than the mean image, nothing to ship")
    (FOLDER / "quality.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
