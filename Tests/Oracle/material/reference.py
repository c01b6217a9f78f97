"""The reference engine: ONNX Runtime, one thread, every graph optimisation off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime


def session(model: onnx.ModelProto | Path) -> onnxruntime.InferenceSession:
    """Loads a model. Without optimisations each node is computed as it is written."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # fatal only: errors arrive as exceptions anyway
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run(model: onnx.ModelProto | Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All outputs by name; raises where an output is not finite, since nothing can be compared with it."""
    engine = session(model)
    names = [output.name for output in engine.get_outputs()]
    outputs = dict(zip(names, engine.run(names, inputs), strict=True))
    for name, value in outputs.items():
        if not np.isfinite(value).all():
            raise ValueError(f"output {name} is not finite")
    return outputs
