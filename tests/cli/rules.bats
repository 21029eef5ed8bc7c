#!/usr/bin/env bats
# Stale or not: the rules by which rowbuild decides, each under its number in docs/internals/rules.md.
# What is decided is tested in the process, in tests/unit/test_rules*.c; here is what takes real
# commands, files and messages to see.

load helpers

# finished DIRECTORY…: a chain that is up to date.
finished() {
    chain "$@"
    expect 0
    : >"$RUNS"
}

# ---- 1. Contents, not times ----

@test "1: touching every file runs nothing" {
    finished d1 d2
    find workspace Rowfile -exec touch -d '2001-02-03 04:05:06' {} +
    expect_nothing_to_do
    find workspace Rowfile -exec touch -d 'now + 3 days' {} +
    expect_nothing_to_do
}

@test "1: a rewrite within the tick of the reading is seen" {
    # Each command rewrites its input at once and with the same size, mostly before the file system's
    # clock has moved since rowbuild read it.
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "first"
inputs = ["in"]
products = ["a"]
command = 'note {directory}; [ -e settled ] || echo bbb >workspace/{directory}/in; echo >workspace/{directory}/a'
END_OF_ROWFILE
    for i in {1..20}; do
        mkdir "workspace/d$i"
        echo aaa >"workspace/d$i/in"
    done
    run rowbuild
    : >"$RUNS"
    touch settled
    expect 0
    [ "$(wc -l <"$RUNS")" -eq 20 ]
}

@test "1: what was written right after a run is seen" {
    finished d1
    for i in 1 2 3 4 5 6; do
        echo "line $i" >workspace/d1/in
        expect 0
        content workspace/d1/a "line $i"
    done
}

# ---- 2. Observed at launch ----

@test "2: an input that changed while it ran makes it stale" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "first"
inputs = ["in"]
products = ["a"]
command = 'note {directory}; cat workspace/{directory}/in >workspace/{directory}/a; hold {directory}'
END_OF_ROWFILE
    mkdir workspace/d1
    echo old >workspace/d1/in
    start
    await_started d1
    echo new >workspace/d1/in
    release d1
    wait "$PID" || true
    expect_runs d1
    expect 0 show why first/d1
    has 'changed while it ran'
    expect 0
    expect_runs d1
    content workspace/d1/a new
    expect_nothing_to_do
}

@test "2: a value that changed while it ran makes it stale" {
    rowfile <<'END_OF_ROWFILE'
[workspace]
value_file = "value.json"
[[action]]
name = "first"
products = ["a"]
command = 'note {directory} {/t}; echo {/t} >workspace/{directory}/a; hold {directory}'
END_OF_ROWFILE
    value d1 '{"t": 1}'
    start
    await_started d1
    value d1 '{"t": 2}'
    release d1
    wait "$PID" || true
    expect_runs 'd1 1'
    value d1 '{"t": 1}'
    expect 0 show why
    [ "$(grep -c 'changed while it ran' <<<"$output")" -eq 1 ]
    value d1 '{"t": 2}'
    expect 0
    expect_runs 'd1 2'
    content workspace/d1/a 2
    expect_nothing_to_do
}

@test "2: an input is taken as it is when the task starts, not when the run was planned" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "zeroth"
products = ["z"]
command = 'hold {directory}; echo z >workspace/{directory}/z'
[[action]]
name = "first"
previous_actions = ["zeroth"]
inputs = ["in"]
products = ["a"]
command = 'note {directory}; cp workspace/{directory}/in workspace/{directory}/a'
END_OF_ROWFILE
    mkdir workspace/d1
    echo old >workspace/d1/in
    start
    await_started d1
    echo new >workspace/d1/in
    release d1
    finish 0
    content workspace/d1/a new
    expect_runs d1
    expect_nothing_to_do
}

