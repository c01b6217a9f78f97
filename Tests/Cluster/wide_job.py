"""Makes a job whose messages weigh more than its computing: python wide_job.py FOLDER

Eight light layers on wide tensors, [N, 8, 128, 128] each: 512 KiB an item over every cut. Four ranks of it fit on two
cores, because all of them mostly wait for the network.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LAYERS, CHANNELS, SIDE, ITEMS = 8, 8, 128, 160


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    shape = ["N", CHANNELS, SIDE, SIDE]
    nodes, weights = [], []
    for layer in range(LAYERS):
        kernel = random.standard_normal((CHANNELS, CHANNELS, 1, 1), dtype=np.float32) / CHANNELS**0.5
        weights.append(numpy_helper.from_array(kernel, f"kernel{layer}"))
        source = f"layer{layer - 1}" if layer else "image"
        nodes.append(helper.make_node("Conv", [source, f"kernel{layer}"], [f"layer{layer}"], name=f"conv{layer}"))
    mean = helper.make_node("GlobalAveragePool", [f"layer{LAYERS - 1}"], ["mean"], name="mean")
    graph = helper.make_graph(
        [*nodes, mean], "wide", [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["N", CHANNELS, 1, 1])], weights,
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), folder / "model.onnx")
    np.save(folder / "image.npy", random.standard_normal((ITEMS, CHANNELS, SIDE, SIDE), dtype=np.float32))
    (folder / "job.yaml").write_text(
        "version: 1\nmodel: model.onnx\ninputs: {image: {array: image.npy}}\nschedule: {microbatch: 2}\nthreads: 1\n"
    )


if __name__ == "__main__":
    main()
