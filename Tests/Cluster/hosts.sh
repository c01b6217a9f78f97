#!/usr/bin/env bash
# Pretended hosts on this machine: each a namespace of its own for network, name, shared memory and mounts, joined by a
# switch in user space (wire.c) whose links have a latency and a rate. For root.
#
#   Tests/Cluster/hosts.sh up                 make h1, h2, ...
#   Tests/Cluster/hosts.sh links RULE...      what the links are like; rules as in wire.c, such as 'default 200 1000'
#   Tests/Cluster/hosts.sh mpirun ARGUMENT... Open MPI's mpirun over the hosts, one slot on each
#   Tests/Cluster/hosts.sh status
#   Tests/Cluster/hosts.sh down               take everything away
#
# Environment:
#   MPINFER_HOSTS_FOLDER   all that it writes, and how the other verbs find it; default .build/hosts
#   MPINFER_HOSTS          how many hosts; default 4
#
# Exit codes: 77 from `up` when this machine cannot have any, with the reason on standard error; that of mpirun from
# `mpirun`; 1 for everything else that went wrong.
set -euo pipefail

script=$(realpath "${BASH_SOURCE[0]}")
here=$(dirname "$script")
export MPINFER_HOSTS_FOLDER=${MPINFER_HOSTS_FOLDER:-$here/../../.build/hosts}
folder=$(realpath -m "$MPINFER_HOSTS_FOLDER")
count=${MPINFER_HOSTS:-4}
# Namespaces have names that the whole machine sees.
prefix=mpinfer$(cksum <<<"$folder" | cut -d ' ' -f 1)-
network=10.77.0
PATH=$PATH:/usr/sbin:/sbin

main() {
    local verb=${1:-}
    shift || true
    case $verb in
        up | down | status) "$verb" ;;
        links) set_links "$@" ;;
        mpirun) run_mpi "$@" ;;
        shell) shell "$@" ;; # what mpirun takes for ssh
        *)
            sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$script" >&2
            exit 64
            ;;
    esac
}

fail() {
    echo "hosts.sh: $*" >&2
    exit 1
}

cannot() {
    echo "$*" >&2
    exit 77
}

up() {
    check_machine
    down
    mkdir -p "$folder"
    cc -O2 -Wall -Wextra -o "$folder/wire" "$here/wire.c"
    local host
    for ((host = 1; host <= count; host++)); do make_host "$host"; done
    echo 'default 0 0' >"$folder/links"
    setsid "$folder/wire" "$prefix" "$count" "$folder/links" </dev/null >/dev/null 2>"$folder/wire.log" &
    echo $! >"$folder/wire.pid"
    # A network does not wait for processors.
    chrt --fifo --pid 10 "$(<"$folder/wire.pid")" 2>/dev/null || renice -n -20 -p "$(<"$folder/wire.pid")" >/dev/null || true
    wait_until 10 grep -qs 'rules read' "$folder/wire.log" || give_up "the switch does not start: $(<"$folder/wire.log")"
    for ((host = 1; host <= count; host++)); do connect "$host"; done
}

down() {
    local file host
    for file in "$folder"/*.pid; do
        [[ -e $file ]] || continue
        if is_ours "$file"; then kill -KILL "$(<"$file")" || true; fi
        rm -f "$file"
    done
    for host in $(ip netns list 2>/dev/null | grep -o "^$prefix[0-9]*" || true); do
        ip netns pids "$host" | xargs -r kill -KILL 2>/dev/null || true
        ip netns delete "$host"
    done
}

status() {
    local file
    for file in "$folder"/*.pid; do
        [[ -e $file ]] || continue
        printf '%-6s %s\n' "$(basename "$file" .pid)" "$(is_ours "$file" && echo 'up' || echo 'not running')"
    done
    cat "$folder/links" 2>/dev/null || echo 'down'
}

check_machine() {
    local program missing=()
    ((EUID == 0)) || cannot 'namespaces for pretended hosts are for root'
    for program in cc ip unshare nsenter setsid mpirun; do
        type -P "$program" >/dev/null || missing+=("$program")
    done
    [[ ${#missing[@]} -eq 0 ]] || cannot "no ${missing[*]} on this machine (Debian: apt-get install gcc iproute2 util-linux openmpi-bin)"
    [[ $count =~ ^[1-9][0-9]?$ ]] || fail "$count hosts?"
    [[ -c /dev/net/tun ]] || cannot 'no /dev/net/tun on this machine, and the switch needs it'
    ip netns add "${prefix}0" 2>/dev/null || cannot 'this machine does not let root have network namespaces'
    ip netns delete "${prefix}0"
    unshare --uts --ipc --mount true 2>/dev/null || cannot 'this machine does not let root have namespaces'
}

# A process that sleeps holds the namespaces of a host.
make_host() {
    ip netns add "$prefix$1"
    ip netns exec "$prefix$1" setsid unshare --uts --ipc --mount bash -c '
        hostname "$1" && mount -t tmpfs -o mode=1777 tmpfs /dev/shm && echo $$ >"$2" && exec sleep infinity
    ' _ "h$1" "$folder/h$1.pid" </dev/null >/dev/null 2>&1 &
    wait_until 10 test -s "$folder/h$1.pid" || give_up "host h$1 does not start"
}

connect() {
    local host
    ip -n "$prefix$1" link set lo up
    ip -n "$prefix$1" address replace "$network.$1/24" dev eth0
    ip -n "$prefix$1" link set eth0 up
    # Whatever this machine prefers: others probe the network from time to time, and are slower meanwhile.
    ip netns exec "$prefix$1" sysctl -qw net.ipv4.tcp_congestion_control=reno
    {
        echo '127.0.0.1 localhost'
        for ((host = 1; host <= count; host++)); do echo "$network.$host h$host"; done
    } >"$folder/hosts"
    enter "h$1" mount --bind "$folder/hosts" /etc/hosts
}

set_links() {
    is_ours "$folder/wire.pid" || fail 'it is not up'
    printf '%s\n' "$@" >"$folder/links"
    : >"$folder/wire.log"
    kill -HUP "$(<"$folder/wire.pid")"
    wait_until 10 grep -qs 'rules read' "$folder/wire.log" || fail 'the switch does not take the rules'
    ! grep 'no rule' "$folder/wire.log" >&2 || exit 1
}

run_mpi() {
    local list
    list=$(for ((host = 1; host <= count; host++)); do printf 'h%d:1,' "$host"; done)
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    enter h1 mpirun --host "${list%,}" --bind-to none \
        --mca plm_rsh_agent "$script shell" --mca plm_rsh_no_tree_spawn 1 \
        --mca oob_tcp_if_include "$network.0/24" --mca btl_tcp_if_include "$network.0/24" \
        --mca btl self,vader,tcp --mca mpi_yield_when_idle 1 "$@"
}

# shell HOST COMMAND...
shell() {
    local host=$1
    shift
    enter "$host" /bin/sh -c "$*"
}

# enter HOST COMMAND...: runs a command on a host, in the current folder.
enter() {
    local host=$1
    shift
    [[ $host =~ ^h[0-9]+$ ]] && is_ours "$folder/$host.pid" || fail "no host '$host'"
    nsenter --target "$(<"$folder/$host.pid")" --net --uts --mount --ipc --wdns="$PWD" -- "$@"
}

# A file may be left over, and its number another process's by now.
is_ours() { [[ -s $1 && $(cat "/proc/$(<"$1")/comm" 2>/dev/null) =~ ^(wire|sleep)$ ]]; }

wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

give_up() {
    down
    fail "$*"
}

main "$@"
