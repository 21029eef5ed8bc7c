#!/usr/bin/env bats
# Launchers: threads, processes, MPI ranks, each on cores that the kernel confirms to be its own.

load helpers

setup_file() {
    mpicc -D_GNU_SOURCE -O1 -o "$BATS_FILE_TMPDIR/mpi_rank" "$BATS_TEST_DIRNAME/programs/mpi_rank.c"
    mpicc.mpich -D_GNU_SOURCE -O1 -o "$BATS_FILE_TMPDIR/mpich_rank" "$BATS_TEST_DIRNAME/programs/mpi_rank.c"
}

# action KEY…: an action `a` with these lines and the command of standard input; where that names no
# directory, it is its last word.
action() {
    local command
    command=$(cat)
    [[ $command == *'{director'* ]] || command+=' {directory}'
    {
        printf '[[action]]\nname = "a"\n'
        printf '%s\n' "$@"
        printf "command = '''%s'''\n" "$command"
    } >Rowfile
}

directories() {
    local directory
    for directory; do
        mkdir -p "workspace/$directory"
    done
}

# mpi: real MPI programs, started sooner.
mpi() {
    command -v mpirun >/dev/null || skip 'mpirun is missing'
    export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader
    export PATH=$BATS_FILE_TMPDIR:$PATH
}

# two_cores: skips where the test can't be bound.
two_cores() {
    [ "$(cores)" -ge 2 ] || skip 'this machine has one core'
}

# told FILE: what `tell` wrote there, sorted.
told() {
    LC_ALL=C sort "$SCRATCH/$1"
}

# expect_told FILE LINE…: in any order.
expect_told() {
    local file=$1 wanted
    shift
    wanted=$(printf '%s\n' "$@" | LC_ALL=C sort)
    if [ "$(told "$file")" != "$wanted" ]; then
        echo "$file holds:"
        told "$file"
        echo "expected:"
        echo "$wanted"
        return 1
    fi
}

# cpu N: the kernel's number of the N-th CPU that this process may use, from 0.
cpu() {
    local range first last number
    local -a all=()
    for range in $(allowed_cpus | tr , ' '); do
        first=${range%-*}
        last=${range#*-}
        for ((number = first; number <= last; number++)); do
            all+=("$number")
        done
    done
    echo "${all[$1]}"
}

# What a process sees of itself, in one line; `tell FILE` appends it.
write_tell() {
    program tell <<'PROGRAM'
cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
echo "$ACTION_PROCESS_INDEX/$ACTION_PROCESSES ${ACTION_DIRECTORY:-none} cpus $cpus cores $ACTION_CORES threads $OMP_NUM_THREADS" \
    >>"$SCRATCH/$1"
PROGRAM
}

# disjoint: of what is noted in $RUNS, whatever ran at the same time shared no CPU.
disjoint() {
    awk '
        $1 == "start" {
            n = split($3, cpus, ",")
            for (i = 1; i <= n; i++) {
                if (cpus[i] in holder) {
                    print $2 " shared CPU " cpus[i] " with " holder[cpus[i]]
                    failed = 1
                }
                holder[cpus[i]] = $2
            }
            running++
            if (running > most) most = running
        }
        $1 == "end" {
            for (c in holder) if (holder[c] == $2) delete holder[c]
            running--
        }
        END {
            if (most < 2) { print "never two at once"; failed = 1 }
            exit failed
        }' "$RUNS" || {
        cat "$RUNS"
        return 1
    }
}

# meeting COUNT [LAUNCHERS [PREFIX]]: so many one-rank MPI tasks at -j 2, each of which meets another.
meeting() {
    mpi
    two_cores
    local i
    for ((i = 1; i <= $1; i++)); do
        directories "d$i"
    done
    action "launchers = [${2-\"mpi\"}]" 'products = ["out"]' 'environment = { MEET = "yes" }' \
        <<<"${3:-}mpi_rank {directory} >workspace/{directory}/out"
    expect 0 -j 2
    disjoint
    [ "$(grep -c '^end' "$RUNS")" -eq "$1" ]
}