@test "2: what was made while an input changed is never put back" {
    rowfile <<'END'
[[action]]
name = "first"
inputs = ["in"]
products = ["a"]
command = 'note {directory}; [ ! -e fail ] || exit 3; [ -e once ] || echo new >workspace/{directory}/in; : >once; cp workspace/{directory}/in workspace/{directory}/a'
END
    mkdir workspace/d1
    echo old >workspace/d1/in
    expect 0
    content workspace/d1/a new
    : >fail
    expect 1
    rm fail
    : >"$RUNS"
    echo old >workspace/d1/in
    expect 0
    expect_runs d1
    content workspace/d1/a old
    expect_nothing_to_do
}

# ---- 3. Early cutoff ----

@test "3: the cutoff in the middle of the chain" {
    finished d1
    printf '%s\n' ONE two three >workspace/d1/in # `second` makes capitals of it
    expect 0
    expect_runs 'first d1' 'second d1'
    expect_nothing_to_do
}

# ---- 4. A product is part of its maker's record ----

@test "4: a truncated product makes its maker stale, and nothing else" {
    finished d1 d2
    : >workspace/d1/b
    expect 0 show why second/d1
    has 'b is not what was recorded'
    expect 0
    expect_runs 'second d1'
    content workspace/d1/b "$(cat workspace/d2/b)"
    expect_nothing_to_do
}

@test "4: a deleted product makes its maker stale" {
    finished d1
    rm workspace/d1/c
    expect 0 show why third/d1
    has 'c is missing'
    expect 0
    expect_runs 'third d1'
    expect_nothing_to_do
}

@test "4: a product that a successor's run changed is recorded anew, with a warning" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "make"
products = ["shared"]
command = 'note make {directory}; echo made >workspace/{directory}/shared'
[[action]]
name = "append"
previous_actions = ["make"]
products = ["done"]
command = 'note append {directory}; echo more >>workspace/{directory}/shared; echo >workspace/{directory}/done'
END_OF_ROWFILE
    mkdir workspace/d1
    expect 0
    has warning shared
    expect_runs 'make d1' 'append d1'
    expect_nothing_to_do
    echo again >>workspace/d1/shared # nobody's successor: make is stale
    expect 0
    expect_runs 'make d1' 'append d1'
}

# ---- 5. Success ----

@test "5: all products but another exit status is a failure" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "make"
products = ["a"]
command = 'note make {directory}; echo >workspace/{directory}/a; exit 4'
END_OF_ROWFILE
    mkdir workspace/d1
    expect 1
    has 'exit 4'
    expect_runs 'make d1'
    expect 0 show why make/d1
    has 'failed (exit 4)'
    expect 1
    expect_runs 'make d1'
}

# ---- 6. Adoption ----

# unrecorded DIRECTORY…: finished by somebody else: products, but no state.
unrecorded() {
    finished "$@"
    rm -rf .rowbuild
}

@test "6: products without any state are adopted in one line" {
    unrecorded d1 d2
    expect 0
    expect_runs
    [ "$(grep -ci adopted <<<"$output")" -eq 1 ]
    expect_nothing_to_do
    lacks adopted
}

@test "6: large products are adopted, and known when first needed" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "make"
inputs = ["in"]
products = ["a"]
command = 'note make {directory}; cat workspace/{directory}/in >workspace/{directory}/a'
[[action]]
name = "size"
inputs = ["a"]
products = ["b"]
command = 'note size {directory}; wc -c <workspace/{directory}/a >workspace/{directory}/b'
END_OF_ROWFILE
    mkdir workspace/d1
    head -c 3000000 /dev/zero >workspace/d1/in
    cp workspace/d1/in workspace/d1/a
    echo 3000000 >workspace/d1/b
    expect 0
    expect_runs
    touch workspace/d1/a
    expect_nothing_to_do
    printf x >>workspace/d1/in
    expect 0
    expect_runs 'make d1' 'size d1'
    touch workspace/d1/a workspace/d1/in
    expect_nothing_to_do
}

@test "6: --no-adopt runs everything" {
    unrecorded d1
    expect 0 --no-adopt
    expect_runs 'first d1' 'second d1' 'third d1'
    expect_nothing_to_do
}

