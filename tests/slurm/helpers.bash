# What the tests on a real Slurm share: one lab for each file, a study and a state for each test.
# shellcheck shell=bash disable=SC2154 # variables that bats sets

load ../cli/helpers

LAB_SH=$BATS_TEST_DIRNAME/lab.sh

setup_file() {
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
    eval "$(bash "$LAB_SH" environment "$LAB")"
}

teardown() {
    scancel --me 2>/dev/null || true
    bash "$LAB_SH" wait-queue "$LAB" 30 || true
    cli_teardown
}

# over [SECONDS]: waits until no job is queued or running.
over() {
    bash "$LAB_SH" wait-queue "$LAB" "${1:-60}"
}

# restarts the controller with these lines of slurm.conf
configured() {
    bash "$LAB_SH" configure "$LAB" "$@"
}

# job_count: jobs of ours that the queue knows, pending or running, elements one by one
job_count() {
    squeue --me -h -r -t pending,running -o %i | wc -l
}

# clusters_toml: adds to the lab's own clusters.toml for this test, from standard input
clusters_toml() {
    mkdir -p "$SCRATCH/lab-home/.config/rowbuild"
    cat "$LAB/home/.config/rowbuild/clusters.toml" - >"$SCRATCH/lab-home/.config/rowbuild/clusters.toml"
    export ROWBUILD_HOME=$SCRATCH/lab-home
}
