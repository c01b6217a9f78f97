"""The layers of the example, each said twice: computed with JAX for training, and as nodes of an ONNX graph.

A model is a function of a `Layers` object and of tensors; what runs it decides what it becomes.
"""

from __future__ import annotations

from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from jax import lax
from onnx import TensorProto, helper, numpy_helper

Parameters = dict[str, jax.Array]


class Layers(Protocol):
    def convolution(self, x: Any, name: str, outputs: int, size: int = 3) -> Any: ...
    def dense(self, x: Any, name: str, outputs: int) -> Any: ...
    def relu(self, x: Any) -> Any: ...
    def pool(self, x: Any) -> Any: ...
    def flatten(self, x: Any) -> Any: ...
    def reshape(self, x: Any, channels: int) -> Any: ...
    def softmax(self, x: Any) -> Any: ...
    def concatenate(self, *x: Any) -> Any: ...
    def add(self, x: Any, y: Any) -> Any: ...
    def multiply(self, x: Any, y: Any) -> Any: ...
    def complement(self, x: Any) -> Any: ...
    def clip(self, x: Any) -> Any: ...


class Computed:
    """Layers as JAX computes them. Weights that are not there yet are drawn (He initialisation)."""

    def __init__(self, parameters: Parameters, prefix: str, key: jax.Array | None = None) -> None:
        self.parameters, self.prefix, self.key = parameters, prefix, key

    def _weights(self, name: str, shape: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
        weight, bias = f"{self.prefix}.{name}.weight", f"{self.prefix}.{name}.bias"
        if self.key is not None and weight not in self.parameters:
            self.key, draw = jax.random.split(self.key)
            scale = np.sqrt(2 / np.prod(shape[1:]))
            self.parameters[weight] = jax.random.normal(draw, shape) * scale
            self.parameters[bias] = jnp.zeros(shape[0])
        return self.parameters[weight], self.parameters[bias]

    def convolution(self, x, name, outputs, size=3):
        weight, bias = self._weights(name, (outputs, x.shape[1], size, size))
        return lax.conv_general_dilated(x, weight, (1, 1), "SAME") + bias[:, None, None]

    def dense(self, x, name, outputs):
        weight, bias = self._weights(name, (outputs, x.shape[1]))
        return x @ weight.T + bias

    def relu(self, x):
        return jax.nn.relu(x)

    def pool(self, x):
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def flatten(self, x):
        return x.reshape(x.shape[0], -1)

    def reshape(self, x, channels):
        return x.reshape(x.shape[0], channels, 8, 8)

    def softmax(self, x):
        return jax.nn.softmax(x, axis=1)

    def concatenate(self, *x):
        return jnp.concatenate(x, axis=1)

    def add(self, x, y):
        return x + y

    def multiply(self, x, y):
        return x * y

    def complement(self, x):
        return 1 - x

    def clip(self, x):
        return jnp.clip(x, 0, 1)


class Exported:
    """Layers as nodes of an ONNX graph; tensors are names, and a node is called after its output."""

    def __init__(self, parameters: Parameters, prefix: str) -> None:
        self.parameters, self.prefix = parameters, prefix
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def _add(self, operator: str, inputs: list[str], name: str | None = None, **attributes: Any) -> str:
        name = name or f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def _constant(self, name: str, value: Any, dtype: type) -> str:
        self.constants[name] = np.asarray(value, dtype=dtype)
        return name

    def _weights(self, name: str) -> list[str]:
        parts = [f"{name}.weight", f"{name}.bias"]
        return [self._constant(part, self.parameters[f"{self.prefix}.{part}"], np.float32) for part in parts]

    def convolution(self, x, name, outputs, size=3):
        pads = [size // 2] * 4
        return self._add("Conv", [x, *self._weights(name)], name, kernel_shape=[size, size], pads=pads)

    def dense(self, x, name, outputs):
        return self._add("Gemm", [x, *self._weights(name)], name, transB=1)

    def relu(self, x):
        return self._add("Relu", [x])

    def pool(self, x):
        return self._add("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])

    def flatten(self, x):
        return self._add("Flatten", [x], axis=1)

    def reshape(self, x, channels):
        return self._add("Reshape", [x, self._constant("picture", [0, channels, 8, 8], np.int64)])

    def softmax(self, x):
        return self._add("Softmax", [x], axis=1)

    def concatenate(self, *x):
        return self._add("Concat", list(x), axis=1)

    def add(self, x, y):
        return self._add("Add", [x, y])

    def multiply(self, x, y):
        return self._add("Mul", [x, y])

    def complement(self, x):
        return self._add("Sub", [self._constant("one", 1, np.float32), x])

    def clip(self, x):
        limits = [self._constant("zero", 0, np.float32), self._constant("one", 1, np.float32)]
        return self._add("Clip", [x, *limits])

    def model(self, name: str, inputs: dict[str, list], output: str, result: str, shape: list) -> onnx.ModelProto:
        """The model whose tensor `result` is the output `output`; `inputs` and `shape` are shapes."""
        self.nodes.append(helper.make_node("Identity", [result], [output], name=output))
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, value) for key, value in inputs.items()],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            [numpy_helper.from_array(value, key) for key, value in self.constants.items()],
            doc_string="Inpainting of handwritten digits, 8x8 gray. Trained by jobs/inpainting/train.py.",
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="mpinfer-inpainting"
        )
        onnx.checker.check_model(model, full_check=True)
        return model