# ---- MPI: cores ----

@test "two MPI tasks at once share no core" {
    meeting 2
}

@test "eight MPI tasks, two at a time, never share a core" {
    meeting 8
}

@test "mpirun in a launcher of the user's own shares no core either" {
    mkdir -p "$HOME/.config/rowbuild"
    cat >"$HOME/.config/rowbuild/launchers.toml" <<'END'
[mine.default]
executable = "mpirun"
processes = "-n "
END
    meeting 2 '"mine"'
}

@test "nor does mpirun in the command itself" {
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    meeting 2 '' 'mpirun -n 1 '
}

@test "two ranks of one thread: a core each, OpenMP told" {
    mpi
    two_cores
    directories d1
    action 'launchers = ["openmp", "mpi"]' 'resources.processes.per_submission = 2' \
        'resources.threads_per_process = 1' <<'END'
sh -c 'tell ranks; echo "$ACTION_PROCESS_INDEX $OMP_PLACES $OMP_PROC_BIND" >>$SCRATCH/omp'
END
    write_tell
    expect 0 -j 2
    local a b
    a=$(cpu 0) b=$(cpu 1)
    if [ "$(cores)" -eq "$(nproc)" ]; then
        expect_told ranks "0/2 d1 cpus $a cores $a threads 1" "1/2 d1 cpus $b cores $b threads 1"
        expect_told omp "0 {$a} close" "1 {$b} close"
    fi
    [ "$(cut -d' ' -f4 "$SCRATCH/ranks" | sort -u | wc -l)" -eq 2 ]
}

@test "one rank of two threads: both cores" {
    mpi
    two_cores
    directories d1
    action 'launchers = ["openmp", "mpi"]' 'resources.processes.per_submission = 1' \
        'resources.threads_per_process = 2' <<<'mpi_rank {directory}'
    expect 0 -j 2
    if [ "$(cores)" -eq "$(nproc)" ]; then
        expect_runs "start d1.0 $(cpu 0),$(cpu 1)" 'end d1.0'
    fi
}

@test "the order of openmp and mpi is free" {
    mpi
    directories d1
    action 'launchers = ["mpi", "openmp"]' 'resources.threads_per_process = 1' \
        <<<'sh -c '\''echo "$OMP_NUM_THREADS $ACTION_PROCESS_INDEX" >$SCRATCH/seen'\'
    expect 0 -j 1
    content "$SCRATCH/seen" '1 0'
}

@test "setup lines come before mpirun, in its shell" {
    mpi
    directories d1
    action 'launchers = ["mpi"]' <<<'sh -c '\''echo "$FROM_SETUP" >$SCRATCH/seen'\'
    cat >>Rowfile <<'END'
[action.submit_options.none]
setup = "export FROM_SETUP=yes"
END
    expect 0
    content "$SCRATCH/seen" yes
}

@test "mpirun itself is not told of MPI around rowbuild; settings of the user stay" {
    mpi
    directories d1
    action 'launchers = []' <<<'env >$SCRATCH/environment #{directory}'
    export OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_LOCAL_RANK=3 PMIX_RANK=3 PMIX_NAMESPACE=x
    export PMI_RANK=3 PMI_FD=9 OMPI_MCA_orte_hnp_uri=x OMPI_MCA_coll=basic OMPI_CC=gcc
    expect 0
    ! grep -E '^(OMPI_COMM|PMIX|PMI_|OMPI_MCA_orte_hnp)' "$SCRATCH/environment"
    grep -qx OMPI_MCA_coll=basic "$SCRATCH/environment"
    grep -qx OMPI_CC=gcc "$SCRATCH/environment"
}

