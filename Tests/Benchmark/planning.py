"""Measures how long `mpinfer plan` takes for many ranks, compared with an earlier build, and prints one table.

    python planning.py [--baseline PROGRAM] [--mpinfer PROGRAM] [--rounds N] [--ranks N,N] [--only WORD] [--limit SECONDS]

The model is a chain of 2,000 small layers, 1,000 products and 1,000 sines of 512 x 64, made here. The clusters are of the
kinds that planning has been slow on. Every round runs each program once on the same files, in turn, so that what else the
machine does falls on all of them; the figures are medians over the rounds of the whole command's seconds, and a run of
the baseline that takes longer than the limit is ended and counts as so many. Predictions are compared as well: `same` says
that speed, alternatives and the number of ranks that is faster are those of the baseline. Nothing here passes or fails: a
reader judges.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[2]
MPINFER = ROOT / ".build/release/mpinfer"
ROWS, COLUMNS, PAIRS, ITEMS = 512, 64, 1000, 1024


def make_model(folder: Path) -> None:
    generator = np.random.default_rng(1)
    weight = generator.standard_normal((COLUMNS, COLUMNS), dtype=np.float32) / COLUMNS**0.5
    nodes, weights, last = [], [], "x"
    for pair in range(PAIRS):
        weights.append(numpy_helper.from_array(weight, f"weight{pair}"))
        nodes.append(helper.make_node("MatMul", [last, f"weight{pair}"], [f"p{pair}"], name=f"product{pair}"))
        nodes.append(helper.make_node("Sin", [f"p{pair}"], [f"s{pair}"], name=f"sine{pair}"))
        last = f"s{pair}"
    shape = ["N", ROWS, COLUMNS]
    graph = helper.make_graph(
        nodes, "chain", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)], weights,
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), folder / "chain.onnx")
    # Items that are never computed: a file with a hole.
    header = np.lib.format.open_memmap(
        folder / "x.npy", mode="w+", dtype=np.float32, shape=(ITEMS, ROWS, COLUMNS)
    )
    del header


def write_job(folder: Path, strategy: str) -> Path:
    path = folder / f"{strategy}.yaml"
    path.write_text(
        "version: 1\nmodel: chain.onnx\ninputs: {x: {array: x.npy}}\nschedule: {microbatch: 1}\nthreads: 1\n"
        f"parallelism: {{strategy: {strategy}}}\n"
    )
    return path


WITHIN, ACROSS = "{latency: 0.8, bandwidth: 6}", "{latency: 25, bandwidth: 1.15}"
#: What `mpinfer calibrate` finds between processes of one machine and between machines.
MEASURED_WITHIN = "{latency: 0.8, bandwidth: 6, receive-handling: 0.15}"
MEASURED_ACROSS = "{latency: 25, bandwidth: 1.15, send-handling: 0.2, receive-handling: 0.3, pieces: 65536}"


def cluster_text(kind: str, ranks: int) -> str:
    """A cluster file. The first kind is that of jobs/clusters/ethernet.yaml, with more nodes."""
    generator = random.Random(kind)
    within, across, links = WITHIN, ACROSS, ""
    pairs = range(ranks // 2)
    if kind == "nodes of 2":
        nodes = [f"{{count: {ranks // 2}, ranks: 2, gigaflops: 60}}"]
    elif kind == "nodes of 1":
        nodes = [f"{{count: {ranks}, ranks: 1, gigaflops: 60}}"]
    elif kind == "nodes of 8":
        nodes = [f"{{count: {ranks // 8}, ranks: 8, gigaflops: 60}}"]
    elif kind == "slow network":
        nodes = [f"{{count: {ranks // 2}, ranks: 2, gigaflops: 60}}"]
        within, across = "{latency: 20, bandwidth: 1}", "{latency: 100, bandwidth: 0.1}"
    elif kind == "two speeds":
        nodes = [f"{{count: {ranks // 4}, ranks: 2, gigaflops: {speed}}}" for speed in (60, 30)]
    elif kind == "every speed":
        nodes = [f"{{ranks: 2, gigaflops: {generator.randint(200, 1000) / 10}}}" for _ in pairs]
    elif kind == "memory limits":
        nodes = [
            f"{{ranks: 2, gigaflops: 60, memory: {generator.choice([0.00095, 0.001, 0.0012, 0.002, 0.1])}}}" for _ in pairs
        ]
    elif kind == "unlike links":
        nodes = [f"{{name: n{node}, ranks: 1, gigaflops: 60}}" for node in range(ranks)]
        links = "links:\n" + "".join(
            f"  - {{between: [n{node}, n{node + 1}], latency: 50, bandwidth: {generator.randint(300, 1500) / 1000}}}\n"
            for node in range(0, ranks - 1, 3)
        )
    elif kind == "ranks in turn":
        nodes = [f"{{ranks: [{node}, {node + ranks // 2}], gigaflops: 60}}" for node in pairs]
    elif kind == "calibrated":
        nodes = [f"{{count: {ranks // 2}, ranks: 2, gigaflops: 60}}"]
        within, across = MEASURED_WITHIN, MEASURED_ACROSS
    else:
        raise ValueError(kind)
    text = "version: 1\nnodes:\n" + "".join(f"  - {node}\n" for node in nodes)
    return text + f"within-node: {within}\nacross-nodes: {across}\n{links}"


KINDS = [
    "nodes of 2", "nodes of 1", "nodes of 8", "slow network", "two speeds", "every speed", "memory limits", "unlike links",
    "ranks in turn", "calibrated",
]  # fmt: skip


def measure(program: Path, job: Path, cluster: Path, ranks: int, limit: float) -> tuple[float, object]:
    """Seconds of the whole command, and what it predicts; nothing where it took too long or failed."""
    command = [program, "plan", job, "--ranks", str(ranks), "--cluster", cluster, "--json"]
    start = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return limit, None
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        print(done.stderr.decode().strip(), file=sys.stderr)
        return seconds, done.stderr.decode()
    return seconds, json.loads(done.stdout)["prediction"]


def is_close(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-6 * max(abs(one), abs(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_close, one, other))
    return one == other


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", type=Path, help="an earlier build to compare with")
    parser.add_argument("--mpinfer", type=Path, default=MPINFER)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ranks", default="256,1024")
    parser.add_argument("--strategies", default="optimal,uniform,flops")
    parser.add_argument("--only", default="", help="kinds of clusters whose name has this in it")
    parser.add_argument("--limit", type=float, default=300, help="seconds for one run")
    arguments = parser.parse_args()
    processor = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?"
    )
    print(f"{processor}; 2,000 layers, {ITEMS} items, medians of {arguments.rounds} rounds, whole command\n")
    print("| strategy | cluster | ranks | before, s | now, s | times | prediction |\n|---|---|--:|--:|--:|--:|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_model(folder)
        for strategy in arguments.strategies.split(","):
            job = write_job(folder, strategy)
            for kind in (kind for kind in KINDS if arguments.only in kind):
                for ranks in map(int, arguments.ranks.split(",")):
                    cluster = folder / "cluster.yaml"
                    cluster.write_text(cluster_text(kind, ranks))
                    before, now, same = [], [], []
                    for _ in range(arguments.rounds):
                        found = None
                        if arguments.baseline:
                            seconds, found = measure(arguments.baseline, job, cluster, ranks, arguments.limit)
                            before.append(seconds)
                        seconds, prediction = measure(arguments.mpinfer, job, cluster, ranks, arguments.limit)
                        now.append(seconds)
                        same.append(None if found is None else is_close(found, prediction))
                    row = [strategy, kind, str(ranks)]
                    row.append(f"{statistics.median(before):.2f}" if before else "-")
                    row.append(f"{statistics.median(now):.2f}")
                    row.append(f"{statistics.median(before) / statistics.median(now):.1f}" if before else "-")
                    row.append("-" if None in same else "same" if all(same) else "other")
                    print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
