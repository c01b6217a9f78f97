#!/usr/bin/env python3
"""Misuses mpinfer in hundreds of ways, and counts what came of it.

    misuse.py [--quick] [--only WORD] [--show] [--jobs N]

The cases are tables in cases/*.toml (README.md in this folder says how to write one). Each case runs in a copy of a
small workspace (workspace.py) and must end clean: an exit code that is not zero, one message on standard error that
begins like all others, none of the words of a crash or of a library's insides, no file changed or left behind. What the
message must name (the file, the place in it, what to do about it) is written in the case itself.

MPINFER is the program; .build/release/mpinfer where it is not set. The exit code is 0 where all cases are clean and the
shares of messages that name what they should are not below the bounds.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

import workspace

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE.parent.parent
PREFIX = "mpinfer: error: "
# What a message of mpinfer never holds: crashes, traces, and the insides of libraries.
CRASH = ["Fatal error", "Stack dump", "Segmentation fault", "Illegal instruction", "*** Process received signal",
         "Current stack trace", "terminate called", "runtime error:", "AddressSanitizer"]
INSIDES = ["NSCocoaErrorDomain", "DecodingError", "CodingKeys", "Swift.", "Optional(", "debugDescription",
           "Error Domain", "UserInfo", "YamlError", "errno", "(it has )", "__C."]
SIGNALS = {signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV, signal.SIGTRAP, signal.SIGKILL}
# Percent of the messages that must name what they should, of those that should.
BOUNDS = {"file": 95, "place": 90, "remedy": 90}


class Case:
    def __init__(self, source, group, entry):
        merged = {key: value for key, value in group.items() if key != "cases"} | entry
        self.source = source
        self.name = merged.get("name") or label(merged)
        arguments = merged.get("run", [])
        extra = merged.get("with", [])
        self.arguments = [str(word) for word in ([*arguments, *extra] if isinstance(extra, list) else [*arguments, extra])]
        self.files = {**group.get("files", {}), **entry.get("files", {})}
        self.damage = [*group.get("damage", []), *entry.get("damage", [])]
        self.environment = merged.get("environment", {})
        self.ranks = merged.get("ranks")
        self.stdout = merged.get("stdout")
        self.signal = merged.get("signal")
        self.after = merged.get("after", 1.0)
        self.limits = merged.get("limits", {})
        self.timeout = merged.get("timeout", 60)
        self.codes = merged.get("codes", [1])
        self.says = words(merged.get("says", []))
        self.quiet = merged.get("quiet", False)
        self.keeps = merged.get("keeps", True)
        self.needs = merged.get("needs")
        self.quick = merged.get("quick", False)
        self.wants = {kind: words(merged[kind]) for kind in BOUNDS if kind in merged}


def label(entry):
    """What a case without a name is called: its own words."""
    return " ".join(words(entry.get("with", entry.get("run", []))))


def words(value):
    return [value] if isinstance(value, str) else list(value)


def load(only, quick):
    cases = []
    for path in sorted((HERE / "cases").glob("*.toml")):
        table = tomllib.loads(path.read_text())
        for group in table["group"]:
            cases += [Case(path.stem, group, entry) for entry in group["cases"]]
    names = collections.Counter((case.source, case.name) for case in cases)
    twice = [key for key, count in names.items() if count > 1]
    if twice:
        sys.exit(f"misuse: two cases are called {twice[0]}")
    cases = [case for case in cases if not quick or case.quick]
    return [case for case in cases if not only or only in f"{case.source}/{case.name}"]


def digests(folder):
    """Of all that is in the folder: what a case may not change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = "link"
        elif path.is_dir():
            found[name] = "folder"
        elif path.is_file():
            found[name] = hashlib.sha1(path.read_bytes()).hexdigest()
        else:
            found[name] = "special"
    return found


class Outcome:
    """What came of a case: clean, or crash, hang, silent, unclean; and why."""

    def __init__(self, kind, reason, text):
        self.kind = kind
        self.reason = reason
        self.text = text
        self.named = {}


