#!/usr/bin/env bats
# What executions really used, and what is said about it. The busy ones go on until the test has seen what it
# waits for, or have had as much time on CPUs as it needs, however long that takes.
# shellcheck shell=bash disable=SC2154,SC2016

load helpers

begin() {
    PYTHON=$(python3 -c 'import sys; print(sys.executable)') # python3 itself may be a script
    cat >"$SCRATCH/bin/execution.py" <<'END'
"""What an execution does that is looked at. It is a process of its own, without a shell beside it."""
import fcntl
import os
import signal
import time

gate = os.environ["GATE"]
rowbuild = os.getppid()
with open("/proc/self/stat") as stat:
    started_s = int(stat.read().rsplit(")")[1].split()[19]) / os.sysconf("SC_CLK_TCK")


def touch(path):
    with open(path, "w"):
        pass


def life():
    """Seconds since rowbuild started this"""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started_s


class Unseen:
    """rowbuild doesn't look, at this or at another execution, before all that are begun are ready."""

    def __init__(self, name):
        self.begun = f"{gate}/{name}.begun"
        self.started = f"{gate}/{name}.started"
        self.lock = open(gate + "/lock", "w")

    def __enter__(self):
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        touch(self.begun)
        os.kill(rowbuild, signal.SIGSTOP)
        fcntl.flock(self.lock, fcntl.LOCK_UN)

    def __exit__(self, *what):
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        touch(self.started)
        os.unlink(self.begun)
        if not any(file.endswith(".begun") for file in os.listdir(gate)):
            os.kill(rowbuild, signal.SIGCONT)
        fcntl.flock(self.lock, fcntl.LOCK_UN)


def fork(count):
    """So many processes in all, of which the others begin at once: true in the first"""
    ready, tell = os.pipe()
    for _ in range(count - 1):
        if os.fork() == 0:
            os.write(tell, b"x")
            return False
    for _ in range(count - 1):
        os.read(ready, 1)
    return True


def compute_until(is_done):
    while not is_done() and os.path.exists(gate):
        for _ in range(200000):
            pass


def is_released(name):
    return os.path.exists(f"{gate}/{name}.go")


def finish(name, is_first):
    if not is_first:
        os._exit(0)
    try:
        while os.wait():
            pass
    except ChildProcessError:
        pass
    touch(f"workspace/{name}/out")
END
    # busy NAME COUNT [SECONDS]: so many loops at once, until NAME is released or so long after the start
    python busy <<'END'
name, count = sys.argv[1], int(sys.argv[2])
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None
unseen = Unseen(name)
unseen.__enter__()
is_first = fork(count)
if is_first:
    if seconds is not None and life() > 0.6:
        touch(gate + "/late")
    unseen.__exit__()
compute_until(lambda: is_released(name) if seconds is None else life() >= seconds)
finish(name, is_first)
END
    # one NAME: has 0.3 s of one CPU, and lives three times as long as it took to get them
    python one <<'END'
compute_until(lambda: time.process_time() >= 0.3)
time.sleep(max(1.2, 3 * life() + 0.5) - life())
finish(sys.argv[1], True)
END
    # two NAME: two loops, of which each has half a second of a CPU; starting them is a small part of that
    python two <<'END'
started = life()
is_first = fork(2)
before = time.process_time()
compute_until(lambda: time.process_time() - before >= 0.5 and life() >= max(1.2, 5 * started))
finish(sys.argv[1], is_first)
END
    # fill MEBIBYTES NAME [until]: has so much memory at once; until NAME is released
    python fill <<'END'
name = sys.argv[2]
if len(sys.argv) > 3:
    with Unseen(name):
        memory = b"x" * (int(sys.argv[1]) << 20)
    while not is_released(name) and os.path.exists(gate):
        time.sleep(0.02)
else:
    memory = b"x" * (int(sys.argv[1]) << 20)
finish(name, True)
END
    # share NAME: five processes that share 100 MiB, until NAME is released
    python share <<'END'
memory = b"x" * (100 << 20)
is_first = fork(5)
if is_first:
    touch(f"{gate}/{sys.argv[1]}.started")
while not is_released(sys.argv[1]) and os.path.exists(gate):
    time.sleep(0.02)
finish(sys.argv[1], is_first)
END
}

# python NAME: a program, from standard input
python() {
    {
        echo "#!$PYTHON -SE" # without what it needn't have, it starts quickly
        echo 'import os, sys, time'
        echo 'from execution import *'
        cat
    } >"$SCRATCH/bin/$1"
    chmod +x "$SCRATCH/bin/$1"
}

# action KEYS…: an action called `work` over directories a, b; $COMMAND, which makes the product.
action() {
    mkdir -p workspace/{a,b}
    {
        printf '[[action]]\nname = "work"\nproducts = ["out"]\n'
        printf "command = '%s'\n" "$COMMAND"
        printf '%s\n' "$@"
    } >Rowfile
}

