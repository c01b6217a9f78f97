"""The four models of the chain. Tensors between them go by name: features, distribution, generated, restored.

`image` [N, 1, 8, 8] holds the pixels, 0 to 1, where `mask` [N, 1, 8, 8] is 1; where it is 0 they are missing.
"""

from __future__ import annotations

from typing import Any

import jax
import onnx

from layers import Computed, Exported, Layers, Parameters

MODELS = ("encoder", "predictor", "generator", "decoder")
LEVELS = 17
FEATURES = 96
GLOBAL_MAPS = 8


def encoder(layers: Layers, image: Any, mask: Any) -> Any:
    """What the picture is of, as far as it can be seen: [N, FEATURES]."""
    known = layers.multiply(image, mask)
    x = layers.concatenate(known, mask)
    x = layers.relu(layers.convolution(x, "conv1", 32))
    x = layers.pool(layers.relu(layers.convolution(x, "conv2", 32)))
    x = layers.pool(layers.relu(layers.convolution(x, "conv3", 48)))
    return layers.relu(layers.dense(layers.flatten(x), "dense", FEATURES))


def predictor_scores(layers: Layers, features: Any, image: Any, mask: Any) -> Any:
    """How well each of the gray levels would fit each pixel: [N, LEVELS, 8, 8]."""
    known = layers.multiply(image, mask)
    spread = layers.relu(layers.dense(features, "spread", GLOBAL_MAPS * 64))
    x = layers.concatenate(layers.reshape(spread, GLOBAL_MAPS), known, mask)
    x = layers.relu(layers.convolution(x, "conv1", 48))
    x = layers.relu(layers.convolution(x, "conv2", 48))
    return layers.convolution(x, "scores", LEVELS, 1)


def predictor(layers: Layers, features: Any, image: Any, mask: Any) -> Any:
    """The probability of each gray level at each pixel."""
    return layers.softmax(predictor_scores(layers, features, image, mask))


def generator(layers: Layers, distribution: Any) -> Any:
    """A picture out of probabilities: [N, 1, 8, 8]."""
    mean = layers.convolution(distribution, "mean", 1, 1)
    x = layers.relu(layers.convolution(distribution, "conv1", 16))
    return layers.add(mean, layers.convolution(x, "conv2", 1))


def decoder(layers: Layers, generated: Any, image: Any, mask: Any) -> Any:
    """The whole picture: known pixels as they are, missing ones as generated, smoothed with what is around them."""
    missing = layers.complement(mask)
    known = layers.multiply(image, mask)
    joined = layers.add(known, layers.multiply(generated, missing))
    x = layers.relu(layers.convolution(layers.concatenate(joined, mask), "conv1", 16))
    smooth = layers.clip(layers.add(joined, layers.convolution(x, "conv2", 1)))
    return layers.add(known, layers.multiply(smooth, missing))


def restore(parameters: Parameters, image: jax.Array, mask: jax.Array, key: jax.Array | None = None):
    """Training-time forward pass: the restored pictures, and the scores of the gray levels."""

    def layers(model: int) -> Computed:
        return Computed(parameters, MODELS[model], None if key is None else jax.random.fold_in(key, model))

    features = encoder(layers(0), image, mask)
    scores = predictor_scores(layers(1), features, image, mask)
    generated = generator(layers(2), jax.nn.softmax(scores, axis=1))
    return decoder(layers(3), generated, image, mask), scores


def export(parameters: Parameters) -> dict[str, onnx.ModelProto]:
    """The trained models, by name."""
    picture = ["N", 1, 8, 8]
    levels = ["N", LEVELS, 8, 8]
    models = {}
    for function, inputs, output, shape in (
        (encoder, {"image": picture, "mask": picture}, "features", ["N", FEATURES]),
        (predictor, {"features": ["N", FEATURES], "image": picture, "mask": picture}, "distribution", levels),
        (generator, {"distribution": levels}, "generated", picture),
        (decoder, {"generated": picture, "image": picture, "mask": picture}, "restored", picture),
    ):
        name = function.__name__
        layers = Exported(parameters, name)
        result = function(layers, *inputs)
        models[name] = layers.model(name, inputs, output, result, shape)
    return models
