"""Computes what ONNX Runtime makes of the items here, one at a time: python generate.py (needs numpy and onnxruntime)."""

from pathlib import Path

import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent


def session(name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(HERE / name / "model.onnx", options, providers=["CPUExecutionProvider"])


def write(path: Path, value: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    np.save(path, value)


graph = session("graph-network")
folder = HERE / "graph-network"
for nodes in sorted((folder / "nodes").glob("*.npy")):
    fed = {"x": np.load(nodes), "edges": np.load(folder / "edges" / nodes.name)}
    write(folder / "expected" / nodes.name, graph.run(None, fed)[0])
write(folder / "expected.npy", graph.run(None, {"x": np.load(folder / "x.npy"), "edges": np.load(folder / "edges.npy")})[0])
for side in ("nodes", "edges"):
    np.savez(folder / f"{side}.npz", **{path.stem: np.load(path) for path in sorted((folder / side).glob("*.npy"))})

boxes = session("image-and-boxes")
folder = HERE / "image-and-boxes"
for item, image in enumerate(np.load(folder / "images.npy")):
    fed = {"x": image[np.newaxis], "rois": np.load(folder / "boxes" / f"{item}.npy")}
    write(folder / "expected" / f"{item}.npy", boxes.run(None, fed)[0])

plain = session("no-batch")
folder = HERE / "no-batch"
for item, value in enumerate(np.load(folder / "x.npy")):
    write(folder / "expected" / f"{item}.npy", plain.run(None, {"x": value})[0])

loop = session("recurrent-loop")
folder = HERE / "recurrent-loop"
items = np.load(folder / "x.npy")
name = loop.get_inputs()[0].name
write(folder / "expected.npy", np.stack([loop.run(None, {name: item[np.newaxis]})[0] for item in items]))
