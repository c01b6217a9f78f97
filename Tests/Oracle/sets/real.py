"""Trained networks found in the wild, inside packages of PyPI."""

from __future__ import annotations

from pathlib import Path

from found import ddddocr, magika, ppocr, silero
from material.case import CaseWriter

FOLDERS = ("real",)
SOURCES = (Path(__file__).resolve().parents[1] / "found",)


def make(writers: dict[str, CaseWriter]) -> None:
    for package in (ppocr, silero, magika, ddddocr):
        for case in package.cases():
            writers["real"].write(case)
