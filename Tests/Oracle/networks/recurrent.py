"""Networks of recurrent layers, batch first as jobs want it."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from networks.builder import NetworkBuilder, Value

GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def layer(
    net: NetworkBuilder, x: Value, name: str, operator: str, size: int, hidden: int, directions: int = 2,
    others: list[Value | str] | None = None, peepholes: bool = False, **attributes,
) -> list[Value]:  # fmt: skip
    """A recurrent layer on [steps, N, size] with a bias; `others` are the operands from the lengths on."""
    rows = GATES[operator] * hidden
    operands = [
        net.constant(f"{name}.W", net.normal((directions, rows, size), np.sqrt(2 / size))),
        net.constant(f"{name}.R", net.normal((directions, rows, hidden), np.sqrt(1 / hidden))),
        net.constant(f"{name}.B", net.normal((directions, 2 * rows), 0.2)),
        *(others or []),
    ]
    if peepholes:
        operands += [""] * (6 - len(operands))
        operands.append(net.constant(f"{name}.P", net.normal((directions, 3 * hidden), 0.3)))
    attributes |= {"hidden_size": hidden, "direction": "bidirectional" if directions == 2 else "forward"}
    return net.nodes_with_outputs(operator, name, [x, *operands], [0] * (3 if operator == "LSTM" else 2), **attributes)


def joined(net: NetworkBuilder, states: Value, name: str) -> Value:
    """[steps, directions, N, hidden] -> [steps, N, directions * hidden], for the next layer."""
    states = net.node("Transpose", f"{name}.swap", [states], perm=[0, 2, 1, 3])
    return net.node("Reshape", f"{name}.join", [states, net.constant(f"{name}.shape", np.array([0, 0, -1]))])


def last(net: NetworkBuilder, state: Value, name: str) -> Value:
    """[directions, N, hidden] -> [N, directions * hidden]."""
    state = net.node("Transpose", f"{name}.swap", [state], perm=[1, 0, 2])
    return net.node("Reshape", f"{name}.flat", [state, net.constant(f"{name}.shape", np.array([0, -1]))])


def batch_first(net: NetworkBuilder, x: Value, name: str) -> Value:
    return net.node("Transpose", name, [x], perm=[1, 0, 2])


def stacked_lstm() -> onnx.ModelProto:
    """`frames` [N, T, 40], `lengths` [N] -> `scores` [N, T, 11], `state` and `cell` [N, 96].

    Three bidirectional LSTM layers over sequences of different lengths, the second with peepholes, the third with
    coupled gates.
    """
    net = NetworkBuilder("stacked-lstm")
    frames = net.input("frames", ["N", "T", 40])
    net.inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, ["N"]))
    lengths = Value("lengths", 0)
    x = batch_first(net, frames, "steps_first")
    states, _, _ = layer(net, x, "lstm1", "LSTM", 40, 48, others=[lengths])
    x = joined(net, states, "lstm1.out")
    states, _, _ = layer(net, x, "lstm2", "LSTM", 96, 64, others=[lengths], peepholes=True)
    x = joined(net, states, "lstm2.out")
    states, state, cell = layer(net, x, "lstm3", "LSTM", 128, 48, others=[lengths], input_forget=1)
    x = batch_first(net, joined(net, states, "lstm3.out"), "batch_first")
    x = net.node("MatMul", "fc", [x, net.constant("fc.weight", net.normal((96, 11), 0.2))])
    return net.build(
        {
            "scores": (x, ["N", "T", 11]),
            "state": (last(net, state, "state"), ["N", 96]),
            "cell": (last(net, cell, "cell"), ["N", 96]),
        }
    )


def stacked_gru() -> onnx.ModelProto:
    """`frames` [N, T, 24] -> `scores` [N, 9]: GRU layers of both kinds and an RNN, with a learnt initial state that is
    expanded to the batch, as PyTorch exports it."""
    net = NetworkBuilder("stacked-gru", opset=14)
    frames = net.input("frames", ["N", "T", 24])
    x = batch_first(net, frames, "steps_first")
    shape = net.node("Shape", "shape", [frames])
    batch = net.node("Gather", "batch", [shape, net.constant("first", np.array([0]))])
    extents = [net.constant("directions", np.array([2])), batch, net.constant("hidden", np.array([40]))]
    extents = net.node("Concat", "extents", extents, axis=0)
    start = net.node("Expand", "start", [net.constant("learnt", net.normal((2, 1, 40), 0.5)), extents])
    states, _ = layer(net, x, "gru1", "GRU", 24, 40, others=["", start], linear_before_reset=1)
    states, _ = layer(net, joined(net, states, "gru1.out"), "gru2", "GRU", 80, 32, clip=3.0)
    _, state = layer(net, joined(net, states, "gru2.out"), "rnn", "RNN", 64, 33, 1, activations=["Softsign"])
    x = net.node("MatMul", "fc", [last(net, state, "state"), net.constant("fc.weight", net.normal((33, 9), 0.3))])
    return net.build({"scores": (x, ["N", 9])})


def wide_lstm(steps: int = 64) -> onnx.ModelProto:
    """`frames` [N, T, 256] -> `states` [N, T, 512]: two LSTM layers, for measuring."""
    net = NetworkBuilder("wide-lstm")
    x = batch_first(net, net.input("frames", ["N", steps, 256]), "steps_first")
    for name, size in (("lstm1", 256), ("lstm2", 512)):
        states, _, _ = layer(net, x, name, "LSTM", size, 512, 1)
        x = net.node("Squeeze", f"{name}.squeeze", [states, net.constant(f"{name}.axis", np.array([1]))])
    return net.build({"states": (batch_first(net, x, "batch_first"), ["N", steps, 512])})
