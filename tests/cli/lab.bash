# A cluster whose sbatch only keeps the script, which a test then runs as the job.
# shellcheck shell=bash disable=SC2034,SC2154 # variables that tests read, and that helpers.bash sets

# A cluster `lab` whose sbatch keeps its script in $SCRATCH/job.N, and answers N: 77, 78, …
lab() {
    unset ROWBUILD_CLUSTER
    mkdir -p "$HOME/.config/rowbuild"
    cat >"$HOME/.config/rowbuild/clusters.toml" <<'END'
[[cluster]]
name = "lab"
scheduler = "slurm"
identify.always = true
partition = []
END
    program sbatch <<'END'
#!/bin/bash
n=77
while [ -e "$SCRATCH/job.$n" ]; do n=$((n + 1)); done
cat >"$SCRATCH/job.$n"
echo $n
END
    for name in squeue scontrol sinfo; do
        program $name <<<$'#!/bin/sh\nexit 1'
    done
}

# submitted ARGUMENT…: rowbuild submit, of which one job comes.
submitted() {
    expect 0 submit --yes "$@"
    has 'Submitted job'
}

# job N [WORD…]: the job N runs, its script behind these words; $output, $status.
job() {
    local n=$1
    shift
    status=0
    output=$(SLURM_JOB_ID=$n SLURM_CPUS_ON_NODE=1 "$@" bash "$SCRATCH/job.$n" 2>&1) || status=$?
    [ "$status" -eq 0 ] || { echo "$output" && return 1; }
}
