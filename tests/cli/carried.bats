#!/usr/bin/env bats
# What a job carries: it runs what was submitted, whatever becomes of the description, of the user's files
# and of the home while it waits. sbatch only keeps the script, which a test then runs as the job.
# shellcheck shell=bash disable=SC2154,SC2016 # variables that bats and expect set; commands of a Rowfile

load helpers

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

one_action() {
    rowfile <<'END'
[[action]]
name = "sim"
command = "note {directory}; touch workspace/{directory}/out"
products = ["out"]
END
    mkdir -p workspace/a
}

@test "a job runs what was submitted: the Rowfile is half-typed, renamed, changed or gone by then" {
    lab
    one_action
    cp Rowfile "$SCRATCH/Rowfile"
    local edit n=77
    for edit in 'echo "[[action" >>Rowfile' 'sed -i s/\"sim\"/\"simulate\"/ Rowfile' \
        'sed -i s/note/exit/ Rowfile' 'rm Rowfile' 'mv Rowfile workflow.toml'; do
        rm -rf .rowbuild workspace/a/out workflow.toml
        cp "$SCRATCH/Rowfile" Rowfile
        submitted
        eval "$edit"
        job $((n++))
        expect_runs a
        [ -e workspace/a/out ]
    done
}

@test "a job needs neither a home nor the user's files" {
    lab
    mkdir -p "$SCRATCH/empty"
    chmod a-w "$SCRATCH/empty"
    cat >"$HOME/.config/rowbuild/launchers.toml" <<'END'
["my own".default]
executable = "env FROM=launcher"
END
    rowfile <<'END'
[[action]]
name = "sim"
command = "sh -c 'echo $FROM > out'"
launchers = ["my own"]
products = ["//out"]
scope = "project"
END
    mkdir -p workspace
    submitted
    local home=$HOME
    rm -r "$home/.config"
    export HOME=$SCRATCH/empty
    job 77
    [ "$(cat out)" = launcher ]
    rm -rf out .rowbuild
    export HOME=$home
    lab
    printf '["my own".lab]\nexecutable = "env FROM=lab"\n["my own".default]\n' \
        >"$HOME/.config/rowbuild/launchers.toml"
    submitted
    sed -i 's/"lab"/"renamed"/' "$HOME"/.config/rowbuild/*.toml
    job 78 env -u HOME
    [ "$(cat out)" = lab ]
}

@test "--export=NONE: the script passes the user's variables on, and paths as the user spells them" {
    lab
    one_action
    mv workspace "$SCRATCH/w"
    mkdir "$SCRATCH/real"
    mv Rowfile "$SCRATCH/w" "$SCRATCH/real"
    mv "$SCRATCH/real/w" "$SCRATCH/real/workspace"
    ln -s real "$SCRATCH/link"
    mkdir "$SCRATCH/link/below"
    cd "$SCRATCH/link/below"
    cp -r "$HOME" ../home
    ROWBUILD_IO_THREADS=3 ROWBUILD_HOME=../home ROWBUILD_RUN=1 ROWBUILD_COLOR='a b' expect 2 show status
    ROWBUILD_IO_THREADS=3 ROWBUILD_HOME=../home ROWBUILD_RUN=1 ROWBUILD_GPUS=0 submitted
    output=$(cat "$SCRATCH/job.77")
    has_line "^exec .* -C $SCRATCH/link --cluster lab job [0-9a-f]+$" '^export ROWBUILD_IO_THREADS=3$' \
        '^export ROWBUILD_GPUS=0$' "^export ROWBUILD_HOME=$SCRATCH/link/below/../home$"
    lacks ROWBUILD_RUN ROWBUILD_CLUSTER
    job 77 env -i PATH="$PATH" SLURM_JOB_ID=77 SLURM_CPUS_ON_NODE=1 RUNS="$RUNS"
    [ -e ../workspace/a/out ]
    cd /
    rm -rf "$SCRATCH/real/.rowbuild" "$SCRATCH/real/workspace/a/out"
    expect 0 -C "$SCRATCH/link" submit --yes
    output=$(cat "$SCRATCH/job.78")
    has_line "^exec .* -C $SCRATCH/link --cluster"
}

@test "what was registered by the version before carries nothing, and its job reads the description" {
    lab
    one_action
    submitted
    local file
    file=$(echo .rowbuild/jobs/*.json)
    jq -c 'del(.description, .checksum) | .version = 2' "$file" >"$SCRATCH/old"
    cp "$SCRATCH/old" "$file"
    rm -r .rowbuild/jobs/carried
    sed -i s/out/new/ Rowfile
    job 77
    [ -e workspace/a/new ]
    expect_runs a
    expect_nothing_to_do
}

@test "what is carried is kept as long as a registration names it, and a damaged one is told" {
    lab
    one_action
    submitted
    expect 0 scan
    local file
    file=$(echo .rowbuild/jobs/carried/*)
    sed -i 's/note/nota/' "$file"
    status=0
    output=$(SLURM_JOB_ID=77 bash "$SCRATCH/job.77" 2>&1) || status=$?
    [ "$status" -eq 3 ]
    has "carried/${file##*/}: it is damaged"
    expect 0 clean --submitted --force
    expect 0 scan
    absent .rowbuild/jobs/carried
}

