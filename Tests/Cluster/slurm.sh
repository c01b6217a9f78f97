#!/usr/bin/env bash
# A private Slurm on this machine: real daemons that pretend to be several nodes, without systemd or cgroups.
#
#   Tests/Cluster/slurm.sh up               start it, or what is missing of it
#   Tests/Cluster/slurm.sh run COMMAND...   run a client of it: sbatch, srun, squeue, scancel, ...
#   Tests/Cluster/slurm.sh status
#   Tests/Cluster/slurm.sh down             cancel its jobs and stop it
#
# Environment, read by `up`:
#   MPINFER_SLURM_FOLDER   all that it writes, and how the other verbs find it; default .build/slurm
#   MPINFER_SLURM_NODES    nodes; default 2: node0, node1
#   MPINFER_SLURM_CPUS     CPUs that each node claims, however many there are; default 4
#
# Exit codes: 77 from `up` when this machine cannot have one, with the reason on standard error; that of the client
# from `run`; 1 for everything else that went wrong.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(realpath -m "${MPINFER_SLURM_FOLDER:-$root/.build/slurm}")
# Of a Slurm that this may be a job of, nothing counts here.
unset "${!SLURM_@}" "${!SLURMD_@}" "${!SBATCH_@}" "${!SRUN_@}" "${!PMIX_@}"
export SLURM_CONF=$folder/slurm.conf
PATH=$PATH:/usr/sbin:/sbin

main() {
    local verb=${1:-}
    case $verb in
        up | down | status) "$verb" ;;
        run)
            shift
            [[ -s $SLURM_CONF ]] || fail 'it is not up'
            exec "$@"
            ;;
        *)
            sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
            exit 64
            ;;
    esac
}

fail() {
    echo "slurm.sh: $*" >&2
    exit 1
}

cannot() {
    echo "$*" >&2
    exit 77
}

up() {
    check_machine
    if ! is_alive slurmctld; then
        nodes=${MPINFER_SLURM_NODES:-2}
        cpus=${MPINFER_SLURM_CPUS:-4}
        [[ $nodes =~ ^[1-9][0-9]?$ && $cpus =~ ^[1-9][0-9]*$ ]] || fail "$nodes nodes of $cpus CPUs?"
        stop_daemons
        make_folders
        write_configuration
    fi
    nodes=$(<"$folder/nodes")
    is_alive munged || start munged --force --num-threads=2 --socket="$folder/run/munge.sock" \
        --key-file="$folder/munge/key" --seed-file="$folder/munge/seed" --pid-file="$folder/run/munged.pid" \
        --log-file="$folder/log/munged.log"
    wait_until 30 munge -n -S "$folder/run/munge.sock" || give_up 'munged does not answer'
    is_alive slurmctld || start slurmctld -f "$SLURM_CONF"
    local node
    for ((node = 0; node < nodes; node++)); do
        is_alive "slurmd.node$node" || on_host "node$node" slurmd -f "$SLURM_CONF" -N "node$node"
    done
    wait_until 90 all_nodes_ready || give_up 'the nodes are not ready'
    status
}

down() {
    if is_alive slurmctld && is_alive munged; then
        timeout 20 scancel --quiet --user="$(id -un)" || true
        wait_until 20 no_jobs || true
    fi
    stop_daemons
}

