"""The small workspace that misuses begin from: models, arrays, images, texts, jobs, and files that mpinfer writes."""

import os
import pathlib
import shutil
import struct
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper

JOB = """version: 1
model: digits.onnx
inputs:
  image: {array: x.npy}
outputs: {folder: out, formats: [npy]}
schedule: {microbatch: 4}
"""
IMAGES = """version: 1
model: digits.onnx
input: {images: images, channels: gray, scale: 0.00392156862745098}
classes: classes.txt
labels: {file: labels.csv}
outputs: {folder: out, formats: [jsonl, csv], top: 3}
schedule: {microbatch: 4}
"""
CHAIN = """version: 1
models: [first.onnx, {path: second.onnx, wire: {b: a_out}}]
inputs:
  a: {array: a.npy}
outputs: {folder: out}
schedule: {microbatch: 2}
"""
PAIR = """version: 1
model: pair.onnx
inputs:
  left: {array: a.npy}
  right: {array: a.npy}
outputs: {folder: out}
schedule: {microbatch: 2}
"""
STATE = """version: 1
model: state.onnx
inputs:
  x: {array: a.npy}
  memory: {carried: memory_out}
outputs: {folder: out}
"""
TEXT = """version: 1
model: bert
input: {text: texts.txt, tokenizer: vocab}
embeddings: {pooling: mean}
outputs: {folder: out}
schedule: {microbatch: 2}
"""
CLUSTER = """version: 1
nodes:
  - {count: 2, ranks: 2, gigaflops: 60, memory: 8}
within-node: {latency: 0.8, bandwidth: 6}
across-nodes: {latency: 25, bandwidth: 1.15}
"""


def model(path, nodes, inputs, outputs, constants=(), opset=17):
    graph = helper.make_graph(nodes, "misused", inputs, outputs, list(constants))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def integers(name, numbers):
    return helper.make_tensor(name, TensorProto.INT64, [len(numbers)], numbers)


def make_models(folder):
    row = ["N", 3]
    node = helper.make_node
    model(folder / "first.onnx", [node("Relu", ["a"], ["a_out"], "relu")], [value("a", row)], [value("a_out", row)])
    model(folder / "second.onnx", [node("Neg", ["b"], ["b_out"], "neg")], [value("b", row)], [value("b_out", row)])
    model(folder / "pair.onnx", [node("Add", ["left", "right"], ["sum"], "add")],
          [value("left", row), value("right", row)], [value("sum", row)])
    model(folder / "two.onnx", [node("Relu", ["a"], ["low"], "relu"), node("Neg", ["a"], ["high"], "neg")],
          [value("a", row)], [value("low", row), value("high", row)])
    model(folder / "state.onnx",
          [node("Add", ["x", "memory"], ["memory_out"], "add"), node("Relu", ["memory_out"], ["y"], "relu")],
          [value("x", ["N", 3]), value("memory", [1, 3])], [value("y", row), value("memory_out", [1, 3])])
    model(folder / "fixed.onnx", [node("Relu", ["a"], ["y"], "relu")], [value("a", [2, 3])], [value("y", [2, 3])])
    model(folder / "flat.onnx", [node("Relu", ["a"], ["y"], "relu")], [value("a", [])], [value("y", [])])
    model(folder / "odd.onnx", [node("Frobnicate", ["a"], ["b"], "odd1"), node("Swirl", ["b"], ["y"], "odd2")],
          [value("a", row)], [value("y", row)])
    model(folder / "open.onnx", [node("NonZero", ["a"], ["y"], "found")], [value("a", row)],
          [value("y", [2, "K"], TensorProto.INT64)])
    model(folder / "gather.onnx", [node("Gather", ["table", "i"], ["y"], "look")],
          [value("i", ["N", 1], TensorProto.INT64)], [value("y", ["N", 1, 2])],
          [helper.make_tensor("table", TensorProto.FLOAT, [4, 2], list(range(8)))])
    model(folder / "tile.onnx", [node("Tile", ["a", "repeats"], ["y"], "tile")], [value("a", row)],
          [value("y", ["N", "K"])], [integers("repeats", [-1, 1])])
    model(folder / "shapes.onnx", [node("MatMul", ["a", "w"], ["y"], "product")], [value("a", row)],
          [value("y", ["N", 2])], [helper.make_tensor("w", TensorProto.FLOAT, [4, 2], [0.0] * 8)])
    model(folder / "grid.onnx", [node("Relu", ["a"], ["y"], "relu")], [value("a", ["N", 3, "W"])],
          [value("y", ["N", 3, "W"])])
    model(folder / "constant.onnx", [node("Identity", ["k"], ["y"], "same")], [value("a", row)], [value("y", [2])],
          [helper.make_tensor("k", TensorProto.FLOAT, [2], [1.0, 2.0])])
    model(folder / "scalar.onnx", [node("Mul", ["a", "factor"], ["y"], "scale")],
          [value("a", row), value("factor", [])], [value("y", row)])