@test "a user's file that can't be read is a warning" {
    lab
    one_action
    unset ROWBUILD_CLUSTER
    mkdir -p "$HOME/.config/row"
    mkdir "$HOME/.config/row/launchers.toml" "$HOME/.config/row/clusters.toml"
    expect 0 show status
    has "warning: $HOME/.config/row/clusters.toml can't be read: Is a directory; its settings don't count" \
        "launchers.toml can't be read"
}

@test "a job is about its part of the study: nothing else is read or listed, and its records say the same" {
    lab
    local d
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "mesh"
command = "echo mesh > mesh"
scope = "project"
products = ["//mesh"]
[[action]]
name = "stamp"
command = "note stamp {directory}"
[[action]]
name = "prep"
command = "echo {/x} | tee workspace/{directory}/a.in > workspace/{directory}/b.in"
products = ["a.in", "b.in"]
previous_actions = ["mesh", "stamp"]
group.where = "/x > 0"
[[action]]
name = "sim"
command = "note sim {directory}; cat workspace/{directory}/*.in > workspace/{directory}/out"
inputs = ["**/*.in", "//mesh"]
products = ["out"]
[[action]]
name = "three"
command = "note three {directories}; for d in {directories}; do touch workspace/$d/z.in; done"
inputs = ["out"]
products = ["z.in"]
[action.group]
submit_whole = true
maximum_size = 3
sort_by = ["/x"]
END
    for d in a b c d e f g; do value $d '{"x": 1}'; done
    expect 0 -j 2 -a three '#1' # `three` has made files there that the glob of `sim` leaves out
    expect 0 -j 2 -a prep
    sed -i 's/^\[\[action/# a later version\n&/' Rowfile
    submitted -a sim d e f
    [ "$(echo .rowbuild/jobs/*.tasks | wc -w)" -eq 1 ]
    for d in a c g; do value $d '{'; done
    : >"$RUNS"
    : >"$SCRATCH/broken"
    # An array's only script, as its element.
    job 77 env FAIL_CALL=getdents FAIL_NAME=/workspace FAIL_ERRNO=5 FAIL_WHILE="$SCRATCH/broken" \
        ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" LD_PRELOAD="$FAILING_CALLS"
    expect_runs 'sim d' 'sim e' 'sim f'
    for d in a c g; do value $d '{"x": 1}'; done
    expect 0 show why sim/d sim/e sim/f three/#2
    has 'sim d: is up to date' 'sim e: is up to date' 'sim f: is up to date' 'three #2: is out of date'
    # The group that maximum_size cut off is known by its number.
    submitted -a three '#2'
    value g '{'
    job 78 env FAIL_CALL=getdents FAIL_NAME=/workspace FAIL_ERRNO=5 FAIL_WHILE="$SCRATCH/broken" \
        ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" LD_PRELOAD="$FAILING_CALLS"
    expect_runs 'three d e f'
    value g '{"x": 1}'
    expect 0 show why sim/d three/#2
    has 'sim d: is up to date' 'three #2: is up to date'
}

@test "a command that was changed while its job waited makes the task stale, and the reason says so" {
    lab
    one_action
    mkdir workspace/b
    submitted
    sed -i 's/touch/echo new >/' Rowfile
    job 77 env SLURM_ARRAY_JOB_ID=77 SLURM_ARRAY_TASK_ID=0
    expect 0 show why sim/a
    has 'recipe changed while it waited: command: '
    expect 0 -n --explain
    has 'recipe changed while it waited'
    expect 0 -j 1 a
    sed -i 's/new/newer/' Rowfile
    expect 0 show why sim/a
    has 'command: '
    lacks waited
}