@test "OpenMPI leaves no files behind, even when it is killed" {
    mpi
    directories d1
    action 'launchers = ["mpi"]' <<'END'
sh -c 'echo $PPID >$SCRATCH/mpirun; env | sed -n "s/^OMPI_MCA_orte_tmpdir_base=//p" >$SCRATCH/folder; hold d1'
END
    start
    await_started d1
    local folder
    folder=$(cat "$SCRATCH/folder")
    [ -d "$folder" ]
    kill -KILL "$(cat "$SCRATCH/mpirun")"
    finish 1
    absent "$folder" "${folder%/*}"
}

# ---- Nothing is left behind ----

# sleeping_ranks: two ranks that write their process numbers and wait, deaf to TERM where $1 says so.
sleeping_ranks() {
    mpi
    directories d1
    program rank <<PROGRAM
$1
echo \$\$ >"\$SCRATCH/rank.\$ACTION_PROCESS_INDEX"
echo \$PPID >"\$SCRATCH/mpirun"
: >"\$GATE/r\$ACTION_PROCESS_INDEX.started"
while :; do sleep 0.1; done
PROGRAM
    action 'launchers = ["mpi"]' 'resources.processes.per_submission = 2' "${@:2}" <<<'rank'
}

@test "Ctrl-C ends every rank" {
    sleeping_ranks ''
    start -j 2
    await_started r0 r1
    kill -INT "$PID"
    finish 130
    gone "$SCRATCH/rank.0" "$SCRATCH/rank.1" "$SCRATCH/mpirun"
}

@test "Ctrl-C ends ranks that ignore TERM" {
    sleeping_ranks 'trap "" TERM INT HUP'
    start -j 2 --grace 0.5
    await_started r0 r1
    kill -INT "$PID"
    finish 130
    gone "$SCRATCH/rank.0" "$SCRATCH/rank.1" "$SCRATCH/mpirun"
}

@test "a timeout ends every rank" {
    sleeping_ranks 'trap "" TERM'
    TIMEOUTS=(00:00:02 00:00:10 00:01:00)
    STARTED=("$SCRATCH"/{rank.0,rank.1,mpirun})
    timed_out -j 2 --grace 0.2
    gone "$SCRATCH/rank.0" "$SCRATCH/rank.1" "$SCRATCH/mpirun"
}

@test "kill -9 of mpirun ends its ranks before their cores are given to others" {
    sleeping_ranks 'trap "" TERM'
    cat >>Rowfile <<'END'
[[action]]
name = "b"
products = ["b"]
scope = "project"
command = 'ps -o pid= -p "$(cat $SCRATCH/rank.0),$(cat $SCRATCH/rank.1)" >b || true'
END
    start -j 2 -k 2
    await_started r0 r1
    kill -KILL "$(cat "$SCRATCH/mpirun")"
    finish 1
    [ -e b ] && [ ! -s b ]
}

@test "a rank that dies ends the others" {
    mpi
    directories d1
    program rank <<'PROGRAM'
echo $$ >"$SCRATCH/rank.$ACTION_PROCESS_INDEX"
[ "$ACTION_PROCESS_INDEX" = 1 ] && exit 3
while :; do sleep 0.1; done
PROGRAM
    action 'launchers = ["mpi"]' 'resources.processes.per_submission = 2' <<<'rank'
    expect 1 -j 2
    has 'exit 3'
    gone "$SCRATCH/rank.0"
}

# ---- The launcher `process` ----

@test "process: each has its index and cores of its own" {
    two_cores
    directories d1
    write_tell
    action 'launchers = ["process"]' 'resources.processes.per_submission = 2' <<<'tell processes'
    expect 0 -j 2
    [ "$(cut -d' ' -f1,2 "$SCRATCH/processes" | sort | tr '\n' ,)" = '0/2 d1,1/2 d1,' ]
    [ "$(cut -d' ' -f4 "$SCRATCH/processes" | sort -u | wc -l)" -eq 2 ]
    awk '$4 != $6 { exit 1 }' "$SCRATCH/processes" # ACTION_CORES is what the kernel says
}