@test "6: half a product of a killed first run isn't adopted" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "make"
products = ["a"]
command = 'note make {directory}; echo half >workspace/{directory}/a; hold {directory}; echo whole >workspace/{directory}/a'
END_OF_ROWFILE
    mkdir workspace/d1 workspace/d2
    echo adopted >workspace/d2/a
    start
    await_started d1
    kill_run
    expect_runs 'make d1'
    release d1
    expect 0
    expect_runs 'make d1'
    content workspace/d1/a whole
    content workspace/d2/a adopted
    expect_nothing_to_do
}

spoil_state() {
    local file
    for file in .rowbuild/state .rowbuild/journal; do
        if [ -f "$file" ]; then
            echo 'this is no state' >"$file"
        fi
    done
}

@test "6: a state that can't be read is exit 3, unless --adopt" {
    finished d1
    spoil_state
    expect 3
    has --adopt
    expect_runs
    expect 3 show status
    expect 0 --adopt
    expect_runs
    expect_nothing_to_do
}

# ---- 7. Changing the description isn't changing the work ----

@test "7: a comment or another layout of the Rowfile runs nothing" {
    finished d1
    sed -i -e '1i # a comment' -e 's/ = /   =  /' -e '$a # another' Rowfile
    expect_nothing_to_do
}

@test "7: a newly listed product counts if it is there" {
    chain d1 d2
    echo there >workspace/d1/plus
    expect 0
    : >"$RUNS"
    sed -i 's/products = \["a"\]/products = ["a", "plus"]/' Rowfile
    # d1 has the file; d2 can't get it, for the command is as it was.
    expect 1
    expect_runs 'first d2'
    content workspace/d1/plus there
}

@test "7: several actions renamed one after another keep their records" {
    finished d1
    sed -i 's/name = "first"/name = "begin"/' Rowfile
    expect_nothing_to_do
    rm workspace/d1/c
    expect 0
    expect_runs 'third d1'
    sed -i 's/"second"/"middle"/; s/name = "third"/name = "end"/' Rowfile
    expect_nothing_to_do
    lacks adopted
    for task in begin middle end; do
        expect 0 show why "$task/d1"
        lacks 'never ran'
    done
}

@test "7: an action that is renamed back keeps the newer record" {
    finished d1
    sed -i 's/name = "third"/name = "end"/' Rowfile
    expect_nothing_to_do
    sed -i 's/wc -c/wc -l/' Rowfile
    expect 0
    expect_runs 'third d1'
    sed -i 's/name = "end"/name = "third"/' Rowfile
    expect_nothing_to_do
}

@test "7: an action renamed while another one was removed keeps its records" {
    finished d1
    sed -i 's/name = "first"/name = "begin"/; /name = "third"/,$d' Rowfile
    sed -i '$d' Rowfile # the [[action]] of what is gone
    expect 0 check
    echo new >workspace/d1/in
    expect 0 show why begin/d1
    has 'input in changed'
    lacks 'never ran'
}

@test "7: another command makes it stale, and the reason shows both" {
    finished d1
    sed -i 's/sort in >a/sort -r in >a/' Rowfile
    expect 0 show why first/d1
    has 'command' 'sort in' 'sort -r in'
    expect 0
    expect_runs 'first d1' 'second d1' 'third d1'
}

# ---- 8. Backups, never trusted and never lost ----

@test "8: edit, fail, revert: the old product is back without a run" {
    finished d1
    cp -R workspace before
    printf '%s\n' bad >workspace/d1/in
    expect 1
    expect_runs 'first d1'
    printf '%s\n' one two three >workspace/d1/in
    expect 0
    expect_runs
    diff -r -x '.*.rowbuild-kept' before workspace
    expect_nothing_to_do
}

@test "8: edit, kill -9, revert: the old product is back without a run" {
    chain d1
    sed -i 's/echo half >a; exit 3/echo half >a; hold d1/' Rowfile
    expect 0
    : >"$RUNS"
    cp workspace/d1/a a-before
    printf '%s\n' bad >workspace/d1/in
    start
    await_started d1
    content workspace/d1/a half
    kill_run
    expect_runs 'first d1'
    printf '%s\n' one two three >workspace/d1/in
    expect 0
    expect_runs
    cmp a-before workspace/d1/a
    expect_nothing_to_do
}