times_said() {
    grep -c -F -- "$1" <<<"$output"
}

@test "more threads than cores: said while it runs, once, and kept for show status" {
    begin
    COMMAND='exec busy {directory} 6' action
    local sentence='work ran 6 threads on 1 core; set threads_per_process = 6'
    start -j 8
    await_text "$SCRATCH/said" "$sentence"
    release a b
    finish 0
    [ "$(times_said "$sentence")" -eq 1 ]
    expect 0 show status
    has_line "^$sentence\$"
    expect_json 0 show status --json
    json ".[0][0].advice == [\"$sentence\"]"
    # that advice was taken: what was seen with one core isn't told of six
    echo 'resources.threads_per_process = 6' >>Rowfile
    expect 0 show status
    lacks 'ran 6 threads'
}

@test "more threads than cores, and than the run has" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    COMMAND='exec busy {directory} 6' action
    start -j 2 a
    await_text "$SCRATCH/said" 'work ran 6 threads on 1 core; make it run at most $ACTION_THREADS_PER_PROCESS threads, and set threads_per_process = 2'
    release a
    finish 0
}

@test "short executions give evidence together" {
    begin
    mkdir -p workspace/{c,d}
    # none is seen three times: that is a second after its start at the earliest
    COMMAND='exec busy {directory} 3 0.9' action
    local tries late=0
    for tries in {1..20}; do
        rm -f "$GATE"/* workspace/*/out
        expect 0 -j 8
        [[ $output != *'work ran 3 threads'* ]] || break
        [ ! -e "$GATE/late" ] || late=$((late + 1))
    done
    [ "$late" -lt "$tries" ] || skip 'this machine takes too long to start a program'
    has 'work ran 3 threads on 1 core; set threads_per_process = 3'
}

@test "fewer cores used than asked for" {
    begin
    COMMAND='exec one {directory}' action 'resources.threads_per_process = 4'
    expect 0 -j 4 a
    has_line '^(note: )?work asked for 4 cores and used [01]\.[0-9]; set threads_per_process = [12]$'
    expect 0 show status
    has_line '^(note: )?work asked for 4 cores and used [01]\.[0-9]; set threads_per_process = [12]$'
    sed -i 's/= 4/= 1/' Rowfile
    expect 0 show status
    lacks 'asked for'
}

@test "who uses its cores hears nothing" {
    begin
    COMMAND='exec two {directory}' action 'resources.threads_per_process = 2'
    expect 0 -j 2 a
    lacks 'asked for' 'threads'
    expect 0 show status
    lacks 'asked for' 'threads'
    expect_json 0 show status --json
    json '.[0][0].advice == []'
}

@test "short or failing executions are no reason for advice about cores" {
    begin
    local tries before
    COMMAND=': >workspace/{directory}/out' action 'resources.threads_per_process = 4'
    for tries in {1..20}; do
        before=${EPOCHREALTIME/./}
        expect 0 -j 4 --rerun
        [ $((${EPOCHREALTIME/./} - before)) -ge 1000000 ] || break # else they may not have been short
    done
    [ "$tries" -eq 20 ] || lacks 'asked for'
    COMMAND='sleep 1.1; : {directory}; false' action 'resources.threads_per_process = 4'
    expect 1 -j 4 -k 0 --rerun
    lacks 'asked for'
}

@test "more memory than asked for: said while it runs" {
    begin
    COMMAND='exec fill 200 {directory} until' action 'resources.memory.per_process = "50 MiB"'
    start -j 1 a
    await_text "$SCRATCH/said" 'of memory and asked for 50.0 MiB; set memory.per_process = '
    release a
    finish 0
    has_line '^(note: )?work used 2[0-9][0-9]\.[0-9] MiB of memory and asked for 50\.0 MiB; set memory\.per_process = "2[5-9][0-9] MiB"$'
    expect 0 show status
    has_line '^(note: )?work used 2[0-9][0-9]\.[0-9] MiB of memory and asked for 50\.0 MiB; '
}

@test "more memory than asked for, by a program that nobody had the time to look at" {
    begin
    COMMAND='exec fill 200 {directory}' action 'resources.memory.per_process = "50 MiB"'
    expect 0 -j 1
    has 'MiB of memory and asked for 50.0 MiB'
    [ "$(times_said 'MiB of memory and asked for 50.0 MiB')" -eq 1 ]
}

@test "rowbuild's own memory doesn't count, nor memory that processes share" {
    begin
    COMMAND=': >workspace/{directory}/out' action 'resources.memory.per_process = "7 MiB"'
    expect 0 -j 1
    lacks 'memory'
    COMMAND='exec share {directory}' action 'resources.memory.per_process = "250 MiB"'
    start -j 1 --rerun a
    await_started a
    sleep 1.1
    release a
    finish 0
    lacks 'memory'
}
