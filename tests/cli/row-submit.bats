#!/usr/bin/env bats
# `submit` as a user of row knows it: the same steps as in row-tutorial.bats, executed by bash on the cluster
# "none", and the scripts that clusters with Slurm would get.

load helpers

# submit ARGUMENT…: it succeeds; $output is standard output alone, $stderr the rest.
submit() {
    run --separate-stderr rowbuild submit "$@"
    if [ "$status" -ne 0 ]; then
        echo "rowbuild submit $*: status $status; $output; $stderr"
        return 1
    fi
}

@test "the first workflow, step by step" {
    expect 0 init --row "$SCRATCH/greetings"
    cd "$SCRATCH/greetings"
    mkdir workspace/room{1,2,3}
    workflow <<'END'
[[action]]
name = "greet"
command = "echo 'Good morning, {directory}.'"
END
    submit
    has_line '^Submitting 1 job that may cost up to 3 CPU-hours\.$'
    has_line "^\[1/1\] Submitting action 'greet' on directory room1 and 2 more"
    has 'Good morning, room1.' 'Good morning, room2.' 'Good morning, room3.'
    submit room3
    has_line '^Submitting 1 job that may cost up to 1 CPU-hours\.$' \
        "^\[1/1\] Submitting action 'greet' on directory room3\."
    lacks room1 'more'
    table 'Action Completed Submitted Eligible Waiting Remaining cost
greet          0         0        3       0    3 CPU-hours' show status
}

@test "several actions: only what is eligible goes" {
    mkdir workspace/room{1,2,3}
    workflow <<'END'
[[action]]
name = "greet"
command = 'echo "Good morning, {directory}." | tee workspace/{directory}/morning.txt'
products = ["morning.txt"]

[[action]]
name = "take-leave"
command = 'echo "Good night, {directory}."'
previous_actions = ["greet"]
END
    submit room2
    has 'Good morning, room2.'
    lacks night room1
    table 'Action     Completed Submitted Eligible Waiting Remaining cost
greet              1         0        2       0    2 CPU-hours
take-leave         0         0        1       2    3 CPU-hours' show status
    submit --action take-leave
    has_line "^\[1/1\] Submitting action 'take-leave' on directory room2\." '^Good night, room2\.$'
    submit -n 1
    has_line "^\[1/1\] Submitting action 'greet' on directory room1 and 1 more"
    lacks night
    table 'Action     Completed Submitted Eligible Waiting Remaining cost
greet              3         0        0       0
take-leave         0         0        3       0    3 CPU-hours' show status
}

@test "groups: a job each" {
    local n
    for n in 1 2 3 4 5 6; do
        value "s$n" "{\"radius\": $((n % 3))}"
    done
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "measure"
command = "echo measured {directory}"
[action.group]
sort_by = ["/radius"]
split_by_sort_key = true
END
    submit -a 'meas*'
    [ "$(grep -c ' Submitting action' <<<"$output")" -eq 3 ]
    [ "$(grep '^measured' <<<"$output" | tr '\n' ' ')" = \
        'measured s3 measured s6 measured s1 measured s4 measured s2 measured s5 ' ]
    submit -n 2
    [ "$(grep -c ' Submitting action' <<<"$output")" -eq 2 ]
    has 'Submitting 2 jobs that may cost up to 4 CPU-hours.'
}

@test "a command that ends well without its product may go on in the next job" {
    mkdir workspace/d1
    workflow <<'END'
[[action]]
name = "steps"
command = 'cd workspace/{directory}; echo step >>part; [ "$(wc -l <part)" -lt 3 ] || mv part whole'
products = ["whole"]
END
    expect 1 submit # it isn't a failure, but not all was done
    expect 1 submit
    submit
    [ "$(wc -l <workspace/d1/whole)" -eq 3 ]
    submit
    [[ $stderr == *'no eligible jobs'* ]]
}

@test "an unfinished job doesn't end the rest, a failed one does" {
    mkdir workspace/d{1,2,3}
    workflow <<'END'
[[action]]
name = "a"
command = 'note {directory}; case {directory} in d1) ;; d2) exit "$(cat status)" ;; esac'
products = ["out"]
group.maximum_size = 1
END
    echo 0 >status
    expect 1 submit
    has unfinished
    expect_runs d1 d2 d3
    echo 7 >status
    expect 1 submit
    expect_runs d1 d2
    has_line '^error: the script of action .a. ended with status'
}

@test "a partial group with submit_whole waits, and the rest goes" {
    local n
    for n in 1 2 3 4; do
        value "d$n" "{\"t\": $((n % 2))}"
    done
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "sample"
command = ": >workspace/{directory}/samples"
products = ["samples"]
[[action]]
name = "average"
command = "note average {directories}"
previous_actions = ["sample"]
[action.group]
sort_by = ["/t"]
split_by_sort_key = true
submit_whole = true
END
    submit -a sample d2 d4 d1
    submit
    expect_runs 'average d2 d4'
    submit
    expect_runs 'average d1 d3' 'average d2 d4'
}

