#!/usr/bin/env bash
# Measures pretended hosts (hosts.sh) with `mpinfer calibrate` and compares what it finds with what their links were made
# to be; then runs pipelines over them and compares what was predicted with what was measured.
#
#   Tests/Cluster/hosts-test.sh
#
# Environment:
#   MPINFER                the program; default .build/release/mpinfer
#   MPINFER_HOSTS_FOLDER   all that this writes; default .build/hosts-test
#
# Exit codes: 0, all is well; 1, something is not; 77, skipped, because this machine cannot have such hosts.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. Tests/Cluster/checks.sh
hosts=$PWD/Tests/Cluster/hosts.sh
MPINFER=$(realpath -m "${MPINFER:-.build/release/mpinfer}")
export MPINFER_HOSTS_FOLDER=${MPINFER_HOSTS_FOLDER:-$PWD/.build/hosts-test} MPINFER_HOSTS=4
folder=$(realpath -m "$MPINFER_HOSTS_FOLDER")/out
# What else this machine does must not pass for the network: ranks have real-time priority, below that of the switch.
first=()
chrt --rr 1 true 2>/dev/null && first=(chrt --rr 1)

main() {
    [[ -x $MPINFER ]] || { echo "FAIL  $MPINFER is not there; build it first"; exit 1; }
    rm -rf "$folder"
    mkdir -p "$folder"
    at_end "$hosts" down
    bring_up
    make_job
    test_path
    test_network gigabit 200 1000
    test_pipeline gigabit 3
    test_network slow 5000 100
    test_pipeline slow 1
    test_slow_pair
    test_detour
    test_sharing
    summary
}

# What the kernels and the switch add to the latency of a link.
test_path() {
    links 'default 0 1000'
    calibrate path --brief
    path=$(figure path latency)
    echo "      the way through the kernels and the switch: $path us"
}

# test_network NAME LATENCY RATE: all links alike, with so many microseconds and Mbit/s.
test_network() {
    local name=$1 latency=$2 rate=$3
    links "default $latency $rate"
    calibrate "$name"
    check_link "$name" "$(figure "$name" latency)" "$latency" "$(figure "$name" bandwidth)" "$rate"
    check "$name: no link is unlike the others" not grep -q '^links:' "$folder/$name.yaml"
    check "$name: no link is said to be slow" not grep -q 'link between' "$folder/$name.txt"
}

test_slow_pair() {
    links 'default 200 1000' 'pair 2 3 1000 200'
    calibrate pair
    check_link 'all but one' "$(figure pair latency)" 200 "$(figure pair bandwidth)" 1000
    check 'the slow pair is the only unlike link' same "$(grep -c 'between: \[' "$folder/pair.yaml")" 1
    check_link 'the slow pair' "$(figure pair latency 'between: \[h2, h3\]')" 1000 \
        "$(figure pair bandwidth 'between: \[h2, h3\]')" 200
    check 'the slow pair is named' grep -q 'link between h2 (rank 1) and h3 (rank 2) is slow' "$folder/pair.txt"
    check 'and no other is' same "$(grep -c 'link between' "$folder/pair.txt")" 1
}

# Light layers on wide tensors: the network decides, and four ranks do not take the two cores of a small machine from one
# another.
make_job() {
    local python=.build/oracle/bin/python
    if [[ -x $python ]]; then
        "$python" Tests/Cluster/wide_job.py "$folder/wide" || exit 1
    else
        echo "skipped: no pipelines over the hosts, since $python is not there (make material)"
    fi
}

# test_pipeline NAME ROUNDS [STRATEGIES]: a pipeline over the network that was measured last, under this name; what was
# predicted is compared with the run.
test_pipeline() {
    [[ -d $folder/wide ]] || return
    local first=() table=$folder/$1-pipeline attempt
    # What else runs on the machine makes a run slower for a while, and no prediction knows of it.
    for attempt in 1 2 3; do
        run "$1-pipeline" compare "$folder/wide/job.yaml" --set "parallelism.cluster=$folder/$1.yaml" --set threads=1 \
            --strategies "${3:-uniform}" --ranks 2,3,4 --rounds "$2" -q --csv "$table.csv"
        ((code == 0)) || break
        predicted 2 "$table.csv" && predicted 3 "$table.csv" && predicted 4 "$table.csv" && break
        echo "      $1: attempt $attempt: measured is not what was predicted"
    done
    check "$1: a pipeline over the hosts: exit code 0" same "$code" 0
    check "$1: the cluster file is for these hosts" not grep -q 'calibrated' "$table.txt"
    sed 's/^/      /' "$table.txt"
    for ranks in 2 3 4; do
        check "$1: the prediction for $ranks hosts is within 10 %" predicted "$ranks" "$table.csv"
    done
}

