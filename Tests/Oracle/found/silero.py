"""Voice activity detection of the silero-vad wheel (MIT): networks with a state that each piece of sound hands on.

A case holds 30 seconds cut into pieces, an item each. The state of all pieces is there as input and as output, in ONNX
Runtime's numbers: a test can feed each piece the state that it should get, or let mpinfer carry its own (`carried`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx

from found.audio import recording
from found.package import packaged
from material import reference
from material.case import Case, copy_of

PACKAGE = "silero-vad"
RTOL, ATOL = 1e-3, 1e-4  # the outputs are probabilities


@dataclass
class Network:
    """One file: its state as pairs of input and output, the axis of the state that counts items, and its rates."""

    file: str
    states: dict[str, str]
    state_shape: tuple[int, ...] = (2, 1, 128)
    rates: tuple[int, ...] = (16000,)
    tells_rate: bool = True
    output: str = "output"
    dimensions: dict[str, int] = field(default_factory=dict)  # that the file leaves open in its state


STATE = {"state": "stateN"}
NETWORKS = (
    Network("silero_vad.onnx", STATE, rates=(16000, 8000), dimensions={"state.1": 1}),
    Network("silero_vad_16k_op15.onnx", STATE),
    Network("silero_vad_half.onnx", STATE, tells_rate=False),
    Network("silero_vad_op18_ifless.onnx", STATE, rates=(16000, 8000)),
    Network("silero_vad_openvino_16k.onnx", STATE, tells_rate=False),
    Network("silero_vad_16k_sequence.onnx", {"h": "hn", "c": "cn"}, (1, 1, 128), tells_rate=False, output="speech_probs"),
)


def pieces(rate: int) -> np.ndarray:
    """[pieces, samples]: 32 ms each, and before them the last 4 ms of the piece before."""
    length, context = rate * 32 // 1000, rate * 4 // 1000
    samples = np.concatenate([np.zeros(context, np.float32), recording(rate)])
    starts = range(0, samples.size - context - length + 1, length)
    return np.stack([samples[start : start + context + length] for start in starts])


def case_of(network: Network, rate: int) -> Case:
    """One session carries its state through all pieces; what goes in and comes out at each is kept."""
    path = packaged(PACKAGE, network.file)
    engine = reference.session(path)
    sound = pieces(rate)
    states = {name: np.zeros(network.state_shape, np.float32) for name in network.states}
    before: dict[str, list[np.ndarray]] = {name: [] for name in network.states}
    after: dict[str, list[np.ndarray]] = {name: [] for name in network.states.values()}
    heard = []
    constants = {"sr": np.array(rate, np.int64)} if network.tells_rate else {}
    for piece in sound:
        for name, value in states.items():
            before[name].append(value)
        probability, *next_states = engine.run(
            [network.output, *network.states.values()], {"input": piece[np.newaxis], **states, **constants}
        )
        heard.append(probability)
        states = dict(zip(network.states, next_states, strict=True))
        for name, value in zip(network.states.values(), next_states, strict=True):
            after[name].append(value)
    speech = np.concatenate(heard)
    if not (speech.max() > 0.8 and speech.min() < 0.05 and 0.05 < (speech > 0.5).mean() < 0.95):
        raise ValueError(f"{network.file} hears speech in {(speech > 0.5).mean():.1%} of the recording, at most {speech.max():.2f}")
    name = network.file.removesuffix(".onnx").replace("_", "-")
    return Case(
        f"{name}-{rate // 1000}k" if len(network.rates) > 1 else name,
        onnx.load(path),
        {"input": sound, **{name: np.concatenate(values, axis=1) for name, values in before.items()}, **constants},
        {network.output: speech, **{name: np.concatenate(values, axis=1) for name, values in after.items()}},
        RTOL,
        ATOL,
        axes={**{name: 1 for pair in network.states.items() for name in pair}, **{name: None for name in constants}},
        extra={"carried": network.states, **({"job": {"dimensions": network.dimensions}} if network.dimensions else {})},
        write_model=copy_of(path),
    )


def cases() -> Iterator[Case]:
    for network in NETWORKS:
        for rate in network.rates:
            yield case_of(network, rate)