def launch(case, program, folder):
    command = [program, *case.arguments]
    if case.ranks:
        command = ["mpirun", "--oversubscribe", "-np", str(case.ranks), *command]
    environment = dict(os.environ)
    environment.update({
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
        "OMPI_MCA_odls_base_sigkill_timeout": "0", "OMPI_MCA_btl_base_warn_component_unused": "0",
        "OPENBLAS_NUM_THREADS": "1", "MPINFER_CACHE": str(folder.parent / "cache"), "TMPDIR": str(folder.parent)})
    environment.update(case.environment)

    def prepare():
        os.setsid()
        for name, value in case.limits.items():
            resource.setrlimit(getattr(resource, "RLIMIT_" + name.upper()), (value, value))
        if case.stdout == "closed":
            os.close(1)

    reader = None
    if case.stdout == "pipe":
        reader, output = os.pipe()
        os.close(reader)
    elif case.stdout and case.stdout != "closed":
        output = os.open(case.stdout, os.O_WRONLY)
    else:
        output = os.open(folder.parent / "stdout", os.O_CREAT | os.O_TRUNC | os.O_RDWR)
    # Output goes through files, so that a process left behind cannot keep us waiting.
    with open(folder.parent / "stderr", "w+b") as errors:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=errors, preexec_fn=prepare)
        os.close(output)
        try:
            if case.signal:
                time.sleep(case.after)
                process.send_signal(getattr(signal, "SIG" + case.signal))
            code = process.wait(timeout=case.timeout)
        except subprocess.TimeoutExpired:
            code = None
        if code is None or case.signal:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        errors.seek(0)
        text = errors.read().decode("utf-8", "replace")
    shown = folder.parent / "stdout"
    return code, text, shown.read_text("utf-8", "replace") if not case.stdout else ""


def judge(case, code, text):
    # What mpirun says about ranks that ended is not our message.
    own = text.split("\n--------------------------------------------------------------------------")[0]
    if code is None:
        return Outcome("hang", f"no end after {case.timeout} s", text)
    if code < 0 or code > 128:
        number = -code if code < 0 else code - 128
        asked = case.signal and number == getattr(signal, "SIG" + case.signal)
        if number in SIGNALS and not asked:
            return Outcome("crash", f"signal {number}", text)
    for sign in CRASH:
        if sign in text:
            return Outcome("crash", f"the words '{sign}'", text)
    if code == 0 and 0 not in case.codes:
        return Outcome("silent", "exit code 0", text)
    if case.quiet:
        return Outcome("clean", "", text) if not own.strip() else Outcome("unclean", "words where none belong", text)
    if code != 0 and not own.strip():
        return Outcome("silent", f"exit code {code} without a word", text)
    accepted = [number % 256 if number < 0 else number for number in case.codes]
    if code not in case.codes and code not in accepted:
        return Outcome("unclean", f"exit code {code}, not {case.codes}", text)
    for sign in INSIDES:
        if sign in text:
            return Outcome("unclean", f"the words '{sign}'", text)
    if code not in (0,) and not case.signal and own.count(PREFIX) != 1:
        return Outcome("unclean", f"'{PREFIX.strip()}' stands there {own.count(PREFIX)} times", text)
    if code not in (0,) and not case.signal:
        # Warnings may come before the message.
        message = own[own.index(PREFIX) + len(PREFIX):]
        sentences = [line.strip() for line in message.split("\n") if len(line.strip()) > 20]
        for sentence in sentences:
            if sentences.count(sentence) > 1:
                return Outcome("unclean", "a sentence stands there twice", text)
    return None


