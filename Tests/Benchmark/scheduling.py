"""Measures replicas, and the ways to share microbatches out over them, in one run.

    python scheduling.py [--rounds N] [--mpinfer PROGRAM] [--part data|unequal|memory]

data     two replicas of one thread each, compared with one rank of two threads and one rank of one thread
unequal  images of 64 to 2,048 pixels: items per second by distribution, measured and predicted, on two ranks; and the best
         makespan that any sharing of the same items has in the simulation
memory   eight replicas on one node: what their processes hold, each page divided by those that share it

Every round measures each configuration once, in turn. Figures are medians over the rounds, with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import benchmark
import numpy as np
import onnx
import operators

RANDOM = np.random.default_rng(7)
DISTRIBUTIONS = ["cyclic", "block", "by-size", "weighted", "longest-first", "dynamic", "least-loaded"]


def small_layers(folder: Path) -> benchmark.Row:
    """64 small products, each with an activation."""
    network = operators.Network("64 products of 256 x 256, batch 8")
    x = network.input("x", operators.floats(4096, 256), 8)
    for _ in range(64):
        x = network("Relu", network("MatMul", x, network.weight(256, 256)))
    return network.save(folder, x, 8)


def data_parallel(folder: Path, rounds: int) -> None:
    models = folder / "models"
    models.mkdir()
    images = RANDOM.standard_normal((192, 3, 224, 224), dtype=np.float32)
    tokens = {"input_ids": RANDOM.integers(0, 30522, (48, 128)), "attention_mask": np.ones((48, 128), np.int64)}
    rows = [
        benchmark.Row("ResNet-50, 224x224, batch 8", benchmark.MODEL, {"image": images}, 8),
        benchmark.Row("BERT-base, sequence 128, batch 8", benchmark.MATERIAL / "bert-base/model.onnx", tokens, 8),
        small_layers(models),
    ]
    rows = [row for row in rows if row.model.exists()]
    jobs = [row.write_job(folder / f"job-{index}") for index, row in enumerate(rows)]
    configurations = {
        "2 replicas, 1 thread each": (2, 1, ("--set", "parallelism.data=2")),
        "1 rank, 2 threads": (1, 2, ()),
        "1 rank, 1 thread": (1, 1, ()),
    }
    speeds = {(row.name, name): [] for row in rows for name in configurations}
    for number in range(rounds):
        for row, job in zip(rows, jobs, strict=True):
            for name, (ranks, threads, options) in configurations.items():
                report = benchmark.mpinfer(job, ranks, threads, "--set", f"threads={threads}", *options)
                speeds[row.name, name].append(report["itemsPerSecond"])
        print(f"round {number + 1} of {rounds} done", file=sys.stderr)
    print(f"items/s: median (lowest .. highest) of {rounds} rounds\n")
    table = [("model", *configurations, "replicas / 2 threads", "replicas / twice 1 thread")]
    for row in rows:
        replicas, threads, one = (speeds[row.name, name] for name in configurations)
        table.append(
            (
                row.name, *(benchmark.spread(speeds[row.name, name], 1) for name in configurations),
                benchmark.spread(benchmark.ratios(replicas, threads)),
                benchmark.spread([ratio / 2 for ratio in benchmark.ratios(replicas, one)]),
            )
        )  # fmt: skip
    benchmark.print_table(table)


def unequal_job(folder: Path) -> Path:
    """A network of convolutions over images of any size, whose cost is in proportion to their pixels."""
    network = operators.Network("convolutions")
    x = network.input("x", operators.floats(1, 3, 64, 64), 1)
    for before, after in ((3, 32), (32, 64), (64, 64)):
        x = network("Relu", network("Conv", x, network.weight(after, before, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1]))
    x = network("Flatten", network("GlobalAveragePool", x))
    (folder / "models").mkdir()
    row = network.save(folder / "models", x, 1)
    model = onnx.load(row.model)
    for axis, name in ((0, "items"), (2, "height"), (3, "width")):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    onnx.save(model, row.model)
    (folder / "images").mkdir()
    # Few large ones among many small ones, in no order.
    sides = RANDOM.permutation([64] * 200 + [128] * 100 + [256] * 40 + [512] * 16 + [1024] * 5 + [2048] * 3)
    for index, side in enumerate(sides):
        np.save(folder / f"images/{index:04}.npy", RANDOM.standard_normal((3, side, side), dtype=np.float32))
    job = folder / "job.yaml"
    job.write_text(
        f"version: 1\nmodel: {row.model}\ninputs:\n  x: {{arrays: images}}\nschedule: {{microbatch: 1}}\n"
        "parallelism: {strategy: flops, data: 2}\nthreads: 1\n"
    )
    return job


def unequal(folder: Path, rounds: int) -> None:
    job = unequal_job(folder)
    command = [
        "mpirun", "-np", "2", "--bind-to", "core", str(benchmark.MPINFER), "compare", str(job), "-q", "--json",
        "--strategies", "flops", "--replicas", "2", "--distributions", ",".join(DISTRIBUTIONS), "--rounds", str(rounds),
    ]  # fmt: skip
    done = subprocess.run(command, env=benchmark.environment(1), capture_output=True, text=True, timeout=3000)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    entries = json.loads(done.stdout)["entries"]
    print(f"364 images of 64 to 2,048 pixels, 2 ranks of 1 thread, items/s, {rounds} rounds\n")
    names = {name: entry for entry in entries for name in entry["strategies"]}
    cyclic = names["flops x2 cyclic"]

    def key(entry: dict, kind: str) -> float:
        return entry["itemsPerSecond"] if kind == "measured" else entry["predicted"]["itemsPerSecond"]

    table = [("distribution", "measured", "predicted", "measured / cyclic", "predicted / cyclic")]
    for name in DISTRIBUTIONS:
        entry = names[f"flops x2 {name}"]
        table.append(
            (
                name, f"{key(entry, 'measured'):.1f}", f"{key(entry, 'predicted'):.1f}",
                f"{key(entry, 'measured') / key(cyclic, 'measured'):.3f}",
                f"{key(entry, 'predicted') / key(cyclic, 'predicted'):.3f}",
            )
        )  # fmt: skip
    benchmark.print_table(table)
    best = max(key(entry, "predicted") for entry in entries)
    dynamic = names["flops x2 dynamic"]
    gains = [100 * (key(dynamic, kind) / key(cyclic, kind) - 1) for kind in ("measured", "predicted")]
    print(
        f"\nthe best that simulation finds: {best:.1f} items/s; dynamic, measured, is "
        f"{100 * key(dynamic, 'measured') / best:.1f} % of it\ndynamic beside cyclic: {gains[0]:+.1f} % measured, "
        f"{gains[1]:+.1f} % predicted"
    )


def proportional_memory(pids: list[int]) -> int:
    """Bytes that processes hold, pages divided by those that share them."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            return 0
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) << 10
    return total