@test "process: they run at the same time, and write to one log" {
    directories d1
    program meet <<'PROGRAM'
: >"$GATE/$ACTION_PROCESS_INDEX"
until [ -e "$GATE/0" ] && [ -e "$GATE/1" ] && [ -e "$GATE/2" ]; do sleep 0.02; done
echo "word of $ACTION_PROCESS_INDEX"
PROGRAM
    action 'launchers = ["process"]' 'resources.processes.per_submission = 3' <<<'meet'
    expect 0 -j 3
    has 'word of 0' 'word of 1' 'word of 2'
    [ "$(grep -c 'word of' .rowbuild/logs/a/d1.log)" -eq 3 ]
}

@test "process: one for each directory of a batch" {
    directories d1 d2 d3
    program work <<'PROGRAM'
echo "$ACTION_PROCESS_INDEX/$ACTION_PROCESSES $ACTION_DIRECTORY $*" >>"$SCRATCH/seen"
PROGRAM
    action 'launchers = ["process"]' 'resources.processes.per_directory = 1' \
        <<<'work {directories}'
    expect 0 -j 3
    expect_told seen '0/3 d1 d1' '1/3 d2 d2' '2/3 d3 d3'
}

@test "process: several for each directory" {
    directories d1 d2
    program work <<'PROGRAM'
echo "$ACTION_PROCESS_INDEX/$ACTION_PROCESSES $ACTION_DIRECTORY $*" >>"$SCRATCH/seen"
PROGRAM
    action 'launchers = ["process"]' 'resources.processes.per_directory = 2' \
        <<<'work {directories}'
    expect 0 -j 4
    expect_told seen '0/4 d1 d1' '1/4 d1 d1' '2/4 d2 d2' '3/4 d2 d2'
}

@test "process: the task ends when all have ended" {
    directories d1
    program work <<'PROGRAM'
echo $$ >"$SCRATCH/p$ACTION_PROCESS_INDEX"
[ "$ACTION_PROCESS_INDEX" = 0 ] || hold last
note "$ACTION_PROCESS_INDEX"
PROGRAM
    action 'launchers = ["process"]' 'resources.processes.per_submission = 2' <<<'work'
    start -j 2
    await_started last
    await_text "$RUNS" 0
    while kill -0 "$(cat "$SCRATCH/p0")" 2>/dev/null; do sleep 0.02; done
    expect 0 show machine
    has 'a d1' # the first process has ended, and the task still has its cores
    release last
    finish 0
    expect_runs 0 1
}

@test "process: the first that fails ends the others" {
    directories d1
    program work <<'PROGRAM'
if [ "$ACTION_PROCESS_INDEX" = 1 ]; then
    until [ -e "$GATE/other" ]; do sleep 0.02; done
    exit 3
fi
echo $$ >"$SCRATCH/other"
: >"$GATE/other"
while :; do sleep 0.1; done
PROGRAM
    action 'launchers = ["process"]' 'resources.processes.per_submission = 2' <<<'work'
    expect 1 -j 2
    has 'process 1: exit 3'
    gone "$SCRATCH/other"
}

@test "process: what ignores TERM is killed after the grace" {
    directories d1
    program work <<'PROGRAM'
if [ "$ACTION_PROCESS_INDEX" = 1 ]; then
    until [ -e "$GATE/other" ]; do sleep 0.02; done
    exit 3
fi
trap '' TERM
echo $$ >"$SCRATCH/other"
: >"$GATE/other"
while :; do sleep 0.1; done
PROGRAM
    action 'launchers = ["process"]' 'resources.processes.per_submission = 2' <<<'work'
    expect 1 -j 2 --grace 0.2
    has 'process 1: exit 3'
    gone "$SCRATCH/other"
}