def run(case, program, base):
    """Runs a case in a workspace of its own."""
    with tempfile.TemporaryDirectory(prefix="mpinfer-misuse-") as scratch:
        folder = pathlib.Path(scratch).resolve() / "work"
        shutil.copytree(base, folder, symlinks=True)
        for name, content in case.files.items():
            workspace.place(folder, name, content)
        for change in case.damage:
            workspace.damage(folder, change)
        before = digests(folder)
        code, text, output = launch(case, program, folder)
        outcome = judge(case, code, text)
        if outcome is None:
            missing = [word for word in case.says if word not in text + output]
            after = digests(folder)
            changed = [name for name in before if after.get(name) != before[name]]
            added = [name for name in after if name not in before]
            if missing:
                outcome = Outcome("unclean", f"does not say '{missing[0]}'", text)
            elif changed:
                outcome = Outcome("unclean", f"changed {changed[0]}", text)
            elif case.keeps and added:
                outcome = Outcome("unclean", f"left {added[0]} behind", text)
            else:
                outcome = Outcome("clean", "", text)
        # The folder's own name differs from run to run, and holds words.
        plain = text.replace(str(folder), "")
        outcome.named = {kind: all(word in plain for word in wanted) for kind, wanted in case.wants.items()}
        return outcome


def main():
    parser = argparse.ArgumentParser(description="Misuse mpinfer in hundreds of ways.")
    parser.add_argument("--quick", action="store_true", help="only the cases that are marked quick")
    parser.add_argument("--only", help="only cases whose file and name hold this word")
    parser.add_argument("--show", action="store_true", help="print what each case said")
    parser.add_argument("--jobs", type=int, default=max(1, len(os.sched_getaffinity(0))))
    options = parser.parse_args()
    program = os.path.abspath(os.environ.get("MPINFER", PACKAGE / ".build/release/mpinfer"))
    if not os.access(program, os.X_OK):
        sys.exit(f"misuse: {program} is not there; run make build, or say with MPINFER where it is")
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mpinfer-misuse-base-") as scratch:
        base = pathlib.Path(scratch) / "base"
        parts = workspace.make(base, program, PACKAGE)
        cases = load(options.only, options.quick)
        skipped = [case for case in cases if case.needs and case.needs not in parts]
        cases = [case for case in cases if case not in skipped]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            outcomes = list(pool.map(lambda case: run(case, program, base), cases))
    counts = collections.Counter(outcome.kind for outcome in outcomes)
    wanted, named = collections.Counter(), collections.Counter()
    for case, outcome in zip(cases, outcomes):
        lacking = [kind for kind, is_there in outcome.named.items() if not is_there]
        wanted.update(outcome.named.keys())
        named.update(kind for kind, is_there in outcome.named.items() if is_there)
        if options.show or outcome.kind != "clean" or lacking:
            label = outcome.kind + (f" ({outcome.reason})" if outcome.reason else "")
            if lacking:
                label += "; does not name the " + ", the ".join(f"{kind} {case.wants[kind]}" for kind in lacking)
            print(f"{case.source}/{case.name}: {label}")
            print("".join(f"    {line}\n" for line in outcome.text.strip().split("\n")[:12]), end="")
    shares = {kind: 100 * named[kind] / max(1, wanted[kind]) for kind in BOUNDS}
    print(f"{len(cases)} misuses in {time.monotonic() - start:.0f} s: "
          + ", ".join(f"{counts[kind]} {kind}" for kind in ["clean", "crash", "hang", "silent", "unclean"]))
    print("messages that name " + ", ".join(
        f"the {kind}: {named[kind]} of {wanted[kind]} ({shares[kind]:.0f} %)" for kind in BOUNDS))
    for case in skipped:
        print(f"skipped: {case.source}/{case.name} (no {case.needs} here)")
    low = [kind for kind, bound in BOUNDS.items() if wanted[kind] and shares[kind] < bound]
    if low:
        print("below the bound: " + ", ".join(f"{kind} (at least {BOUNDS[kind]} %)" for kind in low))
    sys.exit(1 if counts["clean"] != len(cases) or low else 0)


if __name__ == "__main__":
    main()
