"""The reference engine: ONNX Runtime, one thread, every graph optimisation off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator


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


def run_exactly(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All outputs by name, from the onnx package's own evaluator.

    For sums of products of unsigned and signed bytes: where a CPU has AVX2 or AVX-512 but no VNNI, ONNX Runtime adds pairs
    of them in 16 bits and saturates (its page on quantisation says so), and what is expected would hang on the machine.
    """
    evaluator = ReferenceEvaluator(model)
    return dict(zip(evaluator.output_names, evaluator.run(None, inputs), strict=True))


def weights_without_saturation(random: np.random.Generator, *shape: int) -> np.ndarray:
    """int8 weights of which two times 255 fit into 16 bits, so that ONNX Runtime computes the same on every CPU."""
    return random.integers(-64, 64, shape, np.int8, endpoint=True)
