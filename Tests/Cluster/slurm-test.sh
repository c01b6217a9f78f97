#!/usr/bin/env bash
# Submits jobs/slurm/pipeline.sbatch to a Slurm of its own with two nodes and looks at what comes out.
#
#   Tests/Cluster/slurm-test.sh
#
# Environment:
#   MPINFER                the program; default .build/release/mpinfer
#   MPINFER_SLURM_FOLDER   all that this writes; default .build/slurm-test
#
# Exit codes: 0, all is well; 1, something is not; 77, skipped, because this machine cannot have a Slurm.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. Tests/Cluster/checks.sh
slurm=$PWD/Tests/Cluster/slurm.sh
export MPINFER=${MPINFER:-.build/release/mpinfer}
export MPINFER_SLURM_FOLDER=${MPINFER_SLURM_FOLDER:-$PWD/.build/slurm-test}
export MPINFER_SLURM_NODES=2 MPINFER_SLURM_CPUS=4
folder=$(realpath -m "$MPINFER_SLURM_FOLDER")/out

main() {
    [[ -x $MPINFER ]] || { echo "FAIL  $MPINFER is not there; build it first"; exit 1; }
    rm -rf "$folder"
    mkdir -p "$folder"
    at_end "$slurm" down
    bring_up
    test_job_that_works
    test_job_that_fails
    summary
}

test_job_that_works() {
    local output=$folder/works.txt correct images
    correct=$(grep -o '"correct": *[0-9]*' jobs/quickstart/accuracy.json | grep -o '[0-9]*$')
    images=$(grep -o '"images": *[0-9]*' jobs/quickstart/accuracy.json | grep -o '[0-9]*$')

    submit "$output" --set "outputs.folder=$folder/results"
    check 'a job on 2 nodes: exit code 0' same "$code" 0
    check "accuracy: $correct of $images" grep -qE "^accuracy: +$correct of $images " "$output"
    check 'the job says which nodes it has' grep -q 'on 2 nodes: node0 node1$' "$output"
    check 'the table has ranks 0 to 3' same "$(column rank "$output")" '0 1 2 3'
    # Unless this user may not give the nodes names of their own.
    if [[ $(column host "$output") == *node* ]]; then
        check 'neighbours share a node' same "$(column host "$output")" 'node0 node0 node1 node1'
    fi
    check 'each rank computes with the cores of a task' same "$(column threads "$output")" '2 2 2 2'
    check "results of $images images" same "$(cat "$folder/results/logits.jsonl" | wc -l)" "$images"
    check 'nothing went wrong by the way' not grep -qiE 'error|warning' "$output"
    show_on_failure "$output"
}

test_job_that_fails() {
    local output=$folder/fails.txt

    submit "$output" --set model=nowhere.onnx --set "outputs.folder=$folder/none"
    check 'a job without its model: exit code 1' same "$code" 1
    check 'the reason is said once' same "$(grep -c 'nowhere.onnx' "$output")" 1
    check 'no results' test ! -e "$folder/none"
    show_on_failure "$output"
}

# submit OUTPUT ARGUMENTS...: runs the script to its end with arguments for mpinfer. Sets `code`, the exit code of the
# batch job.
submit() {
    local output=$1
    shift
    in_background timeout 200 "$slurm" run sbatch --quiet --wait --nodes=2 --ntasks=4 --cpus-per-task=2 --time=2 \
        --output="$output" jobs/slurm/pipeline.sbatch "$@"
    # A file system may show the last lines late; and without any the checks must report it.
    touch "$output"
    shown=$failures
}

# column NAME OUTPUT: the first word of each row of the table of ranks at or after the place where that heading begins.
column() {
    awk -v name="$1" '
        /^rank +host/ { start = index($0, name); next }
        start && /^ *[0-9]+ / { split(substr($0, start), words, " "); printf "%s%s", gap, words[1]; gap = " " }
    ' "$2"
}

show_on_failure() {
    ((failures == shown)) || sed "s/^/      | /" "$1"
}

bring_up() {
    local reason status plugins
    reason=$(timeout 240 "$slurm" up 2>&1 >"$folder/up.txt")
    status=$?
    if ((status == 77)); then
        skip "$reason"
    elif ((status != 0)); then
        echo "FAIL  Slurm does not start: $reason"
        exit 1
    fi
    plugins=$(timeout 60 "$slurm" run srun --mpi=list 2>&1)
    [[ $plugins == *pmix* ]] || skip 'this Slurm has no plug-in for PMIx'
    echo "ok    $(slurmd -V) with 2 nodes is up after $SECONDS s"
}

main