# One strategy takes the ranks as they come, the other goes around the slow link.
test_detour() {
    [[ -d $folder/wide ]] || return
    test_pipeline pair 3 uniform,optimal
    check 'pair: optimal goes around the slow link' goes_around "$folder/pair-pipeline.csv"
}

# Replicas that take their work while they run, from a counter that is counted up over the network, and from rank 0.
test_sharing() {
    links 'default 200 1000'
    for distribution in cyclic dynamic least-loaded; do
        run "shared-$distribution" run jobs/quickstart.yaml -q --set threads=1 --set parallelism.data=4 \
            --set "parallelism.distribution=$distribution" --set "outputs.folder=$folder/$distribution"
        check "$distribution: four replicas over the hosts: exit code 0" same "$code" 0
        ((code == 0)) || sed 's/^/      | /' "$folder/shared-$distribution.txt"
        check "$distribution: the results are the same" diff -r "$folder/cyclic" "$folder/$distribution"
    done
}

# check_link TITLE LATENCY MADE BANDWIDTH RATE: microseconds and 10^9 bytes a second that were found, microseconds and
# Mbit/s that the link was made to have. Of the rate, 6 % are the headers of frames and packets.
check_link() {
    echo "      $1: latency $2 us, made $3 us; bandwidth $4 GB/s, made $5 Mbit/s"
    check "$1: latency within 10 %, besides the way through the machine" near "$2" \
        "$(awk "BEGIN {print $3 + ${path:-0}}")"
    check "$1: bandwidth within 10 %" near "$4" "$(awk "BEGIN {print $5 / 8000}")"
}

# near FOUND EXPECTED
near() { awk -v found="$1" -v expected="$2" 'BEGIN { exit !(found > 0.9 * expected && found < 1.1 * expected) }'; }

# predicted RANKS TABLE: columns of the table are 3, ranks; 5, predicted items per second; 6 and 8, the median and the best
# of the rounds. What else the machine does makes rounds slower, so that the prediction must be near to one of the two.
predicted() {
    awk -F, -v ranks="$1" '
        $3 == ranks { count++; right += ($5 > 0.9 * $6 && $5 < 1.1 * $6) || ($5 > 0.9 * $8 && $5 < 1.1 * $8) }
        END { exit !(count && right == count) }' "$2"
}

# goes_around TABLE: on four ranks; column 2 is the strategy.
goes_around() {
    awk -F, '$3 == 4 { if ($2 ~ /optimal/) optimal = $6; else uniform = $6 }
        END { exit !(uniform && optimal > 2 * uniform) }' "$1"
}

links() { timeout 20 "$hosts" links "$@" || exit 1; }

# calibrate NAME ARGUMENTS...
calibrate() {
    local name=$1
    shift
    run "$name" calibrate --threads 1 -o "$folder/$name.yaml" "$@"
    check "$name: calibrate ends with exit code 0" same "$code" 0
    ((code == 0)) || sed 's/^/      | /' "$folder/$name.txt"
}

# run NAME ARGUMENTS...: mpinfer on all hosts. Sets `code`.
run() {
    local name=$1
    shift
    in_background timeout -k 5 180 "${first[@]}" "$hosts" mpirun "$MPINFER" "$@" >"$folder/$name.txt" 2>&1
}

# figure NAME KEY [LINE]: a figure of a link in a cluster file, by default of those between nodes.
figure() { grep "${3:-^across-nodes:}" "$folder/$1.yaml" | grep -o "$2: [0-9.e-]*" | head -n 1 | cut -d ' ' -f 2; }

bring_up() {
    local reason status
    reason=$(timeout 60 "$hosts" up 2>&1)
    status=$?
    if ((status == 77)); then
        skip "$reason"
    elif ((status != 0)); then
        echo "FAIL  the hosts do not start: $reason"
        exit 1
    fi
    echo "ok    4 hosts are up after $SECONDS s"
}

main