status() {
    local file name
    for file in "$folder"/run/*.pid; do
        [[ -e $file ]] || continue
        name=$(basename "$file" .pid)
        printf '%-14s %s\n' "$name" "$(process_of "$name" || echo 'not running')"
    done
    if is_alive slurmctld; then
        timeout 30 sinfo --Node --format='%N %t, %c CPUs'
        timeout 30 squeue
    else
        echo 'slurmctld is not running'
    fi
}

check_machine() {
    local program missing=()
    for program in munged munge slurmctld slurmd srun sbatch; do
        type -P "$program" >/dev/null || missing+=("$program")
    done
    [[ ${#missing[@]} -eq 0 ]] ||
        cannot "no ${missing[*]} on this machine (Debian: apt-get install slurmctld slurmd slurm-client munge)"
    id -un >/dev/null 2>&1 || cannot "user $(id -u) has no name, and Slurm needs one"
    # The longest name of a socket is PMIx's, and the kernel takes 107 characters.
    [[ ${#folder} -le 60 ]] ||
        cannot "the path $folder is too long for the names of sockets; set MPINFER_SLURM_FOLDER to a shorter one"
}

make_folders() {
    local node
    rm -rf "$folder"/{run,log,state,spool,tmp}
    mkdir -p "$folder"/{run,log,state,munge}
    for ((node = 0; node < nodes; node++)); do mkdir -p "$folder"/{spool,tmp}/"node$node"; done
    chmod 755 "$folder" "$folder/run"
    chmod 700 "$folder/munge"
    [[ -s $folder/munge/key ]] || (umask 077 && head -c 1024 /dev/urandom >"$folder/munge/key")
    echo "$nodes" >"$folder/nodes"
}

write_configuration() {
    local port user
    port=$(free_ports $((nodes + 1))) || exit
    user=$(id -un)

    # Nothing here uses cgroups, but Slurm 22.05 has no setting for it, and its v1 plugin does nothing when nobody asks it.
    echo 'CgroupPlugin=cgroup/v1' >"$folder/cgroup.conf"

    # Every task starts with what this prints: root may run it, ranks that wait give up their core, messages between
    # nodes take the loopback. Nodes that share a name would collide in shared memory, so that TCP has to do there.
    cat >"$folder/task_prolog" <<'PROLOG'
#!/bin/sh
echo export OMPI_ALLOW_RUN_AS_ROOT=1
echo export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
echo export OMPI_MCA_mpi_yield_when_idle=1
echo export OMPI_MCA_btl_tcp_if_include=lo
echo export OMPI_MCA_oob_tcp_if_include=lo
[ "$(hostname)" = "$SLURMD_NODENAME" ] || echo export OMPI_MCA_btl=self,tcp
PROLOG
    chmod +x "$folder/task_prolog"

    # Waits are long because the machine may be loaded; pauses of the scheduler are short. TmpFS is where PMIx has its
    # sockets, which the nodes must not share. config_overrides lets a node have more CPUs than the machine. The first job
    # has any number, because Open MPI names its shared memory after it, and another cluster may run at the same time.
    cat >"$SLURM_CONF" <<CONFIGURATION
ClusterName=pretended
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
FirstJobId=$((1000 + RANDOM))
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/run/munge.sock
CredType=cred/munge

SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmctldLogFile=$folder/log/slurmctld.log
StateSaveLocation=$folder/state
SlurmdPidFile=$folder/run/slurmd.%n.pid
SlurmdLogFile=$folder/log/slurmd.%n.log
SlurmdSpoolDir=$folder/spool/%n
TmpFS=$folder/tmp/%n

MpiDefault=none
TaskProlog=$folder/task_prolog
TaskPlugin=task/none
ProctrackType=proctrack/linuxproc
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MailProg=/bin/true

SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_min_interval=0

TCPTimeout=30
MessageTimeout=60
BatchStartTimeout=60
SlurmdTimeout=0
KillWait=5
ReturnToService=2

SlurmdParameters=config_overrides
NodeName=node[0-$((nodes - 1))] NodeAddr=127.0.0.1 NodeHostname=localhost Port=$((port + 1))-$((port + nodes)) CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=4000
PartitionName=main Nodes=node[0-$((nodes - 1))] Default=YES MaxTime=INFINITE State=UP
CONFIGURATION
}

# The first of so many TCP ports in a row that nobody listens on, below those that the kernel hands out. By chance, so
# that two clusters that start at the same time do not choose the same.
free_ports() {
    local count=$1 attempt first port
    for ((attempt = 0; attempt < 100; attempt++)); do
        first=$((10000 + RANDOM % 200 * 100))
        for ((port = first; port < first + count; port++)); do
            ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || continue 2
        done
        echo "$first"
        return
    done
    fail 'no free TCP ports between 10000 and 30000'
}

# A daemon must not keep the pipe open that this script writes to.
start() { "$@" </dev/null >>"$folder/log/start.log" 2>&1 || give_up "$1 does not start"; }

# Starts a daemon with a host name and a shared memory of its own, where the kernel lets this user have them: Open MPI
# then treats the nodes as two machines.
on_host() {
    local name=$1 become='mount -t tmpfs -o mode=1777 tmpfs /dev/shm && hostname "$0" && exec "$@"'
    shift
    if unshare --uts --mount sh -c "$become" "$name" true 2>/dev/null; then
        start unshare --uts --mount sh -c "$become" "$name" "$@"
    else
        start "$@"
    fi
}

give_up() {
    tail -n 5 "$folder"/log/*.log >&2 || true
    fail "$*; the logs are in $folder/log"
}

all_nodes_ready() { [[ $(timeout 20 sinfo -h --Node --format=%t | grep -cxE 'idle|mix|alloc') -ge $nodes ]]; }

no_jobs() { [[ -z $(timeout 20 squeue -h) ]]; }

# wait_until SECONDS COMMAND...
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}

# The process of the daemon of that name; fails when it is not running. A number in an old file may be a stranger's by
# now: the one of this cluster has its folder on the command line.
process_of() {
    local process
    # A daemon that ends takes its file away at any moment, and then `$(<file)` would end this script.
    read -r process 2>/dev/null <"$folder/run/$1.pid" && is_ours "$process" && echo "$process"
} 2>/dev/null

is_alive() { process_of "$1" >/dev/null; }

is_ours() { grep -qzF -- "$folder/" "/proc/$1/cmdline" 2>/dev/null; }

is_gone() { ! is_ours "$1"; }

# All slurmds at once, because each of them waits for its steps; munged last, because the others need it.
stop_daemons() {
    local file names=() process
    for file in "$folder"/run/slurmd.*.pid; do
        [[ ! -e $file ]] || names+=("$(basename "$file" .pid)")
    done
    stop "${names[@]}"
    stop slurmctld
    stop munged
    # What a step left behind when its node went away.
    for process in $(stray_processes); do kill -KILL "$process" 2>/dev/null || true; done
}

# stop NAME...: asks the daemons to end, and makes those that do not.
stop() {
    local name process processes=()
    for name in "$@"; do
        process=$(process_of "$name") || continue
        processes+=("$process")
        kill "$process" 2>/dev/null || true
    done
    # They take their files away first and end later.
    for process in "${processes[@]}"; do
        wait_until 20 is_gone "$process" || kill -KILL "$process" 2>/dev/null || true
    done
}

# Processes of jobs of this cluster, and of nobody else's.
stray_processes() {
    local process
    for process in /proc/[0-9]*; do
        if grep -qzxF "SLURM_CONF=$SLURM_CONF" "$process/environ" &&
            { grep -q slurmstepd "$process/comm" || grep -qz '^SLURM_JOB_ID=' "$process/environ"; }; then
            basename "$process"
        fi
    done
} 2>/dev/null

main "$@"
