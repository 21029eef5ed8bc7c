#!/usr/bin/env bats
# Requests that grow after a job ended out of memory or out of time. Slurm is a few programs here that say
# what the test wants; tests/slurm has a real one.

load helpers

# cluster [KEYS]: a Slurm cluster `lab`, and an action with a job for each directory.
cluster() {
    mkdir -p "$HOME/.config/rowbuild" workspace/{p,q,r,s}
    cat >"$HOME/.config/rowbuild/clusters.toml" <<'END'
[[cluster]]
name = "lab"
scheduler = "slurm"
identify.always = true

[[cluster.partition]]
name = "main"
END
    export ROWBUILD_CLUSTER=lab
    described "$@"
    program sbatch <<'END'
cat >"$SCRATCH/script"
number=$(cat "$SCRATCH/number" 2>/dev/null || echo 10)
echo $((number + 1)) | tee "$SCRATCH/number"
END
    program squeue <<'END'
cat "$SCRATCH/queue"
END
    program sinfo <<'END'
case $* in
*%l*) echo "main* ${MAX_TIME:-infinite} ${MAX_MEMORY:-900000}" ;;
*%c*) echo 'main* 64' ;;
*) echo slurm 24.11.5 ;;
esac
END
    program scontrol <<'END'
echo 'MaxArraySize = 1001'
END
    : >"$SCRATCH/queue"
}

# described [KEYS]
described() {
    cat >Rowfile <<END
[[action]]
name = "simulate"
products = ["a"]
command = "note {directory}; touch workspace/{directory}/a"
group.maximum_size = 1
resources.memory.per_submission = "${MEMORY:-8 GiB}"
resources.walltime.per_submission = "01:00:00"
${1-grow = { memory = 1.5, walltime = 2 \}}
END
}

# ended ID|INDEX|STATE…
ended() {
    printf 'rowbuild|%s|x|None\n' "$@" >"$SCRATCH/queue"
    rm -f .rowbuild/queue
}

# script: the last script's request
script() {
    asked="$(grep -oE -- '--(mem|time)=[^ ]*' "$SCRATCH/script" | tr '\n' ' ')"
}

@test "out of memory and out of time: the next job asks for more, and says so with numbers" {
    cluster
    expect 0 submit
    lacks 'instead of'
    ended '11|0|OUT_OF_MEMORY' '11|1|OUT_OF_MEMORY' '11|2|TIMEOUT' '11|3|NODE_FAIL'
    expect 0 submit --dry-run
    has 'note: 2 tasks of `simulate` ask for 12 GiB instead of 8 GiB (out of memory in job lab/11)' \
        'note: 1 task of `simulate` asks for 2h 00m instead of 1h 00m (out of time in job lab/11_2)' \
        '--mem=12288M' '--time=120' '--array=0-1'
    expect 0 submit -a simulate p
    has '1 task of `simulate` asks for 12 GiB instead of 8 GiB (out of memory in job lab/11_0)'
    script
    [ "$asked" = '--mem=12288M --time=60 ' ]
    expect 0 submit r
    has 'may cost up to 2 CPU-hours'
    script
    [ "$asked" = '--mem=8192M --time=120 ' ]
    expect 0 submit s
    lacks 'instead of'
    script
    [ "$asked" = '--mem=8192M --time=60 ' ]
}

@test "it grows again from what was asked for, and stays through other endings" {
    cluster
    expect 0 submit p
    ended '11|N/A|OUT_OF_MEMORY'
    expect 0 submit p
    ended '12|N/A|OUT_OF_MEMORY'
    expect 0 submit p
    has 'asks for 18 GiB instead of 12 GiB (out of memory in job lab/12)'
    local id=13 word
    for word in NODE_FAIL PREEMPTED CANCELLED DEADLINE FAILED BOOT_FAIL; do
        ended "$id|N/A|$word"
        expect 0 submit p
        has "asks for 18 GiB instead of 8 GiB (as job lab/$id did)"
        script
        [ "$asked" = '--mem=18432M --time=60 ' ]
        id=$((id + 1))
    done
    ended "$id|N/A|TIMEOUT"
    expect 0 submit p
    has "asks for 18 GiB instead of 8 GiB and 2h 00m instead of 1h 00m (out of time in job lab/$id)"
}

