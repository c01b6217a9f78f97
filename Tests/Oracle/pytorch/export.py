"""Exports PyTorch models with both of its exporters and keeps the graphs without their weights.

    python -m venv torch-environment
    torch-environment/bin/pip install -r Tests/Oracle/pytorch/requirements.txt
    torch-environment/bin/python Tests/Oracle/pytorch/export.py [NAME ...]

Writes `exports/<architecture>-<exporter>.onnx.xz`, and `exports-today/...` for the architectures in `today/`: the graph as the exporter wrote it, where tensors of random weights
have given up their data for the mean and the deviation it had (see `skeleton.py`). `sets/pytorch.py` fills them again,
without PyTorch.
"""

from __future__ import annotations

import argparse
import lzma
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch.onnx import TrainingMode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from pytorch import skeleton  # noqa: E402  (found through the line above)
from pytorch import architectures, today  # noqa: E402
from pytorch.architectures import Export  # noqa: E402

HERE = Path(__file__).resolve().parent
ARCHITECTURES = {
    **{name: (make, HERE / "exports") for name, make in architectures.ARCHITECTURES.items()},
    **{name: (make, HERE / "exports-today") for name, make in today.ARCHITECTURES.items()},
}
EXPORTERS = ("torchscript", "dynamo")


def draw_parameters(model: torch.nn.Module, keeps_size: bool) -> None:
    """Draws every parameter anew, with about the mean and deviation it has, but never constant.

    A weight of ones and a mask of ones could not be told apart otherwise, and a bias of zeros tests nothing.
    `keeps_size`: matrices and filters get the deviation with which what goes through keeps its size, however narrow the
    layers are.
    """
    with torch.no_grad():
        for parameter in model.parameters():
            mean = parameter.mean().item()
            deviation = parameter.std().item() if parameter.numel() > 1 else 0.0
            least = 0.1 if abs(mean) > 0.5 else 0.02
            if keeps_size and parameter.dim() > 1:
                least = 1.2 * parameter[0].numel() ** -0.5
            parameter.normal_(mean, max(deviation, least))


def export(subject: Export, exporter: str, path: Path) -> None:
    """The exporter's own file; axes that are not named free are fixed."""
    values = tuple(subject.inputs.values())
    names = {"input_names": list(subject.inputs), "output_names": subject.outputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "torchscript":
            model = torch.jit.script(subject.model) if subject.scripted else subject.model
            torch.onnx.export(
                model, values, path, dynamo=False, dynamic_axes=subject.free, opset_version=subject.torchscript_opset,
                training=TrainingMode.EVAL if subject.folds_norms else TrainingMode.PRESERVE, **names,
            )  # fmt: skip
        else:
            shapes = tuple(subject.free.get(name, {}) for name in subject.inputs)
            torch.onnx.export(
                subject.model, values, path, dynamo=True, opset_version=subject.dynamo_opset, verbose=False,
                dynamic_shapes=(shapes,) if subject.is_variadic else shapes, external_data=False,
                optimize=subject.folds_norms, **names,
            )  # fmt: skip


def largest_difference(path: Path, subject: Export) -> float:
    """Between PyTorch and ONNX Runtime on the exported file, relative to the largest value."""
    with torch.no_grad():
        expected = subject.model(*subject.inputs.values())
    options = onnxruntime.SessionOptions()
    # Optimised, MatMul(Transpose(x), vector) comes out wrong: findings/onnxruntime-transpose-times-vector.sh.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3  # errors only: TorchScript annotates values in loops with shapes that are wrong
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    actual = session.run(subject.outputs, {name: value.numpy() for name, value in subject.inputs.items()})
    expected = expected if isinstance(expected, tuple) else (expected,)
    return max(
        float(np.abs(mine.numpy() - theirs).max() / np.abs(theirs).max())
        for mine, theirs in zip(expected, actual, strict=True)
    )


def make(name: str, exporter: str, folder: Path) -> None:
    """Exports, checks against PyTorch, strips, fills with PyTorch's own weights again and checks that nothing is lost."""
    torch.manual_seed(0)
    architecture, exports = ARCHITECTURES[name]
    subject = architecture()
    if exporter not in subject.exporters:
        return
    subject.model.eval()
    draw_parameters(subject.model, subject.keeps_size)
    path = folder / "model.onnx"
    export(subject, exporter, path)
    difference = largest_difference(path, subject)
    if not difference < 1e-4:
        raise ValueError(f"{name}-{exporter}: ONNX Runtime differs from PyTorch by {difference}")
    model = onnx.load(path)
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in skeleton.tensors(model)}
    parameters = np.concatenate([value.detach().numpy().ravel() for value in subject.model.parameters()])
    skeleton.strip(model, parameters)
    packed = lzma.compress(model.SerializeToString(deterministic=True), preset=9 | lzma.PRESET_EXTREME)
    exports.mkdir(exist_ok=True)
    (exports / f"{name}-{exporter}.onnx.xz").write_bytes(packed)
    skeleton.fill(model, lambda tensor: weights[tensor.name])
    onnx.save(model, path)
    again = largest_difference(path, subject)
    if again != difference:
        raise ValueError(f"{name}-{exporter}: stripping lost something, the difference grew from {difference} to {again}")
    version = next(entry.version for entry in model.opset_import if entry.domain == "")
    print(f"{name}-{exporter}: opset {version}, {len(packed):,} bytes, differs from PyTorch by {difference:.1e}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ARCHITECTURES)} (default: all)")
    for name in parser.parse_args().names or ARCHITECTURES:
        for exporter in EXPORTERS:
            with tempfile.TemporaryDirectory() as folder:
                make(name, exporter, Path(folder))


if __name__ == "__main__":
    main()
