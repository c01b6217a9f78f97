"""Builds ONNX networks node by node, with random weights that keep activations around 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import onnx
from onnx import helper, numpy_helper


@dataclass(frozen=True)
class Value:
    """A tensor on its way through the graph: its name, and the channels (axis 1) that the next layer needs."""

    name: str
    channels: int


class NetworkBuilder:
    """A graph under construction. Weights are drawn in the order of the calls, from the network's name."""

    def __init__(self, name: str, opset: int = 17, ir_version: int = 8, dtype: type = np.float32) -> None:
        self.name = name
        self.opset = opset
        self.ir_version = ir_version
        self.dtype = dtype
        self.random = np.random.default_rng(crc32(name.encode()))
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self._scopes: list[str] = []

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Prefixes the names of what is made inside: `layer1.0.` and so on."""
        self._scopes.append(name)
        yield
        self._scopes.pop()

    def _full(self, name: str) -> str:
        return ".".join([*self._scopes, name])

    def input(self, name: str, shape: Sequence[int | str]) -> Value:
        """A graph input; a string is a symbolic dimension."""
        self.inputs.append(
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype)), shape)
        )
        return Value(name, shape[1] if isinstance(shape[1], int) else 0)

    def constant(self, name: str, array: np.typing.ArrayLike) -> str:
        """An initialiser; floating-point arrays take the network's element type."""
        array = np.asarray(array)
        if array.dtype.kind == "f":
            array = array.astype(self.dtype)
        self.weights.append(numpy_helper.from_array(array, self._full(name)))
        return self._full(name)

    def normal(self, shape: Sequence[int], deviation: float, mean: float = 0.0) -> np.ndarray:
        return (mean + deviation * self.random.standard_normal(shape, dtype=np.float32)).astype(np.float32)

    def node(
        self, operator: str, name: str, inputs: Sequence[Value | str], channels: int | None = None, **attributes
    ) -> Value:
        """Any operator with one output; `channels` where they differ from the first input's."""
        return self.nodes_with_outputs(operator, name, inputs, [channels], **attributes)[0]

    def nodes_with_outputs(
        self, operator: str, name: str, inputs: Sequence[Value | str], channels: Sequence[int | None], **attributes
    ) -> list[Value]:
        """Any operator; one entry of `channels` for each output."""
        full = self._full(name)
        outputs = [f"{full}.output" if i == 0 else f"{full}.output{i}" for i in range(len(channels))]
        names = [value.name if isinstance(value, Value) else value for value in inputs]
        self.nodes.append(helper.make_node(operator, names, outputs, name=full, **attributes))
        inherited = next((value.channels for value in inputs if isinstance(value, Value)), 0)
        return [Value(out, inherited if count is None else count) for out, count in zip(outputs, channels, strict=True)]

    def conv(
        self, x: Value, name: str, channels: int, kernel: int | Sequence[int] = 3, stride: int = 1,
        pads: Sequence[int] | None = None, group: int = 1, dilation: int = 1, bias: bool = False, gain: float = 2.0,
        **attributes,
    ) -> Value:  # fmt: skip
        """A convolution, `same`-padded unless told; He initialisation: weight variance = gain / fan-in."""
        window = [kernel, kernel] if isinstance(kernel, int) else list(kernel)
        shape = (channels, x.channels // group, *window)
        weights = [self.constant(f"{name}.weight", self.normal(shape, np.sqrt(gain / np.prod(shape[1:]))))]
        if bias:
            weights.append(self.constant(f"{name}.bias", self.normal((channels,), 0.1)))
        if "auto_pad" not in attributes:
            half = [dilation * (size - 1) // 2 for size in window]
            attributes["pads"] = list(pads) if pads is not None else half * 2
        dilations, strides = [dilation] * len(window), [stride] * len(window)
        attributes |= {"kernel_shape": window, "strides": strides, "dilations": dilations, "group": group}
        return self.node("Conv", name, [x, *weights], channels, **attributes)

    def conv_transpose(
        self,
        x: Value,
        name: str,
        channels: int,
        kernel: int = 2,
        stride: int = 2,
        pad: int = 0,
        extra: int = 0,
        group: int = 1,
    ) -> Value:
        """A transposed convolution with a bias; `extra` is the ONNX `output_padding`."""
        shape = (x.channels, channels // group, kernel, kernel)
        fan_in = x.channels // group * max(1, kernel // stride) ** 2  # kernel taps that meet in one output pixel
        weight = self.constant(f"{name}.weight", self.normal(shape, np.sqrt(2 / fan_in)))
        bias = self.constant(f"{name}.bias", self.normal((channels,), 0.1))
        attributes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4, "group": group}
        if extra:
            attributes["output_padding"] = [extra] * 2
        return self.node("ConvTranspose", name, [x, weight, bias], channels, **attributes)

    def norm(self, x: Value, name: str, gain: float = 1.0) -> Value:
        """A BatchNormalization with plausible running statistics; a small `gain` calms a residual branch."""
        count = (x.channels,)
        parts = {
            "weight": gain * self.random.uniform(0.8, 1.2, count),
            "bias": self.normal(count, 0.1 * gain),
            "running_mean": self.normal(count, 0.1),
            "running_var": self.random.uniform(0.8, 1.25, count),
        }
        return self.node(
            "BatchNormalization", name, [x, *(self.constant(f"{name}.{k}", v) for k, v in parts.items())], epsilon=1e-5
        )

    def relu(self, x: Value, name: str = "relu") -> Value:
        return self.node("Relu", name, [x])

    def relu6(self, x: Value, name: str = "relu6") -> Value:
        """min(max(x, 0), 6), with the bounds as inputs (opset 11 on)."""
        bounds = [self.constant(f"{name}.minimum", np.float32(0)), self.constant(f"{name}.maximum", np.float32(6))]
        return self.node("Clip", name, [x, *bounds])

    def max_pool(
        self, x: Value, name: str, kernel: int = 2, stride: int = 2, pad: int = 0, ceil: bool = False
    ) -> Value:
        return self.node(
            "MaxPool", name, [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, ceil_mode=int(ceil)
        )

    def average_pool(self, x: Value, name: str, kernel: int = 2, stride: int = 2, pad: int = 0, **attributes) -> Value:
        return self.node(
            "AveragePool", name, [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, **attributes
        )

    def flatten(self, x: Value, features: int, name: str = "flatten") -> Value:
        """[N, C, H, W] -> [N, features]."""
        return self.node("Flatten", name, [x], features, axis=1)

    def dense(self, x: Value, name: str, features: int, gain: float = 2.0) -> Value:
        """A fully connected layer, as Gemm with a [features, inputs] weight."""
        weight = self.constant(f"{name}.weight", self.normal((features, x.channels), np.sqrt(gain / x.channels)))
        bias = self.constant(f"{name}.bias", self.normal((features,), 0.1))
        return self.node("Gemm", name, [x, weight, bias], features, transB=1)

    def concat(self, values: Sequence[Value], name: str) -> Value:
        return self.node("Concat", name, values, sum(value.channels for value in values), axis=1)

    def add(self, a: Value, b: Value, name: str = "add") -> Value:
        return self.node("Add", name, [a, b])

    def build(self, outputs: dict[str, tuple[Value, Sequence[int | str]]]) -> onnx.ModelProto:
        """The checked model; `outputs` gives each graph output its name, value and shape."""
        renamed = {value.name: name for name, (value, _) in outputs.items()}
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [renamed.get(name, name) for name in names]
        element = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        infos = [helper.make_tensor_value_info(name, element, shape) for name, (_, shape) in outputs.items()]
        inputs = list(self.inputs)
        if self.ir_version < 4:  # there, an initialiser is the default value of a graph input
            inputs += [helper.make_tensor_value_info(w.name, w.data_type, w.dims) for w in self.weights]
        graph = helper.make_graph(self.nodes, self.name, inputs, infos, self.weights)
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=self.ir_version, producer_name="mpinfer-oracle"
        )
        onnx.checker.check_model(model, full_check=True)
        return model