@test "8: a failure never replaces the record of a success" {
    finished d1
    cp workspace/d1/a a-before
    for attempt in 1 2 3; do
        printf '%s\n' "bad $attempt" >workspace/d1/in
        expect 1
    done
    expect_runs 'first d1' 'first d1' 'first d1'
    printf '%s\n' one two three >workspace/d1/in
    expect 0
    expect_runs
    cmp a-before workspace/d1/a
}

@test "8: edit, fail, another edit, success: then the old result is gone and nothing lies about" {
    finished d1
    printf '%s\n' bad >workspace/d1/in
    expect 1
    printf '%s\n' good >workspace/d1/in
    : >"$RUNS"
    expect 0
    expect_runs 'first d1' 'second d1' 'third d1'
    content workspace/d1/a good
    nowhere three workspace
    expect_nothing_to_do
}

@test "8: after a success no backup is left" {
    finished d1
    printf '%s\n' other >workspace/d1/in
    expect 0
    [ -z "$(find workspace -name '.*')" ]
}

@test "8: an edited product is never deleted until clean" {
    finished d1
    echo 'written by hand' >workspace/d1/a
    expect 0
    expect_runs 'first d1'
    grep -rqF 'written by hand' workspace
    expect 0
    grep -rqF 'written by hand' workspace
    expect 0 clean
    nowhere "written by hand" workspace
}

@test "8: an edited product survives a changed input and several reruns" {
    finished d1
    echo 'written by hand' >workspace/d1/a
    for i in 1 2 3; do
        echo "$i" >workspace/d1/in
        expect 0
        content workspace/d1/a "$i"
    done
    grep -rqF 'written by hand' workspace
}

@test "8: of edited products the last one is kept" {
    finished d1
    echo 'first hand' >workspace/d1/a
    expect 0
    echo 'second hand' >workspace/d1/a
    expect 0
    nowhere 'first hand' workspace
    grep -rqF 'second hand' workspace
}

@test "8: an attempt's progress stays after a plain failure, and becomes a backup when the input changes" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "long"
inputs = ["in"]
products = ["a"]
resumable = ["progress"]
command = 'cd workspace/{directory}; echo x >>progress; note $(wc -l <progress); [ $(wc -l <progress) -lt 3 ] || cp in a'
END_OF_ROWFILE
    mkdir workspace/d1
    echo one >workspace/d1/in
    expect 1
    has unfinished
    expect 1
    expect 0
    expect_runs 1 2 3
    expect_nothing_to_do
    echo two >workspace/d1/in
    expect 1
    expect_runs 1
    # The good product is not trusted, and not lost.
    absent workspace/d1/a
    echo one >workspace/d1/in
    expect 0
    expect_runs
    content workspace/d1/a one
}

@test "8: products in sub-folders become backups and come back" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "make"
inputs = ["in"]
products = ["out/deep/a", "//shared/{directory}.txt"]
command = 'note {directory}; cd workspace/{directory}; mkdir -p out/deep; grep -v bad in >out/deep/a && cp in ../../shared/{directory}.txt'
END_OF_ROWFILE
    mkdir workspace/d1 shared
    echo fine >workspace/d1/in
    expect 0
    echo bad >workspace/d1/in
    expect 1
    echo fine >workspace/d1/in
    expect_runs d1 d1
    expect 0
    expect_runs
    content workspace/d1/out/deep/a fine
    content shared/d1.txt fine
}

@test "8: a product that is a directory is watched, becomes a backup and comes back as a whole" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "make"
inputs = ["in"]
products = ["tree"]
command = 'note {directory}; cd workspace/{directory}; mkdir -p tree/deep; cp in tree/deep/leaf; ! grep -q bad in'
END_OF_ROWFILE
    mkdir workspace/d1
    echo fine >workspace/d1/in
    expect 0
    find workspace/d1/tree -exec touch -d '2001-02-03' {} +
    expect_runs d1
    expect_nothing_to_do
    echo bad >workspace/d1/in
    expect 1
    echo fine >workspace/d1/in
    : >"$RUNS"
    expect 0
    expect_runs
    content workspace/d1/tree/deep/leaf fine
    echo more >workspace/d1/tree/deep/another # added by hand: it stays
    expect_nothing_to_do
    echo edited >workspace/d1/tree/deep/leaf
    expect 0
    expect_runs d1
    content workspace/d1/tree/deep/leaf fine
    content workspace/d1/tree/deep/another more
}

