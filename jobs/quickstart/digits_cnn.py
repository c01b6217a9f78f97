"""The network: conv-norm-relu-pool twice, then two fully connected layers; in JAX and as an ONNX graph.

The BatchNormalization nodes stay in the exported file on purpose: folding them into the
convolutions is the importer's work, and this example is where that happens first.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from jax import lax
from onnx import TensorProto, helper, numpy_helper

Parameters = dict[str, jax.Array]
Statistics = dict[str, jax.Array]

EPSILON = 1e-5
CONVOLUTIONS = (("1", 1, 32), ("2", 32, 64))  # (suffix, input channels, output channels)
FULLY_CONNECTED = (("1", 64 * 2 * 2, 100), ("2", 100, 10))  # (suffix, inputs, outputs)


def initialise(key: jax.Array) -> tuple[Parameters, Statistics]:
    """He-initialised weights, and the running statistics of the normalisations."""
    parameters: Parameters = {}
    statistics: Statistics = {}
    for suffix, inputs, outputs in CONVOLUTIONS:
        key, draw = jax.random.split(key)
        shape = (outputs, inputs, 3, 3)
        parameters[f"conv{suffix}.weight"] = jax.random.normal(draw, shape) * np.sqrt(2 / (inputs * 9))
        parameters[f"norm{suffix}.scale"] = jnp.ones(outputs)
        parameters[f"norm{suffix}.bias"] = jnp.zeros(outputs)
        statistics[f"norm{suffix}.mean"] = jnp.zeros(outputs)
        statistics[f"norm{suffix}.variance"] = jnp.ones(outputs)
    for suffix, inputs, outputs in FULLY_CONNECTED:
        key, draw = jax.random.split(key)
        parameters[f"fc{suffix}.weight"] = jax.random.normal(draw, (outputs, inputs)) * np.sqrt(2 / inputs)
        parameters[f"fc{suffix}.bias"] = jnp.zeros(outputs)
    return parameters, statistics


def logits(parameters: Parameters, images: jax.Array) -> tuple[jax.Array, Statistics]:
    """Training-time forward pass: [N, 1, 8, 8] -> [N, 10], and the batch statistics that it normalised with."""
    batch: Statistics = {}
    x = images
    for suffix, _, _ in CONVOLUTIONS:
        x = lax.conv_general_dilated(x, parameters[f"conv{suffix}.weight"], (1, 1), "SAME")
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
        batch[f"norm{suffix}.mean"], batch[f"norm{suffix}.variance"] = mean, variance
        scale = parameters[f"norm{suffix}.scale"] * lax.rsqrt(variance + EPSILON)
        x = (x - mean[:, None, None]) * scale[:, None, None] + parameters[f"norm{suffix}.bias"][:, None, None]
        x = lax.reduce_window(jax.nn.relu(x), -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    x = x.reshape(x.shape[0], -1)  # [N, 64 * 2 * 2]
    x = jax.nn.relu(x @ parameters["fc1.weight"].T + parameters["fc1.bias"])
    return x @ parameters["fc2.weight"].T + parameters["fc2.bias"], batch


def export(parameters: Parameters, statistics: Statistics) -> onnx.ModelProto:
    """The trained network as ONNX: `image` [N, 1, 8, 8] -> `logits` [N, 10]."""
    nodes = []
    previous = "image"

    def append(operator: str, name: str, weights: list[str], output: str | None = None, **attributes) -> None:
        nonlocal previous
        output = output or f"{name}.output"
        nodes.append(helper.make_node(operator, [previous, *weights], [output], name=name, **attributes))
        previous = output

    for suffix, _, _ in CONVOLUTIONS:
        append("Conv", f"conv{suffix}", [f"conv{suffix}.weight"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        norm = [f"norm{suffix}.{part}" for part in ("scale", "bias", "mean", "variance")]
        append("BatchNormalization", f"norm{suffix}", norm, epsilon=EPSILON)
        append("Relu", f"relu{suffix}", [])
        append("MaxPool", f"pool{suffix}", [], kernel_shape=[2, 2], strides=[2, 2])
    append("Flatten", "flatten", [], axis=1)
    append("Gemm", "fc1", ["fc1.weight", "fc1.bias"], transB=1)
    append("Relu", "relu3", [])
    append("Gemm", "fc2", ["fc2.weight", "fc2.bias"], output="logits", transB=1)

    weights = {name: np.asarray(value, dtype=np.float32) for name, value in {**parameters, **statistics}.items()}
    graph = helper.make_graph(
        nodes,
        "digits-cnn",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
        doc_string="Handwritten digits, 8x8 gray. Trained by jobs/quickstart/train.py.",
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="mpinfer-quickstart"
    )
    onnx.checker.check_model(model, full_check=True)
    return model
