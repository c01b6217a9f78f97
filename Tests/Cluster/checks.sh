# Sourced by the tests of clusters: counts what is right, and takes down what was brought up, however the test ends.

checks=0
failures=0
client= # a process that the test waits for

# check TITLE COMMAND...
check() {
    local title=$1
    shift
    checks=$((checks + 1))
    if "$@"; then
        echo "ok    $title"
    else
        failures=$((failures + 1))
        echo "FAIL  $title: $*"
    fi
}

same() { [[ $1 == "$2" ]]; }

not() { ! "$@"; }

skip() {
    echo "skipped: $*"
    exit 77
}

# The last command of a test.
summary() {
    echo "$((checks - failures)) of $checks checks passed in $SECONDS s"
    ((failures == 0))
}

# in_background COMMAND...: runs it to its end; a signal for the test does not have to wait for that. Sets `code`.
in_background() {
    "$@" &
    client=$!
    wait "$client"
    code=$?
    client=
}

# at_end COMMAND...: runs it when the test ends, with the exit code that it ends with.
at_end() {
    ending=("$@")
    trap end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

end() {
    local status=$?
    trap '' INT TERM
    [[ -z $client ]] || kill "$client" 2>/dev/null
    timeout 120 "${ending[@]}" || status=1
    exit "$status"
}
