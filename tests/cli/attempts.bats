# What attempts leave that don't succeed, and what becomes of it (docs/internals/rules.md, rules 5, 8 and 9), where
# it takes a real command to see it. The stories are in tests/unit/test_rules_attempts.c.

load helpers

# skips: an action whose script does nothing where its product exists, and leaves half of it until there is `ok`.
skips() {
    rowfile <<'END'
[[action]]
name = "s"
command = 'note {directory}; cd workspace/{directory}; [ ! -e o ] || exit 0; echo half >o; [ -e ../../ok ] || { touch ../../ok; exit 1; }; echo whole >o'
products = ["o"]
END
    mkdir workspace/d1
}

@test "half a product is out of the way before the next attempt of the same run" {
    skips
    echo 'retries = 1' >>Rowfile
    expect 0
    expect_runs d1 d1
    content workspace/d1/o whole
    content workspace/d1/.o~.rowbuild-kept half
}

@test "half a product of a killed run is out of the way" {
    skips
    sed -i 's/touch/hold d1; touch/' Rowfile
    start
    await_started d1
    kill_run
    content workspace/d1/o half
    touch ok
    expect 0
    content workspace/d1/o whole
}

@test "after a batch failed its members are attempted one by one" {
    rowfile <<'END'
[[action]]
name = "s"
command = 'note {directories}; for d in {directories}; do [ ! -e workspace/$d/bad ] || exit 1; echo >workspace/$d/o; done'
products = ["o"]
END
    mkdir workspace/d1 workspace/d2 workspace/d3
    touch workspace/d1/bad
    expect 1 -k 0 -j 1
    expect_runs 'd1 d2 d3'
    expect 1 -k 0 -j 1
    expect_runs d1 d2 d3
    expect_nothing_but d1
    sed -i '$a retries = 2' Rowfile
    sed -i 's/note/true; note/' Rowfile # the recipe is another: all of them are stale
    : >"$RUNS"
    mkdir workspace/d4
    expect 1 -k 0 -j 1
    expect_runs 'd2 d3 d4' d1 d1 d1
}

# expect_nothing_but NAME: only that directory isn't complete.
expect_nothing_but() {
    expect 0 show directories -a s --short --eligible
    [ "$output" = "$1" ]
}

@test "a batch that fails in a run with retries is taken apart in it" {
    rowfile <<'END'
[[action]]
name = "s"
command = 'note {directories}; for d in {directories}; do [ ! -e workspace/$d/bad ] || exit 1; echo >workspace/$d/o; done'
products = ["o"]
retries = 1
END
    mkdir workspace/d1 workspace/d2 workspace/d3
    touch workspace/d2/bad
    expect 1 -k 0 -j 1
    expect_runs 'd1 d2 d3' d1 d2 d3
    expect_nothing_but d2
}

@test "row's contract: what a failed attempt left stays, and is named if the next one didn't touch it" {
    workflow <<'END'
[[action]]
name = "s"
command = 'cd workspace/{directory} && ( [ -e o ] || echo half >o ) && echo >p && test -e ../../ok'
products = ["o", "p"]
END
    mkdir workspace/d1
    expect 1
    touch ok
    expect 0
    has 'warning: `s d1`: workspace/d1/o was left by an attempt that failed'
    lacks workspace/d1/p
    content workspace/d1/o half
    expect 0
    lacks warning
}

@test "row's contract: work that is finished in the background isn't started again" {
    workflow <<'END'
[[action]]
name = "s"
command = 'note {directory}'
products = ["o"]
END
    mkdir workspace/d1
    expect 1
    expect_runs d1
    touch workspace/d1/o
    expect 0 show directories -a s --short --completed
    [ "$output" = d1 ]
    expect 0
    expect_runs
}

# fails: a fails and leaves half a product, b succeeds; then the recipe is edited.
fails() {
    rowfile <<'END'
[[action]]
name = "s"
command = "echo half > workspace/{directory}/o; test {directory} = b && echo whole > workspace/{directory}/o"
products = ["o"]
END
    mkdir workspace/a workspace/b
    expect 1 -k 0
    sed -i 's/; test/;  test/' Rowfile
}

@test "accept leaves out what failed, and counts it" {
    fails
    expect 0 accept
    has 'accepted: 1 task' 'warning: 1 task whose last attempt failed or was killed: not accepted'
    expect_nothing_but a
    expect 0 accept a
    has 'accepted: 1 task'
    lacks warning
    expect_nothing_to_do
}

@test "accept --include-failed takes what failed, too" {
    fails
    expect 0 accept --include-failed
    has 'accepted: 2 tasks'
    expect_nothing_to_do
}

