#!/usr/bin/env bats
# make's jobserver: for the children of an action, and above rowbuild.
# shellcheck shell=bash disable=SC2154,SC2016

load helpers

# A test's own beginning: nothing of a make that runs the tests, and a program
# crowd NAME TOGETHER: one job, which notes in $SCRATCH/most how many of its kind it sees at once. It waits
# until so many were there at the same time once; a limit ends that in a test that has failed already.
begin() {
    unset MAKEFLAGS MFLAGS MAKELEVEL CARGO_MAKEFLAGS
    mkdir -p "$SCRATCH/here"
    : >"$SCRATCH/most"
    program crowd <<'PROGRAM'
here=$SCRATCH/here
: >"$here/$1"
tries=0
while :; do
    set -- "$1" "$2" "$here"/*
    count=$(($# - 2))
    echo "$count" >>"$SCRATCH/most"
    [ "$count" -ge "$2" ] && : >"$SCRATCH/met"
    [ -e "$SCRATCH/met" ] && [ "$tries" -ge 5 ] && break
    tries=$((tries + 1))
    [ "$tries" -gt 4000 ] && break
    sleep 0.05
done
rm "$here/$1"
PROGRAM
}

most() {
    sort -n "$SCRATCH/most" | tail -n 1
}

recursive_makefile() {
    mkdir -p sub
    cat >Makefile <<'END'
all: a b c d below
a b c d: ; @crowd $@ $(TOGETHER)
below: ; @$(MAKE) --no-print-directory -C sub
END
    cat >sub/Makefile <<'END'
all: e f g h
e f g h: ; @crowd $@ $(TOGETHER)
END
}

@test "an action with a jobserver: recursive makes use the task's cores, and no more" {
    begin
    recursive_makefile
    export TOGETHER=2
    rowfile <<'END'
[[action]]
name = "build"
scope = "project"
products = ["done"]
command = "make --no-print-directory all && touch done"
jobserver = true
[action.resources]
threads_per_process = 2
END
    expect 0 -j 2
    lacks 'jobserver' 'warning'
    [ "$(most)" -eq 2 ]
}

@test "an action without a jobserver: one job after the other, whatever make started rowbuild" {
    begin
    recursive_makefile
    export TOGETHER=1
    rowfile <<'END'
[[action]]
name = "build"
scope = "project"
products = ["done"]
command = 'echo "flags:$MAKEFLAGS:$MFLAGS:${MAKELEVEL-}:"; make --no-print-directory all && touch done'
END
    printf 'all:\n\t+@"$$ROWBUILD" -j 2\n' >Above
    run -0 make -j2 -f Above
    has 'flags::::'
    lacks 'jobserver'
    [ "$(most)" -eq 1 ]
}

@test "an action with a jobserver and one core: one job after the other" {
    begin
    recursive_makefile
    export TOGETHER=1
    rowfile <<'END'
[[action]]
name = "build"
scope = "project"
command = "make --no-print-directory all && touch done"
products = ["done"]
jobserver = true
END
    expect 0 -j 2
    lacks 'warning'
    [ "$(most)" -eq 1 ]
}

@test "the descriptors are that task's only" {
    begin
    rowfile <<'END'
[[action]]
name = "with"
scope = "project"
products = ["with"]
command = "readlink /proc/self/fd/3 /proc/self/fd/4 >with; printf '%s\n' \"$MAKEFLAGS\" >>with"
jobserver = true
resources.threads_per_process = 2

[[action]]
name = "without"
scope = "project"
previous_actions = ["with"]
products = ["without"]
command = "readlink /proc/self/fd/3 /proc/self/fd/4 | grep -v /proc/ >without || true; printf '%s\n' \"${MAKEFLAGS-unset}\" >>without"
END
    "$ROWBUILD" -j 2 3>&- 4>&-
    content without 'unset'
    run -0 cat with
    has_line '^pipe:' '^ -j2 --jobserver-auth=3,4$'
    [ "$(sed -n 1p with)" = "$(sed -n 2p with)" ]
}

@test "who knows fifos only finds the same tokens under /dev/fd" {
    begin
    rowfile <<'END'
[[action]]
name = "count"
scope = "project"
products = ["tokens"]
command = 'dd if=/dev/fd/3 of=tokens bs=9 count=1 iflag=nonblock 2>/dev/null; echo >/dev/fd/4; [ "$(wc -c <tokens)" -eq 2 ]'
jobserver = true
resources.threads_per_process = 3
END
    expect 0 -j 3
}

@test "the processes of a task share its jobserver, each with a core of its own" {
    begin
    export TOGETHER=4
    rowfile <<'END'
[[action]]
name = "build"
scope = "project"
launchers = ["process"]
products = ["done-0", "done-1"]
command = 'make --no-print-directory -f sub/Makefile P=$ACTION_PROCESS_INDEX && touch done-$ACTION_PROCESS_INDEX'
jobserver = true
resources = { processes.per_submission = 2, threads_per_process = 2 }
END
    mkdir sub
    cat >sub/Makefile <<'END'
all: a b c d e f
a b c d e f: ; @crowd $@-$(P) $(TOGETHER)
END
    expect 0 -j 4
    lacks 'jobserver'
    [ "$(most)" -eq 4 ]
}

@test "MAKEFLAGS of the action's environment win" {
    begin
    rowfile <<'END'
[[action]]
name = "flags"
scope = "project"
products = ["flags"]
command = 'printf "%s\n" "$MAKEFLAGS" >flags'
jobserver = true
environment = { MAKEFLAGS = "-s" }
END
    expect 0
    content flags -s
}

# study NAME: a project of its own, with six tasks of one core that crowd.
study() {
    mkdir -p "$1"/workspace/{0,1,2,3,4,5}
    cat >"$1/Rowfile" <<END
[[action]]
name = "work"
products = ["out"]
command = 'crowd $1-{directory} \$TOGETHER && touch workspace/{directory}/out'
END
}

@test "under make -n, -q and -t nothing is run or written" {
    begin
    mkdir workspace/a
    rowfile <<'END'
[[action]]
name = "work"
products = ["out"]
command = 'touch workspace/{directory}/out'
END
    local option
    for option in -n -q -t; do
        printf 'all: ; +@"$$ROWBUILD"; s=$$?; "$$ROWBUILD" scan && "$$ROWBUILD" accept && "$$ROWBUILD" report --crate c; exit $$s\n' >Makefile
        run make $option
        has 'work a' 'rowbuild scan` does nothing' 'rowbuild accept` does nothing' \
            'rowbuild report` does nothing'
        [ "$option" = -q ] || [ "$status" -eq 0 ]
        [ "$option" != -q ] || [ "$status" -ne 0 ]
        absent workspace/a/out
        absent .rowbuild c
    done
    run -0 make
    [ -e workspace/a/out ]
}

@test "under make -j2 three rowbuilds share two cores, and use both" {
    begin
    export TOGETHER=2
    study one
    study two
    study three
    cat >Makefile <<'END'
all: one two three
.PHONY: all one two three
one two three: ; +@cd $@ && "$$ROWBUILD"
END
    run -0 make -j2
    lacks 'jobserver'
    [ "$(most)" -eq 2 ]
    [ "$(ls one/workspace/*/out two/workspace/*/out three/workspace/*/out | wc -l)" -eq 18 ]
}