@test "process: Ctrl-C ends all" {
    directories d1
    program work <<'PROGRAM'
echo $$ >"$SCRATCH/p$ACTION_PROCESS_INDEX"
hold "$ACTION_PROCESS_INDEX"
PROGRAM
    action 'launchers = ["process"]' 'resources.processes.per_submission = 2' <<<'work'
    start -j 2
    await_started 0 1
    kill -INT "$PID"
    finish 130
    gone "$SCRATCH/p0" "$SCRATCH/p1"
}

@test "process: what leaves its group is ended with the task" {
    directories d1
    program work <<'PROGRAM'
setsid sh -c 'echo $$ >"$SCRATCH/left"; : >"$GATE/left"; while :; do sleep 0.1; done' >/dev/null 2>&1 &
until [ -e "$GATE/left" ]; do sleep 0.02; done
PROGRAM
    action 'launchers = ["process"]' <<<'work'
    expect 0
    gone "$SCRATCH/left"
}

@test "process: a program that isn't there" {
    directories d1
    action 'launchers = ["process"]' 'resources.processes.per_submission = 2' <<<'no-such-program'
    expect 1 -j 2
    has 'no-such-program'
}

# ---- Threads ----

@test "threads, openmp, rayon: thread variables, prefixes and places" {
    two_cores
    directories d1
    cat >Rowfile <<'END'
[default]
action.resources.threads_per_process = 2
action.command = 'echo "$ACTION_NAME $OMP_NUM_THREADS $RAYON_NUM_THREADS $MKL_NUM_THREADS $OMP_PROC_BIND $OMP_PLACES" >>$SCRATCH/seen #{directory}'
[[action]]
name = "threads"
launchers = ["threads"]
[[action]]
name = "openmp"
launchers = ["openmp"]
[[action]]
name = "rayon"
launchers = ["rayon"]
END
    export OMP_NUM_THREADS=17 OMP_PLACES='{5}'
    expect 0 -j 2
    if [ "$(cores)" -eq "$(nproc)" ]; then
        expect_told seen 'threads 2 2 2  ' "openmp 2 2 2 close {$(cpu 0)},{$(cpu 1)}" 'rayon 2 2 2  '
    fi
}

@test "action.environment overrides what launchers set" {
    directories d1
    action 'launchers = ["openmp"]' 'environment = { OMP_PLACES = "cores", OMP_NUM_THREADS = "3" }' \
        <<<'echo "$OMP_NUM_THREADS $OMP_PLACES" >$SCRATCH/seen #{directory}'
    expect 0 -j 1
    content "$SCRATCH/seen" '3 cores'
}

