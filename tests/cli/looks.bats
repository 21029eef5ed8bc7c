#!/usr/bin/env bats
# Looks that fail, and files that vanish: what can't be seen is never taken for what was there before.
# Commands change to their directory first, so that only rowbuild itself names files as FAIL_NAME does.

load helpers

# troubled STATUS CALL NAME ERROR ARGUMENT…: rowbuild while CALL fails on files that end with NAME, as long as
# the file `broken` exists.
troubled() {
    local wanted=$1 call=$2 name=$3 error
    error=$(errno_of "$4")
    shift 4
    local fails=(FAIL_CALL="$call" FAIL_NAME="$name" FAIL_ERRNO="$error")
    if [ -z "${FAIL_TIMES:-}" ]; then
        fails+=(FAIL_WHILE="$PWD/broken")
    fi
    run env LD_PRELOAD="$FAILING_CALLS" ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" "${fails[@]}" \
        "$ROWBUILD" "$@"
    if [ "$status" -ne "$wanted" ]; then
        echo "rowbuild $*: status $status, expected $wanted; it said:"
        echo "$output"
        return 1
    fi
}

errno_of() {
    case $1 in
    EIO) echo 5 ;;
    ENOMEM) echo 12 ;;
    EACCES) echo 13 ;;
    EBUSY) echo 16 ;;
    EMFILE) echo 24 ;;
    ESTALE) echo 116 ;;
    esac
}

# made_and_used COMMAND: `make` copies in to mid, `use` does with it what it is told to.
made_and_used() {
    mkdir -p workspace/a
    echo 1 >in
    rowfile <<END
[[action]]
name = "make"
command = "note make; cp in {workspace_path}/{directory}/mid"
inputs = ["//in"]
products = ["mid"]
[[action]]
name = "use"
command = "note use; cd {workspace_path}/{directory}; $1"
inputs = ["mid"]
products = ["out"]
END
}

one_product() {
    mkdir -p workspace/a
    rowfile <<'END'
[[action]]
name = "s"
command = "note s; cd {workspace_path}/{directory}; echo 1 >out"
products = ["out"]
[[action]]
name = "after"
command = "note after; cd {workspace_path}/{directory}; cp out copy"
inputs = ["out"]
products = ["copy"]
END
}

@test "an input that its reader uses up is remembered as it was" {
    for using in 'mv mid out' 'cp mid out; rm mid' 'tar -cf out mid --remove-files'; do
        rm -rf .rowbuild workspace/a
        made_and_used "$using"
        expect 0
        echo 2 >in
        : >"$RUNS"
        expect 0
        expect_runs make use
        grep -q 2 workspace/a/out
        expect 0 # mid is missing, and is made again with the same content
        expect_runs make
        expect_nothing_to_do
    done
}

@test "an input that can't be read when its reader ends makes it run again" {
    for error in EIO EMFILE ESTALE ENOMEM; do
        rm -rf .rowbuild workspace/a broken
        made_and_used "cp mid out; touch -d 2001-01-01 mid; [ -e ../../settled ] || : >../../broken"
        rm -f settled
        troubled 0 openat /mid "$error"
        has 'the input mid could not be read after it ran: ' 'it will run again'
        rm broken
        : >settled
        expect 0 show why
        has 'an input could not be read after it ran: '
        : >"$RUNS"
        echo 2 >in
        expect 0 -a make
        expect 0
        expect_runs make use
        content workspace/a/out 2
        expect_nothing_to_do
    done
}

@test "a read that fails within a file counts as a look that failed" {
    made_and_used "cp mid out; touch -d 2001-01-01 mid; [ -e ../../settled ] || : >../../broken"
    troubled 0 read /mid EIO
    has 'the input mid could not be read after it ran: Input/output error'
    rm broken
    : >settled
    : >"$RUNS"
    expect 0
    expect_runs use
}

