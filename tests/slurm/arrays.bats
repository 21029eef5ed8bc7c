#!/usr/bin/env bats
# `rowbuild submit` to a real Slurm: single jobs, arrays, dependencies, limits.

load helpers

# study DIRECTORY…: two actions, a job for each directory
study() {
    cat >workflow.toml <<'END'
[default.action]
group.maximum_size = 1
resources.walltime.per_submission = "00:05:00"

[[action]]
name = "first"
command = 'note first {directory}; if [ -e workspace/{directory}/bad ]; then exit 3; fi; echo 1 >workspace/{directory}/one'
products = ["one"]

[[action]]
name = "second"
command = 'note second {directory}; cp workspace/{directory}/one workspace/{directory}/two'
products = ["two"]
previous_actions = ["first"]
END
    local directory
    for directory; do
        mkdir -p "workspace/$directory"
    done
}

# new_jobs: ids of the submissions that are registered here
new_jobs() {
    local file
    for file in .rowbuild/jobs/*.json; do
        [ -e "$file" ] && jq -r .job_id "$file"
    done
}

@test "a single job: its resources, its output, its comment; then it is completed" {
    study 'd 1'
    expect 0 submit
    has 'Submitting 1 job that may cost up to 83m CPU-hours.' \
        "[1/1] Submitting action 'first' on directory d 1."
    has_line '^Submitted job [0-9]+\.$'
    local id
    id=$(new_jobs)
    [ "$(squeue -h -j "$id" -t all -o '%j|%P|%l|%Z')" = "first-d_1|main|5:00|$PWD" ]
    [ "$(squeue -h -j "$id" -t all -o %k)" = "rowbuild:$(jq -r .token .rowbuild/jobs/*.json)" ]
    jobs_done
    grep -q 'first d 1' "first-$id.out"
    expect_runs 'first d 1'
    expect 0 show status
    has_line '^first +1 +0 +0 +0' '^second +0 +0 +1 +0'
    expect 0 submit
    jobs_done
    expect_runs 'second d 1'
    expect 0 submit
    has 'no eligible jobs'
    expect_nothing_to_do -j 1
}

only_held_is_left() {
    [ "$(squeue --me -h -o %r | sort -u)" = JobHeldUser ]
}

@test "while it is queued it is submitted, and nobody else touches it" {
    study d1 d2
    expect 0 submit d1 -- --hold
    expect 0 show status
    has_line '^first +0 +1 +1 +0'
    expect 0 submit
    lab_poll 20 only_held_is_left
    expect 0 -j 2
    has '1 task is in a job'
    expect_runs 'first d2' 'second d2'
    expect 0 submit
    has 'no eligible jobs'
    scontrol release "$(squeue --me -h -o %i)"
    jobs_done
    expect_runs 'first d1'
}

@test "options behind -- reach sbatch" {
    study d1
    expect 0 submit -- --hold --job-name=mine --nice=7
    [ "$(squeue -h -j "$(new_jobs)" -o '%j %r')" = 'mine JobHeldUser' ]
    scontrol show job "$(new_jobs)" | grep -q 'Nice=7'
    scancel --me
    jobs_done
    expect 1 submit -- --no-such-option
    has 'no-such-option' 'rejected'
    [ "$(job_count)" -eq 0 ]
    expect 0 show status
    has_line '^first +0 +0 +1 +0'
}

@test "options behind -- that would make other jobs are refused, and what is no option" {
    study d1
    local option
    for option in --array=0-3 -a0-3 --wrap=true --test-only --wait -W; do
        expect 2 submit -- --hold "$option"
        has "can't be passed to sbatch"
    done
    expect 2 submit -- d1
    has 'options of sbatch, and `d1` is not an option'
    [ "$(job_count)" -eq 0 ]
}

@test "a dependency behind -- counts besides those of the jobs themselves" {
    study d1
    local first condition
    first=$(sbatch --parsable --hold --output=/dev/null --wrap=true)
    for condition in "-d afterany:$first" "-dafterany:$first" "--dependency afterany:$first" \
        "--dependency=afterany:$first"; do
        # shellcheck disable=SC2086 # two words
        expect 0 submit --follow -- $condition
        squeue --me -h -n first-d1 -o %E | grep -q "^afterany:$first"
        squeue --me -h -n second-d1 -o %E | grep -q "afterany:$first.*afterok\|afterok.*afterany:$first"
        scancel --name=first-d1
        scancel --name=second-d1
        lab_poll 20 queue_is pending 1
        ask_anew
    done
}

@test "an array, with a throttle; without arrays" {
    study d{1..6}
    expect 0 submit --throttle 2
    has_line '^Submitted job [0-9]+, an array of 6\.$'
    [ "$(new_jobs | wc -l)" -eq 1 ]
    scontrol show job "$(new_jobs)" | grep -q 'ArrayTaskThrottle=2'
    jobs_done
    expect_runs 'first d1' 'first d2' 'first d3' 'first d4' 'first d5' 'first d6'
    expect 0 submit --no-array
    [ "$(grep -c '^Submitted job' <<<"$output")" -eq 6 ]
    jobs_done
    expect_runs 'second d1' 'second d2' 'second d3' 'second d4' 'second d5' 'second d6'
    expect_nothing_to_do -j 1
}

@test "--follow: index by index; what follows a failure is removed, the rest goes on" {
    study d{1..4}
    touch workspace/d2/bad
    expect 0 submit --follow
    [ "$(grep -c '^Submitted job' <<<"$output")" -eq 2 ]
    jobs_done
    expect_runs 'first d1' 'first d2' 'first d3' 'first d4' 'second d1' 'second d3' 'second d4'
    expect 0 show status
    has_line '^first +3 +0 +1 +0' '^second +3 +0 +0 +1'
    expect 0 show why second/d2
    has 'CANCELLED'
    rm workspace/d2/bad
    expect 0 submit --follow
    jobs_done
    expect_runs 'first d2' 'second d2'
    expect_nothing_to_do -j 1
}

@test "--follow: a group waits for all that it needs" {
    study d{1..3}
    cat >>workflow.toml <<'END'
[[action]]
name = "all"
command = 'note all {directories}; for d in {directories}; do cp "workspace/$d/two" "workspace/$d/three"; done'
products = ["three"]
previous_actions = ["second"]
group.maximum_size = 10
END
    expect 0 submit --follow
    jobs_done
    expect_runs 'first d1' 'first d2' 'first d3' 'second d1' 'second d2' 'second d3' 'all d1 d2 d3'
    expect_nothing_to_do -j 1
}

@test "--follow later: what waits for jobs in the queue" {
    study d{1..3}
    expect 0 submit -- --hold
    expect 0 submit
    has 'no eligible jobs'
    expect 0 submit --follow
    has "Submitting action 'second'" 'an array of 3'
    scontrol show job "$(new_jobs | sort -n | tail -n 1)" | grep -q "Dependency=aftercorr"
    scontrol release "$(squeue --me -h -o '%A %r' | awk '/JobHeldUser/ { print $1; exit }')"
    jobs_done
    expect_runs 'first d1' 'first d2' 'first d3' 'second d1' 'second d2' 'second d3'
    expect_nothing_to_do -j 1
}

@test "a dependency of the user's counts besides those of --follow" {
    study d1
    sbatch --hold --parsable --output=/dev/null --wrap true >"$SCRATCH/id"
    expect 0 submit --follow -- "--dependency=afterany:$(cat "$SCRATCH/id")"
    scontrol show job "$(new_jobs | sort -n | tail -n 1)" >"$SCRATCH/job"
    grep -q "afterany:$(cat "$SCRATCH/id")" "$SCRATCH/job"
    grep -q "afterok:$(new_jobs | sort -n | head -n 1)" "$SCRATCH/job"
}

@test "maximum_jobs of the cluster" {
    study d{1..5}
    clusters_toml 'maximum_jobs = 3'
    expect 0 submit -- --hold
    has 'Submitting 3 jobs' '2 jobs are left out' 'maximum_jobs, 3'
    [ "$(job_count)" -eq 3 ]
    expect 0 submit
    has '2 jobs are left out'
    [ "$(job_count)" -eq 3 ]
    scancel --me
    jobs_done
    expect 0 submit -- --hold
    [ "$(job_count)" -eq 3 ]
}

@test "variables of a surrounding job don't reach sbatch" {
    study d1
    SLURM_MEM_PER_CPU=1 SLURM_NPROCS=7 SLURM_HOLD=1 SBATCH_NO_REQUEUE=1 expect 0 submit -- --hold
    scontrol show job "$(new_jobs)" >"$SCRATCH/job"
    grep -q "NumTasks=1 " "$SCRATCH/job"
    grep -q "Requeue=0" "$SCRATCH/job"
    run grep -q 'MinMemoryCPU=1M' "$SCRATCH/job"
    [ "$status" -eq 1 ]
}

@test "1,000 groups: a handful of calls" {
    study
    mkdir -p workspace/d{0001..1000}
    program sbatch <<END
echo call >>"$SCRATCH/calls"
exec $(command -v sbatch) "\$@"
END
    expect 0 submit --follow -- --hold
    [ "$(wc -l <"$SCRATCH/calls")" -le 5 ]
    [ "$(job_count)" -eq 2000 ]
    expect 0 show status
    has_line '^first +0 +1,000 +0 +0' '^second +0 +1,000 +0 +0'
    scancel --me
    jobs_done
    expect 0 show status --recorded
}