@test "what a command is told of its action" {
    directories d1 d2
    cat >Rowfile <<'END'
[[action]]
name = "a"
launchers = ["process"]
command = 'env | grep ^ACTION_ >$SCRATCH/told.$ACTION_PROCESS_INDEX #{directories}'
resources.processes.per_directory = 1
resources.threads_per_process = 1
resources.walltime.per_submission = "02:00:59"
[[action]]
name = "b"
command = 'env | grep ^ACTION_ >$SCRATCH/told.b #{directory}'
END
    local first=
    expect 0 -a a -j 2
    [ "$(cores)" -lt 2 ] || first=$(sed -n s/^ACTION_CORES=//p "$SCRATCH/told.0")
    expect_told told.0 ACTION_NAME=a ACTION_CLUSTER=none ACTION_WORKSPACE_PATH=workspace \
        ACTION_DIRECTORY=d1 "ACTION_CORES=$first" ACTION_PROCESSES=2 ACTION_PROCESS_INDEX=0 \
        ACTION_PROCESSES_PER_DIRECTORY=1 ACTION_THREADS_PER_PROCESS=1 ACTION_WALLTIME_IN_MINUTES=120
    [ "$(cores)" -lt 2 ] || [ -n "$first" ]
    expect 0 -a b -j 1 d1
    first=$(sed -n s/^ACTION_CORES=//p "$SCRATCH/told.b")
    expect_told told.b ACTION_NAME=b ACTION_CLUSTER=none ACTION_WORKSPACE_PATH=workspace \
        ACTION_DIRECTORY=d1 "ACTION_CORES=$first" ACTION_PROCESSES=1 ACTION_WALLTIME_IN_MINUTES=60
    [ -n "$first" ]
}

# ---- MPICH ----

@test "MPICH's ranks get cores of their own from its mpiexec; under Open MPI's mpirun check names them" {
    mpi
    two_cores
    directories d1
    action 'launchers = ["mpi"]' 'products = ["out"]' 'resources.processes.per_submission = 2' \
        <<<'mpich_rank {directory} >workspace/{directory}/out'
    expect 0 check
    has 'warning: action `a`: `mpich_rank` is linked with MPICH (libmpich.so.12), but `mpirun` is of Open MPI '
    has 'or set the launcher'\''s `executable` in launchers.toml'
    mkdir -p "$HOME/.config/rowbuild"
    printf '[mpi.none]\nexecutable = "mpiexec.mpich"\nprocesses = "-n "\n' >"$HOME/.config/rowbuild/launchers.toml"
    expect 0 check
    lacks linked
    expect 0 -j 2
    [ "$(awk '$1 == "start" { print $3 }' "$RUNS" | sort -u | wc -l)" -eq 2 ]
    sed -i 's/mpich_rank/mpi_rank/' Rowfile
    expect 0 check
    has 'is linked with Open MPI (libmpi.so.40), but `mpiexec.mpich` is of MPICH '
}

# ---- Errors ----

@test "several processes without a launcher that starts them" {
    directories d1
    action 'resources.processes.per_submission = 2' <<<'note {directory}'
    refused -j 2
    has 'several processes' 'launchers'
}

@test "two launchers that start processes" {
    directories d1
    action 'launchers = ["mpi", "process"]' <<<'note {directory}'
    refused
    has "can't be combined"
}

@test "more processes than the budget: refused, and unbound with a larger one" {
    mpi
    [ "$(cores)" -eq 2 ] || skip 'not a machine of two cores'
    directories d1
    write_tell
    action 'launchers = ["mpi"]' 'resources.processes.per_submission = 3' <<<'tell ranks'
    expect 2 -j 2
    has 'asks for 3 cores' 'budget of 2' '-j 3'
    absent "$SCRATCH/ranks"
    expect 0 -j 3
    has 'nothing is bound'
    [ "$(wc -l <"$SCRATCH/ranks")" -eq 3 ]
    [ "$(cut -d' ' -f4 "$SCRATCH/ranks" | sort -u)" = "$(allowed_cpus)" ]
}

@test "a launcher of the user is a plain prefix" {
    directories d1
    program start-them <<'PROGRAM'
echo "$*" >"$SCRATCH/seen"
PROGRAM
    mkdir -p "$HOME/.config/rowbuild"
    cat >"$HOME/.config/rowbuild/launchers.toml" <<'END'
[mine.default]
executable = "start-them"
processes = "-n "
END
    action 'launchers = ["mine"]' 'resources.processes.per_submission = 2' <<<'work {directory}'
    expect 0 -j 2
    content "$SCRATCH/seen" '-n 2 work d1'
}

@test "another MPI: the helper reads PMI_RANK, and goes to its cores" {
    two_cores
    directories d1
    write_tell
    program other-mpirun <<'PROGRAM'
shift 2
PMI_RANK=0 "$@" &
PMI_RANK=1 "$@" &
wait
PROGRAM
    mkdir -p "$HOME/.config/rowbuild"
    cat >"$HOME/.config/rowbuild/launchers.toml" <<'END'
[mpi.default]
executable = "other-mpirun"
processes = "-np "
END
    action 'launchers = ["mpi"]' 'resources.processes.per_submission = 2' <<<'tell ranks'
    expect 0 -j 2
    [ "$(cut -d' ' -f1 "$SCRATCH/ranks" | sort | tr '\n' ,)" = '0/2,1/2,' ]
    [ "$(cut -d' ' -f4 "$SCRATCH/ranks" | sort -u | wc -l)" -eq 2 ]
}

@test "show machine names the MPI of the launcher" {
    program other-mpirun <<'PROGRAM'
printf 'HYDRA build details:\n    Version:                                 4.2.1\n'
PROGRAM
    mkdir -p "$HOME/.config/rowbuild"
    printf '[mpi.none]\nexecutable = "A=b other-mpirun --quiet"\nprocesses = "-n "\n' \
        >"$HOME/.config/rowbuild/launchers.toml"
    expect 0 show machine
    has_line '^launcher mpi: MPICH 4\.2\.1 \(other-mpirun\)$'
    expect_json 0 show machine --json
    json '.[0].mpi == {program: "other-mpirun", name: "MPICH 4.2.1"}'
    program other-mpirun <<'PROGRAM'
exit 1
PROGRAM
    expect 0 show machine
    lacks 'launcher mpi'
}

@test "the helper takes the rank that the launcher gives" {
    local helper
    helper=$(dirname "$ROWBUILD")/../api/rowbuild-rank
    [ -x "$helper" ] || skip 'not in a build folder'
    unset ACTION_PROCESS_INDEX ACTION_CORES
    local name
    for name in OMPI_COMM_WORLD_LOCAL_RANK PMIX_RANK PMI_RANK MPI_LOCALRANKID SLURM_LOCALID; do
        run env "$name=1" ROWBUILD_RANK_CUDA='0,1;2' ROWBUILD_RANK_ROCR='0,1;2' "$helper" A=b sh -c \
            'echo "$ACTION_PROCESS_INDEX $CUDA_VISIBLE_DEVICES $ROCR_VISIBLE_DEVICES $A ${ROWBUILD_RANK_CUDA-gone}"'
        [ "$status" -eq 0 ]
        content <(echo "$output") '1 2 2 b gone'
    done
    # Of a batch script's own rank mpirun's ranks know nothing.
    run env SLURM_LOCALID=0 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_RANK=5 \
        ROWBUILD_RANK_CUDA='0,1;2' "$helper" sh -c 'echo "$ACTION_PROCESS_INDEX $CUDA_VISIBLE_DEVICES"'
    content <(echo "$output") '5 2'
    run env "$helper" sh -c 'echo "${ACTION_PROCESS_INDEX-none}"'
    content <(echo "$output") none
}

@test "the helper binds, and hands places to OpenMP" {
    local helper first
    helper=$(dirname "$ROWBUILD")/../api/rowbuild-rank
    [ -x "$helper" ] || skip 'not in a build folder'
    first=$(cpu 0)
    run env PMI_RANK=1 ROWBUILD_RANK_OPENMP=1 ROWBUILD_RANK_PLACES="{1000};{$first}" "$helper" sh -c \
        'echo "$ACTION_CORES $OMP_PLACES $OMP_PROC_BIND"; grep Cpus_allowed_list /proc/self/status'
    has_line "^$first \\{$first\\} close\$" "^Cpus_allowed_list:[[:space:]]*$first\$"
    # A core that isn't there is said, and the program runs all the same.
    run env PMI_RANK=0 ROWBUILD_RANK_PLACES="{1000};{$first}" "$helper" echo started
    [ "$status" -eq 0 ]
    has 'rank 0 is not bound' started
}

@test "the helper says what can't be started" {
    local helper
    helper=$(dirname "$ROWBUILD")/../api/rowbuild-rank
    [ -x "$helper" ] || skip 'not in a build folder'
    run -127 "$helper" no-such-program
    has 'no-such-program'
    run -2 "$helper"
    has usage
}

@test "the helper is missing" {
    directories d1
    action 'launchers = ["mpi"]' <<<'note {directory}'
    ROWBUILD_RANK=$SCRATCH/nowhere expect 1
    has rowbuild-rank ROWBUILD_RANK
    expect_runs
}
