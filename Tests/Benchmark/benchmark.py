"""Measures mpinfer beside ONNX Runtime, in the same run, and prints one table.

    python benchmark.py [--rounds N] [--microbatches N] [--json FILE]

Every round measures each configuration once, in turn (A B C A B C ...), so that what else the machine does falls on all
of them. The figures are medians over the rounds, with the lowest and the highest beside them; ratios are medians of the
rounds' own ratios. Nothing here passes or fails: a reader judges.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / ".build/material/benchmark/resnet50/model.onnx"
MPINFER = ROOT / ".build/release/mpinfer"
BATCH = 8
#: What a rank may use beside weights and activations, in bytes: the program itself, MPI, the C library.
BASE_MEMORY = 80e6


def environment(threads: int) -> dict[str, str]:
    """The environment of mpirun: root in a container, more ranks than cores, threads of each rank."""
    return os.environ | {
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "true",
        "OPENBLAS_NUM_THREADS": str(threads),
    }


def mpinfer(job: Path, ranks: int, threads: int, *options: str) -> dict:
    """Runs the job and returns its report. Ranks with one thread are bound to a core each."""
    binding = "core" if threads == 1 and ranks <= (os.cpu_count() or 1) else "none"
    command = ["mpirun", "-np", str(ranks), "--bind-to", binding, str(MPINFER), "run", str(job), "-q", "--json", *options]
    done = subprocess.run(command, env=environment(threads), capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def peer(images: np.ndarray, threads: int) -> Callable[[], float]:
    """ONNX Runtime on the same images: a function that returns images per second."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    session.run(None, {name: images[:BATCH]})

    def measure() -> float:
        start = time.perf_counter()
        for first in range(0, len(images), BATCH):
            session.run(None, {name: images[first : first + BATCH]})
        return len(images) / (time.perf_counter() - start)

    return measure


def spread(values: list[float], digits: int = 2) -> str:
    """Median, lowest and highest."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} .. {max(values):.{digits}f})"


def ratios(above: list[float], below: list[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(above, below, strict=True)]


def print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--microbatches", type=int, default=24, help="of 8 images, per measurement")
    parser.add_argument("--strategy", default="flops")
    parser.add_argument("--json", type=Path, help="write the figures of every round here")
    arguments = parser.parse_args()

    images = np.random.default_rng(0).standard_normal((BATCH * arguments.microbatches, 3, 224, 224), dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        job = Path(folder) / "job.yaml"
        job.write_text(
            f"version: 1\nmodel: {MODEL}\ninput: {{array: images.npy}}\n"
            f"schedule: {{microbatch: {BATCH}}}\nparallelism: {{strategy: {arguments.strategy}}}\n"
        )
        peers = {threads: peer(images, threads) for threads in (1, 2)}
        configurations = [("1 rank, 1 thread", 1, 1), ("1 rank, 2 threads", 1, 2), ("2 ranks, 1 thread each", 2, 1)]
        speeds: dict[str, list[float]] = {}
        reports: dict[str, list[dict]] = {}
        for round_number in range(arguments.rounds):
            for threads, measure in peers.items():
                speeds.setdefault(f"ORT {threads}", []).append(measure())
            for name, ranks, threads in configurations:
                report = mpinfer(job, ranks, threads)
                reports.setdefault(name, []).append(report)
                speeds.setdefault(name, []).append(report["itemsPerSecond"])
            print(f"round {round_number + 1} of {arguments.rounds} done", file=sys.stderr)

    one, two, pipeline = (speeds[name] for name, _, _ in configurations)
    print(f"ResNet-50, 224x224, batch {BATCH}, float32, images/s: median (lowest .. highest) of {arguments.rounds} rounds\n")
    print_table(
        [
            ("configuration", "mpinfer", "ONNX Runtime", "ratio"),
            ("1 rank, 1 thread", spread(one), spread(speeds["ORT 1"]), spread(ratios(one, speeds["ORT 1"]))),
            ("1 rank, 2 threads", spread(two), spread(speeds["ORT 2"]), spread(ratios(two, speeds["ORT 2"]))),
            ("2 ranks, 1 thread each", spread(pipeline), spread(speeds["ORT 2"]), spread(ratios(pipeline, speeds["ORT 2"]))),
        ]
    )
    print(f"\n2 ranks with 1 thread each beside 1 rank with 2 threads: {spread(ratios(pipeline, two))}")
    exposed = [
        max(rank["communication"] / report["seconds"] for rank in report["ranks"])
        for report in reports["2 ranks, 1 thread each"]
    ]
    print(f"communication not overlapped, of the run, worst rank: {spread([100 * share for share in exposed])} %\n")
    print_table(memory_rows(reports))
    if arguments.json:
        arguments.json.write_text(json.dumps({"speeds": speeds, "reports": reports}, indent=1))


def memory_rows(reports: dict[str, list[dict]]) -> list[tuple[str, ...]]:
    """Peak memory of each rank beside what it may be: weights, activations, buffers of messages, and the base."""
    rows: list[tuple[str, ...]] = [("memory, MB", "rank", "peak", "weights", "activations", "messages", "peak - planned")]
    for name, runs in reports.items():
        for rank, _ in enumerate(runs[0]["ranks"]):
            ranks = [run["ranks"][rank] for run in runs]
            highest = max(ranks, key=lambda rank: rank["peakMemory"])
            planned = highest["weights"] + highest["activations"] + highest["messages"]
            beside = highest["peakMemory"] - planned
            verdict = "within" if beside <= BASE_MEMORY else "over"
            rows.append(
                (
                    name,
                    str(rank),
                    f"{highest['peakMemory'] / 1e6:.0f}",
                    *(f"{highest[key] / 1e6:.0f}" for key in ("weights", "activations", "messages")),
                    f"{beside / 1e6:.0f} ({verdict} {BASE_MEMORY / 1e6:.0f})",
                )
            )
    return rows


if __name__ == "__main__":
    main()