@test "after clean a failure stays known while its leftovers are there" {
    fails
    expect 0 clean -n
    has 'would forget the records of 1 task' '1 task whose last attempt failed'
    expect 0 clean
    has 'forgot the records of 1 task' '1 task whose last attempt failed'
    expect 0 scan
    has 'found: 1 task'
    expect_nothing_but a
    expect 0 clean
    expect 0 -n
    has 's a' '1 task exist'
    lacks 's b'
    echo 'made elsewhere' >workspace/a/o
    expect_nothing_to_do
    content workspace/a/o 'made elsewhere'
    expect 0 clean
    [ ! -e .rowbuild/state ]
}

@test "clean --backups deletes backups, except results that are nowhere else" {
    skips
    expect 1
    expect 0
    echo 'by hand' >workspace/d1/o
    expect 0
    sed -i 's/; echo whole/; exit 1; echo whole/' Rowfile
    expect 1
    for number in 2 7; do
        echo older >"workspace/d1/.o.rowbuild-kept-$number"
    done
    expect 0 clean --backups -n
    has 'would delete workspace/d1/.o.rowbuild-kept' 'would delete workspace/d1/.o~.rowbuild-kept' \
        'would delete 4 backups' '1 good backup is kept'
    [ -e workspace/d1/.o.rowbuild-kept-7 ]
    expect 0 clean --backups
    has 'deleted 4 backups'
    [ "$(ls -A workspace/d1)" = "$(printf '%s\n' .o.rowbuild-good o)" ]
    content workspace/d1/.o.rowbuild-good whole
    content workspace/d1/o half
    sed -i 's/; exit 1; echo whole/; echo whole/' Rowfile
    : >"$RUNS"
    expect 0
    expect_runs
    content workspace/d1/o whole
}

# through: an action that copies `in` into the product `out`.
through() {
    rowfile <<'END'
[[action]]
name = "s"
inputs = ["//in"]
products = ["out"]
command = "note {directory}; cat in >workspace/{directory}/out; ! grep -q bad in"
END
    mkdir -p workspace/a "$SCRATCH/far"
    echo 1 >in
}

@test "a link that was there before is written through, and its target is the backup" {
    through
    ln -s "$SCRATCH/far/x" link # a chain, dangling at first
    ln -s ../../link workspace/a/out
    expect 0
    content "$SCRATCH/far/x" 1
    echo bad >in
    expect 1
    content "$SCRATCH/far/.x.rowbuild-good" 1
    echo 1 >in
    : >"$RUNS"
    expect 0
    expect_runs
    content "$SCRATCH/far/x" 1
    echo 2 >in
    expect 0
    [ "$(ls -A "$SCRATCH/far")" = "$(printf '%s\n' .x~.rowbuild-kept x)" ]
    content "$SCRATCH/far/x" 2
    [ -L workspace/a/out ]
    expect_runs a
    expect_nothing_to_do
}

@test "a link to a folder is written through, which is moved and put back as a whole" {
    through
    sed -i 's|cat in >workspace/{directory}/out|mkdir -p workspace/{directory}/out; cp in workspace/{directory}/out/big|' Rowfile
    mkdir "$SCRATCH/far/f"
    ln -s "$SCRATCH/far/f" workspace/a/out
    expect 0 --no-adopt
    echo bad >in
    expect 1
    content "$SCRATCH/far/f/big" bad
    content "$SCRATCH/far/.f.rowbuild-good/big" 1
    echo 1 >in
    : >"$RUNS"
    expect 0
    expect_runs
    content "$SCRATCH/far/f/big" 1
    [ -L workspace/a/out ]
}

@test "a link that the command made is the product, and its target isn't touched" {
    through
    sed -i 's|cat in >workspace/{directory}/out|ln -s $SCRATCH/far/$(cat in) workspace/{directory}/out|' Rowfile
    echo one >"$SCRATCH/far/1"
    echo two >"$SCRATCH/far/2"
    expect 0
    echo 2 >in
    expect 0
    [ "$(readlink workspace/a/out)" = "$SCRATCH/far/2" ]
    [ "$(ls -A "$SCRATCH/far" workspace/a | tr '\n' ' ')" = "$SCRATCH/far: 1 2  workspace/a: out " ]
    content "$SCRATCH/far/1" one
}

@test "a link whose target isn't the product's alone stops the task before anything moves" {
    local leads
    through
    mkdir workspace/b
    for leads in "$SCRATCH/far/both" ../../in .. "$PWD"; do
        rm -rf .rowbuild workspace/[ab]/out
        ln -s "$leads" workspace/a/out
        [ "$leads" != "$SCRATCH/far/both" ] || ln -s "$leads" workspace/b/out
        : >"$RUNS"
        expect 1 --no-adopt a
        has 'workspace/a/out is a symbolic link to'
        expect_runs
        content in 1
        [ -L workspace/a/out ]
    done
}