@test "nothing but these two endings makes a request grow, nor the ending of a whole array" {
    cluster
    expect 0 submit
    ended '11|0|NODE_FAIL' '11|1|PREEMPTED' '11|2|DEADLINE' '11|3|CANCELLED'
    expect 0 submit --dry-run
    lacks 'instead of' '12288' 'time=120'
    ended '11|N/A|TIMEOUT'
    expect 0 submit --dry-run
    lacks 'instead of'
    ended '11|N/A|OUT_OF_MEMORY'
    expect 0 submit --dry-run
    lacks 'instead of'
}

@test "without the key, requests stay as they are; with it, an earlier ending counts" {
    cluster ''
    expect 0 submit p
    ended '11|N/A|OUT_OF_MEMORY'
    expect 0 submit --dry-run p
    lacks 'instead of' 'mem=12288M'
    expect 0 show why simulate/p
    has 'raise `resources.memory`'
    described 'grow.walltime = 2'
    expect 0 submit --dry-run p
    lacks 'instead of'
    described 'grow.memory = 1.5'
    expect 0 submit --dry-run p
    has 'mem=12288M'
}

@test "show why, show directories and JSON say what the next job asks for" {
    cluster
    expect 0 submit
    ended '11|0|OUT_OF_MEMORY' '11|1|TIMEOUT' '11|2|FAILED' '11|3|RUNNING'
    expect 0 show why simulate/p
    has '  the next job asks for 12 GiB instead of 8 GiB'
    lacks 'raise'
    expect_json 0 show why --json simulate/q
    json '.[0][0].growth == "the next job asks for 2h 00m instead of 1h 00m"'
    expect_json 0 show why --json simulate/r
    json '.[0][0] | has("growth") | not'
    expect 0 show directories -a simulate
    has_line '^p +eligible .*OUT_OF_MEMORY; the next job asks for 12 GiB instead of 8 GiB$'
    expect 0 submit p
    expect 0 show jobs
    has_line '^ *12 +simulate +1 .*12 GiB$'
    expect_json 0 show jobs --json
    json '.[0][] | select(.id == "12") | .grown.memory_bytes == 12884901888'
    json '.[0][] | select(.id == "11_3") | has("grown") | not'
}

@test "show status counts the walltimes that are asked for, of ended and of queued jobs" {
    cluster
    expect 0 submit
    expect_json 0 show status --json
    json '.[0][0].remaining_core_hours == 4'
    ended '11|0|OUT_OF_MEMORY' '11|1|TIMEOUT' '11|2|FAILED' '11|3|RUNNING'
    expect_json 0 show status --json
    json '.[0][0].remaining_core_hours == 5'
    expect 0 submit q
    ended '11|0|OUT_OF_MEMORY' '11|3|RUNNING' '12|N/A|RUNNING'
    expect_json 0 show status --json
    json '.[0][0].remaining_core_hours == 5'
}

@test "show status counts a job for each request of a group" {
    cluster
    sed -i 's/^group.*/group.maximum_size = 4\nresources.processes.per_directory = 1/; s/walltime.per_submission/walltime.per_directory/' Rowfile
    expect_json 0 show status --json
    json '.[0][0].remaining_core_hours == 16'
    expect 0 submit q
    ended '11|N/A|TIMEOUT'
    expect_json 0 show status --json
    json '.[0][0].remaining_core_hours == 11'
}

@test "show status counts a group with submit_whole as its task that grows most" {
    cluster
    sed -i 's/^group.*/scope = "directory"\ngroup.submit_whole = true\ngroup.maximum_size = 4\nresources.processes.per_directory = 1/' Rowfile
    sed -i 's/walltime.per_submission/walltime.per_directory/' Rowfile
    expect 0 submit
    ended '11|N/A|TIMEOUT'
    program note <<'END'
[ "$1" != q ] || exit 3
exit 143
END
    expect 1 -j 4 -k 9
    expect_json 0 show status --json
    json '.[0][0].remaining_core_hours == 32'
}

