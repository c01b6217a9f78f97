"""Files inside installed packages; nothing of the packages themselves is imported."""

from __future__ import annotations

from importlib.metadata import files
from pathlib import Path


def packaged(package: str, name: str) -> Path:
    """The file of that name, wherever in the package it lies."""
    for file in files(package) or []:
        if file.name == name:
            return Path(str(file.locate()))
    raise FileNotFoundError(f"{package} holds no {name}")