def make_arrays(folder):
    random = np.random.default_rng(1)
    np.save(folder / "x.npy", random.random((10, 1, 8, 8), np.float32))
    np.save(folder / "a.npy", random.random((6, 3), np.float32))
    np.save(folder / "b.npy", random.random((5, 3), np.float32))
    np.save(folder / "wide.npy", random.random((6, 4), np.float32))
    np.save(folder / "flat.npy", random.random(6).astype(np.float32))
    np.save(folder / "number.npy", np.float32(1))
    np.save(folder / "none.npy", np.zeros((0, 3), np.float32))
    np.save(folder / "double.npy", random.random((6, 3)))
    np.save(folder / "whole.npy", np.ones((6, 3), np.int64))
    np.save(folder / "fortran.npy", np.asfortranarray(random.random((6, 3)).astype(np.float32)))
    np.save(folder / "swapped.npy", random.random((6, 3)).astype(">f4"))
    np.save(folder / "words.npy", np.array(["a", "b"]))
    np.save(folder / "objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
    np.save(folder / "complex.npy", np.ones((6, 3), np.complex64))
    np.save(folder / "index.npy", np.array([[0], [3], [7]], np.int64))
    np.savez(folder / "many.npz", a=np.load(folder / "a.npy"), b=np.load(folder / "b.npy"))
    for number in range(3):
        (folder / "grids").mkdir(exist_ok=True)
        np.save(folder / f"grids/{number}.npy", random.random((3, 4 + number)).astype(np.float32))


def make(folder, program, package):
    """Makes the workspace; returns what is in it in addition to what always is."""
    folder.mkdir()
    parts = set()
    quickstart = package / "jobs/quickstart"
    shutil.copy(quickstart / "digits-cnn.onnx", folder / "digits.onnx")
    shutil.copy(quickstart / "classes.txt", folder / "classes.txt")
    (folder / "images").mkdir()
    images = sorted((quickstart / "images").iterdir())[:6]
    for image in images:
        shutil.copy(image, folder / "images" / image.name)
    lines = (quickstart / "labels.csv").read_text().splitlines()
    known = {image.name for image in images}
    kept = [line for line in lines[1:] if any(name in line for name in known)]
    (folder / "labels.csv").write_text("\n".join([lines[0], *kept]) + "\n")
    make_models(folder)
    make_arrays(folder)
    (folder / "row-labels.csv").write_text("file,label\n" + "".join(f"{n},{n}\n" for n in range(10)))
    (folder / "texts.txt").write_text("one text\nand another one\n")
    (folder / "texts.jsonl").write_text('{"text": "one text"}\n{"text": "another"}\n')
    (folder / "binary.bin").write_bytes(bytes([0xFF, 0xD8, 0x00, 0x80, 0x0A] * 20))
    (folder / "empty").write_bytes(b"")
    (folder / "vocab").mkdir()
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "one", "text", "and", "another", "##s"]
    (folder / "vocab/vocab.txt").write_text("\n".join(pieces) + "\n")
    (folder / "vocab/tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}\n')
    for name, text in {"job": JOB, "images": IMAGES, "chain": CHAIN, "pair": PAIR, "state": STATE, "text": TEXT,
                       "cluster": CLUSTER}.items():
        (folder / f"{name}.yaml").write_text(text)
    material = package / ".build/material"
    if (material / "encoders/bert/config.json").is_file():
        (folder / "bert").mkdir()
        for name in ["config.json", "model.safetensors"]:
            shutil.copy(material / "encoders/bert" / name, folder / "bert" / name)
        parts.add("bert")
    if (material / "tokenizers/plain/tokenizer.json").is_file():
        (folder / "tokenizer").mkdir()
        shutil.copy(material / "tokenizers/plain/tokenizer.json", folder / "tokenizer/tokenizer.json")
        parts.add("tokenizer")
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMPI_ALLOW_RUN_AS_ROOT="1",
                       OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", MPINFER_CACHE=str(folder.parent / "cache"))
    for command in (["plan", "job.yaml", "--ranks", "2", "-o", "plan.json"],
                    ["profile", "job.yaml", "--rounds", "1", "--duration", "0", "-o", "profile.json"]):
        subprocess.run([program, *command], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    # What the profile left in the cache would feed the cases.
    shutil.rmtree(folder.parent / "cache", ignore_errors=True)
    return parts


def place(folder, name, content):
    """A file of a case: text; {"link": target}, {"fifo": true}, {"folder": true}, {"size": bytes}, {"hex": "00ff"}."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif "link" in content:
        path.symlink_to(content["link"])
    elif "fifo" in content:
        os.mkfifo(path)
    elif "folder" in content:
        path.mkdir(exist_ok=True)
    elif "size" in content:
        with open(path, "ab") as file:
            file.truncate(content["size"])
    else:
        path.write_bytes(bytes.fromhex(content["hex"]))


def damage(folder, change):
    """A change to a file of the workspace: keep a share of it, put a byte or a text in place of another, or add some."""
    path = folder / change["file"]
    content = path.read_bytes()
    if "keep" in change:
        content = content[:int(len(content) * change["keep"])]
    if "replace" in change:
        old, new = (text.encode() for text in change["replace"])
        assert old in content, f"{path}: no {old!r} to replace"
        content = content.replace(old, new, 1)
    if "byte" in change:
        at = int(len(content) * change["byte"])
        content = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1:]
    if "head" in change:
        content = struct.pack("<Q", change["head"]) + content[8:]
    if "append" in change:
        content += change["append"].encode()
    if "remove" in change:
        path.unlink()
        return
    path.write_bytes(content)
