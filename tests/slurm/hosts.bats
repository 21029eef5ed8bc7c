#!/usr/bin/env bats
# A run inside an allocation of several hosts. All hosts of the lab are this machine; what tells them
# apart is SLURMD_NODENAME.

load helpers

eval "any_$(declare -f setup_file)"
eval "any_$(declare -f teardown_file)"

# Each host needs its own folder for temporary files: Slurm's PMIx makes a socket there.
setup_file() {
    HOSTS_TMP=$(mktemp -d /tmp/rowbuild-hosts.XXXXXX)
    mkdir "$HOSTS_TMP"/node{1,2,3,4}
    LAB_CONF=TmpFS=$HOSTS_TMP/%n
    export HOSTS_TMP LAB_CONF
    any_setup_file
}

teardown_file() {
    any_teardown_file
    rm -rf "$HOSTS_TMP"
}

# batch HOSTS CPUS LINE…: a job of so many hosts and CPUs in all, whose script these lines are; its output
# goes to $SCRATCH/said, its status to $SCRATCH/status. Sets $JOB.
batch() {
    local hosts=$1 cpus=$2
    shift 2
    rm -f "$SCRATCH/status"
    {
        echo '#!/bin/bash'
        printf '%s\n' "$@"
        echo 'echo $? >"$SCRATCH/.status"; mv "$SCRATCH/.status" "$SCRATCH/status"'
    } >"$SCRATCH/batch.sh"
    JOB=$(sbatch --parsable --nodes "$hosts" --ntasks "$cpus" --time 10 --output "$SCRATCH/said" \
        "${BATCH_OPTIONS[@]}" "$SCRATCH/batch.sh")
}

# ended STATUS: the job's script has come to its end, and said so; sets $output. (Slurm itself may take a
# while longer over it.)
ended() {
    await "$SCRATCH/status"
    output=$(cat "$SCRATCH/said")
    if [ "$(cat "$SCRATCH/status")" != "$1" ]; then
        echo "status $(cat "$SCRATCH/status"), expected $1; it said:"
        echo "$output"
        return 1
    fi
}

# at_once: of each host how many CPUs were in use at once at most, from lines `TIME begin|end HOST CPUS`.
at_once() {
    sort -n "$RUNS" | awk '
        $2 == "begin" { used[$3] += $4; if (used[$3] > most[$3]) most[$3] = used[$3] }
        $2 == "end" { used[$3] -= $4 }
        END { for (host in most) print host, most[host] }' | sort
}

# A `sleep` that is this test's own, and whether it or any other of the test's programs is left.
make_doze() {
    ln -s "$(command -v sleep)" "$SCRATCH/bin/doze"
}

nobody_is_left() {
    [ -z "$(pgrep -f "$SCRATCH/bin/")" ]
}

directories() {
    local i
    for ((i = 1; i <= $1; i++)); do
        mkdir -p "workspace/d$i"
    done
}

# busy CPUS: so long on so many CPUs of a host until the test says `release busy`, and a little longer, so
# that more than there should be would be seen
setup_programs() {
    program busy <<'PROGRAM'
echo "$(date +%s%N) begin $SLURMD_NODENAME $1" >>"$RUNS"
hold busy
sleep 0.1
echo "$(date +%s%N) end $SLURMD_NODENAME $1" >>"$RUNS"
PROGRAM
}

# in_use 'HOST CPUS'…: waits until each host has at least so many CPUs in use at once, and releases them.
in_use() {
    lab_poll 300 are_in_use "$@" || {
        at_once
        cat "$SCRATCH/said"
        return 1
    }
    release busy
}

are_in_use() {
    local host wanted cpus
    local -A most=()
    while read -r host cpus; do
        most[$host]=$cpus
    done < <(at_once)
    for wanted; do
        [ "${most[${wanted% *}]:-0}" -ge "${wanted#* }" ] || return 1
    done
}

