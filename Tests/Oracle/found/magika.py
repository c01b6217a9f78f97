"""The network of the magika wheel (Apache 2.0), which tells the type of a file from its first and last bytes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import numpy as np
import onnx
from PIL import Image

from found.package import packaged
from material import reference
from material.case import Case, copy_of

PACKAGE = "magika"
PYTHON = '''
import sys
from pathlib import Path


def count(path: Path) -> int:
    """How many lines a file has."""
    with open(path) as file:
        return sum(1 for _ in file)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, count(Path(name)))
'''
HTML = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Ranks</title>
<style>body { font-family: sans-serif; }</style></head>
<body><h1>Ranks</h1><ul><li>first</li><li>second</li></ul><p>Each has its <b>own</b> line.</p></body></html>
"""
JSON = json.dumps({"ranks": [{"name": f"rank {index}", "layers": list(range(index))} for index in range(12)]}, indent=2)
SHELL = """#!/bin/sh
set -eu
for name in "$@"; do
  if [ ! -f "$name" ]; then echo "no $name" >&2; exit 1; fi
  wc -l "$name" | awk '{ print $1 }'
done
"""
C = """#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) printf("%s\\n", argv[i]);
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
"""


def picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.arange(64 * 64 * 3, dtype=np.uint32).astype(np.uint8).reshape(64, 64, 3)).save(file, "png")
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in ("one.txt", "two.txt"):
            zipped.writestr(zipfile.ZipInfo(name), name * 40)
    return file.getvalue()


def files() -> dict[str, bytes]:
    """By the type that the network is to tell."""
    texts = {"python": PYTHON, "html": HTML, "json": JSON, "shell": SHELL, "c": C}
    return {**{kind: text.encode() for kind, text in texts.items()}, "png": picture(), "zip": archive()}


def features(content: bytes, settings: dict) -> np.ndarray:
    """[beginning + end]: the bytes, without blanks around them, and a token of its own where the file is too short."""
    first, last, padding = settings["beg_size"], settings["end_size"], settings["padding_token"]
    stripped = content.strip()
    head, tail = stripped[:first], stripped[-last:]
    return np.array(
        [*head, *[padding] * (first - len(head)), *[padding] * (last - len(tail)), *tail], dtype=np.int32
    )


def cases() -> Iterator[Case]:
    """[files, 2048] -> [files, types]; each file must be told for what it is."""
    path = packaged(PACKAGE, "model.onnx")
    settings = json.loads(path.with_name("config.min.json").read_text())
    contents = files()
    inputs = {"bytes": np.stack([features(content, settings) for content in contents.values()])}
    outputs = reference.run(path, inputs)
    told = [settings["target_labels_space"][index] for index in outputs["target_label"].argmax(1)]
    if told != list(contents):
        raise ValueError(f"the network takes {list(contents)} for {told}")
    yield Case("magika", onnx.load(path), inputs, outputs, 1e-3, 1e-4, write_model=copy_of(path))