@test "an input that can't be read keeps its reader from starting, and says why" {
    made_and_used 'cp mid out'
    expect 0
    echo 2 >in
    : >broken
    : >"$RUNS"
    troubled 1 openat in EIO
    has 'input in can'"'"'t be read: Input/output error'
    expect_runs
    rm broken
    expect 0
    expect_runs make use
}

@test "an input that can't be looked at is neither missing nor unchanged" {
    made_and_used 'cp mid out'
    expect 0
    : >broken
    : >"$RUNS"
    troubled 1 statx in EIO
    has "input in can't be read: Input/output error"
    lacks 'missing' 'nothing to do'
    troubled 1 statx in EIO -n
    has "can't run"
    expect_runs
    rm broken
    expect_nothing_to_do
}

@test "a product that can't be read isn't missing, and isn't made again" {
    one_product
    : >broken
    troubled 1 openat /out EIO
    has "exit 0, but product out can't be read: Input/output error"
    lacks 'is missing'
    expect_runs s
    troubled 1 openat /out EIO
    has "product out can't be read: Input/output error"
    lacks 'is missing'
    expect_runs
    rm broken
    expect 0 # another look is enough
    expect_runs after
    expect_nothing_to_do
}

@test "a product that can't be read is not retried by running the command again" {
    one_product
    sed -i '2a retries = 3' Rowfile
    : >broken
    troubled 1 openat /out EMFILE
    expect_runs s
}

@test "a finished study whose products can't be looked at runs nothing" {
    one_product
    expect 0
    : >"$RUNS"
    : >broken
    touch workspace/a/out
    for error in EIO EMFILE ESTALE EACCES; do
        troubled 1 openat /out "$error"
        has "product out can't be read: "
        troubled 1 statx /out "$error"
        has "product out can't be read: "
        troubled 0 statx /out "$error" accept
        has 'accepted: 0 tasks'
    done
    expect_runs
    rm broken
    expect_nothing_to_do
}

@test "a look that fails once is tried again" {
    one_product
    export FAIL_TIMES=2
    troubled 0 openat /out EMFILE
    lacks "can't be read"
    expect_runs s after
    expect_nothing_to_do
}

@test "what can't be read is not adopted" {
    one_product
    echo half >workspace/a/out
    : >broken
    troubled 1 openat /out EIO
    has "product out can't be read: Input/output error"
    expect_runs
    content workspace/a/out half
}

@test "a folder product in which a file can't be read isn't missing" {
    mkdir -p workspace/a
    rowfile <<'END'
[[action]]
name = "s"
command = "note s; cd {workspace_path}/{directory}; mkdir -p data/deep; echo 1 >data/deep/part"
products = ["data"]
END
    expect 0
    : >"$RUNS"
    : >broken
    touch workspace/a/data/deep/part
    troubled 1 openat deep/part EIO
    has "product data can't be read: Input/output error"
    troubled 1 getdents data/deep ESTALE
    has "product data can't be read: "
    expect_runs
    rm broken
    expect_nothing_to_do
}

@test "a value that can't be looked at stops the run, and counts as no change" {
    value a '{"x": 1}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "s"
command = "note s {/x}; cd {workspace_path}/{directory}; : >out"
products = ["out"]
END
    expect 0
    : >"$RUNS"
    value a '{"x": 2}'
    : >broken
    troubled 3 statx value.json EIO
    has "value.json" "can't be read: Input/output error"
    lacks 'nothing to do'
    rm broken
    expect 0
    expect_runs 's 2'
}

@test "an input that changes during each attempt to read it is stale, and says so" {
    mkdir -p workspace/a
    truncate -s 64M log
    rowfile <<'END'
[[action]]
name = "s"
command = "note s; cd {workspace_path}/{directory}; echo 1 >out"
inputs = ["//log"]
products = ["out"]
END
    (while [ -d "$GATE" ]; do echo x >>log; done) 3>&- &
    local writer=$!
    BACKGROUND+=("$writer")
    for _ in 1 2; do
        : >"$RUNS"
        expect 0
        expect_runs s
        has 'the input log changed each time it was read; it will run again'
    done
    expect 0 -n --explain
    has 'input //log changes each time it is read'
    kill "$writer"
    wait "$writer" || true
    expect 0 show why
    has 'changed while it ran'
    : >"$RUNS"
    expect 0
    expect_runs s
    expect_nothing_to_do
}

