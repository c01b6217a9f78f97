"""Makes the test material: models with inputs and expected outputs that the Swift tests read.

    python make_material.py OUTPUT_DIR [--set NAME]

`all` is everything but `benchmark`. A set whose sources and packages have not changed is left alone.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import time
import traceback
from pathlib import Path

from material.case import CaseWriter
from material.stamp import fingerprint

ORACLE = Path(__file__).resolve().parent
SETS = (
    "quickstart",
    "bad",
    "models",
    "sequences",
    "operators",
    "contributed",
    "narrow",
    "learned",
    "real",
    "light",
    "encoders",
    "tokenizers",
    "minilm",
    "node",
    "pytorch",
    "today",
    "half",
    "extremes",
    "benchmark",
)
NOT_IN_ALL = {"benchmark"}


def publish(partial: Path, final: Path) -> None:
    """Puts a finished folder in place of the old one, so that a reader never meets half a set."""
    old = final.with_name(final.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    partial.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def make_set(name: str, output: Path) -> None:
    """Makes one set, all of its folders, unless its stamp says that it is up to date."""
    module = importlib.import_module(f"sets.{name}")
    sources = [ORACLE / "material", ORACLE / "sets" / f"{name}.py", *getattr(module, "SOURCES", ())]
    current = fingerprint(sources)
    stamp = output / module.FOLDERS[-1] / ".stamp"
    if stamp.exists() and stamp.read_text() == current:
        print(f"{name}: up to date")
        return
    started = time.monotonic()
    writers = {}
    for folder in module.FOLDERS:
        partial = output / f"{folder}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        writers[folder] = CaseWriter(partial, verbose=getattr(module, "VERBOSE", True))
    module.make(writers)
    for folder, writer in writers.items():
        writer.finish()
        publish(writer.folder, output / folder)
        skipped = sum(entry["skip"] is not None for entry in writer.index.values())
        print(f"{folder}: {len(writer.index)} cases, {skipped} of them to skip")
    stamp.write_text(current)
    print(f"{name}: made in {time.monotonic() - started:.1f} s", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="folder to write to")
    parser.add_argument("--set", default="all", choices=[*SETS, "all"], help="which set (default: all)")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    chosen = [name for name in SETS if name not in NOT_IN_ALL] if arguments.set == "all" else [arguments.set]
    failed = []
    for name in chosen:
        try:
            make_set(name, arguments.output)
        except Exception:  # one broken set must not hide the others
            traceback.print_exc()
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
