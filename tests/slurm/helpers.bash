# What the tests on a real Slurm share: one lab for each file, a study and a state for each test.
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # others' files; variables that bats sets, or tests read

load ../cli/helpers
load lab.sh

LAB_SH=$BATS_TEST_DIRNAME/lab.sh

setup_file() {
    : "${ROWBUILD:?the program to be tested}"
    command -v sbatch >/dev/null || skip 'Slurm is not installed'
    LAB=$(mktemp -d /tmp/rowbuild-lab.XXXXXX)
    export LAB
    LAB_OWNER=$PPID bash "$LAB_SH" start "$LAB" "${LAB_NODES:-4}" "${LAB_CPUS:-8}"
}

teardown_file() {
    [ -z "${LAB:-}" ] || bash "$LAB_SH" stop "$LAB"
}

eval "cli_$(declare -f setup)"
eval "cli_$(declare -f teardown)"

setup() {
    cli_setup || return 1
    lab_export "$LAB"
    unset "${!SLURM_JOB@}" "${!SBATCH_@}" "${!SQUEUE_@}"
    SUBMISSIONS_BEFORE=$(submissions)
}

# What a test leaves in the queue goes before the next one.
teardown() {
    if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
        find "$SCRATCH/project" -maxdepth 1 -name '*.out' -exec cat {} +
        squeue -r -t all
        tail -n 30 "$LAB/log/slurmctld.log"
    fi
    lab_cancel_all
    cli_teardown
}

# job_count: jobs of ours that the queue knows, pending or running, elements one by one
job_count() {
    squeue --me -h -r -t pending,running -o %i | wc -l
}

# clusters_toml LINE…: lines added to the lab's cluster, for this test
clusters_toml() {
    local line
    mkdir -p "$SCRATCH/lab-home/.config/rowbuild"
    cp "$LAB/home/.config/rowbuild/clusters.toml" "$SCRATCH/lab-home/.config/rowbuild"
    export ROWBUILD_HOME=$SCRATCH/lab-home
    for line; do
        sed -i "s/^scheduler = .*/&\n$line/" "$ROWBUILD_HOME/.config/rowbuild/clusters.toml"
    done
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

# three_actions DIRECTORY…: one after the other, a job for each directory but for the last.
three_actions() {
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
command = 'note {directory}; hold {directory} && echo done >workspace/{directory}/a'
group.maximum_size = 1
resources.walltime.per_submission = "00:10:00"
END
    local directory
    for directory; do
        mkdir -p "workspace/$directory"
    done
}

# sleepers [MINUTES]: a task that is quick, and others that go on until the test says `release`. Near the end
# of a job's time it is treated otherwise, so that is an hour away unless a test wants it near.
sleepers() {
    mkdir workspace/{p,q}
    rowfile <<END
[[action]]
name = "work"
products = ["a"]
command = 'note {directory}; [ {directory} = p ] || hold {directory} || exit; touch workspace/{directory}/a'
resources.walltime.per_submission = "PT${1:-60}M"
END
}

# is_completed ACTION DIRECTORY: it is on record
is_completed() {
    rowbuild show directories -a "$1" --completed --short | grep -qx "$2"
}

# job_of DIRECTORY: the job that works on it, as Slurm calls it
job_of() {
    rowbuild show jobs --short "$1"
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

# jobs_done [SECONDS]: waits until no job is queued or running.
jobs_done() {
    lab_wait_queue "$LAB" "${1:-60}"
}

# Slurm lets requeued jobs wait for two minutes. Here they wait until the second is over in which they
# ended: before that their hosts would refuse them.
hasten_requeued() {
    local job eligible
    while read -r job eligible; do
        if [[ $eligible > $(date -d '10 seconds' +%FT%T) ]]; then
            scontrol update "JobId=$job" StartTime=now+2
        fi
    done < <(squeue -h -t PENDING -O JobID:20,EligibleTime:30)
}

# nothing_waits: no job is left, requeued ones included. started_again NAME: `hold NAME` has begun.
nothing_waits() {
    hasten_requeued
    lab_queue_empty "$LAB"
}

started_again() {
    hasten_requeued
    [ -e "$GATE/$1.started" ]
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