@test "a success, other resources, another recipe and clean forget it; a run that fails doesn't" {
    cluster
    expect 0 submit
    ended '11|0|OUT_OF_MEMORY' '11|1|OUT_OF_MEMORY' '11|2|OUT_OF_MEMORY' '11|3|OUT_OF_MEMORY'
    sed -i 's/touch/false; touch/' Rowfile # in a shell with -e
    expect 0 submit --dry-run p
    lacks 'instead of'
    sed -i 's/false; touch/touch/' Rowfile
    MEMORY='9 GiB' described
    expect 0 submit --dry-run p
    lacks 'instead of'
    described
    expect 0 submit --dry-run p
    has 'asks for 12 GiB instead of 8 GiB'
    program note <<'END'
exit 3
END
    expect 1 -j 1 -a simulate p # not known to Slurm
    expect 0 submit --dry-run p
    has 'asks for 12 GiB instead of 8 GiB'
    program note <<'END'
exit 0
END
    expect 0 -j 1 -a simulate p
    rm workspace/p/a
    expect 0 submit --dry-run p
    lacks 'instead of'
    expect 0 submit --dry-run q
    has 'asks for 12 GiB instead of 8 GiB'
    expect 0 clean --submitted
    expect 0 submit --dry-run q
    lacks 'instead of'
}

@test "a task that ended by itself didn't want for time; one that was killed did" {
    cluster
    expect 0 submit p
    ended '11|N/A|TIMEOUT'
    program note <<'END'
exit 143
END
    expect 1 -j 1 p # as Slurm's TERM ends it
    expect 0 submit --dry-run p
    has 'asks for 2h 00m instead of 1h 00m'
    program note <<'END'
exit 3
END
    expect 1 -j 1 p
    expect 0 submit --dry-run p
    lacks 'instead of'
}

@test "at the partition's limit it is said, each time, what to do" {
    cluster
    export MAX_TIME=1:30:00 MAX_MEMORY=10240
    expect 0 submit p
    ended '11|N/A|OUT_OF_MEMORY'
    expect 0 submit p
    has 'asks for 10 GiB instead of 8 GiB (out of memory in job lab/11); partition `main` allows no more'
    script
    [ "$asked" = '--mem=10240M --time=60 ' ]
    ended '12|N/A|OUT_OF_MEMORY'
    expect 0 submit p
    has "warning: 1 task of \`simulate\` can't ask for more memory (out of memory in job lab/12)" \
        'partition `main` allows no more; use another partition, or make the task need less memory'
    script
    [ "$asked" = '--mem=10240M --time=60 ' ]
    ended '13|N/A|TIMEOUT'
    expect 0 submit p
    has 'and 1h 30m instead of 1h 00m (out of time in job lab/13); partition `main` allows no more'
    ended '14|N/A|TIMEOUT'
    expect 0 submit p
    has "can't ask for more time (out of time in job lab/14)" 'shorter or `resumable`'
}

@test "a local run asks for what the description says" {
    cluster
    expect 0 submit p
    ended '11|N/A|OUT_OF_MEMORY'
    expect_json 0 -j 1 --json -n -a simulate p
    lacks 'instead of'
    expect 0 -j 1 -a simulate p
    lacks 'instead of'
}

@test "check warns of a factor that has nothing to grow, where the action itself has it" {
    mkdir workspace/p
    rowfile <<'END'
[default.action.grow]
walltime = 3

[[action]]
name = "one"
command = "true {directory}"
grow = { memory = 1.5, walltime = 2 }

[[action]]
name = "two"
command = "true {directory}"

[[action]]
name = "three"
command = "true {directory}"
grow = { memory = 1.5, walltime = 2 }
resources = { memory.per_process = "1 GiB", walltime.per_directory = "00:10:00" }
END
    expect 0 check
    has 'Rowfile:7:19: warning: action `one`: `grow.memory` has nothing to grow' \
        'Rowfile:7:35: warning: action `one`: `grow.walltime` has only the default to grow'
    lacks '`two`' '`three`'
    workflow <<'END'
[[action]]
name = "one"
command = "true {directory}"
grow.memory = 1
END
    rm Rowfile
    expect 2 check
    has 'workflow.toml:4:15: error: `action.grow.memory` must be greater than 1, such as 1.5'
}
