"""Measures mpinfer and ONNX Runtime, in the same run, and prints one table.

    python benchmark.py [--rounds N] [--microbatches N] [--json FILE]

Every round measures each configuration once, in turn (A B C A B C ...), so that what else the machine does falls on all
of them. The figures are medians over the rounds, with the lowest and the highest in brackets; ratios are medians of the
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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
MATERIAL = ROOT / ".build/material/benchmark"
MODEL = MATERIAL / "resnet50/model.onnx"
MPINFER = ROOT / ".build/release/mpinfer"
BATCH = 8
#: What a rank may use in addition to weights and activations, in bytes: the program itself, MPI, the C library.
BASE_MEMORY = 80e6


@dataclass
class Row:
    """A model measured on one rank with one thread, compared with ONNX Runtime with one thread."""

    name: str
    model: Path
    items: dict[str, np.ndarray]  # one array for each input, batch first
    batch: int

    def peer(self) -> Callable[[], float]:
        return peer(self.model, self.items, self.batch, 1)

    def write_job(self, folder: Path) -> Path:
        return write_job(folder, self, "flops")


@dataclass
class TextRow:
    """An encoder on texts of different lengths: mpinfer takes them as they are, ONNX Runtime as tokens made before.

    Both sort them by length and fill a batch up to its longest; neither figure has the tokenizer in it. mpinfer's has the
    pooling in it, ONNX Runtime's has not.
    """

    name: str
    model: Path  # for ONNX Runtime
    folder: Path  # the same model's folder
    texts: Path
    batch: int
    repeat: int = 3  # times that all texts are taken

    def peer(self) -> Callable[[], float]:
        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(256)
        lines = self.texts.read_text().split("\n")[:-1]
        tokens = sorted((tokenizer.encode(line).ids for line in lines * self.repeat), key=len, reverse=True)
        batches = []
        for start in range(0, len(tokens), self.batch):
            part = tokens[start : start + self.batch]
            ids = np.zeros((len(part), len(part[0])), np.int64)
            for row, numbers in enumerate(part):
                ids[row, : len(numbers)] = numbers
            mask = (np.arange(ids.shape[1]) < np.array([len(numbers) for numbers in part])[:, None]).astype(np.int64)
            batches.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
        session = runtime(self.model, 1)

        def measure() -> float:
            start = time.perf_counter()
            for batch in batches:
                session.run(None, batch)
            return len(tokens) / (time.perf_counter() - start)

        measure()
        return measure

    def write_job(self, folder: Path) -> Path:
        folder.mkdir()
        job = folder / "job.yaml"
        job.write_text(
            f"version: 1\nmodel: {self.folder}\ninput: {{text: [{', '.join([str(self.texts)] * self.repeat)}]}}\n"
            f"schedule: {{microbatch: {self.batch}}}\n"
        )
        return job


def rows() -> list[Row | TextRow]:
    """The models other than ResNet-50."""
    random = np.random.default_rng(1)
    frames = random.standard_normal((96, 64, 256), dtype=np.float32)
    tokens = {
        "input_ids": random.integers(0, 30522, (24, 128)),
        # Every other text fills three quarters of its row.
        "attention_mask": np.where(np.arange(24)[:, np.newaxis] % 2 * (np.arange(128) >= 96), 0, 1),
    }
    images = {"image": random.standard_normal((24, 3, 224, 224), dtype=np.float32)}
    minilm = MATERIAL / "minilm"
    return [
        *(
            Row(f"LSTM 256 -> 2 x 512, 64 steps, batch {batch}", MATERIAL / "lstm/model.onnx", {"frames": frames}, batch)
            for batch in (1, 8)
        ),
        *(Row(f"BERT-base, sequence 128, batch {batch}", MATERIAL / "bert-base/model.onnx", tokens, batch) for batch in (1, 8)),
        Row("ViT-B/16, 224x224, batch 8", MATERIAL / "vit-b-16/model.onnx", images, 8),
        *(
            TextRow(
                f"all-MiniLM-L6-v2, sentences, batch {batch}", minilm / "model.onnx", minilm / "model",
                minilm / "sentences.txt", batch,
            )
            for batch in (1, 8)
        ),
    ]  # fmt: skip


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


def runtime(model: Path, threads: int) -> onnxruntime.InferenceSession:
    """ONNX Runtime as it comes, except for the number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def peer(model: Path, items: dict[str, np.ndarray], batch: int, threads: int) -> Callable[[], float]:
    """ONNX Runtime on the same items: a function that returns items per second."""
    session = runtime(model, threads)
    count = len(next(iter(items.values())))

    def run(first: int) -> None:
        session.run(None, {name: values[first : first + batch] for name, values in items.items()})

    def measure() -> float:
        start = time.perf_counter()
        for first in range(0, count, batch):
            run(first)
        return count / (time.perf_counter() - start)

    run(0)
    return measure


def write_job(folder: Path, row: Row, strategy: str) -> Path:
    """A job on the row's items, in a folder of its own."""
    folder.mkdir()
    inputs = ""
    for index, (name, values) in enumerate(row.items.items()):
        np.save(folder / f"input_{index}.npy", values)
        inputs += f"  {name}: {{array: input_{index}.npy}}\n"
    job = folder / "job.yaml"
    job.write_text(
        f"version: 1\nmodel: {row.model}\ninputs:\n{inputs}"
        f"schedule: {{microbatch: {row.batch}}}\nparallelism: {{strategy: {strategy}}}\n"
    )
    return job


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
    others = [row for row in rows() if row.model.exists()]
    with tempfile.TemporaryDirectory() as folder:
        resnet = Row("ResNet-50", MODEL, {"image": images}, BATCH)
        job = write_job(Path(folder) / "resnet50", resnet, arguments.strategy)
        jobs = [row.write_job(Path(folder) / str(index)) for index, row in enumerate(others)]
        peers = {threads: peer(MODEL, resnet.items, BATCH, threads) for threads in (1, 2)}
        other_peers = [row.peer() for row in others]
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
            for row, other_job, measure in zip(others, jobs, other_peers, strict=True):
                speeds.setdefault(f"ORT {row.name}", []).append(measure())
                speeds.setdefault(row.name, []).append(mpinfer(other_job, 1, 1)["itemsPerSecond"])
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
    print(f"\n2 ranks with 1 thread each, compared with 1 rank with 2 threads: {spread(ratios(pipeline, two))}")
    exposed = [
        max(rank["communication"] / report["seconds"] for rank in report["ranks"])
        for report in reports["2 ranks, 1 thread each"]
    ]
    print(f"communication not overlapped, of the run, worst rank: {spread([100 * share for share in exposed])} %\n")
    print_table(memory_rows(reports))
    print("\n1 rank, 1 thread, items/s\n")
    print_table([("model", "mpinfer", "ONNX Runtime", "ratio")] + [model_row(row.name, speeds) for row in others])
    if arguments.json:
        arguments.json.write_text(json.dumps({"speeds": speeds, "reports": reports}, indent=1))


def model_row(name: str, speeds: dict[str, list[float]]) -> tuple[str, ...]:
    mine, theirs = speeds[name], speeds[f"ORT {name}"]
    return name, spread(mine), spread(theirs), spread(ratios(mine, theirs))


def memory_rows(reports: dict[str, list[dict]]) -> list[tuple[str, ...]]:
    """Peak memory of each rank, and what it may be: weights, activations, buffers of messages, and the base."""
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