def memory(folder: Path, _: int) -> None:
    network = operators.Network("25 products of 2,000 x 2,000")
    x = network.input("x", operators.floats(1600, 2000), 8)
    for _ in range(25):
        x = network("Relu", network("MatMul", x, network.weight(2000, 2000)))
    (folder / "models").mkdir()
    row = network.save(folder / "models", x, 8)
    job = row.write_job(folder / "job")
    table = [("ranks", "weights in the model, MB", "all processes, MB", "each process more, MB")]
    first = 0.0
    for ranks in (1, 2, 4, 8):
        command = [
            "mpirun", "-np", str(ranks), "--bind-to", "none", str(benchmark.MPINFER), "run", str(job), "-q", "--set",
            f"parallelism.data={ranks}", "--set", "threads=1",
        ]  # fmt: skip
        process = subprocess.Popen(
            command, env=benchmark.environment(1), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        highest = 0
        while process.poll() is None:
            listed = subprocess.run(["pgrep", "-f", f"{benchmark.MPINFER} run {job}"], capture_output=True, text=True)
            pids = [int(pid) for pid in listed.stdout.split() if int(pid) != process.pid]
            pids = [pid for pid in pids if Path(f"/proc/{pid}/comm").exists() and "mpirun" not in Path(f"/proc/{pid}/comm").read_text()]
            if len(pids) == ranks:
                highest = max(highest, proportional_memory(pids))
            time.sleep(0.1)
        if process.returncode != 0:
            sys.exit(process.stderr.read())
        if ranks == 1:
            first = highest
        more = "" if ranks == 1 else f"{(highest - first) / (ranks - 1) / 1e6:.0f}"
        table.append((str(ranks), f"{row.model.stat().st_size / 1e6:.0f}", f"{highest / 1e6:.0f}", more))
    print("proportional set size (Pss), highest during the run\n")
    benchmark.print_table(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mpinfer", type=Path, default=benchmark.MPINFER)
    parts = {"data": data_parallel, "unequal": unequal, "memory": memory}
    parser.add_argument("--part", choices=parts, action="append", help="all when left out")
    arguments = parser.parse_args()
    benchmark.MPINFER = arguments.mpinfer
    os.environ.setdefault("OMPI_MCA_mpi_yield_when_idle", "1")
    for name in arguments.part or parts:
        with tempfile.TemporaryDirectory() as folder:
            parts[name](Path(folder), arguments.rounds)
        print()


if __name__ == "__main__":
    main()
