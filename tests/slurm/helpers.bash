# What the tests with a real Slurm share. Each file has a lab of its own, which is started before its
# first test; each test works in a folder of its own, on what tests/cli/helpers.bash gives it.
# shellcheck shell=bash disable=SC2034,SC2154 # variables of bats and of the other helpers

source "$BATS_TEST_DIRNAME/../cli/helpers.bash"
source "$BATS_TEST_DIRNAME/lab.sh"
eval "$(declare -f setup teardown | sed 's/^setup ()/setup_project ()/; s/^teardown ()/teardown_project ()/')"

# A file that needs another one says so in a function of this name.
if ! declare -F lab_of_this_file >/dev/null; then
    lab_of_this_file() {
        lab_start "$1" 4 8
    }
fi

setup_file() {
    : "${ROWBUILD:?the program to be tested}"
    BATS_LAB=$(mktemp -d "${TMPDIR:-/tmp}/rowbuild-lab.XXXXXX")
    export BATS_LAB
    lab_of_this_file "$BATS_LAB" || {
        cat "$BATS_LAB"/log/*.log >&2
        return 1
    }
}

teardown_file() {
    lab_stop "$BATS_LAB"
}

setup() {
    LAB=$BATS_LAB
    setup_project
    lab_export "$LAB"
    unset "${!SLURM_JOB@}" "${!SBATCH_@}" "${!SQUEUE_@}"
    SUBMISSIONS_BEFORE=$(submissions)
}

# What a test leaves in the queue goes before the next one.
teardown() {
    lab_cancel_all
    teardown_project
}

lab_cancel_all() {
    local pid
    if ! SLURM_CONF=$LAB/slurm.conf scontrol ping 2>/dev/null | grep -q UP; then
        pid=$(cat "$LAB/run/slurmctld.pid" 2>/dev/null) && kill -CONT "$pid" 2>/dev/null
        [ -n "$pid" ] && lab_lives "$pid" || lab_start_controller "$LAB" || return 0
    fi
    squeue -h -t all -o %A | sort -u | xargs -r scancel -f 2>/dev/null
    lab_poll 20 lab_queue_empty "$LAB" || true
}

# In the project: three actions one after the other, and DIRECTORY…
study() {
    local directory
    rowfile <<'END'
[[action]]
name = "first"
products = ["a"]
command = 'note first {directory}; echo {directory} >workspace/{directory}/a'
group.maximum_size = 1

[[action]]
name = "second"
products = ["b"]
previous_actions = ["first"]
command = 'note second {directory}; cp workspace/{directory}/a workspace/{directory}/b'
group.maximum_size = 1

[[action]]
name = "third"
products = ["c"]
previous_actions = ["second"]
command = 'note third {directory}; cp workspace/{directory}/b workspace/{directory}/c'
END
    for directory; do
        mkdir -p "workspace/$directory"
    done
}

# held [DIRECTORY…]: one action whose command waits for `release DIRECTORY`.
held() {
    rowfile <<'END'
[[action]]
name = "wait"
products = ["a"]
command = 'note {directory}; hold {directory}; echo done >workspace/{directory}/a'
group.maximum_size = 1
resources.walltime.per_submission = "00:10:00"
END
    local directory
    for directory; do
        mkdir -p "workspace/$directory"
    done
}

# queue_is STATE COUNT: so many elements are in that state.
queue_is() {
    [ "$(squeue -h -r -t "$1" -o %A | wc -l)" -eq "$2" ]
}

await_queue() {
    lab_poll 30 queue_is "$@" && return 0
    squeue -r -t all
    echo "expected: $*"
    return 1
}

jobs_done() {
    lab_wait_queue "$LAB" 60
}

# state_of JOB: in Slurm's words
state_of() {
    squeue -h -t all -j "$1" -o %T
}

# ask_anew: what the queue said is forgotten.
ask_anew() {
    rm -f .rowbuild/queue
}

# submissions: how many its controller has ever accepted. new_submissions: since this test began.
submissions() {
    grep -c '_slurm_rpc_submit_batch_job: JobId=' "$LAB/log/slurmctld.log" || true
}

new_submissions() {
    echo $(($(submissions) - SUBMISSIONS_BEFORE))
}