@test "an input that vanishes before its reader starts blocks it" {
    mkdir -p workspace/a workspace/b
    echo v1 >in.txt
    rowfile <<'END'
[[action]]
name = "s"
command = "note {directory}; mv in.txt kept; echo >{workspace_path}/{directory}/out"
inputs = ["//in.txt"]
products = ["out"]
END
    expect 1 -j 1 -k 0
    has 'FAILED' 'input in.txt is missing, and no action makes it' 'the input in.txt vanished while it ran'
    [ "$(wc -l <"$RUNS")" -eq 1 ]
    mv kept in.txt
    sed -i 's/mv in.txt kept; //' Rowfile
    : >"$RUNS"
    expect 0
    expect_runs a b
}

@test "a member whose input vanished leaves its batch; the others run" {
    for directory in a b c; do
        mkdir -p "workspace/$directory"
        echo 1 >"workspace/$directory/in"
    done
    rowfile <<'END'
[[action]]
name = "clean-up"
command = "rm workspace/b/in; : >done"
products = ["//done"]
scope = "project"
[[action]]
name = "s"
previous_actions = ["clean-up"]
command = 'for d in {directories}; do note $d; : >workspace/$d/out; done'
inputs = ["in"]
products = ["out"]
END
    expect 1 -k 0
    has 'input workspace/b/in is missing, and no action makes it'
    expect_runs a c
    echo 1 >workspace/b/in
    expect 0
    expect_runs b
}

@test "a file behind a glob that vanishes before the start is recorded as absent" {
    mkdir -p workspace/a parts
    echo 1 >parts/one
    echo 2 >parts/two
    rowfile <<'END'
[[action]]
name = "first"
command = "note first; rm -f parts/two; : >done"
products = ["//done"]
scope = "project"
[[action]]
name = "s"
previous_actions = ["first"]
command = "note s; cat parts/* >{workspace_path}/{directory}/out"
inputs = ["//parts/*"]
products = ["out"]
END
    expect 0
    expect_runs first s
    expect_nothing_to_do
    echo 3 >parts/two
    expect 0
    expect_runs s
}

@test "a predecessor without products that runs for the first time makes its reader stale" {
    mkdir -p workspace/a
    rowfile <<'END'
[[action]]
name = "first"
command = "note first"
[[action]]
name = "s"
previous_actions = ["first"]
command = "note s; : >{workspace_path}/{directory}/out"
products = ["out"]
END
    sed -i 's/note first"/note first {directory}"/' Rowfile
    expect 0 --only -a s
    expect_runs s
    expect 0
    expect_runs 'first a' s
    expect_nothing_to_do
}

@test "a file that NFS keeps since it is open is no part of a folder product, and not in its way" {
    mkdir -p workspace/a
    echo 1 >workspace/a/in
    rowfile <<'END'
[[action]]
name = "make"
inputs = ["in"]
products = ["d"]
command = 'cd workspace/{directory}; mkdir d; cp in d/x; note'
END
    expect 0
    touch workspace/a/d/.nfs0001
    expect 0
    has 'nothing to do'
    touch broken
    echo 2 >workspace/a/in
    troubled 0 unlinkat .nfs0001 EBUSY
    has "can't delete workspace/a/.d.rowbuild-good: one of its files is open"
    echo 3 >workspace/a/in
    troubled 0 unlinkat .nfs0001 EBUSY
    [ "$(ls -A workspace/a/d)" = x ]
    content workspace/a/d/x 3
    rm broken
    expect 0 clean --backups
    [ "$(ls -A workspace/a)" = $'d\nin' ]
}