@test "8: a group's product becomes a backup and comes back" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "all"
inputs = ["in"]
products = ["//summary"]
command = 'note {directories}; for d in {directories}; do cat workspace/$d/in; done >summary; ! grep -q bad summary'
END_OF_ROWFILE
    mkdir workspace/d1 workspace/d2
    echo 1 >workspace/d1/in
    echo 2 >workspace/d2/in
    expect 0
    echo bad >workspace/d2/in
    expect 1
    mkdir workspace/d3
    echo 3 >workspace/d3/in
    expect 1
    echo 2 >workspace/d2/in
    rm -r workspace/d3
    : >"$RUNS"
    expect 0
    expect_runs
    content summary "$(printf '%s\n' 1 2)"
}

@test "8: products that were backed up or put back by half come back as a whole" {
    rowfile <<'END'
[[action]]
name = "first"
inputs = ["in"]
products = ["a", "b"]
command = 'note {directory}; cp workspace/{directory}/in workspace/{directory}/a; [ ! -e fail ] && cp workspace/{directory}/in workspace/{directory}/b'
END
    mkdir workspace/d1
    for half in a b; do
        echo one >workspace/d1/in
        expect 0
        echo new >workspace/d1/in
        : >fail
        expect 1
        rm fail
        : >"$RUNS"
        # As if a kill had come between two renames.
        mv "workspace/d1/.$half.rowbuild-good" "workspace/d1/$half"
        echo one >workspace/d1/in
        expect 0
        expect_runs
        content workspace/d1/a one
        content workspace/d1/b one
        expect_nothing_to_do
    done
}

@test "8: what comes after a restored product doesn't run either" {
    finished d1
    cp -R workspace before
    # The change goes all the way down before one of them fails.
    sed -i 's/command = .note third {directory};/& ! grep -q FOUR workspace\/{directory}\/b \&\&/' Rowfile
    expect 0
    : >"$RUNS"
    printf '%s\n' four >workspace/d1/in
    expect 1
    expect_runs 'first d1' 'second d1' 'third d1'
    content workspace/d1/b FOUR
    printf '%s\n' one two three >workspace/d1/in
    expect 0
    # Of `first` and `second` the later set is the good one now; `third` kept its own.
    expect_runs 'first d1' 'second d1'
    diff -r -x '.*' before workspace
    expect_nothing_to_do
}

# ---- 9. accept, --rerun, clean ----

@test "9: accept records what is there as right" {
    finished d1 d2
    echo other | tee workspace/d1/in >workspace/d2/in
    expect 0 accept d1
    expect_runs
    expect 0
    expect_runs 'first d2' 'second d2' 'third d2'
    expect_nothing_to_do
    content workspace/d1/a "$(printf '%s\n' one three two)"
}

@test "9: accept leaves the stamp of an empty product as it is" {
    mkdir workspace/d1
    echo 1 >in
    stamp() {
        rowfile <<END
[[action]]
name = "make"
inputs = ["//in"]
products = ["done"]
command = "note make $1 {directory}; touch workspace/{directory}/done"
[[action]]
name = "read"
inputs = ["done"]
products = ["out"]
command = "note read {directory}; touch workspace/{directory}/out"
END
    }
    stamp one
    expect 0
    expect_runs 'make one d1' 'read d1'
    stamp two
    expect 0 accept
    expect_nothing_to_do
    echo 2 >in
    expect 0
    expect_runs 'make two d1' 'read d1'
}

@test "9: accept -a takes one action" {
    finished d1
    sed -i -e 's/sort in/sort -u in/' -e 's/tr a-z A-Z/tr a-z A-Z --/' Rowfile
    expect 0 accept -a second
    expect 0 -n
    has first
    expect 0 accept -a 'fir*'
    expect_nothing_to_do
}

