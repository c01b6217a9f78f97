"""Makes the quickstart example: trains a small network on scikit-learn's digits and writes what mpinfer reads.

Run by hand, from any folder, once:

    pip install -r requirements.txt
    python train.py

It writes, into its own folder: digits-cnn.onnx, images/*.png, labels.csv, classes.txt and accuracy.json.
"""

from __future__ import annotations

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime

import digits_cnn
from digits import Digits, load_split, read_images, write_images

FOLDER = Path(__file__).resolve().parent
SEED = 7
EPOCHS = 60
BATCH = 64
PEAK_LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-3
LABEL_SMOOTHING = 0.05
STATISTICS_MOMENTUM = 0.9
REQUIRED_ACCURACY = 0.97


def loss(parameters: digits_cnn.Parameters, images: jax.Array, labels: jax.Array):
    """Smoothed cross-entropy of a batch, and the batch statistics that went into it."""
    scores, batch = digits_cnn.logits(parameters, images)
    target = jax.nn.one_hot(labels, 10) * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / 10
    return -(target * jax.nn.log_softmax(scores)).sum(1).mean(), batch


@jax.jit
def update(state: dict, images: jax.Array, labels: jax.Array, step: jax.Array, rate: jax.Array) -> dict:
    """One AdamW step; `state` holds parameters, running statistics and the two moments."""
    gradients, batch = jax.grad(loss, has_aux=True)(state["parameters"], images, labels)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["first"], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["second"], gradients)

    def move(weight: jax.Array, m: jax.Array, v: jax.Array) -> jax.Array:
        direction = (m / (1 - 0.9**step)) / (jnp.sqrt(v / (1 - 0.999**step)) + 1e-8)
        return weight - rate * (direction + WEIGHT_DECAY * weight)

    return {
        "parameters": jax.tree.map(move, state["parameters"], first, second),
        "statistics": jax.tree.map(
            lambda old, new: STATISTICS_MOMENTUM * old + (1 - STATISTICS_MOMENTUM) * new, state["statistics"], batch
        ),
        "first": first,
        "second": second,
    }


def augmented(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Moves every image sideways by -1, 0 or 1 pixel; what enters at the edge is black."""
    padded = np.pad(images, ((0, 0), (0, 0), (0, 0), (1, 1)))
    offsets = random.choice(3, size=len(images), p=[0.25, 0.5, 0.25])
    columns = offsets[:, None] + np.arange(8)  # [N, 8]
    return np.take_along_axis(padded, columns[:, None, None, :], axis=3)


def train(digits: Digits) -> tuple[digits_cnn.Parameters, digits_cnn.Statistics]:
    """Trains for a fixed number of epochs with a one-cycle cosine rate; the test images are never looked at."""
    parameters, statistics = digits_cnn.initialise(jax.random.key(SEED))
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = {"parameters": parameters, "statistics": statistics, "first": zeros, "second": zeros}
    random = np.random.default_rng(SEED)
    images = digits.images()
    steps_per_epoch = len(images) // BATCH
    total = EPOCHS * steps_per_epoch
    for step in range(total):
        if step % steps_per_epoch == 0:
            order = random.permutation(len(images))
        chosen = order[(step % steps_per_epoch) * BATCH :][:BATCH]
        rate = PEAK_LEARNING_RATE * min(1.0, (step + 1) / 50) * 0.5 * (1 + np.cos(np.pi * step / total))
        batch = augmented(images[chosen], random)
        state = update(state, batch, digits.labels[chosen], jnp.float32(step + 1), jnp.float32(rate))
    return state["parameters"], state["statistics"]


def count_correct(model: onnx.ModelProto, digits: Digits) -> int:
    """How many digits ONNX Runtime, an independent engine, reads correctly with the exported file."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (scores,) = session.run(["logits"], {"image": digits.images()})
    return int((scores.argmax(1) == digits.labels).sum())


def main() -> None:
    train_digits, test_digits = load_split()
    write_images(test_digits, FOLDER)
    model = digits_cnn.export(*train(train_digits))
    onnx.save(model, FOLDER / "digits-cnn.onnx")
    shipped = read_images(FOLDER)
    correct = count_correct(onnx.load(FOLDER / "digits-cnn.onnx"), shipped)
    images = len(shipped.labels)
    result = {"images": images, "correct": correct, "accuracy": round(correct / images, 6)}
    if result["accuracy"] <= REQUIRED_ACCURACY:
        raise SystemExit(f"accuracy {result['accuracy']} is not above {REQUIRED_ACCURACY}: nothing to ship")
    (FOLDER / "accuracy.json").write_text(json.dumps(result) + "\n")
    print(f"{correct} of {images} test images correct: {correct / images:.2%}")


if __name__ == "__main__":
    main()