@test "a job claims its products, whatever the action, the workspace or the Rowfile are called by now" {
    lab
    one_action
    mkdir -p workspace/b
    expect 0 submit --yes a
    sed -i 's/"sim"/"simulate"/' Rowfile
    expect 0 submit --yes -n 1
    [ -e "$SCRATCH/job.78" ] # b
    expect 0 submit --yes
    has 'there are no eligible jobs'
    expect 0 -j 2
    expect_runs
    has '2 tasks are in jobs'
    mv Rowfile other.toml
    expect 0 -f other.toml -j 2
    expect_runs
    mv workspace space
    printf '[workspace]\npath = "space"\n' | cat - other.toml >Rowfile
    sed -i 's,workspace/{,{workspace_path}/{,' Rowfile
    expect 0 show directories --short --submitted -a simulate
    has_line '^a$' '^b$'
    # A folder that holds what is claimed, and a file in a folder that is.
    mv space workspace
    rowfile <<'END'
[[action]]
name = "folder"
command = "mkdir -p workspace/{directory}/out"
products = ["out/x"]
END
    expect 0 show directories --short --submitted -a folder
    has_line '^a$' '^b$'
    expect 2 clean --submitted
    has '2 jobs are queued or running'
}

# Two clusters: sbatch names the one that it was told, and squeue lists only what it is asked about.
clusters_a_and_b() {
    lab
    program sbatch <<'END'
#!/bin/bash
n=77
while [ -e "$SCRATCH/job.$n" ]; do n=$((n + 1)); done
cat >"$SCRATCH/job.$n"
echo "$*" >"$SCRATCH/words.$n"
echo 'Welcome to the site'
case " $* $SBATCH_CLUSTERS $(grep '^#SBATCH' "$SCRATCH/job.$n")" in
*-M*b* | *clusters?b* | *' b '*) echo "$n;b" ;;
*) echo $n ;;
esac
END
    program squeue <<'END'
#!/bin/bash
echo "$*" >>"$SCRATCH/asked"
file=$SCRATCH/queue.a
case $* in *--clusters=b*) file=$SCRATCH/queue.b ;; esac
cat "$file" 2>/dev/null || true
END
}