@test "9: accept keeps an edited product" {
    finished d1
    echo mine >workspace/d1/a
    expect 0 accept -a first
    expect 0
    expect_runs 'second d1' 'third d1'
    content workspace/d1/a mine
    content workspace/d1/b MINE
}

@test "9: accept refuses where a product is missing" {
    finished d1
    rm workspace/d1/b
    run rowbuild accept
    [ "$status" -ne 0 ]
    has b missing
    expect 0
    expect_runs 'second d1'
}

@test "9: accept restores backups" {
    finished d1
    cp workspace/d1/a a-before
    printf '%s\n' bad >workspace/d1/in
    expect 1
    expect 0 accept d1
    cmp a-before workspace/d1/a
    : >"$RUNS"
    expect_nothing_to_do
}

@test "9: --rerun runs what is up to date, and only what was selected" {
    finished d1 d2
    expect 0 --rerun -a second d1
    expect_runs 'second d1'
    expect 0 --rerun d2
    expect_runs 'first d2' 'second d2' 'third d2'
    expect_nothing_to_do
}

@test "9: clean forgets, says what that means, and present products are adopted" {
    finished d1
    expect 0 clean
    has adopt
    echo other >workspace/d1/in
    expect 0
    expect_runs
    has adopted
    expect_nothing_to_do
}

# ---- 10. Selection ----

@test "10: what is selected pulls in what it needs upstream" {
    chain d1 d2
    expect 0 -a second d1
    expect_runs 'first d1' 'second d1'
    expect 0 -a third
    expect_runs 'third d1' 'first d2' 'second d2' 'third d2'
}

@test "10: -a takes patterns and may be repeated" {
    chain d1
    expect 0 -a 'f*t' -a 'secon?'
    expect_runs 'first d1' 'second d1'
}

@test "10: a directory, by name, by path, and from inside the workspace" {
    chain d1 d2 d3 d4
    expect 0 d1
    expect_runs 'first d1' 'second d1' 'third d1'
    expect 0 workspace/d2
    expect_runs 'first d2' 'second d2' 'third d2'
    expect 0 "$PWD/workspace/d3/"
    expect_runs 'first d3' 'second d3' 'third d3'
    cd workspace
    expect 0 d4
    expect_runs 'first d4' 'second d4' 'third d4'
}

@test "10: a product is a target" {
    chain d1 d2
    expect 0 workspace/d1/b
    expect_runs 'first d1' 'second d1'
    cd workspace/d2
    expect 0 a
    expect_runs 'first d2'
}

@test "10: --only leaves upstream alone and records what was read" {
    finished d1
    echo other >workspace/d1/in
    rm workspace/d1/b
    expect 0 --only -a second d1
    expect_runs 'second d1'
    content workspace/d1/b "$(printf '%s\n' ONE THREE TWO)"
    expect 0
    expect_runs 'first d1' 'second d1' 'third d1'
    content workspace/d1/b OTHER
}

@test "10: - reads targets from standard input" {
    chain d1 d2 d3
    run -0 bash -c 'printf "%s\n" d1 d3 | "$ROWBUILD" -a first -'
    expect_runs 'first d1' 'first d3'
    run -0 bash -c '"$ROWBUILD" - </dev/null'
    expect_runs
}

@test "10: directories don't select group tasks, a group's product does" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "each"
products = ["a"]
command = 'note each {directory}; echo {directory} >workspace/{directory}/a'
[[action]]
name = "all"
inputs = ["a"]
products = ["//summary"]
command = 'note all {directories}; for d in {directories}; do cat workspace/$d/a; done >summary'
END_OF_ROWFILE
    mkdir workspace/d1 workspace/d2
    expect 0 d1
    expect_runs 'each d1'
    expect 0 d1 d2
    expect_runs 'each d2'
    expect 0 summary
    expect_runs 'all d1 d2'
}

@test "10: an unknown target or action is an error with the nearest name" {
    chain d1 temperature
    expect 2 temprature
    has temperature
    expect 2 -a secnd
    has second
    expect_runs
}