@test "every host gets work, and never more than it has CPUs" {
    setup_programs
    directories 40
    rowfile <<'END'
[[action]]
name = "two"
command = "busy 2; touch workspace/{directory}/a"
products = ["a"]
resources.threads_per_process = 2

[[action]]
name = "three"
command = "busy 3; touch workspace/{directory}/b"
products = ["b"]
resources.threads_per_process = 3
END
    batch 4 32 '"$ROWBUILD"'
    in_use node{1,2,3,4}' 7'
    ended 0
    [ "$(at_once | cut -d ' ' -f 1 | paste -sd ' ')" = 'node1 node2 node3 node4' ]
    [ -z "$(at_once | awk '$2 > 8')" ] || {
        at_once
        return 1
    }
    [ "$(at_once | awk '$2 >= 7' | wc -l)" -eq 4 ]
    expect_nothing_to_do_twice
}

expect_nothing_to_do_twice() {
    : >"$RUNS"
    expect 0 -j 1
    has 'nothing to do'
}

@test "hosts with different numbers of CPUs; -j is a budget of all" {
    setup_programs
    directories 24
    rowfile <<'END'
[[action]]
name = "one"
command = "busy 1; touch workspace/{directory}/a"
products = ["a"]
END
    batch 3 10 'echo "$SLURM_JOB_CPUS_PER_NODE"; "$ROWBUILD"'
    in_use 'node1 8' 'node2 1' 'node3 1'
    ended 0
    has '8,1(x2)'
    [ "$(at_once | paste -sd ' ')" = 'node1 8 node2 1 node3 1' ]
    : >"$RUNS"
    rm workspace/*/a "$GATE/busy.go"
    batch 3 24 '"$ROWBUILD" -j 10'
    in_use 'node1 8' 'node2 2'
    ended 0
    [ "$(at_once | paste -sd ' ')" = 'node1 8 node2 2' ]
}

@test "directory, environment, output, exit status and signals are those of any task" {
    directories 12
    rowfile <<'END'
[[action]]
name = "look"
command = '''
look {directory} "it's"
'''
products = ["a"]
environment.MINE = "value of {directory}"
END
    program look <<'PROGRAM'
{
    pwd -P
    echo "$2 $MINE $ACTION_DIRECTORY $OMP_NUM_THREADS $ACTION_PROCESSES"
} >"workspace/$1/a"
echo "out of $1"
echo "err of $1" >&2
if read -r line; then echo "something to read: $line"; fi
sleep 0.2
case $1 in
d3 | d10) exit 3 ;;
d4 | d11) kill -SEGV $$ ;;
d5) rm "workspace/$1/a" ;;
esac
PROGRAM
    batch 3 6 'echo "$SLURM_JOB_CPUS_PER_NODE"; "$ROWBUILD" -k 0'
    ended 1
    has 'FAILED: look d3: exit 3' 'FAILED: look d10: exit 3' 'FAILED: look d4: killed by SIGSEGV' \
        'FAILED: look d11: killed by SIGSEGV' 'FAILED: look d5: exit 0, but product a is missing' \
        '5 failed, 7 succeeded'
    lacks 'something to read'
    local i
    for i in 1 2 6 7 8 9 12; do
        content "workspace/d$i/a" "$(pwd -P)
it's value of d$i d$i 1 1"
        [ "$(grep -v '^\$ ' .rowbuild/logs/look/d$i.log | sort | paste -sd ,)" = "err of d$i,out of d$i" ]
    done
}

@test "TERM: processes on other hosts get it too, and their grace; nothing is left there" {
    directories 6
    rowfile <<'END'
[[action]]
name = "long"
command = "long {directory}"
products = ["a"]
END
    make_doze
    program long <<'PROGRAM'
trap 'echo "$SLURMD_NODENAME got it" >>"$RUNS"; sleep 0.3; echo "$SLURMD_NODENAME saved" >>"$RUNS"; exit 1' TERM
: >"$GATE/$1.started"
"$SCRATCH/bin/doze" 1000 &
wait
PROGRAM
    BATCH_OPTIONS=(--ntasks-per-node=2)
    batch 3 6 '"$ROWBUILD" & trap "kill -TERM $!" USR1; wait; wait $!'
    await_started d1 d2 d3 d4 d5 d6
    scancel --batch --signal=USR1 "$JOB"
    ended 130
    has 'cancelled: long d1' 'cancelled: long d6'
    expect_runs node{1,1,2,2,3,3}' got it' node{1,1,2,2,3,3}' saved'
    lab_poll 20 nobody_is_left
}

@test "what doesn't go by itself on another host is killed there, and after its timeout" {
    directories 4
    rowfile <<'END'
[[action]]
name = "stubborn"
command = "stubborn {directory}"
products = ["a"]
END
    cp Rowfile "$SCRATCH/timeless"
    make_doze
    program stubborn <<'PROGRAM'
trap '' TERM USR1
echo $$ >>"$SCRATCH/pids"
"$SCRATCH/bin/doze" 1000 # only one: what begins while Slurm kills the others escapes it where there are no cgroups
PROGRAM
    local timeout
    for timeout in 00:00:02 00:00:10 00:01:00; do # longer ones where a machine takes its time to start all
        echo "timeout = '$timeout'" | cat "$SCRATCH/timeless" - >Rowfile
        : >"$SCRATCH/pids"
        batch 2 4 '"$ROWBUILD" -k 0 --grace 0.2'
        ended 1
        has 'FAILED: stubborn d1: timed out' 'FAILED: stubborn d4: timed out' '4 failed'
        lab_poll 20 nobody_is_left
        [ "$(wc -l <"$SCRATCH/pids")" -lt 4 ] || break
    done
    [ "$(wc -l <"$SCRATCH/pids")" -eq 4 ]
}

@test "the shell of salloc on a login host: all work is on the job's hosts" {
    setup_programs
    directories 8
    rowfile <<'END'
[[action]]
name = "one"
command = "busy 1; touch workspace/{directory}/a"
products = ["a"]
END
    salloc --quiet --nodes 2 --ntasks 4 --time 10 "$ROWBUILD" >"$SCRATCH/said" 2>&1 3>&- </dev/null &
    PID=$!
    BACKGROUND+=("$PID")
    lab_poll 300 in_use_together 4
    release busy
    finish 0
    [ "$(at_once | paste -sd ' ')" = 'node1 3 node2 1' ] || [ "$(at_once | paste -sd ' ')" = 'node1 2 node2 2' ]
}

# in_use_together CPUS: at least so many on all hosts
in_use_together() {
    [ "$(at_once | awk '{ sum += $2 } END { print sum + 0 }')" -ge "$1" ]
}

@test "the processes of one task lie on several hosts where one has no room for all" {
    setup_programs
    directories 2
    rowfile <<'END'
[[action]]
name = "wide"
command = 'echo "$ACTION_PROCESS_INDEX $SLURMD_NODENAME" >>workspace/{directory}/p; busy 1; touch workspace/{directory}/a'
products = ["a"]
launchers = ["process"]
resources.processes.per_submission = 5
END
    batch 3 9 'echo "$SLURM_JOB_CPUS_PER_NODE"; "$ROWBUILD"'
    lab_poll 300 in_use_together 5
    release busy
    ended 0
    sort workspace/d1/p workspace/d2/p
    [ "$(cut -d ' ' -f 1 workspace/d1/p | sort -n | paste -sd ' ')" = '0 1 2 3 4' ]
    [ "$(cut -d ' ' -f 1 workspace/d2/p | sort -n | paste -sd ' ')" = '0 1 2 3 4' ]
    [ -z "$(at_once | awk '$2 > 7')" ]
}

@test "what can't fit any host is refused with the reason" {
    directories 1
    rowfile <<'END'
[[action]]
name = "wide"
command = 'touch workspace/{directory}/a'
products = ["a"]
resources.threads_per_process = 9
END
    batch 2 16 '"$ROWBUILD"'
    ended 2
    has '9 cores' 'the largest host of the job has 8'
}

@test "show machine names the other hosts" {
    batch 3 24 '"$ROWBUILD" show machine'
    ended 0
    has_line '^in Slurm job [0-9]+ on node1: 8 CPUs \(SLURM_CPUS_ON_NODE\)' \
        '^other hosts of the job: node2 \(8 CPUs\), node3 \(8 CPUs\)$'
}

@test "where Slurm confines the job, processes on all hosts are bound to cores of their own" {
    local cpus
    cpus=$(nproc)
    [ "$cpus" -le 8 ] || skip 'the lab has fewer CPUs than this machine'
    directories 12
    # the hosts' CPUs are this machine's: each process has one core, nobody else has it on that host
    rowfile <<'END'
[[action]]
name = "where"
command = "where {directory}"
products = ["a"]
END
    program where <<'PROGRAM'
cores=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
echo "$(date +%s%N) begin $SLURMD_NODENAME.$cores 1" >>"$RUNS"
echo "$ACTION_CORES $cores" >"workspace/$1/a"
hold where
sleep 0.1
echo "$(date +%s%N) end $SLURMD_NODENAME.$cores 1" >>"$RUNS"
PROGRAM
    BATCH_OPTIONS=(--ntasks-per-node="$cpus")
    batch 2 $((2 * cpus)) '"$ROWBUILD"'
    lab_poll 300 in_use_together $((2 * cpus))
    release where
    ended 0
    [ "$(at_once | wc -l)" -eq $((2 * cpus)) ]
    [ -z "$(at_once | awk '$2 > 1')" ]
    local i
    for ((i = 1; i <= 12; i++)); do
        [[ $(cat "workspace/d$i/a") =~ ^([0-9]+)\ ([0-9]+)$ ]]
        [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
    done
}

# two_hosts: a task that keeps the only CPU of this host, and others that find place on the other one only.
two_hosts() {
    directories 3
    rowfile <<'END'
[[action]]
name = "one"
command = 'note {directory} $SLURMD_NODENAME; hold {directory}; touch workspace/{directory}/a'
products = ["a"]
END
    BATCH_OPTIONS=(--ntasks-per-node=1)
}

@test "a step that can't be made is no failure of its task: it is tried again" {
    two_hosts
    program srun <<END
case "\$*" in
*'workspace/'*)
    echo >>"$SCRATCH/tries"
    [ "\$(wc -l <"$SCRATCH/tries")" -gt 2 ] || {
        echo "srun: error: Unable to create step for job \$SLURM_JOB_ID: Requested nodes are busy" >&2
        exit 1
    } ;;
esac
exec $(command -v srun) "\$@"
END
    release d1 d2 d3
    batch 2 2 '"$ROWBUILD" -k 1'
    ended 0
    has "Slurm couldn't make a step of the job (Requested nodes are busy): its command is attempted again" \
        'done: 3 tasks ran'
    lacks FAILED
    [ "$(grep -c "couldn't make a step" "$SCRATCH/said")" -eq 1 ]
    [ "$(cut -d ' ' -f 1 "$RUNS" | sort | paste -sd ' ')" = 'd1 d2 d3' ]
}

@test "a step that can't be made for a reason that stays fails its task" {
    two_hosts
    program srun <<END
case "\$*" in
*'workspace/'*)
    echo "srun: error: Unable to create step for job \$SLURM_JOB_ID: Invalid job id specified" >&2
    exit 1 ;;
esac
exec $(command -v srun) "\$@"
END
    release d1 d2 d3
    batch 2 2 '"$ROWBUILD" -k 1'
    ended 1
    has 'FAILED: one' 'Invalid job id specified'
    lacks 'attempted again'
}

@test "the controller goes away before a step is made, and comes back" {
    two_hosts
    batch 2 2 '"$ROWBUILD"'
    await_started d1 d2
    lab_stop_controller "$LAB"
    lab_set_line "$LAB" MessageTimeout=2
    release d3 "$(sed -n 's/ node2$//p' "$RUNS")" # so that d3 finds place on the other host only
    await_text "$SCRATCH/said" "Slurm couldn't make a step of the job"
    lab_set_line "$LAB" MessageTimeout=60
    lab_start_controller "$LAB"
    await_started d3
    release d1 d2
    ended 0
    has 'Unable to contact slurm controller' 'done: 3 tasks ran'
    lacks FAILED
    [ "$(cut -d ' ' -f 1 "$RUNS" | sort | paste -sd ' ')" = 'd1 d2 d3' ]
}

# ranks EXECUTABLE [PROCESSES [THREADS [COMPILER]]]: a program of MPI, and a cluster's launcher that starts it so.
ranks() {
    command -v mpicc >/dev/null || skip 'MPI is not installed'
    cat >"$SCRATCH/rank.c" <<'PROGRAM'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

int main(int argc, char **argv)
{
    int rank, sum, one = 1;
    const char *host = getenv("SLURMD_NODENAME");
    const char *threads = getenv("OMP_NUM_THREADS");
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    FILE *runs = fopen(getenv("RUNS"), "a");
    fprintf(runs, "%lld begin %s %s\n", now(), host, threads);
    fflush(runs);
    usleep(300000);
    fprintf(runs, "%lld end %s %s\n", now(), host, threads);
    fclose(runs);
    FILE *found = fopen(argv[1], "a");
    fprintf(found, "%d of %d, index %s\n", rank, sum, getenv("ACTION_PROCESS_INDEX"));
    fclose(found);
    MPI_Finalize();
    return argc > 2 && rank == 1 ? atoi(argv[2]) : 0;
}
PROGRAM
    OMPI_CC=gcc "${4:-mpicc}" -o "$SCRATCH/bin/rank" "$SCRATCH/rank.c"
    mkdir -p "$SCRATCH/lab-home/.config/rowbuild"
    cp "$LAB/home/.config/rowbuild/clusters.toml" "$SCRATCH/lab-home/.config/rowbuild/"
    cat >"$SCRATCH/lab-home/.config/rowbuild/launchers.toml" <<END
[mpi.lab]
executable = "$1"
processes = "${2:---ntasks=}"
${3---threads}
END
    sed -i '/^--threads$/c threads_per_process = "--cpus-per-task="' \
        "$SCRATCH/lab-home/.config/rowbuild/launchers.toml"
    export ROWBUILD_HOME=$SCRATCH/lab-home
    # Hosts that are one machine in truth must not meet in its shared memory.
    export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_pml=ob1
}

@test "ranks that srun starts: side by side on one host, and over several" {
    ranks 'srun --mpi=pmix'
    directories 6
    rowfile <<'END'
[[action]]
name = "narrow"
command = "rank workspace/{directory}/a"
products = ["a"]
launchers = ["mpi"]
resources.processes.per_submission = 3
resources.threads_per_process = 2
retries = 3 # OpenMPI's start over TCP to itself fails now and then

[[action]]
name = "wide"
command = "rank workspace/{directory}/b"
products = ["b"]
launchers = ["mpi"]
resources.processes.per_submission = 10
retries = 3
group.where = '/n in [1]'
[workspace]
value_file = "value.json"
END
    local i
    for ((i = 1; i <= 6; i++)); do
        value "d$i" "{\"n\": $i}"
    done
    batch 2 16 '"$ROWBUILD"'
    ended 0
    lacks 'srun:'
    for ((i = 1; i <= 6; i++)); do
        [ "$(sort "workspace/d$i/a" | paste -sd ';')" = '0 of 3, index 0;1 of 3, index 1;2 of 3, index 2' ]
    done
    [ "$(sort -n workspace/d1/b | tail -n 1)" = '9 of 10, index 9' ]
    [ "$(at_once | cut -d ' ' -f 1 | paste -sd ' ')" = 'node1 node2' ]
    [ -z "$(at_once | awk '$2 > 8')" ]
}

@test "ranks that srun starts are bound where Slurm confines the job" {
    local cpus
    cpus=$(nproc)
    [ "$cpus" -ge 2 ] && [ "$cpus" -le 8 ] || skip 'the lab has other CPUs than this machine'
    ranks 'srun --mpi=pmix'
    directories 2
    rowfile <<'END'
[[action]]
name = "ranks"
command = "sh -c 'echo $ACTION_PROCESS_INDEX $ACTION_CORES $(grep ^Cpus_allowed_list /proc/self/status) >>workspace/{directory}/a'"
products = ["a"]
launchers = ["mpi"]
resources.processes.per_submission = 2
END
    BATCH_OPTIONS=(--ntasks-per-node="$cpus")
    batch 2 $((2 * cpus)) '"$ROWBUILD"'
    ended 0
    local i
    for i in 1 2; do
        [ "$(cut -d ' ' -f 1 "workspace/d$i/a" | sort | paste -sd ' ')" = '0 1' ]
        [ "$(cut -d ' ' -f 2 "workspace/d$i/a" | sort -u | wc -l)" -eq 2 ]
        [ -z "$(awk '$2 != $4' "workspace/d$i/a")" ]
    done
}

@test "mpirun inside a job stays on this host" {
    ranks mpirun '-n ' ''
    unset OMPI_MCA_btl OMPI_MCA_btl_tcp_if_include OMPI_MCA_pml
    directories 2
    rowfile <<'END'
[[action]]
name = "ranks"
command = "rank workspace/{directory}/a"
products = ["a"]
launchers = ["mpi"]
resources.processes.per_submission = 3
END
    batch 2 16 '"$ROWBUILD"'
    ended 0
    [ "$(sort workspace/d2/a | paste -sd ';')" = '0 of 3, index 0;1 of 3, index 1;2 of 3, index 2' ]
    [ "$(at_once | cut -d ' ' -f 1 | paste -sd ' ')" = 'node1' ]
}

@test "MPICH's mpiexec inside a job stays on this host" {
    ranks mpiexec.mpich '-n ' '' mpicc.mpich
    directories 2
    rowfile <<'END'
[[action]]
name = "ranks"
command = "rank workspace/{directory}/a"
products = ["a"]
launchers = ["mpi"]
resources.processes.per_submission = 3
END
    batch 2 16 '"$ROWBUILD"'
    ended 0
    [ "$(sort workspace/d2/a | paste -sd ';')" = '0 of 3, index 0;1 of 3, index 1;2 of 3, index 2' ]
    [ "$(at_once | cut -d ' ' -f 1 | paste -sd ' ')" = 'node1' ]
}

@test "a rank that fails fails its task; TERM reaches ranks, and they have their grace" {
    ranks 'srun --mpi=pmix'
    unset OMPI_MCA_btl OMPI_MCA_btl_tcp_if_include OMPI_MCA_pml
    directories 1
    rowfile <<'END'
[[action]]
name = "fails"
command = "rank workspace/{directory}/a 3"
products = ["a"]
launchers = ["mpi"]
resources.processes.per_submission = 2
END
    batch 1 4 '"$ROWBUILD"'
    ended 1
    has 'FAILED: fails d1: exit 3'
    : >"$RUNS"
    rowfile <<'END'
[[action]]
name = "long"
command = "long"
products = ["saved"]
launchers = ["mpi"]
scope = "project"
resources.processes.per_submission = 2
END
    program long <<'PROGRAM'
trap 'sleep 0.3; echo "saved $ACTION_PROCESS_INDEX" >>"$RUNS"; exit 1' TERM
: >"$GATE/$ACTION_PROCESS_INDEX.started"
sleep 1000 &
wait
PROGRAM
    batch 1 4 '"$ROWBUILD" & trap "kill -TERM $!" USR1; wait; wait $!'
    await_started 0 1
    scancel --batch --signal=USR1 "$JOB"
    ended 130
    expect_runs 'saved 0' 'saved 1'
}