@test "a job is known by its cluster and its id" {
    clusters_a_and_b
    one_action
    mkdir -p workspace/b workspace/c
    expect 0 submit --yes a -- -M b
    expect 0 submit --yes b
    # b's queue has the one, this cluster's the other; in each, the other's id is another job's.
    local old=.rowbuild/jobs/*.json file
    for file in $old; do
        jq '.submitted_at = 1700000000 | del(.checksum)' "$file" >"$SCRATCH/new"
        cp "$SCRATCH/new" "$file"
    done
    echo 'rowbuild|77|N/A|RUNNING||None' >"$SCRATCH/queue.b"
    echo 'rowbuild|78|N/A|PENDING||None' >"$SCRATCH/queue.a"
    expect 0 show jobs
    has_line '^b/77 +sim +1 +RUNNING' '^ *78 +sim +1 +PENDING'
    expect 0 show jobs --short
    [ "$output" = 78 ]
    expect 0 show directories --short --submitted -a sim
    has_line '^a$' '^b$'
    : >"$SCRATCH/asked"
    echo 'rowbuild|77|N/A|COMPLETED||None' >"$SCRATCH/queue.b"
    expect 0 show directories --short --submitted -a sim
    [ "$output" = b ]
    [ "$(grep -c -e --clusters=b "$SCRATCH/asked")" -eq 1 ]
}

@test "what waits for a job of another cluster waits for the next submit" {
    clusters_a_and_b
    chain a
    expect 0 submit --yes --follow -a first -a second -- --clusters=b
    grep -q -e '--dependency=afterok:77' "$SCRATCH/words.78" # both on b
    expect 0 submit --yes --follow
    absent "$SCRATCH/job.79"
    expect 0 submit --yes --follow -- -M b
    grep -q -e '--dependency=afterok:78' "$SCRATCH/words.79"
}

@test "sbatch ended well without an id: it isn't called again, and the registration stays" {
    lab
    one_action
    program sbatch <<'END'
#!/bin/bash
cat >"$SCRATCH/job.$RANDOM$RANDOM"
echo 'Your job was accepted. Have a nice day.'
END
    program squeue <<'END'
#!/bin/bash
echo 'rowbuild|12|N/A|RUNNING|rewritten by the site|None'
END
    expect 1 submit --yes --patience 0
    has "the job of \`sim\` was submitted, but its number isn't known: sbatch's answer can't be read: Your job was"
    expect 0 submit --yes
    has 'no eligible jobs'
    expect 0 scan
    expect 0 show jobs
    has_line '^ *\? +sim'
    [ "$(echo "$SCRATCH"/job.* | wc -w)" -eq 1 ]
    # It is known as soon as it begins.
    mv "$SCRATCH"/job.* "$SCRATCH/job.12"
    job 12
    expect 0 show why sim/a
    has 'sim a: is up to date'
}

@test "the user's own comment stays beside the token" {
    lab
    one_action
    program sbatch <<'END'
#!/bin/bash
printf '%s\n' "$@" >"$SCRATCH/words"
cat >/dev/null
echo 77
END
    local given
    for given in -- '-- --comment=mine,too' '-- --comment mine,too'; do
        rm -rf .rowbuild
        # shellcheck disable=SC2086 # words
        expect 0 submit --yes $given
        [ "$given" = -- ] || grep -qx -e '--comment=mine,too; rowbuild:[0-9a-f]\{16\}' "$SCRATCH/words"
        [ "$given" != -- ] || grep -qx -e '--comment=rowbuild:[0-9a-f]\{16\}' "$SCRATCH/words"
    done
    rm -rf .rowbuild
    printf '[action.submit_options.lab]\ncustom = ["--comment=\\"of the \\\\\\"action\\\\\\"\\""]\n' >>Rowfile
    expect 0 submit --yes
    grep -qx -e '--comment=of the "action"; rowbuild:[0-9a-f]\{16\}' "$SCRATCH/words"
    rm -rf .rowbuild
    SBATCH_COMMENT='of the shell' expect 0 submit --yes
    grep -qx -e '--comment=of the shell; rowbuild:[0-9a-f]\{16\}' "$SCRATCH/words"
}

@test "the program is kept for the jobs: a build folder may go, and an upgrade may come" {
    lab
    one_action
    mkdir -p "$SCRATCH/program" workspace/b
    local library
    library=$(ldd "$ROWBUILD" | awk '/librowbuild/ {print $3}')
    cp "$ROWBUILD" "$SCRATCH/program/rowbuild"
    [ -z "$library" ] || cp "$library" "$SCRATCH/program/"
    "$SCRATCH/program/rowbuild" submit --yes a
    output=$(cat "$SCRATCH/job.77")
    has_line "^exec $PWD/.rowbuild/jobs/bin/[0-9a-f]{32}/rowbuild -C $PWD --cluster lab job"
    # What is linked is shared; what was written to in place since is made anew.
    local kept
    kept=$(echo .rowbuild/jobs/bin/*)
    printf 'no program' >"$SCRATCH/broken"
    cp --remove-destination "$SCRATCH/broken" "$kept/rowbuild"
    "$SCRATCH/program/rowbuild" submit --yes b
    [ "$(echo .rowbuild/jobs/bin/*)" = "$kept" ]
    rm -r "$SCRATCH/program"
    job 77
    job 78
    expect_runs a b
    expect_nothing_to_do
    absent .rowbuild/jobs/bin
}

@test "a start of the job on a host that was lost ends its commands and records nothing" {
    lab
    rowfile <<'END'
[[action]]
name = "sim"
command = "note {directory} $SLURMD_NODENAME; hold {directory}$SLURMD_NODENAME; touch workspace/{directory}/out"
products = ["out"]
END
    mkdir -p workspace/{a,b}
    submitted
    SLURM_JOB_ID=77 SLURM_CPUS_ON_NODE=1 SLURMD_NODENAME=n1 bash "$SCRATCH/job.77" >"$SCRATCH/first" 2>&1 3>&- &
    local first=$!
    await_started an1
    : >"$GATE/an2.go"
    : >"$GATE/bn2.go"
    job 77 env SLURMD_NODENAME=n2 SLURM_RESTART_COUNT=1
    has 'this job ran on the host n1 before'
    release an1
    status=0
    wait $first || status=$?
    [ "$status" -ne 0 ]
    output=$(cat "$SCRATCH/first")
    has 'the scheduler has started this job again elsewhere: what ran here is ended, and not recorded'
    expect_runs 'a n1' 'a n2' 'b n2'
    expect 0 show why sim/a sim/b
    has 'sim a: is up to date' 'sim b: is up to date'
    # The earlier start says nothing of the end, either.
    expect 0 scan
    absent .rowbuild/inbox/*failed
}