# ---- 11. The workspace is gone ----

@test "11: a workspace that was moved away is exit 3 and nothing is forgotten" {
    finished d1 d2
    mv workspace elsewhere
    expect 3
    has workspace
    expect 3 -n
    mv elsewhere workspace
    expect_nothing_to_do
}

@test "11: an empty workspace that had records is exit 3" {
    finished d1 d2
    mv workspace elsewhere
    mkdir workspace
    expect 3
    expect 3 show status
    rmdir workspace
    mv elsewhere workspace
    expect_nothing_to_do
}

@test "11: an empty workspace without records is fine" {
    chain
    expect 0
    has 'nothing to do'
}

@test "11: records of vanished directories stay until clean" {
    finished d1 d2
    mv workspace/d1 away
    expect_nothing_to_do
    echo other >workspace/d2/in
    expect 0
    : >"$RUNS"
    mv away workspace/d1
    expect_nothing_to_do
    mv workspace/d1 away
    expect 0 clean --directory
    mv away workspace/d1
    touch -d 'now + 1 hour' workspace/d1/in # not recorded any more, and older than its input
    expect 0
    grep -q 'first d1' "$RUNS"
}

# ---- 12. A dry run ----

# writes_nothing ARGUMENT…
writes_nothing() {
    tree >"$SCRATCH/before"
    expect 0 "$@"
    tree >"$SCRATCH/after"
    diff "$SCRATCH/before" "$SCRATCH/after"
    expect_runs
}

@test "12: a dry run writes nothing where nothing was ever run" {
    chain d1 d2
    writes_nothing -n
    has 'first d1' 'second d2'
    writes_nothing -n --explain
    has 'never ran'
    absent .rowbuild
}