@test "what is asked for and isn't there: warnings, as in row" {
    mkdir workspace/d1
    workflow <<'END'
[[action]]
name = "a"
command = "note {directory}"
END
    submit -a 'b*'
    [[ $stderr == *'no action matches `b*`'* ]]
    submit nowhere
    [[ $stderr == *'`nowhere`'* ]]
    expect_runs
    submit nowhere d1
    [[ $stderr == *'`nowhere`'* ]]
    expect_runs d1
    expect 2 submit - <<<d1 # standard input is for the question
    has '`-`'
    expect_runs
}

# scripted TEXT…: a dry run on the cluster prints scripts that hold these lines.
scripted() {
    local line
    submit --dry-run --cluster "$CLUSTER"
    for line; do
        if ! grep -qxF -- "$line" <<<"$output"; then
            echo "no such line: $line"
            echo "$output"
            return 1
        fi
    done
}

@test "scripts: resources as options of sbatch" {
    mkdir workspace/d{1,2,3}
    CLUSTER=greatlakes
    resources() {
        workflow <<END
[[action]]
name = "a"
command = "note {directories}"
launchers = ["mpi"]
$1
END
    }
    resources ''
    scripted '#!/bin/bash' '#SBATCH --job-name=a-d1+2' '#SBATCH --output=a-%j.out' \
        '#SBATCH --partition=standard' '#SBATCH --ntasks=1' '#SBATCH --mem-per-cpu=5120M' \
        '#SBATCH --time=180' 'export ACTION_CLUSTER=greatlakes' 'export ACTION_WALLTIME_IN_MINUTES=180'
    lacks cpus-per-task gpus nodes
    resources 'resources.processes.per_directory = 4
resources.threads_per_process = 2
resources.walltime.per_submission = "00:10:30"
resources.memory_per_cpu_mb = 1000'
    scripted '#SBATCH --ntasks=12' '#SBATCH --cpus-per-task=2' '#SBATCH --time=11' \
        '#SBATCH --mem-per-cpu=1000M' 'export ACTION_PROCESSES=12' \
        'export ACTION_PROCESSES_PER_DIRECTORY=4' 'export ACTION_THREADS_PER_PROCESS=2' \
        'export ACTION_WALLTIME_IN_MINUTES=10'
    resources 'resources.gpus_per_process = 1
resources.processes.per_directory = 1
resources.memory_per_cpu_mb = 1000'
    scripted '#SBATCH --partition=gpu' '#SBATCH --gpus-per-task=1' '#SBATCH --mem-per-gpu=61440M' \
        'export ACTION_GPUS_PER_PROCESS=1'
    CLUSTER=frontier
    resources 'resources.gpus_per_process = 1
resources.processes.per_directory = 8'
    scripted '#SBATCH --nodes=3' '#SBATCH --constraint="nvme"'
}

@test "scripts: submit options of the cluster, of the default and of the action" {
    mkdir workspace/d1
    CLUSTER=delta
    workflow <<'END'
[default.action]
command = "note {directory}"
[default.action.submit_options.delta]
account = "hours"
custom = ["--mail-type=END", "--mail-user=me@example.org"]
output_file_path = "logs/jobs"
[default.action.submit_options.anvil]
account = "others"

[[action]]
name = "one"

[[action]]
name = "two"
[action.submit_options.delta]
account = "own"
partition = "gpuA40x4"
setup = "module load two"
output_file_name = "{action_name}_%j.txt"
[action.resources]
gpus_per_process = 1
END
    submit --dry-run --cluster delta -a one
    has '#SBATCH --account=hours-cpu' '#SBATCH --constraint="scratch"' '#SBATCH --mail-type=END' \
        '#SBATCH --mail-user=me@example.org' '#SBATCH --output=logs/jobs/one-%j.out' \
        '#SBATCH --partition=cpu'
    lacks others own 'module load'
    # The cluster's options come first, so that an action may have its own word.
    [[ $output == *constraint*account*mail-type* ]]
    submit --dry-run --cluster delta -a two
    has '#SBATCH --account=own-gpu' '#SBATCH --partition=gpuA40x4' '#SBATCH --mail-type=END' \
        '#SBATCH --output=logs/jobs/two_%j.txt'
}

@test "inside a job of Slurm, submit runs what it is told: the job's number and index aren't its own" {
    mkdir -p workspace/{a,b}
    rowfile <<'END'
[[action]]
name = "first"
command = 'note first {directory} $SLURM_ARRAY_JOB_ID; hold {directory}; touch workspace/{directory}/out'
products = ["out"]
[[action]]
name = "second"
command = 'note second {directory}; touch workspace/{directory}/out2'
products = ["out2"]
previous_actions = ["first"]
END
    export SLURM_JOB_ID=8 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=3 SLURM_CPUS_ON_NODE=1
    start submit --yes --follow
    await_started a
    grep -q "^process [0-9]* of $HOSTNAME" .rowbuild/inbox/*.claim
    [ "$(cat .rowbuild/inbox/*.claim | wc -l)" -eq 1 ]
    release a b
    finish 0
    expect_runs 'first a 7' 'first b 7' 'second a' 'second b'
    expect_nothing_to_do
}