@test "one rowbuild under make -j2 uses both cores, but one if -j 1 says so" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    export TOGETHER=2
    study one
    printf 'all: ; +@cd one && "$$ROWBUILD" $(J)\n' >Makefile
    run -0 make -j2
    [ "$(most)" -eq 2 ]
    rm -r one "$SCRATCH/met"
    : >"$SCRATCH/most"
    export TOGETHER=1
    study one
    run -0 make -j2 'J=-j 1'
    [ "$(most)" -eq 1 ]
}

# with_tokens FLAGS: a run that holds the one token, fails, gives it back; the same with Ctrl-C.
with_tokens() {
    export MAKEFLAGS=$1
    start -k 0
    await_started a b || return 1
    if dd bs=1 count=1 iflag=nonblock <&7 2>/dev/null | grep -q x; then
        echo 'the token is not in use'
        return 1
    fi
    absent "$GATE/c.started" || return 1
    release a b c
    finish 1 || return 1
    [ "$(timeout 600 head -c 1 <&7)" = x ] || return 1
    printf x >&7
    rm "${GATE:?}"/*
    start -k 0
    await_started a b || return 1
    kill -INT "$PID"
    finish 130 || return 1
    [ "$(timeout 600 head -c 1 <&7)" = x ] || return 1
    printf x >&7
    rm "${GATE:?}"/*
}

@test "tokens are given back after failures and after Ctrl-C" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    mkdir -p workspace/{a,b,c}
    rowfile <<'END'
[[action]]
name = "work"
products = ["out"]
command = 'hold {directory} && exit 3'
END
    mkfifo "$SCRATCH/tokens"
    exec 7<>"$SCRATCH/tokens"
    printf x >&7
    with_tokens ' -j2 --jobserver-auth=7,7'
    with_tokens "-j2 --jobserver-auth=fifo:$SCRATCH/tokens"
    exec 7>&-
}

# From make 4.4 on a jobserver is a fifo with a name, unless make is told to use a pipe as before.
knows_fifos() {
    make --help | grep -q jobserver-style
}

@test "a jobserver that can't be reached leaves one core, and a word on how to mend it" {
    begin
    export TOGETHER=1
    study one
    printf 'all: ; @cd one && "$$ROWBUILD"; true\n' >Makefile
    local style=
    ! knows_fifos || style=--jobserver-style=pipe
    run -0 make -j2 $style
    has "make's jobserver can't be reached" '+'
    [ "$(most)" -eq 1 ]
    rm -r one
    study one
    cd one
    export MAKEFLAGS=' -j2 --jobserver-auth=98,99'
    expect 0
    has "make's jobserver can't be reached"
    rm workspace/*/out
    export MAKEFLAGS=" -j2 --jobserver-auth=fifo:$SCRATCH/elsewhere"
    expect 0
    has "make's jobserver can't be reached, so one core is used: the fifo that MAKEFLAGS name can't be opened"
    rm workspace/*/out
    expect 0 -j 1
    lacks jobserver
}

@test "a jobserver that is a fifo is reached from a line without +, too" {
    knows_fifos || skip 'this make knows pipes only'
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    export TOGETHER=2
    study one
    printf 'all: ; @cd one && "$$ROWBUILD"; true\n' >Makefile
    run -0 make -j2
    lacks jobserver
    [ "$(most)" -eq 2 ]
}

@test "two rowbuilds that both want both cores don't wait for each other for ever" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    export TOGETHER=1
    study one
    study two
    local project
    for project in one two; do
        rm -r $project/workspace/{2,3,4,5}
        echo 'resources.threads_per_process = 2' >>$project/Rowfile
    done
    printf 'all: one two\n.PHONY: all one two\none two: ; +@cd $@ && "$$ROWBUILD"\n' >Makefile
    run -0 timeout 600 make -j2
    [ "$(ls one/workspace/*/out two/workspace/*/out | wc -l)" -eq 4 ]
}

@test "under a jobserver an action that wants more cores than make -j has is refused" {
    begin
    study one
    echo 'resources.threads_per_process = 9' >>one/Rowfile
    printf 'all: ; +@cd one && "$$ROWBUILD"\n' >Makefile
    run ! make -j2
    has 'more than the budget of'
    [ ! -s "$SCRATCH/most" ]
}