@test "12: no reader writes anything" {
    chain d1 d2
    for command in check 'show status' 'show why' 'show directories -a first' 'show machine' \
        'show launchers'; do
        # shellcheck disable=SC2086 # words
        writes_nothing $command
    done
    expect 0
    : >"$RUNS"
    touch workspace/d1/*
    echo other >workspace/d2/in
    for command in check '-n' '-n --explain' 'show status' 'show why' 'show why first/d2' \
        'show directories -a first' 'show status --recorded'; do
        # shellcheck disable=SC2086 # words
        writes_nothing $command
    done
}

@test "12: a dry run doesn't adopt" {
    unrecorded d1
    writes_nothing -n
    has 'nothing to do'
    absent .rowbuild
}

@test "12: a dry run tells what will run from what may run" {
    finished d1 d2
    printf '%s\n' three two one >workspace/d1/in
    writes_nothing -n
    has_line '(will run.*first d1|first d1.*will run)' '(may run.*second d1|second d1.*may run)'
    lacks d2
    expect_json 0 -n --json
}

@test "12: a dry run says why" {
    chain d1
    sed -i '1i [workspace]\nvalue_file = "value.json"' Rowfile
    value d1 '{"temperature": 1.0}'
    expect 0
    : >"$RUNS"
    value d1 '{"temperature": 1.5}'
    writes_nothing -n
    has_line '^first d1: will run again \(value /temperature: 1\.0 → 1\.5\)$'
    writes_nothing -n --explain
    has 'value /temperature: 1.0 → 1.5'
    writes_nothing show why first/d1
    has 'value /temperature: 1.0 → 1.5'
}

@test "12: a dry run names what a run would fail without starting it, and ends with 1" {
    mkdir workspace/d{1..6}
    touch workspace/d2/own
    rowfile <<'END'
[[action]]
name = "shared"
command = "note {directory}; touch workspace/{directory}/a"
inputs = ["//reference"]
products = ["a"]
[[action]]
name = "own"
command = "note {directory}; touch workspace/{directory}/b"
inputs = ["own"]
products = ["b"]
[[action]]
name = "after"
command = "note {directory}; touch workspace/{directory}/c"
inputs = ["a"]
products = ["c"]
END
    expect 1 -n
    has_line "^shared d1: can't run \(input reference is missing, and no action makes it\); the same in 5 more directories: .d2., .d3., .d4., …$"
    has "own d1: can't run (input workspace/d1/own is missing" 'own d2: will run'
    has "would run 1 task" "17 tasks can't run"
    lacks 'after d1: '
    expect_json 1 -n --json
    json '.[0].blocked == 17'
    expect 1 -k 0
    expect_runs d2
    expect 0 -n -a own d2
    touch reference workspace/d{1..6}/own
    expect 0 -n
}

# ---- 13. The world moves ----

@test "13: directories that appear during a run are part of it, once, and groups run again" {
    mkdir workspace/a workspace/b
    rowfile <<'END'
[[action]]
name = "make"
scope = "project"
command = "note make; mkdir -p workspace/c; touch points"
products = ["points"]
always = true
[[action]]
name = "fails"
previous_actions = ["make"]
command = "note fails {directory}; test {directory} != a"
[[action]]
name = "one"
previous_actions = ["make"]
command = "note one {directory}; if test {directory} = c; then mkdir -p workspace/later; fi; echo >workspace/{directory}/one"
products = ["one"]
[[action]]
name = "all"
command = "note all {directories}; echo {directories} >sum"
inputs = ["one"]
products = ["//sum"]
END
    expect 1 -j 1 -k 0
    has_line '^note: 1 directory appeared during the run: c; what they change is run in one further round$'
    has_line '^note: 1 directory appeared during the run: later; run rowbuild again to take them into account$'
    has '1 failed'
    content sum 'a b c'
    sort -o "$RUNS" "$RUNS"
    expect_runs 'all a b' 'all a b c' 'fails a' 'fails b' 'fails c' make 'one a' 'one b' 'one c'
}

@test "13: only a run of everything looks again" {
    mkdir workspace/a
    rowfile <<'END'
[[action]]
name = "one"
command = "note {directory}; mkdir -p workspace/b"
END
    expect 0 a
    lacks appeared
    expect_runs a
    rmdir workspace/b
    expect 0 --only --rerun
    lacks appeared
    : >"$RUNS"
    rmdir workspace/b
    workflow <Rowfile
    rm Rowfile
    expect 0
    has 'appeared during the run: b'
    expect_runs a b # though without products they are always eligible
}

@test "13: a new directory whose value can't be read yet is named" {
    value a '{"t": 1}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "one"
products = ["one"]
command = "note {directory}; mkdir -p workspace/b workspace/c; echo '{{' >workspace/b/value.json; echo 1 >workspace/c/value.json; touch workspace/{directory}/one"
END
    expect 0
    has 'a new directory is left out for now' workspace/b/value.json
    expect_runs a c
}

@test "a key that is new in all values is told once, with the way to keep it from counting" {
    rowfile <<'END'
workspace.value_file = "value.json"
[[action]]
name = "s"
command = 'echo {/t} >workspace/{directory}/o'
products = ["o"]
END
    value d1 '{"t":1}'
    value d2 '{"t":2}'
    expect 0
    value d1 '{"t":1,"x":0}'
    value d2 '{"t":2,"x":0}'
    expect 0 -n
    has 'hint: /x is new in the values, and all keys count for the action `s`; list those that matter in its `value_inputs`'
    [ "$(grep -c hint: <<<"$output")" -eq 1 ]
    expect 0 show why
    has 'hint: /x is new'
    value d1 '{"t":3,"x":0}'
    value d2 '{"t":4,"x":0}'
    expect 0 -n
    lacks hint:
}

@test "7: a renamed action of a group or of the project keeps its records" {
    mkdir -p workspace/{a,b}
    rowfile <<'END'
[[action]]
name = "sum"
command = "note {directories}; touch sum"
products = ["//sum"]
[[action]]
name = "mesh"
scope = "project"
command = "note mesh; touch mesh"
products = ["mesh"]
END
    expect 0
    expect_runs 'a b' mesh
    sed -i 's/"sum"$/"total"/; s/name = "mesh"/name = "grid"/' Rowfile
    expect 0 --no-adopt # the records say so, not only the files
    has 'nothing to do'
    expect_runs
}
